"""Inference by sampling: k identical runs, one measured qubit each, 2 L messages of n qubits a run."""

from __future__ import annotations

import math

from scipy import stats

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Ledger, circuit_traffic
from qcomm.network.link import Link
from qcomm.network.session import Network
from qcomm.protocols.relay import relay
from qcomm.protocols.task import ALICE, BOB, Estimate, InferenceTask, copies_needed, estimate_of

NAME = "quantum sampling"


def visibility(depolarising: float, qubits: int, messages: int) -> float:
    """(1 - 3p/4)^(n m): the chance that no Pauli error hit any of m messages of n qubits.

    By it the deviation of the loss from 1/2 shrinks where an error sends the loss to 1/2, as it does on average for
    generic blocks (ASSUME: the calibration; tested against the exact channel). Derived here; (1-p)^(2Ln), the form
    that counts every replaced qubit as an error, is its lower bound.
    """
    return (1 - 0.75 * depolarising) ** (qubits * messages)


def copies_with_noise(eps: float, delta: float, seen: float) -> int:
    """Copies where the estimate is divided by the visibility `seen`: the error grows by 1/seen, so k by 1/seen^2."""
    if not 0 < seen <= 1:
        raise ProtocolError(f"visibility {seen!r} is outside (0, 1]", where="visibility")
    return math.ceil(math.log(2 / delta) / (2 * (eps * seen) ** 2)) if seen < 1 else copies_needed(eps, delta)


def planned_traffic(task: InferenceTask, copies: int | None = None) -> Ledger:
    """The traffic that the ownership of the blocks implies; what the channel counts must equal it."""
    return circuit_traffic(task.owners, task.qubits, copies or copies_needed(task.eps, task.delta))


def run_sampling(
    task: InferenceTask, seed: int, *, copies: int | None = None, link: Link | None = None, seen: float = 1.0
) -> Estimate:
    """Execute one run message by message for all copies at once and sample their outcomes from what was delivered.

    Args:
        task: the circuit and the accuracy asked for.
        seed: of the run.
        copies: k; by default `copies_with_noise`.
        link: both ways. With loss, lost copies are sent again until k arrived: one bit per batch says whether there
            is another.
        seen: calibrated visibility, by which the estimate's distance from 1/2 is divided.
    """
    copies = copies_with_noise(task.eps, task.delta, seen) if copies is None else copies
    lossy = link is not None and link.loss > 0
    if lossy and link.loss == 1:
        raise ProtocolError("a link that loses every qubit delivers nothing", where="link.loss")
    network = Network(task.private(copies=copies, owners=task.owners, lossy=lossy), seed, link)
    outputs = network.run({ALICE: _program, BOB: _program})
    zeros = outputs[task.measured_by]
    interval = stats.binomtest(zeros, copies).proportion_ci(1 - task.delta)
    answer = [0.5 + (value - 0.5) / seen for value in (zeros / copies, interval.low, interval.high)]
    clipped = [min(1.0, max(0.0, value)) for value in answer]
    return estimate_of(NAME, {task.measured_by: clipped}, task.measured_by, network.ledger)


def _program(me):
    """Both parties' program: batches of runs until enough copies were measured. The one who measures counts zeros."""
    owners, missing, zeros = me.private["owners"], me.private["copies"], 0
    last, first = owners[-1], owners[0]
    while missing:
        register = me.prepare(me.private["vector"], missing) if me.name == first else None
        register = yield from relay(me, owners, register)
        arrived = None
        if me.name == last:
            arrived = register.copies
            zeros += register.measure_first_qubit(arrived, me.random) if arrived else 0
        missing = (yield from _still_missing(me, missing, arrived)) if me.private["lossy"] else 0
    return zeros


def _still_missing(me, asked: int, arrived: int | None):
    """Who measured tells the other how many copies were lost, in whole bits."""
    from qcomm.network.payload import Payload, width_of

    last = me.private["owners"][-1]
    other = BOB if last == ALICE else ALICE
    if me.name == last:
        me.send(other, Payload(asked - arrived, width_of(asked + 1)), "lost copies")
        return asked - arrived
    return (yield last).number
