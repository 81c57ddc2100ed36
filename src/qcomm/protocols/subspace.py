"""Vector in subspace: Alice's unit vector lies in Bob's subspace W of dimension N/2 or in its complement; which?

As Problem 1 with L = 1: the state is Alice's vector, B_1 maps W onto first qubit = 0, A_1 is the identity, and the loss
is 1 or 0. Bob measures, so that one copy is one message of n qubits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Ledger
from qcomm.network.link import Link
from qcomm.network.session import Network
from qcomm.protocols.blocks import ScrambleBlock, SubspaceBlock, random_halves
from qcomm.protocols.relay import relay
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss
from qcomm.seeds import seed_for

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


def decide(
    tasks: Sequence[InferenceTask],
    seed: int,
    *,
    copies: int = 1,
    link: Link | None = None,
    inside: np.ndarray | None = None,
) -> Decisions:
    """Decide every instance, each over a network of its own, by a majority of `copies` (odd) copies.

    Args:
        tasks: instances; who measures decides.
        seed: of all runs.
        copies: of the state, each sent through all blocks.
        link: both ways; without loss.
        inside: the truth, where it is known; by default whether the exact loss exceeds 1/2.

    Raises:
        ProtocolError: an even number of copies, or a link with loss.
    """
    if copies < 1 or copies % 2 == 0:
        raise ProtocolError(f"{copies!r} copies have no majority", where="copies", fix="take an odd number")
    if link is not None and link.loss:
        raise ProtocolError(
            "lost copies would be missing from the majority", where="link", fix="use sampling over this link"
        )
    if inside is None:
        inside = np.array([task.loss() > 0.5 for task in tasks])
    answers, entries, rounds = [], [], 0
    for number, task in enumerate(tasks):
        network = Network(task.private(copies=copies, owners=task.owners), seed_for("decide", number, seed), link)
        answers.append(network.run({ALICE: _program, BOB: _program})[task.measured_by])
        entries += [replace(entry, round=entry.round + rounds) for entry in network.ledger.entries]
        rounds += network.ledger.rounds
    return Decisions(np.asarray(inside), np.array(answers), Ledger(entries))


def _program(me):
    """Both parties' program: the register goes through all blocks, and who ends up with it takes the majority."""
    owners, copies = me.private["owners"], me.private["copies"]
    register = me.prepare(me.private["vector"], copies) if me.name == owners[0] else None
    register = yield from relay(me, owners, register)
    return register.measure_first_qubit(copies, me.random) > copies / 2 if me.name == owners[-1] else None


def exact_deviation(tasks: list[InferenceTask]) -> float:
    """The largest distance of an exact loss from 0 or 1, whichever is nearer."""
    losses = np.array([task.loss() for task in tasks])
    return float(np.minimum(np.abs(losses), np.abs(1 - losses)).max())


def with_block(task: InferenceTask, block: Any) -> InferenceTask:
    """The same vector with another subspace of Bob's: a wrong W, for which every answer is a coin's."""
    return InferenceTask(task.vector, (block,), task.eps, task.delta, task.measured_by)
