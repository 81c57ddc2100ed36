"""Unitaries of one party that are cheap to apply to large vectors, along the last axis of an array (..., N)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network.register import check_unitary
from qcomm.protocols.blocks_kernels import transform_rows


@dataclass(frozen=True, eq=False)
class MatrixBlock:
    """An arbitrary unitary given as a matrix (N, N), N a power of two.

    Raises:
        ProtocolError: not square, not a power of two, NaN, or not unitary to 1e-9.
    """

    owner: str
    matrix: np.ndarray

    def __post_init__(self):
        matrix = np.asarray(self.matrix)
        size = matrix.shape[0] if matrix.ndim == 2 else 0
        if size < 2 or matrix.shape != (size, size) or size & (size - 1):
            raise ProtocolError(f"expected (2^n, 2^n), got shape {matrix.shape}", where="MatrixBlock.matrix")
        check_unitary(matrix, "MatrixBlock.matrix")

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        return fitting(state_vector, len(self.matrix)) @ self.matrix.T

    def inverse(self) -> MatrixBlock:
        return MatrixBlock(self.owner, self.matrix.conj().T)


@dataclass(frozen=True, eq=False)
class SubspaceBlock:
    """Maps the span of the N/2 orthonormal columns of `basis` onto first qubit = 0, given both bases.

    Applying it costs two products with N x N/2 matrices; nothing of size N x N beyond the two bases is formed.

    Raises:
        ProtocolError: shapes other than (N, N/2), N no power of two, NaN, or columns that are not orthonormal to 1e-9.
    """

    owner: str
    basis: np.ndarray
    complement: np.ndarray

    def __post_init__(self):
        for name in ("basis", "complement"):
            shape = np.shape(getattr(self, name))
            if len(shape) != 2 or shape[0] < 2 or shape[0] & (shape[0] - 1) or shape[1] != shape[0] // 2:
                raise ProtocolError(f"expected (2^n, 2^(n-1)), got shape {shape}", where=f"SubspaceBlock.{name}")
        if len(self.basis) != len(self.complement):
            raise ProtocolError("basis and complement differ in size", where="SubspaceBlock.complement")
        check_unitary(np.hstack([self.basis, self.complement]), "SubspaceBlock")

    @property
    def parameters(self) -> np.ndarray:
        """The N^2/4 numbers that describe the subspace W and no more: X of W = span of the columns of (1 over X).

        No fewer numbers do: the Grassmannian has this dimension. Undefined for the null set of W whose projection onto
        the first N/2 coordinates is singular.
        """
        half = self.basis.shape[1]
        return np.linalg.solve(self.basis[:half].T, self.basis[half:].T).T.ravel()

    def with_parameters(self, parameters: np.ndarray) -> SubspaceBlock:
        """A block for the subspace of these numbers; which bases of W and of its complement it uses is its own."""
        half = self.basis.shape[1]
        columns = np.vstack([np.eye(half), np.reshape(parameters, (half, half))])
        full, _ = np.linalg.qr(columns, mode="complete")
        return SubspaceBlock(self.owner, full[:, :half], full[:, half:])

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        state = fitting(state_vector, len(self.basis))
        return np.concatenate([state @ self.basis, state @ self.complement], axis=-1)

    def inverse(self) -> _SubspaceInverse:
        return _SubspaceInverse(self.owner, self)


@dataclass(frozen=True, eq=False)
class _SubspaceInverse:
    owner: str
    forward: SubspaceBlock

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        half = state_vector.shape[-1] // 2
        return state_vector[..., :half] @ self.forward.basis.T + state_vector[..., half:] @ self.forward.complement.T

    def inverse(self) -> SubspaceBlock:
        return self.forward


@dataclass(frozen=True, eq=False)
class ScrambleBlock:
    """Three rounds of random signs and a Walsh-Hadamard transform: a real orthogonal map in O(N log N).

    ASSUME: it stands for a generic unitary where N is too large for a Haar-random matrix; overlaps behave as under a
    Haar-random rotation to the accuracy of the protocols (the tests compare both, decisions and rivals, at N <= 256).

    Attributes:
        signs: +-1, (rounds, N), N a power of two.

    Raises:
        ProtocolError: other shapes or entries.
    """

    owner: str
    signs: np.ndarray
    backwards: bool = False

    def __post_init__(self):
        shape = np.shape(self.signs)
        if len(shape) != 2 or not shape[0] or shape[1] < 2 or shape[1] & (shape[1] - 1):
            raise ProtocolError(f"expected signs (rounds, 2^n), got shape {shape}", where="ScrambleBlock.signs")
        if not (np.abs(self.signs) == 1).all():
            raise ProtocolError("signs other than +-1 are not unitary", where="ScrambleBlock.signs")

    @classmethod
    def random(cls, owner: str, size: int, rng: np.random.Generator) -> ScrambleBlock:
        """A fresh one for vectors of length `size`, a power of two."""
        return cls(owner, 1.0 - 2.0 * rng.integers(2, size=(3, size)))

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        state = fitting(state_vector, self.signs.shape[1])
        for row in self.signs[::-1] if self.backwards else self.signs:
            state = hadamard(state) * row if self.backwards else hadamard(state * row)
        return state

    def inverse(self) -> ScrambleBlock:
        return ScrambleBlock(self.owner, self.signs, not self.backwards)


@dataclass(frozen=True, eq=False)
class RotationBlock:
    """R_y rotations of every qubit followed by controlled-Z between neighbours (a ring), layer by layer.

    Attributes:
        angles: (layers, n) in radians; this and the public form of the circuit are the whole description.
    """

    owner: str
    angles: np.ndarray
    backwards: bool = False

    def __post_init__(self):
        angles = np.asarray(self.angles)
        if angles.ndim != 2 or angles.size == 0 or not np.isfinite(angles).all():
            raise ProtocolError(f"expected finite angles (layers, n), got {angles.shape}", where="RotationBlock.angles")

    @property
    def parameters(self) -> np.ndarray:
        """All angles in one row, layer by layer."""
        return np.ravel(self.angles)

    def with_parameters(self, parameters: np.ndarray) -> RotationBlock:
        """The same form of circuit with other angles."""
        return RotationBlock(self.owner, np.reshape(parameters, np.shape(self.angles)), self.backwards)

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        qubits = self.angles.shape[1]
        state, ring = fitting(state_vector, 1 << qubits), _ring_signs(qubits)
        for row in self.angles[::-1] if self.backwards else self.angles:
            state = _rotate(state * ring, -row) if self.backwards else _rotate(state, row) * ring
        return state

    def inverse(self) -> RotationBlock:
        return RotationBlock(self.owner, self.angles, not self.backwards)


@dataclass(frozen=True, eq=False)
class PermutationBlock:
    """Moves basis state i to basis state ``target[i]``."""

    owner: str
    target: np.ndarray

    def __post_init__(self):
        if not np.array_equal(np.sort(self.target), np.arange(len(self.target))):
            raise ProtocolError("the targets are not a permutation: not unitary", where="PermutationBlock.target")

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        out = np.empty_like(fitting(state_vector, len(self.target)))
        out[..., self.target] = state_vector
        return out

    def inverse(self) -> PermutationBlock:
        return PermutationBlock(self.owner, np.argsort(self.target))


def fitting(state_vector: np.ndarray, size: int) -> np.ndarray:
    """The argument, where its last axis has length `size`.

    Raises:
        ProtocolError: it has not.
    """
    if state_vector.shape[-1] != size:
        raise ProtocolError(f"a block for N = {size} was applied to N = {state_vector.shape[-1]}", where="block")
    return state_vector


def hadamard(state: np.ndarray) -> np.ndarray:
    """Orthonormal Walsh-Hadamard transform along the last axis, of length 2^n."""
    kind = np.complex128 if np.iscomplexobj(state) else np.float64
    rows = np.array(state, dtype=kind, order="C").reshape(-1, state.shape[-1])
    transform_rows(rows)
    return rows.reshape(state.shape)


def _ring_signs(qubits: int) -> np.ndarray:
    index = np.arange(1 << qubits)
    parity = np.zeros(1 << qubits, dtype=int)
    for a in range(qubits if qubits > 2 else qubits - 1):
        parity ^= (index >> a) & (index >> ((a + 1) % qubits)) & 1
    return 1 - 2.0 * parity


def _rotate(state: np.ndarray, angles: np.ndarray) -> np.ndarray:
    shape = state.shape
    for qubit, angle in enumerate(angles):
        c, s = np.cos(angle / 2), np.sin(angle / 2)
        pair = state.reshape(-1, 2, shape[-1] >> (qubit + 1))
        state = np.array([[c, -s], [s, c]]) @ pair
    return state.reshape(shape)


def random_halves(size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Orthonormal bases (N, N/2) of a Haar-random subspace of half the dimension and of its complement.

    QR of an N x N Gaussian matrix. Only the spans matter, so the signs of R need no correction.
    """
    if size < 2 or size & (size - 1):
        raise ProtocolError(f"{size} is not a power of two of at least 2", where="size")
    basis, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return np.ascontiguousarray(basis[:, : size // 2]), np.ascontiguousarray(basis[:, size // 2 :])
