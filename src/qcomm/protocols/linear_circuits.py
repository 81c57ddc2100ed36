"""The quantum linear protocols as Cirq circuits for small sizes, every operation tagged with its owner.

They are the check of the register simulation: same outcome distributions, and as many changes of owner as messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cirq
import numpy as np
from scipy.stats import binom

from qcomm.errors import ProtocolError
from qcomm.protocols.linear import random_pairs
from qcomm.protocols.linear_quantum import padded, preparation
from qcomm.theory.checks import unit_rows, whole
from qcomm.theory.needed import qubits
from qcomm.theory.success import grid_shift, swap_test_threshold, votes_for_plus

LARGEST_QUBITS = 12


def preparing_gate(vector: np.ndarray, name: str) -> cirq.Gate:
    """The reflection that swaps |0..0> and |vector>, its own inverse."""
    matrix = preparation(vector)(np.eye(vector.size))
    return cirq.MatrixGate(matrix, name=name)


def _pair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[cirq.Qid]]:
    x, y = (padded(unit_rows(np.atleast_2d(row), name))[0] for row, name in ((x, "x"), (y, "y")))
    if x.shape != y.shape:
        raise ProtocolError(f"x {x.shape} and y {y.shape} do not fit", where="y")
    return x, y, cirq.LineQubit.range(x.size.bit_length() - 1)


def hadamard_test_circuit(x: np.ndarray, y: np.ndarray) -> cirq.Circuit:
    """Control 0 with x, control 1 with y, interference; the measured control is 0 with probability (1 + x.y)/2."""
    x, y, register = _pair(x, y)
    control = cirq.NamedQubit("control")
    return cirq.Circuit(
        cirq.H(control).with_tags("Alice"),
        preparing_gate(x, "x").on(*register).controlled_by(control, control_values=[0]).with_tags("Alice"),
        preparing_gate(y, "y").on(*register).controlled_by(control).with_tags("Bob"),
        cirq.H(control).with_tags("Bob"),
        cirq.measure(control, key="control").with_tags("Bob"),
    )


def swap_test_circuit(x: np.ndarray, y: np.ndarray) -> cirq.Circuit:
    """Swap test of x and y with a reference coordinate each; P(ancilla 0) = (1 + ((1+x.y)/2)^2)/2."""
    x, y, register = _pair(x, y)
    ancilla = cirq.NamedQubit("ancilla")
    alice, bob = ([cirq.NamedQubit(f"{owner} {place}") for place in range(len(register) + 1)] for owner in "ab")

    def prepared(wires: list[cirq.Qid], vector: np.ndarray, owner: str) -> cirq.Circuit:
        prepare = preparing_gate(vector, owner).on(*wires[1:]).controlled_by(wires[0], control_values=[0])
        return cirq.Circuit(cirq.H(wires[0]).with_tags(owner), prepare.with_tags(owner))

    swaps = [cirq.CSWAP(ancilla, a, b).with_tags("Bob") for a, b in zip(alice, bob, strict=True)]
    final = [cirq.H(ancilla).with_tags("Bob"), cirq.measure(ancilla, key="ancilla").with_tags("Bob")]
    test = cirq.Circuit(cirq.H(ancilla).with_tags("Bob"), swaps, final)
    return prepared(alice, x, "Alice") + prepared(bob, y, "Bob") + test  # all of Alice's operations come first


def amplitude_estimation_circuit(x: np.ndarray, y: np.ndarray, calls: int) -> cirq.Circuit:
    """Phase estimation with M = `calls` = 2^m clock levels at Bob; key "clock" has the most significant bit first.

    Raises:
        ProtocolError: M is no power of two, or more than LARGEST_QUBITS qubits.
    """
    x, y, register = _pair(x, y)
    bits = whole(calls, "calls", 2).bit_length() - 1
    if calls != 1 << bits or bits + len(register) + 1 > LARGEST_QUBITS:
        raise ProtocolError(f"no circuit for {calls} calls on {x.size} numbers", where="calls", fix="use the register")
    control = cirq.NamedQubit("control")
    clock = [cirq.NamedQubit(f"clock {place}") for place in range(bits)]  # most significant first
    gates = preparing_gate(x, "x"), preparing_gate(y, "y")
    circuit = cirq.Circuit(cirq.H.on_each(*clock))
    circuit.append(_forward(gates[1], control, register))
    steps = [clock[bits - 1 - power] for power in range(bits) for _ in range(1 << power)]
    for number, flag in enumerate(steps, start=1):
        circuit.append(_alice_turn(gates[0], control, register, flag))
        circuit.append(_backward(gates[1], control, register, flag))
        if number < len(steps):
            circuit.append(_forward(gates[1], control, register))
    shift = grid_shift(calls)
    for place, qubit in enumerate(clock):
        circuit.append(cirq.Z(qubit) ** (-2 * shift * (1 << (bits - 1 - place)) / calls))
    circuit.append(cirq.qft(*clock, inverse=True))
    circuit.append(cirq.measure(*clock, key="clock"))
    return cirq.Circuit(op if op.tags else op.with_tags("Bob") for op in circuit.all_operations())


def _forward(prepare_y, control, register) -> Iterator[cirq.Operation]:
    yield cirq.H(control).with_tags("Bob")
    yield prepare_y.on(*register).controlled_by(control).with_tags("Bob")


def _backward(prepare_y, control, register, flag) -> Iterator[cirq.Operation]:
    """Undo `_forward`; then 2|0><0| - 1 where the flag is 1."""
    yield prepare_y.on(*register).controlled_by(control).with_tags("Bob")
    yield cirq.H(control).with_tags("Bob")
    yield cirq.Z(flag).with_tags("Bob")  # -1 on everything where the flag is 1, and once more on |0..0>
    others = [control, *register]
    yield cirq.Z(flag).controlled_by(*others, control_values=[0] * len(others)).with_tags("Bob")


def _alice_turn(prepare_x, control, register, flag) -> Iterator[cirq.Operation]:
    """Finish the preparation, change the sign of the good states (control 0) where the flag is 1, undo."""
    ahead = [
        prepare_x.on(*register).controlled_by(control, control_values=[0]).with_tags("Alice"),
        cirq.H(control).with_tags("Alice"),
    ]
    yield from ahead
    yield cirq.Z(flag).controlled_by(control, control_values=[0]).with_tags("Alice")
    yield from reversed(ahead)


def owner_changes(circuit: cirq.Circuit) -> int:
    """How often the register changes hands: changes of owner along the operations, clock and measurement left out."""
    owners = [
        op.tags[0] for op in circuit.all_operations() if any(not str(qubit).startswith("clock") for qubit in op.qubits)
    ]
    return sum(a != b for a, b in zip(owners, owners[1:], strict=False))


def outcome_probabilities(circuit: cirq.Circuit, key: str) -> np.ndarray:
    """Exact distribution of the measured qubits of `key`, most significant bit first."""
    measured = next(op for op in circuit.all_operations() if cirq.is_measurement(op) and key in op.gate.key)
    unmeasured = cirq.Circuit(op for op in circuit.all_operations() if not cirq.is_measurement(op))
    order = [*measured.qubits, *sorted(set(unmeasured.all_qubits()) - set(measured.qubits))]
    final = cirq.Simulator(dtype=np.complex128).simulate(unmeasured, qubit_order=order).final_state_vector
    return (np.abs(final.reshape(2 ** len(measured.qubits), -1)) ** 2).sum(axis=1)


def estimation_success(x: np.ndarray, y: np.ndarray, calls: int) -> float:
    """Probability that the circuit's outcome gives the sign of x.y, from its exact outcome distribution."""
    sign = np.sign(float(np.dot(x, y)))
    votes = votes_for_plus(calls)
    return float(
        outcome_probabilities(amplitude_estimation_circuit(x, y, calls), "clock") @ (votes if sign > 0 else 1 - votes)
    )


def circuit_rows(gamma: float, dimension: int, target: float, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The quantum protocols at one margin from their circuits alone: least resource with `target`, qubits sent.

    The success is that of the worse sign, exact for the circuits; qubits are changes of owner times the register's
    size, times the copies.

    Raises:
        ProtocolError: no circuit of at most LARGEST_QUBITS qubits reaches the target.
    """
    x, y = random_pairs(gamma, dimension, 2, rng)
    pairs = list(zip(x, y, strict=True))
    calls, reached = 1, 0.0
    while reached < target:
        calls *= 2
        reached = min(estimation_success(*pair, calls) for pair in pairs)
    facts = {"gamma": gamma, "dimension": dimension, "target": target}
    changes = owner_changes(amplitude_estimation_circuit(x[0], y[0], calls))
    size = qubits(dimension) + 2
    yield _row("amplitude estimation", "calls", calls, changes * size, reached) | facts
    for name, build, key, threshold in (
        ("Hadamard test", hadamard_test_circuit, "control", lambda copies: (copies + 1) // 2),
        ("swap test", swap_test_circuit, "ancilla", lambda copies: swap_test_threshold(copies, gamma)),
    ):
        rates = [outcome_probabilities(build(*pair), key)[0] for pair in pairs]
        step = 2 if name == "Hadamard test" else 1  # an odd number of copies has no ties
        copies = 1
        while (reached := _counting_success(copies, threshold(copies), *rates)) < target:
            copies += step
        sent = owner_changes(build(*pairs[0])) * copies * (qubits(dimension) + 1)
        yield _row(name, "copies", copies, sent, reached) | facts


def _counting_success(copies: int, threshold: int, plus: float, minus: float) -> float:
    """Worse of: at least `threshold` outcomes 0 with rate `plus`, fewer with rate `minus`."""
    return float(min(binom.sf(threshold - 1, copies, plus), binom.cdf(threshold - 1, copies, minus)))


def _row(name: str, unit: str, resource: int, cost: int, reached: float) -> dict[str, Any]:
    exact = {"resource": resource, "cost": cost, "low": cost, "high": cost}
    exact |= {"success": reached, "success_low": reached, "success_high": reached}
    return {
        "protocol": name,
        "kind": "quantum",
        "method": "circuit",
        "resource_unit": unit,
        "unit": "qubits",
        **exact,
    }
