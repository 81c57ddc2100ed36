"""Every supported gate as rotations about Y and diagonal terms, exactly, global phase included.

``primitives(operation)`` yields, in the order in which they act:

- ("ry", qubit, angle): R_y on a qubit;
- ("term", qubits, angle): exp(-i angle/2 Z..Z) on some qubits, no qubit for a global phase;
- ("diagonal", qubits, factors): fixed factors, (2^k,) numbers, the first qubit with the largest weight;
- ("matrix", qubits, unitary): fixed unitary (2^k, 2^k).

Angles are numbers or linear sympy expressions.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator
from typing import Any

import cirq
import numpy as np
import sympy

from qcomm.errors import ProtocolError

QUARTER = math.pi / 2
REAL_TOLERANCE = 1e-12
MOST_MATRIX_QUBITS = 12

Primitive = tuple[str, Any, Any]


def primitives(operation: cirq.Operation) -> Iterator[Primitive]:
    """See the module.

    Raises:
        ProtocolError: the operation cannot be lowered.
    """
    operation = operation.untagged
    gate, qubits = operation.gate, operation.qubits
    if set(cirq.qid_shape(operation)) - {2}:
        raise ProtocolError(
            f"{operation} acts on levels {cirq.qid_shape(operation)}, not on qubits alone",
            where="circuit",
            fix="encode systems of more than two levels in several qubits",
        )
    if isinstance(operation, cirq.PauliStringPhasor):
        yield from _pauli_phasor(operation)
    elif not cirq.is_parameterized(operation):
        yield from _fixed(operation)
    elif isinstance(gate, cirq.YPowGate):
        yield "term", (), _phase(gate)
        yield "ry", qubits[0], _angle(gate)
    elif isinstance(gate, cirq.XPowGate):
        yield "term", (), _phase(gate)
        yield "term", qubits, QUARTER
        yield "ry", qubits[0], _angle(gate)
        yield "term", qubits, -QUARTER
    elif isinstance(gate, cirq.ZPowGate | cirq.ZZPowGate):
        yield "term", (), _phase(gate)
        yield "term", qubits, _angle(gate)
    elif isinstance(gate, cirq.CZPowGate):
        yield from _controlled_z(gate, *qubits)
    elif isinstance(gate, cirq.CXPowGate):
        yield "ry", qubits[1], -QUARTER
        yield from _controlled_z(gate, *qubits)
        yield "ry", qubits[1], QUARTER
    else:
        raise ProtocolError(
            f"{operation} cannot be lowered",
            where="circuit",
            fix="parameters may stand in powers of X, Y, Z, ZZ, CZ, CNOT and in Pauli rotations only",
        )


def _angle(gate):
    return math.pi * gate.exponent


def _phase(gate):
    """Angle of the global phase exp(i pi exponent (shift + 1/2)) beside the rotation."""
    return -math.pi * gate.exponent * (1 + 2 * gate.global_shift)


def _controlled_z(gate, a, b) -> Iterator[Primitive]:
    """exp(i t |11><11|) exp(i t shift), with |11><11| = (1 - Z_a - Z_b + Z_a Z_b) / 4."""
    t = math.pi * gate.exponent
    yield "term", (), -t / 2 - 2 * t * gate.global_shift
    yield "term", (a,), t / 2
    yield "term", (b,), t / 2
    yield "term", (a, b), -t / 2


def _pauli_phasor(operation: cirq.PauliStringPhasor) -> Iterator[Primitive]:
    """exp(i pi pos) on eigenvalue +1 and exp(i pi neg) on -1, with every letter turned to Z and back."""
    string = operation.pauli_string
    if set(operation.qubits) - set(string):  # cirq 1.7 takes them for Z (quantumlib/Cirq issue 6612), its text for I
        raise ProtocolError(
            f"{operation} leaves qubits of its own without a letter",
            where="circuit",
            fix="give it the qubits with letters only",
        )
    sign = string.coefficient.real
    letters = {q: p for q, p in string.items()}
    for qubit, pauli in letters.items():
        if pauli == cirq.Y:
            yield "term", (qubit,), -QUARTER
        if pauli != cirq.Z:
            yield "ry", qubit, -QUARTER
    pos, neg = operation.exponent_pos, operation.exponent_neg
    yield "term", (), -math.pi * (pos + neg)
    yield "term", tuple(letters), -sign * math.pi * (pos - neg)
    for qubit, pauli in letters.items():
        if pauli != cirq.Z:
            yield "ry", qubit, QUARTER
        if pauli == cirq.Y:
            yield "term", (qubit,), QUARTER


def _fixed(operation: cirq.Operation) -> Iterator[Primitive]:
    qubits = operation.qubits
    if len(qubits) > MOST_MATRIX_QUBITS and not isinstance(operation.gate, cirq.DiagonalGate):
        raise ProtocolError(
            f"{operation.gate} on {len(qubits)} qubits cannot be lowered: its matrix is too large", where="circuit"
        )
    if isinstance(operation.gate, cirq.DiagonalGate):
        angles = operation.gate._diag_angles_radians  # cirq offers no public way to them
        yield "diagonal", qubits, np.exp(1j * np.asarray(angles, np.float64))
        return
    if isinstance(operation.gate, cirq.CXPowGate) and operation.gate.exponent == 1:
        yield "ry", qubits[1], -QUARTER
        yield "diagonal", qubits, np.array([1, 1, 1, -1]) * cmath.exp(1j * math.pi * operation.gate.global_shift)
        yield "ry", qubits[1], QUARTER
        return
    unitary = cirq.unitary(operation, None)
    if unitary is None:
        raise ProtocolError(f"{operation} is not unitary and cannot be lowered", where="circuit")
    if not np.abs(unitary - np.diag(np.diag(unitary))).max() > 0:
        yield "diagonal", qubits, np.diag(unitary)
    elif len(qubits) == 1:
        yield from _one_qubit(qubits[0], unitary)
    else:
        yield "matrix", qubits, unitary


def _one_qubit(qubit, unitary: np.ndarray) -> Iterator[Primitive]:
    """U = phase R_z(after) R_y(angle) R_z(before); real matrices as R_y, with Z before it for determinant -1."""
    if np.abs(unitary.imag).max() < REAL_TOLERANCE:
        real = unitary.real
        if np.linalg.det(real) < 0:
            yield "diagonal", (qubit,), np.array([1.0, -1.0])
        yield "ry", qubit, 2 * math.atan2(real[1, 0], real[0, 0])
        return
    angle = 2 * math.atan2(abs(unitary[1, 0]), abs(unitary[0, 0]))
    phase = cmath.phase(np.linalg.det(unitary)) / 2
    special = unitary * cmath.exp(-1j * phase)  # determinant 1: [[a, -conj(b)], [b, conj(a)]]
    total, difference = -2 * cmath.phase(special[0, 0]), 2 * cmath.phase(special[1, 0])
    if abs(special[0, 0]) < REAL_TOLERANCE:
        total = 0.0
    if abs(special[1, 0]) < REAL_TOLERANCE:
        difference = 0.0
    yield "term", (qubit,), (total - difference) / 2
    yield "ry", qubit, angle
    yield "term", (qubit,), (total + difference) / 2
    yield "term", (), -2 * phase


def linear(expression) -> tuple[float, dict[str, float]]:
    """Constant and coefficients by symbol of a linear expression.

    Raises:
        ProtocolError: it is not linear, or not real.
    """
    if not isinstance(expression, sympy.Basic):
        return _real(expression, expression), {}
    expanded = sympy.expand(expression)
    coefficients = {}
    for symbol in expanded.free_symbols:
        slope = expanded.coeff(symbol, 1)
        if slope.free_symbols or expanded.coeff(symbol, 2) != 0:
            raise ProtocolError(f"angle {expression} is not linear in {symbol}", where="circuit")
        coefficients[symbol.name] = _real(slope, expression)
    rest = expanded - sum(expanded.coeff(symbol, 1) * symbol for symbol in expanded.free_symbols)
    rest = sympy.expand(rest)
    if rest.free_symbols:
        raise ProtocolError(f"angle {expression} is not linear", where="circuit")
    return _real(rest, expression), dict(sorted(coefficients.items()))


def _real(number, expression) -> float:
    value = complex(number)
    if value.imag or not math.isfinite(value.real):
        raise ProtocolError(f"angle {expression} is not a finite real number", where="circuit")
    return value.real
