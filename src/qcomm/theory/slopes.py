"""Log-log slopes with intervals, and the check that a slope is where it is claimed to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from qcomm.errors import DataError


@dataclass(frozen=True)
class Slope:
    """A fitted exponent with its two-sided 95% interval; `scatter` is the (weighted) variance around the line."""

    value: float
    low: float
    high: float
    points: int
    scatter: float = np.nan

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def fit_slope(x: np.ndarray, y: np.ndarray, sigma_log_y: np.ndarray | None = None) -> Slope:
    """Slope of ln y against ln x by (weighted) least squares.

    Args:
        x, y: positive, at least 3 points.
        sigma_log_y: standard deviation of ln y, where it is known; the interval then follows from these deviations,
            widened by Birge's ratio where the scatter exceeds them. Otherwise Student's t of the scatter.

    Raises:
        DataError: too few points, or values that have no logarithm.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.shape != y.shape or x.size < 3:
        raise DataError(f"a slope needs at least 3 points, got {x.size} and {y.size}", where="fit_slope")
    if not (np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)).all():
        raise DataError("a log-log slope needs positive finite numbers", where="fit_slope")
    weight = np.ones_like(x) if sigma_log_y is None else 1 / np.maximum(np.asarray(sigma_log_y, float), 1e-12) ** 2
    log_x, log_y = np.log(x), np.log(y)
    centred = log_x - np.average(log_x, weights=weight)
    spread = (weight * centred**2).sum()
    value = (weight * centred * log_y).sum() / spread
    rest = log_y - np.average(log_y, weights=weight) - value * centred
    freedom = x.size - 2
    scatter = (weight * rest**2).sum() / freedom
    if sigma_log_y is None:
        half = stats.t.ppf(0.975, freedom) * np.sqrt(scatter / spread)
    else:
        half = 1.96 * np.sqrt(max(1.0, scatter) / spread)
    return Slope(float(value), float(value - half), float(value + half), int(x.size), float(scatter))


def slope_holds(slope: Slope, low: float, high: float, *, sampled: bool) -> bool:
    """An exact slope must lie in [low, high]. Of a sampled one the 95% interval must meet [low, high] and be no wider:
    an interval that is wide enough meets anything."""
    if sampled:
        return slope.low <= high and slope.high >= low and slope.half_width <= (high - low) / 2
    return low <= slope.value <= high
