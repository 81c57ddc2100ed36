"""Problem 1, distributed inference: what is asked, and what every protocol answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import ALICE, BOB, Ledger, circuit_traffic, party
from qcomm.network.register import check_vector, unit_vector
from qcomm.theory.checks import in_range, whole

LEAST_EPS = 1e-8  # below, the copies of a run are no longer counted in 64 bits


def open_unit(value: float, name: str) -> float:
    """`value` inside (0, 1).

    Raises:
        ProtocolError: outside, or not a number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < 1:
        raise ProtocolError(f"{value!r} is outside (0, 1)", where=name)
    return float(value)


@dataclass(frozen=True, eq=False)
class InferenceTask:
    """Estimate P(first qubit = 0) after Alice's state went through all blocks, to `eps` with probability 1 - `delta`.

    Attributes:
        vector: Alice's input, length N = 2^n, not zero; amplitude-encoded (normalised).
        blocks: in the order in which they act, B_1, A_1, ..., B_L, A_L; anything with ``owner``, ``apply`` and
            ``inverse``. Blocks that are left out are the identity.
        eps, delta: both in (0, 1).
        measured_by: who measures the register at the end.
    """

    vector: np.ndarray
    blocks: tuple[Any, ...]
    eps: float = 0.1
    delta: float = 1 / 3
    measured_by: str = ALICE

    def __post_init__(self):
        check_vector(self.vector, "InferenceTask.vector")
        open_unit(self.eps, "eps")
        open_unit(self.delta, "delta")
        party(self.measured_by, "measured_by")
        for number, block in enumerate(self.blocks):
            party(getattr(block, "owner", None), f"blocks[{number}].owner")

    @property
    def size(self) -> int:
        return len(self.vector)

    @property
    def qubits(self) -> int:
        return self.size.bit_length() - 1

    @property
    def owners(self) -> tuple[str, ...]:
        """Owners of the preparation, of each block, and of the measurement."""
        return (ALICE, *(block.owner for block in self.blocks), self.measured_by)

    def traffic(self, copies: int = 1) -> Ledger:
        """What the ownership of the blocks implies for that many runs; the channel must count the same."""
        return circuit_traffic(self.owners, self.qubits, copies)

    def loss(self) -> float:
        """The exact value, computed by someone who sees everything."""
        state = unit_vector(self.vector)
        for block in self.blocks:
            state = block.apply(state)
        return float((np.abs(state[: self.size // 2]) ** 2).sum())

    def private(self, **public: Any) -> dict[str, dict[str, Any]]:
        """Private inputs by party; `public` ones are given to both."""
        mine: dict[str, dict[str, Any]] = {ALICE: {"vector": self.vector}, BOB: {}}
        for name, inputs in mine.items():
            inputs["blocks"] = {i: block for i, block in enumerate(self.blocks) if block.owner == name}
            inputs.update(public)
        return mine


@dataclass(frozen=True)
class Estimate:
    """What a protocol answers: a value, an interval that holds the truth with probability 1 - delta, the traffic."""

    protocol: str
    value: float
    low: float
    high: float
    ledger: Ledger


def copies_needed(eps: float, delta: float) -> int:
    """k = ceil(ln(2/delta) / (2 eps^2)): runs after which the mean is within eps with probability 1 - delta.

    Source: Hoeffding 1963; the constant of claim C1 derived from it.

    Raises:
        ProtocolError: eps or delta outside (0, 1), or eps below `LEAST_EPS`.
    """
    if open_unit(eps, "eps") < LEAST_EPS:
        raise ProtocolError(f"{eps!r} asks for too many copies", where="eps", fix=f"give at least {LEAST_EPS:g}")
    return math.ceil(math.log(2 / open_unit(delta, "delta")) / (2 * float(eps) ** 2))


def vector_with_loss(blocks: Sequence[Any], size: int, loss: float, rng: np.random.Generator) -> np.ndarray:
    """An input whose exact loss is `loss`: U^dagger (sqrt(p) |0>|a> + sqrt(1-p) |1>|b>), a and b random, real.

    Large random circuits all have a loss near 1/2, so inputs are made to order.

    Raises:
        ProtocolError: loss outside [0, 1], or a size that is not 2, 4, 8, ...
    """
    in_range(loss, "loss", 0, 1)
    if whole(size, "size", 2) & (size - 1):
        raise ProtocolError(f"{size} is not a power of two", where="size", fix="pad with zeros")
    halves = rng.normal(size=(2, size // 2))
    halves *= np.sqrt([[loss], [1 - loss]]) / np.linalg.norm(halves, axis=1, keepdims=True)
    state = halves.ravel()
    for block in reversed(blocks):
        state = block.inverse().apply(state)
    return state


def clip_interval(value: float, half: float) -> tuple[float, float]:
    """``value +- half`` within [0, 1], `value` being moved into [0, 1] first: never empty, and no truth is lost."""
    inside = min(1.0, max(0.0, value))
    return max(0.0, inside - half), min(1.0, inside + half)


def clip_answer(value: float, low: float, high: float) -> tuple[float, float, float]:
    """(value, low, high) moved together until `value` is in [0, 1], then cut off at 0 and 1.

    As `clip_interval` where the interval is not symmetric: it keeps its width inside [0, 1], and no truth is lost.
    """
    moved = min(1.0, max(0.0, value)) - value
    return min(1.0, max(0.0, value)), max(0.0, low + moved), min(1.0, high + moved)


def estimate_of(protocol: str, outputs: Mapping[str, Any], who: str, ledger: Ledger) -> Estimate:
    """An `Estimate` from the (value, low, high) that party `who` returned."""
    value, low, high = outputs[who]
    return Estimate(protocol, float(value), float(low), float(high), ledger)
