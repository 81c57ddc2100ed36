"""Circuits with owners, and a fast engine for them."""
