"""Intervals of success probabilities and means that come from simulated runs."""

from __future__ import annotations

import numpy as np
from scipy import stats

from qcomm.theory.checks import whole


def wilson(right: float, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a probability (Wilson 1927): `right` successes (coins count one half) of `trials`."""
    trials = whole(trials, "trials", 1)
    z = stats.norm.ppf((1 + confidence) / 2)
    rate = right / trials
    centre = (rate + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(rate * (1 - rate) / trials + z**2 / (4 * trials**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def clopper_pearson(right: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval (Clopper, Pearson 1934); valid for any number of successes, 0 and all included."""
    right, trials = whole(right, "right", 0), whole(trials, "trials", 1)
    tail = (1 - confidence) / 2
    low = 0.0 if right == 0 else stats.beta.ppf(tail, right, trials - right + 1)
    high = 1.0 if right == trials else stats.beta.ppf(1 - tail, right + 1, trials - right)
    return float(low), float(high)


def mean_interval(values: np.ndarray, low: float = -np.inf, high: float = np.inf) -> tuple[float, float, float]:
    """Mean and its 95% interval by Student's t, cut off at the range [low, high] that the quantity cannot leave."""
    values = np.asarray(values, dtype=float)
    count = whole(values.size, "values", 2)
    mean = float(values.mean())
    half = float(stats.t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count))
    return mean, max(low, mean - half), min(high, mean + half)
