"""Runs lowered circuits on the CPU: batches of inputs, exact expectations, shots, and gradients by the adjoint method.

The adjoint method keeps no intermediate states: with ``phi`` the final state and ``lambda`` the observable applied to
it, both are taken back through the circuit step by step; the derivative by an angle of a step exp(-i angle G / 2) is
``Im <lambda|G|phi>`` there (Jones and Gacon 2020, arXiv 2009.02823).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cirq
import numpy as np

from qcomm.errors import ProtocolError
from qcomm.quantum import kernels_program as kernels
from qcomm.quantum.program import Program, lower
from qcomm.quantum.tables import Matrix, Segment, tables
from qcomm.quantum.vector_code import lane_bits
from qcomm.theory.checks import whole

OBSERVABLES = {"P0": (1.0, 0.0), "Z0": (1.0, -1.0)}  # values where the first qubit is 0 and 1
NORM_TOLERANCE = 1e-5  # of a squared length; vectors in single precision are off by up to 1e-6 at 2^20 amplitudes


class Engine:
    """A lowered circuit, ready to run.

    Args:
        circuit: a ``cirq.Circuit``, or a `Program`.
        qubits, symbols: see `qcomm.quantum.program.lower`.
        precision: "single" (complex64) or "double" (complex128).
        threads: inputs of a batch are shared among so many threads; sums are added in the order of the inputs' shares,
            so the same number of threads repeats the same bytes.

    Raises:
        ProtocolError: the circuit cannot be lowered, or an argument is wrong.
    """

    def __init__(self, circuit: cirq.Circuit | Program, qubits=None, symbols=None, precision="double", threads=1):
        if precision not in ("single", "double"):
            raise ProtocolError(f"unknown precision {precision!r}", where="precision", fix="single or double")
        self.program = circuit if isinstance(circuit, Program) else lower(circuit, qubits, symbols)
        self.dtype = np.dtype(np.float32 if precision == "single" else np.float64)
        self.tables = tables(self.program, self.dtype)
        self.qubits, self.symbols = self.program.qubits, self.program.symbols
        self.threads = whole(threads, "threads", 1)
        self._spare = self.tables.bits - self.qubits
        self._lane_bits = lane_bits(self.dtype.itemsize)
        self._real = self.program.real

    @property
    def parameters(self) -> int:
        """Number of parameters P."""
        return len(self.symbols)

    def state_vector(self, parameters, vectors) -> np.ndarray:
        """Final states [B, 2^n] (or [2^n] for one vector) of some inputs; real where all of it is real.

        Args:
            parameters: float [P], in the order of `symbols`.
            vectors: [B, 2^n] or [2^n], real or complex; taken as they are (a length of 1 is not enforced).
        """
        vectors = np.asarray(vectors)
        states = self._run(parameters, np.atleast_2d(vectors))
        return self._unpacked(states).reshape(vectors.shape)

    def expectation(self, parameters, vectors, observable: str = "P0") -> np.ndarray:
        """Exact expectation [B] (float64) of P0 or Z0 of the first qubit, for inputs of length 1.

        Raises:
            ProtocolError: an input has another length, NaN or infinity; wrong shapes.
        """
        zero, one = _observable(observable)
        vectors = np.atleast_2d(vectors)
        states = self._run(parameters, vectors)
        check_unit(vectors)
        return one + (zero - one) * self._zero_weight(states)

    def sample(self, parameters, vectors, shots: int, rng: np.random.Generator) -> np.ndarray:
        """How many of `shots` measurements of the first qubit gave 0, int64 [B].

        Raises:
            ProtocolError: shots below 1, or as for `expectation`.
        """
        shots = whole(shots, "shots", 1)
        return rng.binomial(shots, self.expectation(parameters, vectors).clip(0, 1))  # clips rounding only

    def value_and_gradient(self, parameters, vectors, weights=None, observable="P0", *, inputs=False):
        """Expectations [B], and the gradient of their weighted sum.

        Args:
            parameters: float [P].
            vectors: [B, 2^n] or [2^n].
            weights: float [B]; ones by default.
            observable: P0 or Z0.
            inputs: also return the gradient by the real parts of the input amplitudes.

        Returns:
            (expectations [B], gradient [P]) and, with `inputs`, the gradient [B, 2^n] as a third.

        Raises:
            ProtocolError: as for `expectation`, or weights of another shape.
        """
        vectors = np.atleast_2d(vectors)
        states = self._run(parameters, vectors)
        check_unit(vectors)
        zero, one = _observable(observable)
        values = one + (zero - one) * self._zero_weight(states)
        weights = np.ones(len(vectors)) if weights is None else np.asarray(weights, np.float64)
        if weights.shape != (len(vectors),):
            raise ProtocolError(f"{len(vectors)} inputs have weights of shape {weights.shape}", where="weights")
        gradient, others = self.pull_back(parameters, states, weights, (zero, one))
        if not inputs:
            return values, gradient
        real = others[:, 0, :: 1 << self._spare]
        return values, gradient, 2 * real.astype(np.float64)

    def pull_back(self, parameters, states: np.ndarray, weights: np.ndarray, observable: tuple[float, float]):
        """Gradient [P] of sum_b weights_b <O>_b from final states (which are taken back to the inputs, in place).

        Returns:
            the gradient and ``weights_b U^dagger O U |x_b>`` in the layout of the kernels.
        """
        others = np.empty_like(states)
        kernels.observed(states, weights, *observable, others)
        angles = self._angles(parameters)
        gradient = np.zeros(max(1, self.parameters))
        for totals in self._shared(lambda part: self._part_back(states[part], others[part], angles), len(states)):
            kernels.parameter_derivatives(totals, *self._linear_map(), gradient)
        return gradient[: self.parameters], others

    def _part_back(self, states, others, angles) -> np.ndarray:
        t, totals = self.tables, np.zeros(angles.size)
        work = self._work()
        for part in reversed(t.parts):
            if isinstance(part, Matrix):
                self._multiply(states, part, adjoint=True)
                self._multiply(others, part, adjoint=True)
            else:
                fixed = (t.layers, self._lane_bits, t.signs, t.phases, t.term_pointers, t.masks, work, totals)
                kernels.run_back(states, others, part.steps, angles, *fixed)
        return totals

    def _linear_map(self):
        return self.tables.pointers, self.tables.columns, self.tables.coefficients

    def _angles(self, parameters) -> np.ndarray:
        parameters = np.asarray(parameters)
        if parameters.dtype.kind not in "iuf":
            raise ProtocolError(f"parameters must be real numbers, got dtype {parameters.dtype}", where="parameters")
        parameters = np.ascontiguousarray(parameters, np.float64)
        if parameters.shape != (self.parameters,):
            raise ProtocolError(
                f"expected {self.parameters} parameters, got shape {parameters.shape}", where="parameters"
            )
        if not np.isfinite(parameters).all():
            raise ProtocolError("a parameter is NaN or infinite", where="parameters")
        return kernels.angles_of(parameters, self.tables.base, *self._linear_map())

    def _run(self, parameters, vectors: np.ndarray) -> np.ndarray:
        angles, states = self._angles(parameters), self._packed(vectors)
        self._shared(lambda part: self._part_run(states[part], angles), len(states))
        return states

    def _part_run(self, states, angles) -> None:
        t = self.tables
        for part in t.parts:
            if isinstance(part, Segment):
                fixed = (t.layers, self._lane_bits, t.signs, t.phases, t.term_pointers, t.masks, self._work())
                kernels.run(states, part.steps, angles, *fixed)
            else:
                self._multiply(states, part)

    def _shared(self, job, count: int) -> list:
        """Results of `job` on slices of the batch, one slice per thread."""
        threads = min(self.threads, count)
        if threads <= 1:
            return [job(slice(0, count))]
        edges = [count * i // threads for i in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(job, [slice(a, b) for a, b in zip(edges, edges[1:], strict=False)]))

    def _work(self) -> np.ndarray:
        return np.empty((2, 1 << self.tables.bits if self.tables.masks.size else 0), self.dtype)

    def _packed(self, vectors: np.ndarray) -> np.ndarray:
        """[B, planes, 2^m] of [B, 2^n]."""
        if vectors.ndim != 2 or vectors.shape[1] != 1 << self.qubits or vectors.dtype.kind not in "iufc":
            raise ProtocolError(
                f"expected vectors of length {1 << self.qubits}, got shape {vectors.shape}", where="vectors"
            )
        if not np.isfinite(vectors).all():
            raise ProtocolError("a vector holds NaN or infinity", where="vectors")
        complex_input = np.iscomplexobj(vectors)
        planes = 1 if self._real and not complex_input else 2
        if planes == 1 and not self._spare:
            return vectors.astype(self.dtype, order="C")[:, None]
        states = np.zeros((len(vectors), planes, 1 << self.tables.bits), self.dtype)
        states[:, 0, :: 1 << self._spare] = vectors.real
        if complex_input:
            states[:, 1, :: 1 << self._spare] = vectors.imag
        return states

    def _unpacked(self, states: np.ndarray) -> np.ndarray:
        kept = states[:, :, :: 1 << self._spare]
        return kept[:, 0].copy() if states.shape[1] == 1 else kept[:, 0] + 1j * kept[:, 1]

    def _zero_weight(self, states: np.ndarray) -> np.ndarray:
        out = np.empty(len(states))
        kernels.first_qubit_zero(states, out)
        return out

    def _multiply(self, states: np.ndarray, part: Matrix, adjoint: bool = False) -> None:
        """A fixed matrix applied to some qubits, in place."""
        matrix = part.matrix.conj().T if adjoint else part.matrix
        count, bits = len(part.positions), self.tables.bits
        cube = states.reshape(len(states), states.shape[1], *(2,) * bits)
        axes = [2 + p for p in part.positions]
        moved = np.moveaxis(cube, axes, range(2, 2 + count))
        shape = moved.shape
        flat = moved.reshape(len(states), states.shape[1], 1 << count, -1)
        if np.iscomplexobj(matrix):
            product = matrix.astype(np.result_type(self.dtype, np.complex64)) @ (flat[:, 0] + 1j * flat[:, 1])
            flat = np.stack([product.real, product.imag], 1)
        else:
            flat = matrix.astype(self.dtype) @ flat
        cube[...] = np.moveaxis(flat.reshape(shape), range(2, 2 + count), axes)


def check_unit(vectors: np.ndarray) -> None:
    """Vectors [B, 2^n] whose squared lengths are 1 to `NORM_TOLERANCE`.

    Raises:
        ProtocolError: one is not.
    """
    planes = (vectors.real, vectors.imag) if np.iscomplexobj(vectors) else (vectors,)
    lengths = sum(np.einsum("bn,bn->b", plane, plane, dtype=np.float64) for plane in planes)
    wrong = np.abs(lengths - 1) > NORM_TOLERANCE
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ProtocolError(
            f"vector {row} has length {np.sqrt(lengths[row]):.6g} instead of 1: it is no state",
            where="vectors",
            fix="normalise it, e.g. with qcomm.quantum.encodings.amplitude_encoding",
        )


def _observable(name: str) -> tuple[float, float]:
    if name not in OBSERVABLES:
        raise ProtocolError(f"unknown observable {name!r}", where="observable", fix=f"one of {', '.join(OBSERVABLES)}")
    return OBSERVABLES[name]
