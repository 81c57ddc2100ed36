"""Provenance: which code, inputs, settings and machine a result came from, and whether it is still what was written."""
