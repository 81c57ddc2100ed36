"""Pointer chasing with permutations: x is moved by B_1, A_1, .., B_L, A_L; asked is the first bit of where it ends.

An illustration of the role of rounds (claim C2's L): with 2 L messages of n bits or qubits the pointer is followed;
with fewer, whoever skips a round has to send a table of N entries of n bits instead, or to guess. Quantum and classical
cost the same here; the known lower bounds for fewer rounds (linear in N for constant L) hold for both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Payload
from qcomm.network.payload import from_integers, to_integers
from qcomm.protocols.blocks import PermutationBlock
from qcomm.protocols.task import ALICE, BOB, InferenceTask
from qcomm.seeds import generator
from qcomm.theory.checks import whole
from qcomm.theory.intervals import clopper_pearson


@dataclass(frozen=True)
class Answer:
    """bit: the first bit of where the pointer ends, as far as the protocol knows. ledger: what was sent."""

    bit: int
    ledger: Ledger


def pointer_task(size: int, layers: int, rng: np.random.Generator) -> InferenceTask:
    """A basis state and 2 L random permutations; the loss is 1 where the pointer ends in the first half, else 0."""
    whole(layers, "layers", 1)
    blocks = [PermutationBlock(owner, rng.permutation(size)) for _ in range(layers) for owner in (BOB, ALICE)]
    return InferenceTask(np.eye(size)[rng.integers(size)], tuple(blocks))


def chase(task: InferenceTask, seed: int, messages: int, *, tables: bool = True) -> Answer:
    """Follow the pointer classically with `messages` messages, 1 <= messages <= 2 L.

    All but the last carry the pointer (n bits each), beginning with Alice's. The last goes from Bob to Alice with the
    pointer, if anybody sent him one, and tables of all his later blocks (N n bits each); without `tables` Alice has
    to guess and takes these blocks for the identity. Alice must end: even numbers, or 1 (all tables, no pointer).

    Raises:
        ProtocolError: a number of messages that leaves the answer with Bob, or too many.
    """
    layers = len(task.blocks) // 2
    if messages != 1 and (messages % 2 or not 2 <= messages <= 2 * layers):
        raise ProtocolError(f"{messages!r} messages do not fit {2 * layers} blocks", where="messages")
    hops = messages // 2
    start = int(np.argmax(task.vector))
    private = task.private(hops=hops, tables=tables, qubits=task.qubits, layers=layers)
    private[ALICE]["start"] = start
    network = Network(private, seed)
    bit = network.run({ALICE: _alice, BOB: _bob})[ALICE]
    return Answer(bit, network.ledger)


def _alice(me):
    mine, qubits, hops = me.private["blocks"], me.private["qubits"], me.private["hops"]
    place = me.private["start"]
    for hop in range(hops):
        me.send(BOB, Payload(place, qubits), "pointer")
        place = to_integers((yield BOB), qubits)[0]
        place = int(mine[2 * hop + 1].target[place])
    left = me.private["layers"] - hops
    if left:
        rows = yield from _heard_tables(me, left)
        for number, row in enumerate(rows):
            place = int(mine[2 * (hops + number) + 1].target[int(row[place])])
    return place >> (qubits - 1)


def _heard_tables(me, left: int):
    """Bob's later blocks from his message, or the identity as a guess."""
    size = 1 << me.private["qubits"]
    if not me.private["tables"]:
        return np.tile(np.arange(size), (left, 1))
    heard = to_integers((yield BOB), me.private["qubits"])
    return heard.reshape(left, size)


def _bob(me):
    mine, qubits, hops = me.private["blocks"], me.private["qubits"], me.private["hops"]
    for hop in range(hops):
        place = (yield ALICE).number
        me.send(ALICE, from_integers([mine[2 * hop].target[place]], qubits), "pointer")
    later = [mine[2 * number].target for number in range(hops, me.private["layers"])]
    if later and me.private["tables"]:
        me.send(ALICE, from_integers(np.concatenate(later), qubits), "tables")


def pointer_rows(qubits: int, layers: int, instances: int, seed: int) -> Iterator[dict]:
    """Bits or qubits and success against the number of rounds, executed on random instances."""
    from qcomm.protocols.sampling import run_sampling

    rng = generator("pointer", qubits, layers, seed)
    tasks = [pointer_task(2**qubits, layers, rng) for _ in range(instances)]
    truth = np.array([round(task.loss()) for task in tasks])
    quantum = [run_sampling(task, seed + t, copies=1) for t, task in enumerate(tasks)]
    right = np.array([round(found.value) for found in quantum]) == truth
    yield _row(qubits, layers, "one copy", "quantum", quantum[0].ledger, right)
    for messages in [1, *range(2, 2 * layers + 1, 2)]:
        for tables in (True, False):
            if messages == 2 * layers and not tables or messages == 1 and not tables:
                continue
            runs = [chase(task, seed, messages, tables=tables) for task in tasks]
            right = np.array([1 - run.bit for run in runs]) == truth
            name = "pointer" if messages == 2 * layers else "pointer and tables" if tables else "pointer and guess"
            yield _row(qubits, layers, name, "classical", runs[0].ledger, right)


def _row(qubits: int, layers: int, protocol: str, kind: str, ledger: Ledger, right: np.ndarray) -> dict:
    low, high = clopper_pearson(int(right.sum()), len(right), 0.95)
    return {
        "qubits": qubits,
        "dimension": 2**qubits,
        "layers": layers,
        "protocol": protocol,
        "kind": kind,
        "rounds": ledger.rounds,
        "cost": ledger.qubits or ledger.bits,
        "instances": len(right),
        "success": float(right.mean()),
        "low": low,
        "high": high,
    }
