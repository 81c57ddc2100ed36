"""Exponential quantum communication advantage in distributed inference and learning, runnable and checkable."""

__version__ = "0.1.0"
