"""The least resource of a protocol that answers well enough, found by executing it on a ladder of resources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from qcomm.errors import DataError

COARSE = (0.55, 1.0, 1.8)
FINE = (0.75, 0.87, 1.0, 1.15, 1.33)
LEAST_SCORE = 0.08  # below this normal score the logarithm of a measured one means little


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
) -> Need:
    """Where the success of ``success_at(resource, trials) -> (share of successes, trials made)`` crosses `target`.

    ln z is fitted by a line in ln resource, z the normal score of the success: of a decision ndtri(s), of an estimate
    (`two_sided`) ndtri((1 + s)/2); either grows as a power of the resource. A coarse ladder around `guess` first, with
    a fourth of the trials, then a fine one around its crossing, moved as long as the crossing lies outside.

    Raises:
        DataError: the ladder never meets the target.
    """
    guess = max(guess, least)
    if guess < 4 * least and success_at(least, trials)[0] >= target:
        return Need(least, least, least)
    centre = _fit(success_at, guess, COARSE, target, max(100, trials // 4), two_sided, least).value
    for _ in range(4):
        centre = float(np.clip(centre, least, None))
        need = _fit(success_at, centre, FINE, target, trials, two_sided, least)
        if centre * FINE[0] * 0.9 <= need.value <= max(centre * FINE[-1] * 1.1, least + 1):
            return need
        centre = float(np.clip(need.value, centre / 3, 3 * centre))
    raise DataError(f"no crossing of {target:.3f} near {centre:.4g}", where="need_by_execution")


def _fit(success_at, centre, factors, target, trials, two_sided, least) -> Need:
    rungs = sorted({max(least, round(centre * factor)) for factor in factors})
    while len(rungs) < 3:  # small whole numbers coincide
        rungs.append(rungs[-1] + 1)
    x, y, sigma = [], [], []
    for rung in rungs:
        share, made = success_at(rung, trials)
        share = float(np.clip(share, 0.5 / made, 1 - 0.5 / made))
        score = ndtri((1 + share) / 2 if two_sided else share)
        if score < LEAST_SCORE:
            continue
        slope = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi) * (2 if two_sided else 1)
        x.append(np.log(rung))
        y.append(np.log(score))
        sigma.append(np.sqrt(share * (1 - share) / made) / slope / score)
    if len(x) < 2:
        return Need(centre * factors[-1], 0.0, np.inf)
    wanted = np.log(ndtri((1 + target) / 2 if two_sided else target))
    return _crossing(np.array(x), np.array(y), np.array(sigma), wanted)


def _crossing(x: np.ndarray, y: np.ndarray, sigma: np.ndarray, wanted: float) -> Need:
    weight = 1 / sigma**2
    centre, level = np.average(x, weights=weight), np.average(y, weights=weight)
    spread = (weight * (x - centre) ** 2).sum()
    slope = max((weight * (x - centre) * y).sum() / spread, 0.15)
    found = centre + (wanted - level) / slope
    error = np.sqrt(1 / weight.sum() + ((found - centre) ** 2) / spread) / slope
    return Need(*(float(np.exp(found + shift * error)) for shift in (0, -1.96, 1.96)))
