"""Inference by sampling: k identical runs, one measured qubit each, 2 L messages of n qubits a run."""

from __future__ import annotations

import math

from scipy import stats

from qcomm.errors import ProtocolError
from qcomm.network import ALICE, BOB, Link, Network, Payload
from qcomm.network.payload import width_of
from qcomm.protocols.relay import relay
from qcomm.protocols.task import Estimate, InferenceTask, copies_needed, estimate_of, open_unit
from qcomm.theory.checks import in_range, whole

NAME = "quantum sampling"
MOST_COPIES = 10**8  # over a noisy link each copy is dealt to a trajectory: about a gigabyte


def visibility(depolarising: float, qubits: int, messages: int) -> float:
    """(1 - 3p/4)^(n m): the chance that no Pauli error hit any of m messages of n qubits.

    By it the deviation of the loss from 1/2 shrinks where an error sends the loss to 1/2, as it does on average for
    generic blocks (ASSUME: the calibration; tested against the exact channel). Derived here; (1-p)^(2Ln), the form
    that counts every replaced qubit as an error, is its lower bound.

    Raises:
        ProtocolError: a probability outside [0, 1], no qubits, or a negative number of messages.
    """
    in_range(depolarising, "depolarising", 0, 1)
    return (1 - 0.75 * depolarising) ** (whole(qubits, "qubits", 1) * whole(messages, "messages", 0))


def calibrated(task: InferenceTask, link: Link | None) -> float:
    """The visibility of the task's walk over a link; 1 without noise."""
    return 1.0 if link is None else visibility(link.depolarising, task.qubits, task.traffic().messages)


def copies_with_noise(eps: float, delta: float, seen: float) -> int:
    """Copies where the estimate is divided by the visibility `seen`: the error grows by 1/seen, so k by 1/seen^2.

    Raises:
        ProtocolError: eps or delta outside (0, 1), a visibility outside (0, 1], or noise that asks for more than
            `MOST_COPIES`.
    """
    in_range(seen, "seen", 0, 1, open_low=True)
    copies = math.log(2 / open_unit(delta, "delta")) / 2 / (open_unit(eps, "eps") * seen) ** 2
    if seen < 1 and copies > MOST_COPIES:
        raise ProtocolError(
            f"at visibility {seen:.2g} the estimate needs {copies:.2g} copies", where="seen", fix="lower the noise"
        )
    return math.ceil(copies) if seen < 1 else copies_needed(eps, delta)


def run_sampling(
    task: InferenceTask, seed: int, *, copies: int | None = None, link: Link | None = None, seen: float | None = None
) -> Estimate:
    """Execute one run message by message for all copies at once and sample their outcomes from what was delivered.

    Args:
        task: the circuit and the accuracy asked for.
        seed: of the run.
        copies: k; by default `copies_with_noise`.
        link: both ways. With loss, lost copies are sent again until k arrived: one message per batch says whether
            there is another.
        seen: visibility by which the estimate's distance from 1/2 is divided; by default that of the link
            (`calibrated`), 1 leaves the estimate as it was measured.

    Raises:
        ProtocolError: copies below 1, a visibility outside (0, 1], or a link that delivers nothing.
    """
    seen = calibrated(task, link) if seen is None else in_range(seen, "seen", 0, 1, open_low=True)
    copies = copies_with_noise(task.eps, task.delta, seen) if copies is None else whole(copies, "copies", 1)
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
    last = me.private["owners"][-1]
    other = BOB if last == ALICE else ALICE
    if me.name == last:
        me.send(other, Payload(asked - arrived, width_of(asked + 1)), "lost copies")
        return asked - arrived
    return (yield last).number
