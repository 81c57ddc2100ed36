"""Vector in subspace: Alice's unit vector lies in Bob's subspace W of dimension N/2 or in its complement; which?

As Problem 1 with L = 1: the state is Alice's vector, B_1 maps W onto first qubit = 0, A_1 is the identity, and the loss
is 1 or 0. Bob measures, so that one copy is one message of n qubits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Ledger
from qcomm.network.link import Link
from qcomm.network.session import Network
from qcomm.protocols.blocks import ScrambleBlock, SubspaceBlock, random_halves
from qcomm.protocols.relay import relay
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss

LARGEST_HAAR = 1 << 12  # two N x N/2 matrices of doubles: 128 MiB


def haar_block(size: int, rng: np.random.Generator) -> SubspaceBlock:
    """Bob's block for a Haar-random subspace of dimension N/2.

    Raises:
        ProtocolError: N is no power of two, or beyond `LARGEST_HAAR`.
    """
    if size > LARGEST_HAAR:
        raise ProtocolError(f"N = {size} is too large for a dense basis", where="size", fix="use a ScrambleBlock")
    return SubspaceBlock(BOB, *random_halves(size, rng))


def subspace_block(size: int, largest_haar: int, rng: np.random.Generator) -> Any:
    """A Haar-random subspace up to N = `largest_haar`, above it the subspace that a `ScrambleBlock` singles out."""
    return haar_block(size, rng) if size <= largest_haar else ScrambleBlock.random(BOB, size, rng)


def subspace_task(block: Any, size: int, loss: float, rng: np.random.Generator, **accuracy: float) -> InferenceTask:
    """A random unit vector with |P_W v|^2 = `loss`; 1 and 0 are the promise of vector in subspace."""
    vector = vector_with_loss((block,), size, loss, rng)
    return InferenceTask(vector, (block,), measured_by=BOB, **accuracy)


@dataclass(frozen=True)
class Decisions:
    """Answers to many instances. inside: the truth (T,). answers: what was said (T,). ledger: of all instances."""

    inside: np.ndarray
    answers: np.ndarray
    ledger: Ledger

    @property
    def errors(self) -> int:
        return int((self.inside != self.answers).sum())


def decide(tasks: list[InferenceTask], seed: int, *, copies: int = 1, link: Link | None = None) -> Decisions:
    """Decide every instance by a majority of `copies` (odd) copies, one message of n qubits each, over one network.

    The truth of an instance is whether its exact loss exceeds 1/2.
    """
    if copies < 1 or copies % 2 == 0:
        raise ProtocolError(f"{copies!r} copies have no majority", where="copies", fix="take an odd number")
    inside = np.array([task.loss() > 0.5 for task in tasks])
    private = {
        ALICE: {"tasks": [task.private()[ALICE] for task in tasks]},
        BOB: {"tasks": [task.private()[BOB] for task in tasks]},
    }
    network = Network(private, seed, link)
    walks = [task.owners for task in tasks]

    def program(me):
        answers = []
        for mine, owners in zip(me.private["tasks"], walks, strict=True):
            register = me.prepare(mine["vector"], copies) if me.name == owners[0] else None
            register = yield from relay(_Holding(me, mine), owners, register)
            if me.name == owners[-1]:
                answers.append(register.measure_first_qubit(copies, me.random) > copies / 2)
        return np.array(answers)

    return Decisions(inside, network.run({ALICE: program, BOB: program})[BOB], network.ledger)


class _Holding:
    """A party looking at the private inputs of one of many instances."""

    def __init__(self, me, private):
        self.name, self.send, self.private = me.name, me.send, private


def exact_deviation(tasks: list[InferenceTask]) -> float:
    """The largest distance of an exact loss from 0 or 1, whichever is nearer."""
    losses = np.array([task.loss() for task in tasks])
    return float(np.minimum(np.abs(losses), np.abs(1 - losses)).max())


def with_block(task: InferenceTask, block: Any) -> InferenceTask:
    """The same vector with another subspace of Bob's: a wrong W, for which every answer is a coin's."""
    return InferenceTask(task.vector, (block,), task.eps, task.delta, task.measured_by)
