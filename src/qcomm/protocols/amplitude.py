"""Inference by amplitude estimation: 2 L + 4 L j messages of n qubits for j Grover calls, error falling as 1/j.

Both reflections, about the input and about first qubit = 0, are Alice's, so the control qubits never travel; the walk
back and forth between them is the same for every value of the control.

All M - 1 Grover calls of a run are executed, one after another; identical runs side by side are a multiplicity.
"""

from __future__ import annotations

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import ALICE, BOB, Ledger, Link, Network, circuit_traffic
from qcomm.network.register import unit_vector
from qcomm.protocols.amplitude_plan import Plan, phase_value, plan
from qcomm.protocols.relay import relay
from qcomm.protocols.task import Estimate, InferenceTask, clip_interval, estimate_of
from qcomm.theory.checks import whole
from qcomm.theory.success import outcome_distribution

NAME = "quantum amplitude estimation"
LITERAL_LIMIT = 1 << 10  # amplitudes (control times N) up to which all levels of the control are carried along
CHECK_TOLERANCE = 1e-8


def planned_traffic(task: InferenceTask, chosen: Plan, copies: int | None = None) -> Ledger:
    """What the ownership of the blocks implies: out once, then back and out for every Grover call, one after another.

    Args:
        task: the circuit.
        chosen: its calls, and its repeats unless `copies` are given.
        copies: runs side by side.
    """
    copies = chosen.repeats if copies is None else copies
    out, back = task.traffic(copies), circuit_traffic(task.owners, task.qubits, copies, back=True)
    return Ledger.one_after_another([out, *[back, out] * chosen.calls])


def run_amplitude_estimation(
    task: InferenceTask,
    seed: int,
    *,
    chosen: Plan | None = None,
    literal: bool | None = None,
    link: Link | None = None,
) -> Estimate:
    """Estimate the loss over the channel; every Grover call is executed.

    Args:
        task: both reflections need Alice to measure.
        seed: of the run.
        chosen: by default `plan` of the task's eps and delta.
        literal: see `outcomes`.
        link: see `outcomes`.

    Raises:
        ProtocolError: as `outcomes`.
    """
    chosen = plan(task.eps, task.delta) if chosen is None else chosen
    found, ledger = outcomes(task, chosen, chosen.repeats, seed, literal=literal, link=link)
    value = float(np.median(phase_value(found, chosen.phases)))
    return estimate_of(NAME, {ALICE: (value, *clip_interval(value, task.eps))}, ALICE, ledger)


def literal_by_default(phases: int, size: int) -> bool:
    """Whether all levels of the control are part of the state vector, see `outcomes`."""
    return phases * size <= LITERAL_LIMIT


def outcomes(
    task: InferenceTask,
    chosen: Plan,
    copies: int,
    seed: int,
    *,
    literal: bool | None = None,
    link: Link | None = None,
) -> tuple[np.ndarray, Ledger]:
    """Phase outcomes (copies,) of runs side by side, and their ledger. All M - 1 Grover calls go through the channel.

    Args:
        task: both reflections need Alice to measure.
        chosen: number of phases M.
        copies: of the register and of the control.
        seed: of the run.
        literal: the control's M levels are part of the state vector (M N amplitudes) in every step. Otherwise they are
            followed branch by branch: level m of the control takes part in m calls, so what the channel delivers
            after each call is the branch of one level; later walks take it out and back, which is the identity. The
            outcome is measured on all branches together. By default literal up to `LITERAL_LIMIT` amplitudes.
        link: teleportation only: the protocol is coherent, a lost or depolarised qubit ruins the whole run.

    Raises:
        ProtocolError: Bob measures, a noisy link, numbers below 1, or the executed calls are not powers of a Grover
            operator.
    """
    if task.measured_by != ALICE:
        raise ProtocolError("both reflections must be Alice's", where="task.measured_by", fix="let Alice measure")
    if link is not None and (link.depolarising or link.loss):
        raise ProtocolError(
            "amplitude estimation needs a link without noise and loss", where="link", fix="use sampling over this link"
        )
    if literal is None:
        literal = literal_by_default(whole(chosen.phases, "phases", 1), task.size)
    private = task.private(phases=chosen.phases, copies=whole(copies, "copies", 1), owners=task.owners)
    network = Network(private, seed, link)
    program = _literal_program if literal else _branch_program
    return network.run({ALICE: program, BOB: program})[ALICE], network.ledger


def _reflect_good(first: int):
    def function(state):
        out = state.copy()
        out[:, first:, : state.shape[-1] // 2] *= -1
        return out

    return function


def _reflect_input(vector: np.ndarray, first: int):
    unit = unit_vector(vector)

    def function(state):
        out = state.copy()
        levels = out[:, first:].reshape(-1, unit.size)  # a copy where it must be
        out[:, first:] = (np.outer(2 * (levels @ unit.conj()), unit) - levels).reshape(out[:, first:].shape)
        return out

    return function


def _grover(me, register, first: int):
    """One Grover call on the control levels from `first` on; the walk itself is the same for all levels."""
    owners, alice = me.private["owners"], me.name == ALICE
    if alice:
        register.transform(_reflect_good(first))
    register = yield from relay(me, owners, register, inverse=True)
    if alice:
        register.transform(_reflect_input(me.private["vector"], first))
    return (yield from relay(me, owners, register))


def _literal_program(me):
    phases, alice = me.private["phases"], me.name == ALICE
    register = me.prepare(me.private["vector"], me.private["copies"], kept=phases) if alice else None
    register = yield from relay(me, me.private["owners"], register)
    loss = register.probabilities()[0] if alice else None
    for call in range(1, phases):
        register = yield from _grover(me, register, first=call)
    if not alice:
        return None
    register.transform(lambda state: np.fft.fft(state, axis=1, norm="ortho"))
    _check_calls((np.abs(register.amplitudes[0]) ** 2).sum(axis=1), loss)
    return register.measure_kept(me.private["copies"], me.random)


def _branch_program(me):
    phases, alice = me.private["phases"], me.name == ALICE
    register = me.prepare(me.private["vector"], me.private["copies"]) if alice else None
    register = yield from relay(me, me.private["owners"], register)
    branches = [register.amplitudes[0, 0]] if alice else []
    for _ in range(1, phases):
        register = yield from _grover(me, register, first=0)
        if alice:
            branches.append(register.amplitudes[0, 0])
    if not alice:
        return None
    weights = control_weights(np.array(branches))
    _check_calls(weights, (np.abs(branches[0][: branches[0].size // 2]) ** 2).sum())
    weights = weights.clip(0)  # rounding
    return me.random.choice(phases, size=me.private["copies"], p=weights / weights.sum())


def control_weights(branches: np.ndarray) -> np.ndarray:
    """P(outcome y), (M,), of a control in sum_m |m>|branch_m> / sqrt M after its Fourier transform.

    It is sum_{m,m'} exp(2 pi i y (m' - m) / M) <branch_m'|branch_m> / M^2: only overlaps of branches (M, N) enter.
    """
    overlaps = branches @ branches.conj().T
    return np.fft.ifft(np.fft.fft(overlaps, axis=0), axis=1).diagonal().real / len(branches)


def _check_calls(weights: np.ndarray, loss: float) -> None:
    """Powers of a Grover operator rotate by one angle: only then does an outcome mean a loss."""
    expected = outcome_distribution(len(weights), 2 * min(1.0, float(loss)) - 1, shifted=False)
    off = np.abs(weights - expected).max()
    if off > CHECK_TOLERANCE:
        raise ProtocolError(f"Grover calls are off: an outcome's probability is wrong by {off:.2g}", where=NAME)
