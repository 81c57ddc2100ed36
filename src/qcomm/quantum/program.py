"""A circuit lowered once: alternating layers of Y rotations and diagonals, and fixed matrices in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cirq
import numpy as np

from qcomm.errors import ProtocolError
from qcomm.quantum.gates import REAL_TOLERANCE, linear, primitives

Angle = tuple[float, dict[str, float]]


@dataclass
class RotationStep:
    """R_y by qubit position; angles are (constant, coefficients by symbol)."""

    angles: dict[int, Angle] = field(default_factory=dict)


@dataclass
class DiagonalStep:
    """Fixed factors on some qubit positions, and terms exp(-i angle/2 Z..Z) with parameters."""

    factors: list[tuple[tuple[int, ...], np.ndarray]] = field(default_factory=list)
    terms: dict[tuple[int, ...], Angle] = field(default_factory=dict)

    def fixed(self, bits: int) -> np.ndarray:
        """Product of all fixed factors, complex [2^bits], where position 0 has the largest weight."""
        index = np.arange(1 << bits)
        product = np.ones(index.size, complex)
        for positions, factors in self.factors:
            local = np.zeros(index.size, np.int64)
            for position in positions:
                local = local << 1 | index >> (bits - 1 - position) & 1
            product *= factors[local]
        return product


@dataclass
class MatrixStep:
    """A fixed unitary on some qubit positions."""

    positions: tuple[int, ...]
    matrix: np.ndarray


Step = RotationStep | DiagonalStep | MatrixStep


@dataclass(frozen=True)
class Program:
    """What `lower` makes of a circuit.

    Attributes:
        qubits: n.
        symbols: names of the parameters, in the order in which engines take them.
        steps: in the order in which they act.
    """

    qubits: int
    symbols: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def real(self) -> bool:
        """Whether real amplitudes stay real."""
        for step in self.steps:
            if isinstance(step, DiagonalStep) and (step.terms or any(not is_real(f) for _, f in step.factors)):
                return False
            if isinstance(step, MatrixStep) and not is_real(step.matrix):
                return False
        return True


def is_real(values: np.ndarray) -> bool:
    """Whether imaginary parts are rounding only."""
    return bool(np.abs(np.imag(values)).max() <= REAL_TOLERANCE)


def lower(
    circuit: cirq.Circuit, qubits: Sequence[cirq.Qid] | None = None, symbols: Sequence[str] | None = None
) -> Program:
    """Lower a circuit; measurements at its end are left out.

    Gates move to the earliest step that no earlier gate on their qubits forbids; gates that commute (rotations of other
    qubits, diagonals) share a step.

    Args:
        circuit: of the gates in `qcomm.quantum.gates`.
        qubits: order of the register, the first with the largest weight; sorted by default.
        symbols: order of the parameters; by first appearance by default.

    Raises:
        ProtocolError: an operation cannot be lowered, measures before the end, a symbol is not in `symbols`, or a
            qubit or symbol appears twice.
    """
    qubits = sorted(circuit.all_qubits()) if qubits is None else list(qubits)
    _distinct(qubits, "qubits")
    _distinct([] if symbols is None else list(symbols), "symbols")
    if not circuit.all_qubits() <= set(qubits):
        raise ProtocolError("the circuit acts on qubits outside the register", where="qubits")
    if not circuit.are_all_measurements_terminal():
        raise ProtocolError("a measurement before the end cannot be lowered", where="circuit")
    builder = _Builder({qubit: position for position, qubit in enumerate(qubits)})
    for operation in circuit.all_operations():
        if not cirq.is_measurement(operation):
            for primitive in primitives(operation):
                builder.add(*primitive)
    if symbols is None:
        symbols = builder.symbols
    elif unknown := [name for name in builder.symbols if name not in set(symbols)]:
        raise ProtocolError(f"symbols {unknown} have no place among the parameters", where="symbols")
    return Program(len(qubits), tuple(symbols), tuple(builder.steps))


def _distinct(items: list, where: str) -> None:
    if len(set(items)) < len(items):
        twice = sorted({str(item) for item in items if items.count(item) > 1})
        raise ProtocolError(f"{', '.join(twice)} appear more than once", where=where)


class _Builder:
    def __init__(self, place: dict[cirq.Qid, int]):
        self.place, self.steps = place, []
        self.frontier = dict.fromkeys(place.values(), -1)  # last step that touches a qubit
        self.seen: dict[str, None] = {}

    @property
    def symbols(self) -> list[str]:
        return list(self.seen)

    def add(self, kind: str, where, what) -> None:
        if kind == "matrix":
            positions = tuple(self.place[q] for q in where)
            self.steps.append(MatrixStep(positions, np.asarray(what)))
            self.frontier |= dict.fromkeys(positions, len(self.steps) - 1)
        elif kind == "ry":
            self._rotate(self.place[where], self._linear(what))
        elif kind == "diagonal":
            positions = tuple(self.place[q] for q in where)
            self.steps[self._diagonal(positions)].factors.append((positions, np.asarray(what)))
        else:
            self._term(tuple(sorted(self.place[q] for q in where)), self._linear(what))

    def _linear(self, expression) -> Angle:
        constant, coefficients = linear(expression)
        self.seen |= dict.fromkeys(coefficients)
        return constant, coefficients

    def _slot(self, kind: type, first: int) -> int:
        for index in range(max(first, 0), len(self.steps)):
            if isinstance(self.steps[index], kind):
                return index
        self.steps.append(kind())
        return len(self.steps) - 1

    def _rotate(self, position: int, angle: Angle) -> None:
        index = self._slot(RotationStep, self.frontier[position])
        step = self.steps[index]
        step.angles[position] = _sum(step.angles.get(position, (0.0, {})), angle)
        self.frontier[position] = index

    def _diagonal(self, positions: tuple[int, ...]) -> int:
        index = self._slot(DiagonalStep, max((self.frontier[p] for p in positions), default=0))
        self.frontier |= {p: max(index, self.frontier[p]) for p in positions}
        return index

    def _term(self, positions: tuple[int, ...], angle: Angle) -> None:
        constant, coefficients = angle
        if not coefficients and constant == 0:
            return
        step = self.steps[self._diagonal(positions)]
        if not coefficients:
            bits = np.bitwise_count(np.arange(1 << len(positions))) & 1
            step.factors.append((positions, np.exp(-0.5j * constant * (1 - 2.0 * bits))))
        else:
            step.terms[positions] = _sum(step.terms.get(positions, (0.0, {})), angle)


def _sum(one: Angle, two: Angle) -> Angle:
    names = {**one[1], **two[1]}
    return one[0] + two[0], {name: one[1].get(name, 0.0) + two[1].get(name, 0.0) for name in names}
