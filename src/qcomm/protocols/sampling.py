"""Inference by sampling: k identical runs, one measured qubit each, 2 L messages of n qubits a run."""

from __future__ import annotations

import math

from scipy import stats

from qcomm.errors import ProtocolError
from qcomm.network import ALICE, BOB, Link, Network, Payload
from qcomm.network.payload import width_of
from qcomm.protocols.relay import relay
from qcomm.protocols.task import Estimate, InferenceTask, clip_answer, copies_needed, estimate_of
from qcomm.theory.checks import in_range, whole

NAME = "quantum sampling"
MOST_COPIES = 10**8  # over a noisy link; where more are needed, the visibility is below a thousandth or so


def visibility(depolarising: float, qubits: int, messages: int) -> float:
    """(1 - 3p/4)^(n m): the chance that no Pauli error hit any of m messages of n qubits.

    By it the deviation of the loss from 1/2 shrinks where an error sends the loss to 1/2. ASSUME: blocks that scramble
    (Haar-random ones, `ScrambleBlock`, the random subspaces of `subspace`) behind every message, for which errors do so
    up to terms of order 1/N (tested against the exact channel). Circuits of few gates, the ansatz among them, do not:
    an error that commutes with what follows leaves the loss as it was. Derived here; (1-p)^(2Ln), the form that counts
    every replaced qubit as an error, is its lower bound.

    Raises:
        ProtocolError: a probability outside [0, 1], no qubits, or a negative number of messages.
    """
    in_range(depolarising, "depolarising", 0, 1)
    return (1 - 0.75 * depolarising) ** (whole(qubits, "qubits", 1) * whole(messages, "messages", 0))


def calibrated(task: InferenceTask, link: Link | None) -> float:
    """The visibility of the task's walk over a link; 1 without noise. As an estimate's divisor: see `visibility`."""
    return 1.0 if link is None else visibility(link.depolarising, task.qubits, task.traffic().messages)


def copies_with_noise(eps: float, delta: float, seen: float) -> int:
    """Copies where the estimate is divided by the visibility `seen`: the error grows by 1/seen, so k by 1/seen^2.

    Raises:
        ProtocolError: as `copies_needed`, a visibility outside (0, 1], or noise that asks for more than `MOST_COPIES`.
    """
    in_range(seen, "seen", 0, 1, open_low=True)
    fewest = copies_needed(eps, delta)
    if seen == 1:
        return fewest
    if math.log(fewest) - 2 * math.log(seen) > math.log(MOST_COPIES):
        raise ProtocolError(
            f"at visibility {seen:.2g} the estimate needs more than {MOST_COPIES:.0e} copies",
            where="seen",
            fix="lower the noise",
        )
    return math.ceil(math.log(2 / delta) / 2 / (eps * seen) ** 2)


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
        seen: visibility by which the estimate's distance from 1/2 is divided; over a depolarising link the caller must
            choose it. `calibrated(task, link)` is right for blocks that scramble, and for no others (`visibility`). 1
            leaves the estimate as it was measured: it may then be off by more than eps, and the interval is widened by
            the most that errors can do to any task (`_at_worst`).

    Raises:
        ProtocolError: copies below 1, a visibility outside (0, 1] or none over a noisy link, or a link that delivers
            nothing.
    """
    seen = _chosen(seen, link)
    copies = copies_with_noise(task.eps, task.delta, seen) if copies is None else whole(copies, "copies", 1)
    lossy = link is not None and link.loss > 0
    if lossy and link.loss == 1:
        raise ProtocolError("a link that loses every qubit delivers nothing", where="link.loss")
    network = Network(task.private(copies=copies, owners=task.owners, lossy=lossy), seed, link)
    outputs = network.run({ALICE: _program, BOB: _program})
    zeros = outputs[task.measured_by]
    interval = stats.binomtest(zeros, copies).proportion_ci(1 - task.delta)
    found = (zeros / copies, interval.low, interval.high)
    if seen == 1:
        answer = _at_worst(*found, calibrated(task, link))
    else:
        answer = clip_answer(*(0.5 + (value - 0.5) / seen for value in found))
    return estimate_of(NAME, {task.measured_by: answer}, task.measured_by, network.ledger)


def _chosen(seen: float | None, link: Link | None) -> float:
    if seen is not None:
        return in_range(seen, "seen", 0, 1, open_low=True)
    if link is not None and link.depolarising:
        raise ProtocolError(
            "how far a depolarising link moves the loss depends on the blocks",
            where="seen",
            fix="give seen=calibrated(task, link) if all blocks scramble, or seen=1 for the loss as it is measured",
        )
    return 1.0


def _at_worst(value: float, low: float, high: float, untouched: float) -> tuple[float, float, float]:
    """An estimate as it was measured, its interval for the loss without errors, whatever errors do.

    A share `untouched` of the copies has met no error, so that the measured loss is v p + (1 - v) q with q anywhere in
    [0, 1]: p lies between (measured - 1 + v) / v and measured / v. Derived here.
    """
    if untouched == 1:
        return value, low, high
    share = max(untouched, 1e-300)  # long walks under strong noise: no number is left of it
    return value, max(0.0, (low - 1 + share) / share), min(1.0, high / share)


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
