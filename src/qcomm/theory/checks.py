"""Checks of public input that the theory functions share."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcomm.errors import ProtocolError


def in_range(
    value: float, name: str, low: float, high: float, *, open_low: bool = False, open_high: bool = False
) -> float:
    """`value` as a float inside the interval.

    Raises:
        ProtocolError: not a number, not finite where the interval is finite, or outside.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    below = number <= low if open_low else number < low
    above = number >= high if open_high else number > high
    if np.isnan(number) or below or above:
        left, right = "(" if open_low else "[", ")" if open_high else "]"
        raise ProtocolError(f"{value!r} is outside {left}{low:g}, {high:g}{right}", where=name)
    return number


def whole(value: int, name: str, low: int) -> int:
    """`value` as an int that is at least `low`.

    Raises:
        ProtocolError: not a whole number, or too small.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = None
    if isinstance(value, bool) or number is None or number != value or number < low:
        raise ProtocolError(f"{value!r} is not a whole number of at least {low}", where=name)
    return number


def unit_rows(rows: np.ndarray, name: str) -> np.ndarray:
    """Rows scaled to unit length, float64.

    Args:
        rows: array (samples, N).

    Raises:
        ProtocolError: not two-dimensional, not finite, or a row of zeros.
    """
    matrix = np.asarray(rows, dtype=np.float64)
    if matrix.ndim != 2 or matrix.size == 0:
        raise ProtocolError(f"expected a non-empty array (samples, N), got shape {matrix.shape}", where=name)
    if not np.isfinite(matrix).all():
        raise ProtocolError("rows hold NaN or infinity", where=name)
    lengths = np.sqrt(np.einsum("sn,sn->s", matrix, matrix))[:, None]
    if not (lengths > 0).all():
        row = int(np.argmin(lengths[:, 0]))
        raise ProtocolError(f"row {row} is zero and has no direction", where=name, fix="drop empty rows first")
    return matrix / lengths


def check_row(name: str, value: float, low: float, high: float) -> dict[str, Any]:
    """One line of a table of checks: what was measured, the interval that it must lie in, and whether it does."""
    value = float(value)
    return {"name": name, "value": value, "low": low, "high": high, "ok": bool(low <= value <= high)}
