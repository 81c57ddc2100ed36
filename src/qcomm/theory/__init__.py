"""Bounds and exact results: linear classification, expressivity, privacy. Each function names its source."""
