"""The rivals as the sweeps of claim C2 see them: name, cost of a resource, bulk run, first guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from qcomm.protocols import rivals, rivals_law, rivals_sketch
from qcomm.protocols.rivals import Batch
from qcomm.protocols.task import open_unit

FLOAT_BITS = 32


@dataclass(frozen=True)
class Rival:
    """A rival whose cost is a function of a resource.

    cost: bits of a fractional resource (a smooth curve through the whole numbers). run: (losses, N, resource, seed) ->
    Batch. decision: (N, target) -> a first guess of the resource for vector in subspace. estimate: (N, eps, delta) ->
    the same for Problem 1, or None where no resource does it. numbers: random numbers of one exchange. whole: the
    resource is tried one by one from 1 on, since its steps are coarse.
    """

    resource: str
    cost: Callable[[float, int], float]
    run: Callable[[np.ndarray, int, int, int], Batch]
    decision: Callable[[int, float], float]
    estimate: Callable[[int, float, float], float | None]
    numbers: Callable[[float, int], float]
    whole: bool = False


def smooth_top_bits(kept: float, size: int) -> float:
    """log2 C(N, q) + q for fractional q."""
    log = special.gammaln(size + 1) - special.gammaln(kept + 1) - special.gammaln(size - kept + 1)
    return float(log / np.log(2) + kept)


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


RIVALS = {
    "best of 2^k": Rival(
        "bits",
        lambda bits, _: bits,
        rivals.best_batch,
        lambda size, target: rivals_law.best_bits(size, target),
        _best_estimate,
        lambda bits, _: 30.0 + bits / 8,
    ),
    "top-q": Rival(
        "entries", smooth_top_bits, rivals.top_batch, _top_decision, _top_estimate, lambda kept, _: 40.0 + 3 * kept
    ),
    "random projection": Rival(
        "1-bit numbers",
        lambda count, _: count,
        rivals_sketch.sketch_batch,
        _sketch_decision,
        _sketch_estimate,
        lambda count, _: 8.0 * count,
    ),
    "send everything": Rival(
        "bits a real",
        lambda bits, size: bits * size,
        rivals.everything_batch,
        lambda size, target: 1.0,
        lambda size, eps, delta: 1.0,
        lambda bits, size: 4.0 * size,
        whole=True,
    ),
}


def send_x_bits(size: int) -> int:
    """N numbers in single precision."""
    return FLOAT_BITS * size


def subspace_parameters(size: int) -> int:
    """Dimension of the set of subspaces of dimension N/2 (a Grassmannian): N^2/4 numbers describe W, and no fewer."""
    return size * size // 4


def angle_bits(size: int, per_qubit: int, layers: int = 1) -> int:
    """32 bits for each of P = `per_qubit` * n angles a layer."""
    return FLOAT_BITS * layers * per_qubit * (size.bit_length() - 1)
