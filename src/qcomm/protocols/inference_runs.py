"""Many estimates of one task from one executed run: the runs differ in their outcomes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qcomm.network.ledger import Ledger, circuit_traffic
from qcomm.network.session import Network
from qcomm.protocols import amplitude
from qcomm.protocols.blocks import ScrambleBlock
from qcomm.protocols.relay import relay
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss
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
    return Repeats(values, network.ledger, total)


def _dealt(zeros: int, copies: int, trials: int, rng: np.random.Generator) -> np.ndarray:
    counts = rng.multivariate_hypergeometric([copies] * trials, zeros, method="marginals")
    return counts / copies


def planned_sampling(task: InferenceTask, runs: int) -> Ledger:
    """What the ownership of the blocks implies for that many runs."""
    return circuit_traffic(task.owners, task.qubits, runs)


def scrambled_blocks(size: int, layers: int, rng: np.random.Generator) -> tuple[ScrambleBlock, ...]:
    """B_1, A_1, .., B_L, A_L, each a fresh structured random rotation."""
    return tuple(ScrambleBlock.random(owner, size, rng) for _ in range(layers) for owner in (BOB, ALICE))


def tasks_with_losses(size: int, layers: int, losses: Sequence[float], rng, eps: float, delta: float):
    """One circuit, and an input for each loss that has exactly this loss."""
    blocks = scrambled_blocks(size, layers, rng)
    return [InferenceTask(vector_with_loss(blocks, size, p, rng), blocks, eps, delta) for p in losses]


def repeated_estimation(task: InferenceTask, phases: int, trials: int, seed: int) -> np.ndarray:
    """`trials` single estimates (trials,) by amplitude estimation with M = `phases`, each a run of its own."""
    chosen = amplitude.Plan(phases, 1, 1.0)
    runs = (amplitude.run_amplitude_estimation(task, seed + t, chosen=chosen, literal=False) for t in range(trials))
    return np.array([run.value for run in runs])
