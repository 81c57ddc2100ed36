"""Exact failure rates of sampling, and the fewest copies that keep a promise at every loss."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from scipy import special, stats

from qcomm.errors import ProtocolError
from qcomm.protocols.task import copies_needed, open_unit
from qcomm.theory.checks import whole

TIE = 1e-9  # a mean that lies eps off, up to rounding, is within eps
MOST_SEARCHED = 10**6  # copies up to which the fewest are searched for: half a minute there
BLOCK = 1 << 16  # losses, or numbers of copies, that are looked at together


def failure_at(loss: np.ndarray | float, copies: np.ndarray | int, eps: float) -> np.ndarray:
    """P(|Z/k - p| > eps), Z binomial with k = `copies` and p = `loss`, which may be arrays: exact."""
    loss = np.asarray(loss, dtype=float)
    if not ((loss >= 0) & (loss <= 1)).all():
        raise ProtocolError("a loss lies outside [0, 1]", where="loss")
    copies = whole(copies, "copies", 1) if np.ndim(copies) == 0 else copies
    eps = open_unit(eps, "eps")
    above = np.floor(copies * (loss + eps) + TIE)
    below = np.ceil(copies * (loss - eps) - TIE) - 1
    return stats.binom.sf(above, copies, loss) + stats.binom.cdf(below, copies, loss)


def worst_failure(copies: int, eps: float) -> float:
    """Largest `failure_at` over all losses.

    It jumps where p +- eps is a multiple of 1/k: both sides of each jump are looked at, and 4 k + 1 points between.
    """
    return max(float(failure_at(part, copies, eps).max()) for part in _spots(copies, eps))


def _spots(copies: int, eps: float) -> Iterator[np.ndarray]:
    """The losses to look at, in blocks."""
    for start in range(0, copies + 1, BLOCK):
        whole_steps = np.arange(start, min(start + BLOCK, copies + 1))
        losses = np.concatenate([spot.ravel() for spot in _near(whole_steps, whole_steps, copies, eps)])
        yield losses[(losses >= 0) & (losses <= 1)]


def _near(over: np.ndarray, under: np.ndarray, copies: np.ndarray | int, eps: float) -> Iterator[np.ndarray]:
    """Both sides of p = eps + over/k and of p = under/k - eps, where the failure jumps, and four points a step."""
    shift = 2 * TIE / copies
    for steps, sign in ((over, 1), (under, -1)):
        for side in (shift, -shift):
            yield sign * eps + steps / copies + side
    for quarter in range(4):
        yield np.minimum((4 * over + quarter) / (4 * copies), 1.0)


def _refused(copies: np.ndarray, eps: float, delta: float) -> np.ndarray:
    """Whether each number of copies fails too often somewhere among three steps to each side of p = 1/2.

    These are some of the losses of `worst_failure`, so that nothing is refused that it would accept.
    """
    around, copies = np.arange(-3, 4), copies[:, None]
    centres = [np.round(copies * (0.5 + sign * eps)).astype(int) for sign in (-1, 1)]
    spots = np.concatenate(list(_near(*(centre + around for centre in centres), copies, eps)), axis=1)
    return failure_at(spots.clip(0, 1), copies, eps).max(axis=1) > delta


@lru_cache
def fewest_copies(eps: float, delta: float) -> int:
    """The smallest k whose worst failure is at most delta; `copies_needed` (Hoeffding) is its upper bound.

    Raises:
        ProtocolError: eps or delta outside (0, 1), or so small that more than `MOST_SEARCHED` copies may be needed.
    """
    z = special.ndtri(1 - open_unit(delta, "delta") / 2)
    most = copies_needed(eps, delta)
    if most > MOST_SEARCHED:
        raise ProtocolError(
            f"eps = {eps:g} asks for up to {most:.2g} copies, the search ends at {MOST_SEARCHED:.0e}",
            where="eps",
            fix="take a larger eps, or Hoeffding's bound (copies_needed)",
        )
    for start in range(max(1, int(0.7 * (z / eps) ** 2 / 4)), most, BLOCK // 64):
        block = np.arange(start, min(start + BLOCK // 64, most))
        for copies in block[~_refused(block, eps, delta)].tolist():
            if worst_failure(copies, eps) <= delta:
                return copies
    return most
