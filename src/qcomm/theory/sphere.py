"""One coordinate of a random unit vector in R^N: its tail, and the tail's inverse far below the range of doubles."""

from __future__ import annotations

import numpy as np
from scipy import special

LOG_UNDERFLOW = -600.0  # below this ln(tail) an asymptotically exact form replaces scipy's incomplete beta function
_NODES, _WEIGHTS = np.polynomial.laguerre.laggauss(24)


def upper_tail(cosine: np.ndarray | float, dimension: int) -> np.ndarray:
    """P(u_1 > cosine) for u uniform on the unit sphere of R^dimension: I_{1-c^2}((N-1)/2, 1/2)/2 for c >= 0."""
    cosine = np.asarray(cosine, dtype=float)
    half = special.betainc((dimension - 1) / 2, 0.5, np.clip(1 - cosine**2, 0, 1)) / 2
    return np.where(cosine >= 0, half, 1 - half)


def log_small_tail(log_sine_squared: np.ndarray, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """ln P(u_1 > c) for a tail too small for doubles, and its derivative with respect to ln w, w = 1 - c^2.

    With 1 - t^2 = w exp(-v/a), a = (N-1)/2, the tail is w^a/(2a B(a, 1/2)) times the integral of exp(-v)/sqrt(1 - w
    exp(-v/a)); Gauss-Laguerre with 24 nodes is exact to 1e-13 there.
    """
    a = (dimension - 1) / 2
    inner = 1 / np.sqrt(-np.expm1(log_sine_squared[..., None] - _NODES / a)) @ _WEIGHTS
    log_tail = a * log_sine_squared + np.log(inner / (2 * a)) - special.betaln(a, 0.5)
    return log_tail, a / inner / np.sqrt(-np.expm1(log_sine_squared))


def cosine_of_log_tail(log_tail: np.ndarray, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """The c with ln P(u_1 > c) = `log_tail`, and sqrt(1 - c^2)."""
    log_tail = np.asarray(log_tail, dtype=float)
    a = (dimension - 1) / 2
    tail = np.exp(np.maximum(log_tail, LOG_UNDERFLOW))
    w = special.betaincinv(a, 0.5, 2 * np.minimum(tail, 1 - tail))
    cosine = np.where(tail <= 0.5, 1, -1) * np.sqrt(1 - w)
    sine = np.sqrt(w)
    small = log_tail < LOG_UNDERFLOW
    if small.any():
        log_w = log_tail[small] / a
        for _ in range(30):  # Newton; the derivative is nearly the constant a, so few steps do
            value, slope = log_small_tail(log_w, dimension)
            step = (value - log_tail[small]) / slope
            log_w = np.minimum(log_w - step, -1e-300)
            if (np.abs(step) <= 1e-14 * np.abs(log_w)).all():
                break
        cosine[small], sine[small] = np.sqrt(-np.expm1(log_w)), np.exp(log_w / 2)
    return cosine, sine
