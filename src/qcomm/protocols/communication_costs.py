"""The rivals as the sweeps of claim C2 see them: name, bulk run, first guess, and the bits that their runs count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.protocols import rivals, rivals_law, rivals_sketch
from qcomm.protocols.rivals_batch import Batch
from qcomm.protocols.task import open_unit
from qcomm.seeds import seed_for

FLOAT_BITS = 32
PLAIN, EITHER, EVERYTHING = "best of 2^k", "best of 2^k, either sign", "send everything"


@dataclass(frozen=True)
class Rival:
    """A rival whose cost is a function of a resource.

    planned: (resource, N) -> whole bits of one exchange, which the ledger must agree with. run: (losses, N, resource,
    seed) -> Batch. decision: (N, target) -> a first guess of the resource for vector in subspace. estimate: (N, eps,
    delta) -> the same for Problem 1, or None where no resource does it. numbers: random numbers of one exchange.
    most: N -> the largest resource that makes sense.
    """

    resource: str
    planned: Callable[[int, int], int]
    run: Callable[[np.ndarray, int, int, int], Batch]
    decision: Callable[[int, float], float]
    estimate: Callable[[int, float, float], float | None]
    numbers: Callable[[float, int], float]
    most: Callable[[int], int]
    least: int = 1


class Counted:
    """Bits that one exchange of a rival puts on the channel, by resource; from the ledgers of its runs alone."""

    def __init__(self, name: str, rival: Rival, size: int, seed: int):
        self._name, self._rival, self._size, self._seed = name, rival, size, seed
        self._bits: dict[int, int] = {}

    def run(self, losses: np.ndarray, resource: int, *identity: str | int | float) -> Batch:
        """A bulk run whose bits are counted.

        Raises:
            ProtocolError: the ledger and the formula disagree.
        """
        seed = seed_for(self._name, self._size, resource, *identity, self._seed)
        batch = self._rival.run(np.asarray(losses, dtype=float), self._size, resource, seed)
        planned = self._rival.planned(resource, self._size)
        if batch.bits != planned:
            raise ProtocolError(
                f"{batch.bits:g} bits were sent where {planned} are planned, {self._rival.resource}: {resource}",
                where=f"{self._name}, N = {self._size}",
            )
        self._bits[resource] = planned
        return batch

    def bits(self, resource: float) -> float:
        """Counted bits, linear between whole resources; what no ladder ran is run once."""
        resource = max(resource, self._rival.least)
        below = int(np.floor(resource))
        ends = []
        for whole in (below, int(np.ceil(resource))):
            if whole not in self._bits:
                self.run([0.5], whole, "count")
            ends.append(self._bits[whole])
        return float(ends[0] + (resource - below) * (ends[1] - ends[0]))


def _top_decision(size: int, target: float) -> float:
    return rivals_law.top_for_power(rivals_law.power_for_decision(size, target), size) or size / 2


def _top_estimate(size: int, eps: float, delta: float) -> float | None:
    return rivals_law.top_for_power(rivals_law.power_for_estimate(size, eps, delta), size)


def _best_estimate(size: int, eps: float, delta: float) -> float:
    return rivals_law.bits_for_power(rivals_law.power_for_estimate(size, eps, delta), size)


def _sketch_decision(size: int, target: float) -> float:
    """m for which half a unit is as many standard deviations as the target asks for, at loss 0 or 1."""
    z, count = special.ndtri(open_unit(target, "target")), 2
    while max(rivals_sketch.variance(size, count, 1, loss) for loss in (0.0, 1.0)) > (0.5 / z) ** 2:
        count += 1
    return float(count)


def _sketch_estimate(size: int, eps: float, delta: float) -> float | None:
    """None beyond N numbers: the coordinates themselves are then the shorter message."""
    count = rivals_sketch.numbers_needed(size, eps, delta, 1)
    return float(count) if count < size else None


def _best(run: Callable[[np.ndarray, int, int, int], Batch], either_sign: bool) -> Rival:
    return Rival(
        "bits",
        lambda bits, _: bits,
        run,
        lambda size, target: rivals_law.best_bits(size, target, either_sign=either_sign),
        _best_estimate,
        lambda bits, _: 30.0 + bits / 8,
        lambda size: 40 * size,
    )


RIVALS = {
    PLAIN: _best(rivals.best_batch, False),
    EITHER: _best(rivals.best_either_batch, True),
    "top-q": Rival(
        "entries",
        rivals.top_bits,
        rivals.top_batch,
        _top_decision,
        _top_estimate,
        lambda kept, size: 40.0 + (size if size < 1024 else 3 * kept),
        rivals_law.most_top,
    ),
    "random projection": Rival(
        "1-bit numbers",
        lambda count, _: count,
        rivals_sketch.sketch_batch,
        _sketch_decision,
        _sketch_estimate,
        lambda count, _: 20.0 * count,
        lambda size: size - 1,
        least=2,
    ),
    EVERYTHING: Rival(
        "bits a real",
        lambda bits, size: bits * size,
        rivals.everything_batch,
        lambda size, target: 1.0,
        lambda size, eps, delta: 1.0,
        lambda bits, size: 4.0 * size,
        lambda size: 24,
    ),
}
