"""Benchmark graphs: where raw files come from, how they are verified and read, the values they become."""
