"""Exact failure rates of sampling, and the fewest copies that keep a promise at every loss."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special, stats

from qcomm.errors import ProtocolError
from qcomm.protocols.task import copies_needed, open_unit
from qcomm.theory.checks import whole

TIE = 1e-9  # a mean that lies eps off, up to rounding, is within eps


def failure_at(loss: np.ndarray | float, copies: int, eps: float) -> np.ndarray:
    """P(|Z/k - p| > eps), Z binomial with k = `copies` and p = `loss`: exact."""
    loss = np.asarray(loss, dtype=float)
    if not ((loss >= 0) & (loss <= 1)).all():
        raise ProtocolError("a loss lies outside [0, 1]", where="loss")
    copies, eps = whole(copies, "copies", 1), open_unit(eps, "eps")
    above = np.floor(copies * (loss + eps) + TIE)
    below = np.ceil(copies * (loss - eps) - TIE) - 1
    return stats.binom.sf(above, copies, loss) + stats.binom.cdf(below, copies, loss)


def worst_failure(copies: int, eps: float, reach: float = 0.5) -> float:
    """Largest `failure_at` over losses within `reach` of 1/2.

    It jumps where p +- eps is a multiple of 1/k: both sides of each jump are looked at, and 4 k + 1 points between.
    """
    whole_steps = np.arange(copies + 1) / copies
    shift = 2 * TIE / copies
    spots = [sign * eps + whole_steps + side for sign in (1, -1) for side in (shift, -shift)]
    losses = np.concatenate([*spots, np.arange(4 * copies + 1) / (4 * copies)])
    return float(failure_at(losses[np.abs(losses - 0.5) <= reach], copies, eps).max())


@lru_cache
def fewest_copies(eps: float, delta: float) -> int:
    """The smallest k whose worst failure is at most delta; `copies_needed` (Hoeffding) is its upper bound."""
    z = special.ndtri(1 - open_unit(delta, "delta") / 2)
    most = copies_needed(eps, delta)
    for copies in range(max(1, int(0.7 * (z / eps) ** 2 / 4)), most):
        if worst_failure(copies, eps, reach=0.02) <= delta and worst_failure(copies, eps) <= delta:
            return copies
    return most
