"""A program as arrays for the kernels: one table set per precision."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from qcomm.quantum.kernels_program import PHASES, ROTATE, SIGNS, TERMS
from qcomm.quantum.program import DiagonalStep, MatrixStep, Program, RotationStep, is_real
from qcomm.quantum.vector_code import lane_bits


@dataclass(frozen=True)
class Segment:
    """Steps between two fixed matrices: [S, 2] kinds and indices."""

    steps: np.ndarray


@dataclass(frozen=True)
class Matrix:
    """A fixed unitary on some qubit positions, real where it is."""

    positions: tuple[int, ...]
    matrix: np.ndarray


@dataclass(frozen=True)
class Tables:
    """Arrays as described in `qcomm.quantum.kernels_program`, for one dtype.

    Attributes:
        bits: m, at least the qubits inside one vector; idle qubits are appended with the smallest weights.
        parts: segments and matrices in order.
        layers: number of rotation layers R.
        base, pointers, columns, coefficients: angles as a sparse linear map of the parameters.
        signs, phases: fixed factors. term_pointers, masks: terms by step.
    """

    bits: int
    parts: tuple[Segment | Matrix, ...]
    layers: int
    base: np.ndarray
    pointers: np.ndarray
    columns: np.ndarray
    coefficients: np.ndarray
    signs: np.ndarray
    phases: np.ndarray
    term_pointers: np.ndarray
    masks: np.ndarray


def tables(program: Program, dtype: np.dtype) -> Tables:
    """Tables of a program for real numbers of `dtype`; equal fixed factors are stored once."""
    bits = max(program.qubits, lane_bits(dtype.itemsize))
    collected = _Collected(program, bits)
    for step in program.steps:
        collected.add(step)
    base, matrix = collected.angles()
    size = 1 << bits
    signs = np.array(collected.signs, dtype).reshape(-1, size)
    phases = np.array([[f.real, f.imag] for f in collected.phases], dtype).reshape(-1, 2, size)
    return Tables(
        bits,
        tuple(collected.finished()),
        collected.layers,
        base,
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int64),
        matrix.data,
        signs,
        phases,
        np.array(collected.pointers, np.int64),
        np.array(collected.masks, np.int64),
    )


class _Collected:
    def __init__(self, program: Program, bits: int):
        self.program, self.bits = program, bits
        self.parts, self.steps = [], []
        self.layers, self.rotations, self.term_angles = 0, [], []
        self.signs, self.phases, self.known = [], [], {}
        self.pointers, self.masks = [0], []

    def bit(self, position: int) -> int:
        return self.bits - 1 - position

    def add(self, step) -> None:
        if isinstance(step, MatrixStep):
            self._close()
            self.parts.append(Matrix(step.positions, step.matrix.real if is_real(step.matrix) else step.matrix))
        elif isinstance(step, RotationStep):
            self.steps.append((ROTATE, self.layers))
            self.rotations += [(self.layers * self.bits + self.bit(p), angle) for p, angle in step.angles.items()]
            self.layers += 1
        else:
            self._diagonal(step)

    def _diagonal(self, step: DiagonalStep) -> None:
        if step.factors:
            self._fixed(step)
        if step.terms:
            self.steps.append((TERMS, len(self.pointers) - 1))
            for positions, angle in step.terms.items():
                self.masks.append(sum(1 << self.bit(p) for p in positions))
                self.term_angles.append(angle)
            self.pointers.append(len(self.masks))

    def _fixed(self, step: DiagonalStep) -> None:
        key = tuple((positions, factors.tobytes()) for positions, factors in step.factors)
        if key not in self.known:
            product = step.fixed(self.bits)
            real = is_real(product)
            kind, store = (SIGNS, self.signs) if real else (PHASES, self.phases)
            self.known[key] = kind, len(store)
            store.append(product.real.copy() if real else product)
        self.steps.append(self.known[key])

    def _close(self) -> None:
        if self.steps:
            self.parts.append(Segment(np.array(self.steps, np.int64)))
            self.steps = []

    def finished(self) -> list[Segment | Matrix]:
        self._close()
        return self.parts

    def angles(self) -> tuple[np.ndarray, sp.csr_array]:
        """Constants [A] and coefficients [A, P]; rotations first, then terms."""
        first = self.layers * self.bits
        rows = [*self.rotations, *((first + t, angle) for t, angle in enumerate(self.term_angles))]
        count = first + len(self.term_angles)
        place = {name: column for column, name in enumerate(self.program.symbols)}
        base, entries = np.zeros(count), []
        for row, (constant, coefficients) in rows:
            base[row] += constant
            entries += [(row, place[name], value) for name, value in coefficients.items()]
        row, column, value = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (count, max(1, len(place)))
        return base, sp.csr_array((np.array(value, np.float64), (np.array(row, int), np.array(column, int))), shape)
