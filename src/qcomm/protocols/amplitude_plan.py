"""Amplitude estimation planned: the exact law of its estimates, and the fewest Grover calls that keep a promise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.protocols.task import open_unit
from qcomm.theory.checks import whole
from qcomm.theory.success import outcome_distribution

LEAST_EPS = 2e-3  # the exact worst failure takes M^2 steps, M phases being 2/eps or so: a minute or so for a plan
BLOCK = 1 << 20  # probabilities (losses times M) that are held at a time


@dataclass(frozen=True)
class Plan:
    """M phases (M - 1 Grover calls) in each of `repeats` runs, whose median is the answer; worst failure over all p."""

    phases: int
    repeats: int
    failure: float

    @property
    def calls(self) -> int:
        return self.phases - 1

    @property
    def walks(self) -> int:
        """Walks through the whole circuit, out or back, of all runs together."""
        return self.repeats * (1 + 2 * self.calls)


def phase_value(outcome: np.ndarray, phases: int) -> np.ndarray:
    """The estimate sin^2(pi y / M) that belongs to phase outcome y."""
    return np.sin(np.pi * np.asarray(outcome) / phases) ** 2


def failure_at(loss: np.ndarray | float, eps: float, phases: int, repeats: int = 1) -> np.ndarray:
    """P(|median estimate - loss| > eps), exactly, for each loss; array like `loss`.

    Raises:
        ProtocolError: a loss outside [0, 1], eps outside (0, 1), no phases, or an even number of repeats.
    """
    _check(eps, phases, repeats)
    if not ((np.asarray(loss) >= 0) & (np.asarray(loss) <= 1)).all():
        raise ProtocolError("a loss lies outside [0, 1]", where="loss")
    return _of_median(repeats, *_off_by_more(np.atleast_1d(np.asarray(loss, dtype=float)), eps, phases))


def _check(eps: float, phases: int, repeats: int) -> None:
    open_unit(eps, "eps")
    whole(phases, "phases", 1)
    if whole(repeats, "repeats", 1) % 2 == 0:
        raise ProtocolError(f"{repeats} runs have no median among them", where="repeats", fix="take an odd number")


def _of_median(repeats: int, high: np.ndarray, low: np.ndarray) -> np.ndarray:
    """The median is off when more than half of the runs are off to the same side."""
    most = repeats // 2
    return special.bdtrc(most, repeats, high) + special.bdtrc(most, repeats, low)


def _off_by_more(losses: np.ndarray, eps: float, phases: int) -> np.ndarray:
    """P(one estimate > loss + eps) and P(one estimate < loss - eps), (2, losses), for some losses at a time."""
    values, at_once, found = phase_value(np.arange(phases), phases), max(1, BLOCK // phases), []
    for start in range(0, len(losses), at_once):
        some = losses[start : start + at_once]
        weights = np.stack([outcome_distribution(phases, 2 * loss - 1, shifted=False) for loss in some])
        off = values - some[:, None]
        found.append([np.clip((weights * side).sum(axis=1), 0, 1) for side in (off > eps, off < -eps)])
    return np.concatenate(found, axis=1)


def worst_failure(eps: float, phases: int, repeats: int = 1) -> float:
    """Largest `failure_at` over the loss.

    It jumps where an outcome starts or stops to count: both sides of each jump are looked at; between jumps it is
    smooth, and 8 M angles bring the maximum to 1e-4.

    Raises:
        ProtocolError: eps outside (0, 1), no phases, or an even number of repeats.
    """
    _check(eps, phases, repeats)
    return float(_of_median(repeats, *_off_everywhere(eps, phases)).max())


@lru_cache(maxsize=256)
def _off_everywhere(eps: float, phases: int) -> np.ndarray:
    """`_off_by_more` at all losses of `worst_failure`; the same for any number of repeats."""
    grid = np.unique(phase_value(np.arange(phases), phases).round(15))
    edges = np.concatenate([grid - eps, grid + eps])
    spots = np.concatenate([edges - 1e-9, edges + 1e-9, phase_value(np.arange(8 * phases + 1) / 16, phases)])
    return _off_by_more(spots[(spots >= 0) & (spots <= 1)], eps, phases)


@lru_cache
def plan(eps: float, delta: float) -> Plan:
    """The plan with the fewest messages among medians of 1, 3, .., 9 runs whose worst failure is at most delta.

    The cost of one run is 1 + 2 (M - 1) walks through the circuit.

    Raises:
        ProtocolError: eps or delta outside (0, 1), or eps below `LEAST_EPS`.
    """
    open_unit(delta, "delta")
    if open_unit(eps, "eps") < LEAST_EPS:
        raise ProtocolError(
            f"eps = {eps:g} is too small to search for the fewest calls",
            where="eps",
            fix=f"take at least {LEAST_EPS:g}, or give a Plan of your own",
        )
    best: Plan | None = None
    for repeats in (9, 7, 5, 3, 1):
        found = _fewest_phases(eps, delta, repeats, best.walks if best else np.inf)
        best = found or best
    return best


def _fewest_phases(eps: float, delta: float, repeats: int, most_walks: float) -> Plan | None:
    """Fewer walks than `most_walks`, or None. Below pi/(2 eps) phases the outcomes lie too far apart for eps."""
    phases = max(2, int(np.pi / (2 * eps)))
    few = np.array([0.11, 0.25, 0.37, 0.5, 0.61])
    while (candidate := Plan(phases, repeats, 1.0)).walks < most_walks:
        if failure_at(few, eps, phases, repeats).max() <= delta:  # cheap refusal first
            failure = worst_failure(eps, phases, repeats)
            if failure <= delta:
                return replace(candidate, failure=failure)
        phases += max(1, phases // 40)
    return None
