"""Many estimates of one task from one executed run: the runs differ in their outcomes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcomm.errors import DataError, ProtocolError
from qcomm.network import ALICE, BOB, Ledger, Network
from qcomm.protocols import amplitude
from qcomm.protocols.blocks import ScrambleBlock
from qcomm.protocols.relay import relay
from qcomm.protocols.task import InferenceTask, vector_with_loss
from qcomm.quantum.blocks import CircuitBlock
from qcomm.quantum.circuits import hardware_efficient, register
from qcomm.theory.checks import whole


@dataclass(frozen=True)
class Repeats:
    """values: estimates (trials,) by number of copies k. ledger: of all of them together."""

    values: dict[int, np.ndarray]
    ledger: Ledger
    runs: int

    @property
    def qubits_per_run(self) -> float:
        return self.ledger.qubits / self.runs

    @property
    def messages_per_run(self) -> float:
        return self.ledger.messages / self.runs


def repeated_sampling(task: InferenceTask, copies: Sequence[int], trials: int, seed: int) -> Repeats:
    """`trials` estimates by sampling for each k of `copies`.

    One run goes message by message for all trials * sum(copies) of them; the outcomes are sampled from the register
    that it delivered and dealt out to the estimates at random (they are exchangeable).

    Raises:
        ProtocolError: numbers below 1.
        DataError: the channel counted something else than the ownership of the blocks implies.
    """
    whole(trials, "trials", 1)
    total = trials * sum(whole(k, "copies", 1) for k in copies)
    network = Network(task.private(owners=task.owners), seed)

    def program(me):
        owners = me.private["owners"]
        register = me.prepare(me.private["vector"], total) if me.name == owners[0] else None
        register = yield from relay(me, owners, register)
        if me.name != owners[-1]:
            return None
        return {k: _dealt(register.measure_first_qubit(k * trials, me.random), k, trials, me.random) for k in copies}

    values = network.run({ALICE: program, BOB: program})[task.measured_by]
    _same(network.ledger, task.traffic(total))
    return Repeats(values, network.ledger, total)


def _dealt(zeros: int, copies: int, trials: int, rng: np.random.Generator) -> np.ndarray:
    counts = rng.multivariate_hypergeometric([copies] * trials, zeros, method="marginals")
    return counts / copies


def repeated_estimation(
    task: InferenceTask, chosen: amplitude.Plan, trials: int, seed: int
) -> tuple[np.ndarray, Ledger]:
    """`trials` estimates (trials,) by amplitude estimation, medians of the plan's repeats, and their ledger together.

    One run goes message by message, Grover call by Grover call, for all of them; the phase outcomes are measured on
    the register and control that it left.

    Raises:
        ProtocolError: as `amplitude.outcomes`.
        DataError: the channel counted something else than the ownership of the blocks implies.
    """
    copies = whole(trials, "trials", 1) * chosen.repeats
    found, ledger = amplitude.outcomes(task, chosen, copies, seed)
    _same(ledger, amplitude.planned_traffic(task, chosen, copies))
    return np.median(amplitude.phase_value(found, chosen.phases).reshape(trials, -1), axis=1), ledger


def _same(counted: Ledger, implied: Ledger) -> None:
    if counted != implied:
        raise DataError(
            f"the channel counted {counted!r}, the circuit implies {implied!r}",
            where="inference",
            fix="a block was skipped or a message went astray: compare the labels of the two ledgers",
        )


@lru_cache
def _ansatz(owner: str, qubits: int, depth: int) -> CircuitBlock:
    """Lowered once; every block of this form takes its own angles."""
    line = register(qubits)
    symbols = [f"{owner}_{layer}_{q}" for layer in range(depth) for q in range(qubits)]
    return CircuitBlock.of(hardware_efficient(line, owner, owner, depth), line, symbols, np.zeros(len(symbols)))


def ansatz_blocks(size: int, layers: int, depth: int, rng: np.random.Generator) -> tuple[CircuitBlock, ...]:
    """B_1, A_1, .., B_L, A_L: the hardware-efficient circuit, lowered by the engine, each with fresh random angles.

    Raises:
        ProtocolError: a size that is not 2, 4, 8, .., or numbers below 1.
    """
    if whole(size, "size", 2) & (size - 1):
        raise ProtocolError(f"{size} is not a power of two", where="size", fix="pad with zeros")
    qubits, layers, depth = size.bit_length() - 1, whole(layers, "layers", 1), whole(depth, "depth", 1)
    made = []
    for _ in range(layers):
        for owner in (BOB, ALICE):
            made.append(_ansatz(owner, qubits, depth).with_parameters(rng.uniform(-np.pi, np.pi, depth * qubits)))
    return tuple(made)


def scrambled_blocks(size: int, layers: int, rng: np.random.Generator) -> tuple[ScrambleBlock, ...]:
    """B_1, A_1, .., B_L, A_L, each a fresh structured random rotation."""
    return tuple(ScrambleBlock.random(owner, size, rng) for _ in range(layers) for owner in (BOB, ALICE))


def tasks_with_losses(
    blocks: tuple, size: int, losses: Sequence[float], rng: np.random.Generator, **accuracy: float
) -> list[InferenceTask]:
    """One circuit, and an input for each loss that has exactly this loss; `accuracy` is eps and delta."""
    return [InferenceTask(vector_with_loss(blocks, size, p, rng), blocks, **accuracy) for p in losses]
