"""Inference by amplitude estimation: 2 L + 4 L j messages of n qubits for j Grover calls, error falling as 1/j.

Both reflections, about the input and about first qubit = 0, are Alice's, so the control qubits never travel; the walk
back and forth between them is the same for every value of the control.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Ledger, circuit_traffic
from qcomm.network.session import Network
from qcomm.protocols.relay import BACKWARDS, relay
from qcomm.protocols.task import ALICE, BOB, Estimate, InferenceTask, clip_interval, estimate_of, open_unit
from qcomm.theory.success import outcome_distribution

NAME = "quantum amplitude estimation"
LITERAL_LIMIT = 1 << 16  # amplitudes (control times N) up to which every Grover call is executed
CHECK_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Plan:
    """M phases (M - 1 Grover calls) in each of `repeats` runs, whose median is the answer; worst failure over all p."""

    phases: int
    repeats: int
    failure: float

    @property
    def calls(self) -> int:
        return self.phases - 1

    @property
    def walks(self) -> int:
        """Walks through the whole circuit, out or back, of all runs together."""
        return self.repeats * (1 + 2 * self.calls)


def phase_value(outcome: np.ndarray, phases: int) -> np.ndarray:
    """The estimate sin^2(pi y / M) that belongs to phase outcome y."""
    return np.sin(np.pi * np.asarray(outcome) / phases) ** 2


def failure_at(loss: np.ndarray | float, eps: float, phases: int, repeats: int = 1) -> np.ndarray:
    """P(|median estimate - loss| > eps), exactly, for each loss; array like `loss`."""
    high, low = _off_by_more(np.atleast_1d(np.asarray(loss, dtype=float)), eps, phases)
    most = repeats // 2  # the median is off when more than half of the runs are off to the same side
    return special.bdtrc(most, repeats, high) + special.bdtrc(most, repeats, low)


def _off_by_more(losses: np.ndarray, eps: float, phases: int) -> tuple[np.ndarray, np.ndarray]:
    """P(one estimate > loss + eps) and P(one estimate < loss - eps)."""
    weights = np.stack([outcome_distribution(phases, 2 * loss - 1, shifted=False) for loss in losses])
    off = phase_value(np.arange(phases), phases) - losses[:, None]
    return (np.clip((weights * side).sum(axis=1), 0, 1) for side in (off > eps, off < -eps))


def worst_failure(eps: float, phases: int, repeats: int = 1) -> float:
    """Largest `failure_at` over the loss.

    It jumps where an outcome starts or stops to count: both sides of each jump are looked at; between jumps it is
    smooth, and 8 M angles bring the maximum to 1e-4.
    """
    grid = np.unique(phase_value(np.arange(phases), phases).round(15))
    edges = np.concatenate([grid - eps, grid + eps])
    spots = np.concatenate([edges - 1e-9, edges + 1e-9, phase_value(np.arange(8 * phases + 1) / 16, phases)])
    return float(failure_at(spots[(spots >= 0) & (spots <= 1)], eps, phases, repeats).max())


@lru_cache
def plan(eps: float, delta: float) -> Plan:
    """The plan with the fewest messages among medians of 1, 3, .., 9 runs whose worst failure is at most delta.

    The cost of one run is 1 + 2 (M - 1) walks through the circuit.
    """
    open_unit(eps, "eps")
    open_unit(delta, "delta")
    best: Plan | None = None
    for repeats in (9, 7, 5, 3, 1):
        found = _fewest_phases(eps, delta, repeats, best.walks if best else np.inf)
        best = found or best
    return best


def _fewest_phases(eps: float, delta: float, repeats: int, most_walks: float) -> Plan | None:
    """Fewer walks than `most_walks`, or None. Below pi/(2 eps) phases the outcomes lie too far apart for eps."""
    phases = max(2, int(np.pi / (2 * eps)))
    few = np.array([0.11, 0.25, 0.37, 0.5, 0.61])
    while (candidate := Plan(phases, repeats, 1.0)).walks < most_walks:
        if failure_at(few, eps, phases, repeats).max() <= delta:  # cheap refusal first
            failure = worst_failure(eps, phases, repeats)
            if failure <= delta:
                return replace(candidate, failure=failure)
        phases += max(1, phases // 40)
    return None


def planned_traffic(task: InferenceTask, chosen: Plan) -> Ledger:
    """The traffic that the ownership of the blocks implies: out once, then back and out for every Grover call."""
    there = circuit_traffic(task.owners, task.qubits, chosen.repeats)
    back = circuit_traffic(task.owners[::-1], task.qubits, chosen.repeats * chosen.calls, BACKWARDS)
    again = circuit_traffic(task.owners, task.qubits, chosen.repeats * chosen.calls)
    return there + back + again if chosen.calls else there


def run_amplitude_estimation(
    task: InferenceTask, seed: int, *, chosen: Plan | None = None, literal: bool | None = None
) -> Estimate:
    """Estimate the loss over the channel.

    Args:
        task: both reflections need Alice to measure.
        seed: of the run.
        chosen: by default `plan` of the task's eps and delta.
        literal: execute every controlled Grover call on the state vector (control times N amplitudes). Otherwise one
            call is executed and stands for all, what it did to the loss is checked (sin^2 3 theta), and the phase
            outcome is drawn from its exact distribution. By default literal up to `LITERAL_LIMIT` amplitudes.

    Raises:
        ProtocolError: Bob measures, or the executed Grover call did not do what it must.
    """
    if task.measured_by != ALICE:
        raise ProtocolError("both reflections must be Alice's", where="task.measured_by", fix="let Alice measure")
    chosen = plan(task.eps, task.delta) if chosen is None else chosen
    if literal is None:
        literal = chosen.phases * task.size <= LITERAL_LIMIT
    network = Network(task.private(plan=chosen, owners=task.owners), seed)
    program = _literal_program if literal else _compact_program
    outputs = network.run({ALICE: program, BOB: program})
    value = float(np.median(phase_value(outputs[ALICE], chosen.phases)))
    return estimate_of(NAME, {ALICE: (value, *clip_interval(value, task.eps))}, ALICE, network.ledger)


def _reflect_good(first: int):
    def function(state):
        out = state.copy()
        out[:, first:, : state.shape[-1] // 2] *= -1
        return out

    return function


def _reflect_input(vector: np.ndarray, first: int):
    unit = vector / np.linalg.norm(vector)

    def function(state):
        out = state.copy()
        overlap = out[:, first:] @ unit.conj()
        out[:, first:] = 2 * overlap[..., None] * unit - out[:, first:]
        return out

    return function


def _grover(me, register, first: int, times: int = 1):
    """One Grover call on the control levels from `first` on; the walk itself is the same for all levels."""
    owners, alice = me.private["owners"], me.name == ALICE
    if alice:
        register.transform(_reflect_good(first))
    register = yield from relay(me, owners, register, inverse=True, times=times)
    if alice:
        register.transform(_reflect_input(me.private["vector"], first))
    return (yield from relay(me, owners, register, times=times))


def _literal_program(me):
    chosen, owners = me.private["plan"], me.private["owners"]
    alice = me.name == ALICE
    register = me.prepare(me.private["vector"], chosen.repeats, kept=chosen.phases) if alice else None
    register = yield from relay(me, owners, register)
    for call in range(1, chosen.phases):
        register = yield from _grover(me, register, first=call)
    if not alice:
        return None
    register.transform(lambda state: np.fft.fft(state, axis=1, norm="ortho"))
    return register.measure_kept(chosen.repeats, me.random)


def _compact_program(me):
    chosen, owners = me.private["plan"], me.private["owners"]
    alice = me.name == ALICE
    register = me.prepare(me.private["vector"], chosen.repeats) if alice else None
    register = yield from relay(me, owners, register)
    loss = register.probabilities()[0] if alice else None
    if chosen.calls:
        register = yield from _grover(me, register, first=0, times=chosen.calls)
    if not alice:
        return None
    if chosen.calls:
        _check_call(loss, register.probabilities()[0])
    weights = outcome_distribution(chosen.phases, 2 * loss - 1, shifted=False)
    return me.random.choice(chosen.phases, size=chosen.repeats, p=weights / weights.sum())


def _check_call(before: float, after: float) -> None:
    expected = np.sin(3 * np.arcsin(np.sqrt(before))) ** 2
    if abs(after - expected) > CHECK_TOLERANCE:
        raise ProtocolError(f"a Grover call gave {after:.9f} instead of {expected:.9f}", where=NAME)
