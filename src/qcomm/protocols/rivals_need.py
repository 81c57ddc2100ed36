"""The least resource of a protocol that answers well enough, found by executing it on a ladder of resources."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from qcomm.errors import DataError

COARSE = (0.55, 1.0, 1.8)
FINE = (0.75, 0.87, 1.0, 1.15, 1.33)
SLOPE_SPREAD = 0.5  # of the slope around 1, in units of the wanted score over the ladder's centre


@dataclass(frozen=True)
class Need:
    """A resource (fractional, from the fitted curve) with its 95% interval."""

    value: float
    low: float
    high: float


def need_by_execution(
    success_at: Callable[[int, int], tuple[float, int]],
    guess: float,
    target: float,
    trials: int,
    *,
    two_sided: bool,
    least: int = 1,
    most: int | None = None,
) -> Need:
    """Where the success of ``success_at(resource, trials) -> (share of successes, trials made)`` crosses `target`.

    z is fitted by a line in the resource, z the normal score of the success: of a decision ndtri(s), of an estimate
    (`two_sided`) ndtri((1 + s)/2); either is nearly proportional to the resource, which is the weak prior of the slope.
    A coarse ladder around `guess` first, with a fourth of the trials, then a fine one around its crossing, moved as
    long as the crossing lies outside. No rung lies outside `least` .. `most`.

    Raises:
        DataError: the ladder never meets the target.
    """
    most = sys.maxsize if most is None else most
    guess, limits = float(np.clip(guess, least, most)), (least, most)
    if guess < 4 * least and success_at(least, trials)[0] >= target:
        return Need(least, least, least)
    centre = _fit(success_at, guess, COARSE, target, max(100, trials // 4), two_sided, limits).value
    for _ in range(4):
        centre = float(np.clip(centre, least, most))
        need = _fit(success_at, centre, FINE, target, trials, two_sided, limits)
        if centre * FINE[0] * 0.9 <= need.value <= min(most, max(centre * FINE[-1] * 1.1, least + 1)):
            return need
        centre = float(np.clip(need.value, centre / 3, 3 * centre))
    raise DataError(
        f"no crossing of {target:.3f} near {centre:.4g}",
        where="need_by_execution",
        fix="run more trials (communication.trials, communication.estimate_trials), or ask for less",
    )


def _fit(success_at, centre, factors, target, trials, two_sided, limits) -> Need:
    least, most = limits
    rungs = sorted({min(most, max(least, round(centre * factor))) for factor in factors})
    while len(rungs) < 3:  # small whole numbers coincide
        rungs = [*rungs, rungs[-1] + 1] if rungs[-1] < most else [rungs[0] - 1, *rungs]
    wanted, scores, sigma = ndtri((1 + target) / 2 if two_sided else target), [], []
    for rung in rungs:
        share, made = success_at(rung, trials)
        share = float(np.clip(share, 0.5 / made, 1 - 0.5 / made))
        score = ndtri((1 + share) / 2 if two_sided else share)
        density = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi) * (2 if two_sided else 1)
        scores.append(score / wanted)
        sigma.append(np.sqrt(share * (1 - share) / made) / density / wanted)
    return _crossing(np.array(rungs) / centre, np.array(scores), np.array(sigma), centre)


def _crossing(x: np.ndarray, y: np.ndarray, sigma: np.ndarray, unit: float) -> Need:
    """Where the line through y(x) reaches 1, times `unit`; its slope has the prior 1 +- `SLOPE_SPREAD`."""
    weight = 1 / sigma**2
    centre, level = np.average(x, weights=weight), np.average(y, weights=weight)
    spread = (weight * (x - centre) ** 2).sum() + SLOPE_SPREAD**-2
    slope = max(((weight * (x - centre) * y).sum() + SLOPE_SPREAD**-2) / spread, 0.2)
    found = centre + (1 - level) / slope
    error = 1.96 * np.sqrt(1 / weight.sum() + (found - centre) ** 2 / spread) / slope
    return Need(*(float(unit * max(found + shift, 0.01)) for shift in (0, -error, error)))
