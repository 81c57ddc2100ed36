"""Quantum registers: identical copies of a state that are moved between parties, never shared and never copied."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from qcomm.errors import ProtocolError

NORM_TOLERANCE = 1e-9
UNITARY_TOLERANCE = 1e-9
MOST_COPIES = 1 << 62  # of one register: they are counted in 64 bits


class Block(Protocol):
    """A unitary of one party: ``apply`` takes and returns an array (..., 2^n), the amplitudes along the last axis."""

    owner: str

    def apply(self, state_vector: np.ndarray) -> np.ndarray: ...


def check_vector(vector: np.ndarray, where: str = "vector") -> np.ndarray:
    """A finite, non-zero vector of length 2^n, n >= 1, as float64 or complex128.

    Raises:
        ProtocolError: shape, length, NaN or zero.
    """
    vector = np.asarray(vector)
    if vector.dtype.kind not in "iufc":
        raise ProtocolError(f"amplitudes must be numbers, got dtype {vector.dtype}", where=where)
    vector = vector.astype(np.complex128 if vector.dtype.kind == "c" else np.float64, copy=False)
    if vector.ndim != 1 or vector.size < 2 or vector.size & (vector.size - 1):
        raise ProtocolError(
            f"expected a vector of length 2, 4, 8, ..., got shape {vector.shape}", where=where, fix="pad with zeros"
        )
    if not np.isfinite(vector).all():
        raise ProtocolError("the vector holds NaN or infinity", where=where)
    if not np.abs(vector).max() > 0:
        raise ProtocolError("the vector is zero and has no direction", where=where)
    return vector


def unit_vector(vector: np.ndarray, where: str = "vector") -> np.ndarray:
    """`check_vector` scaled to length 1, whatever the size of its entries.

    A power of two brings the largest entry near 1 first, since squares of huge or tiny numbers overflow or vanish; it
    rounds nothing, so vectors of ordinary size are divided by their length as they are.

    Raises:
        ProtocolError: as `check_vector`.
    """
    vector = np.ascontiguousarray(check_vector(vector, where))
    parts = vector.view(np.float64)
    _, exponent = np.frexp(np.abs(parts).max())
    scaled = np.ldexp(parts, -exponent).view(vector.dtype)
    return scaled / np.linalg.norm(scaled)


def check_unitary(matrix: np.ndarray, where: str) -> None:
    """A square matrix without NaN whose inverse is its adjoint, to 1e-9.

    Raises:
        ProtocolError: it is not.
    """
    if not np.isfinite(matrix).all():
        raise ProtocolError("the matrix holds NaN or infinity", where=where)
    worst = np.abs(matrix.conj().T @ matrix - np.eye(len(matrix))).max()
    if worst > UNITARY_TOLERANCE:
        raise ProtocolError(f"the matrix is not unitary: U^dagger U is off by {worst:.2g}", where=where)


class Register:
    """Copies of an n-qubit state in the hands of one party.

    The amplitudes have shape (trajectories, kept, 2^n). A trajectory is the pure state of the copies that suffered the
    same errors on the way, one where there is no noise; `shares` (trajectories,) says how many copies those are. `kept`
    is the dimension of qubits that the preparer holds back and that stay entangled with the register. Only a party's
    program gets a register. Sending moves it: the old handle is dead. Measuring uses copies up.
    """

    def __init__(self, amplitudes: np.ndarray, shares: np.ndarray, holder: str):
        self._amplitudes, self._shares, self._holder = amplitudes, np.asarray(shares), holder

    @classmethod
    def prepared(cls, vector: np.ndarray, copies: int, holder: str, kept: int = 1) -> Register:
        """`copies` of |vector> normalised, in equal superposition with `kept` levels that stay with the holder.

        Raises:
            ProtocolError: bad vector, numbers below 1, or more than `MOST_COPIES`.
        """
        for name, value in (("copies", copies), ("kept", kept)):
            if isinstance(value, bool) or int(value) != value or value < 1:
                raise ProtocolError(f"{value!r} is not a whole number of at least 1", where=name)
        if copies > MOST_COPIES:
            raise ProtocolError(f"{copies:.1e} copies are too many to count", where="copies", fix="send them in turns")
        unit = unit_vector(vector)
        return cls(np.repeat(unit[None, None] / np.sqrt(kept), int(kept), axis=1), np.array([int(copies)]), holder)

    def _held(self) -> np.ndarray:
        if self._amplitudes is None:
            raise ProtocolError(
                f"{self._holder} no longer holds this register", fix="use the register that came back, or prepare one"
            )
        return self._amplitudes

    @property
    def holder(self) -> str:
        return self._holder

    @property
    def copies(self) -> int:
        """Copies that have neither been measured nor lost."""
        self._held()
        return int(self._shares.sum())

    @property
    def qubits(self) -> int:
        """Qubits that travel; kept ones are not counted."""
        return self._held().shape[-1].bit_length() - 1

    @property
    def amplitudes(self) -> np.ndarray:
        """The simulator's view, (trajectories, kept, 2^n), read-only: no real party could read it."""
        view = self._held().view()
        view.flags.writeable = False
        return view

    def apply(self, block: Block) -> None:
        """Apply a block of the holder to every copy.

        Raises:
            ProtocolError: someone else owns the block, it changes the shape, or it does not preserve the norm.
        """
        before = self._held()
        if block.owner != self._holder:
            raise ProtocolError(f"{self._holder} cannot apply a block of {block.owner}", where="Register.apply")
        after = np.asarray(block.apply(before))
        if after.shape != before.shape:
            raise ProtocolError(
                f"a block turned shape {before.shape} into {after.shape}",
                where="Register.apply",
                fix="check dimensions",
            )
        norms = np.einsum("tkn,tkn->t", after.conj(), after).real
        if not (np.abs(norms - 1) <= NORM_TOLERANCE).all():
            raise ProtocolError("the block is not unitary: it changed the norm", where="Register.apply")
        self._amplitudes = after

    def transform(self, function) -> None:
        """Apply ``function(amplitudes) -> amplitudes``, also on the kept axis, e.g. controlled reflections."""
        holder = self._holder

        class _Local:
            owner = holder
            apply = staticmethod(function)

        self.apply(_Local())

    def probabilities(self) -> np.ndarray:
        """P(first qubit = 0) of each trajectory, array (trajectories,): the simulator's view."""
        held = self._held()
        half = held[..., : held.shape[-1] // 2]
        return np.einsum("tkn,tkn->t", half.conj(), half).real.clip(0, 1)

    def _use(self, shots: int, rng: np.random.Generator) -> np.ndarray:
        """Take `shots` of the copies away, any of them alike; how many of each trajectory (trajectories,)."""
        if isinstance(shots, bool) or int(shots) != shots or shots < 1:
            raise ProtocolError(f"{shots!r} is not a whole number of at least 1", where="shots")
        if shots > self.copies:
            raise ProtocolError(
                f"{shots} shots need {shots} copies, {self.copies} are here", where="shots", fix="send more copies"
            )
        taken = np.array([int(shots)])
        if shots == self.copies:
            taken = self._shares
        elif self._shares.size > 1:
            taken = rng.multivariate_hypergeometric(self._shares, int(shots), method="marginals")
        self._shares = self._shares - taken
        return taken

    def measure_first_qubit(self, shots: int, rng: np.random.Generator) -> int:
        """Measure the first qubit of `shots` copies; how many gave 0. One binomial draw a trajectory."""
        taken = self._use(shots, rng)
        return int(rng.binomial(taken, self.probabilities()).sum())

    def measure_basis(self, shots: int, rng: np.random.Generator) -> np.ndarray:
        """Measure all travelling qubits of `shots` copies; basis states, int array (shots,)."""
        return self._measure(1, shots, rng)

    def measure_kept(self, shots: int, rng: np.random.Generator) -> np.ndarray:
        """Measure the qubits that were held back, of `shots` copies; int array (shots,)."""
        return self._measure(2, shots, rng)

    def _measure(self, summed: int, shots: int, rng: np.random.Generator) -> np.ndarray:
        taken = self._use(shots, rng)
        weights = (np.abs(self._held()) ** 2).sum(axis=summed)
        which = np.repeat(np.arange(len(taken)), taken)
        if len(taken) > 1:
            which = rng.permutation(which)  # in no order: the outcomes are exchangeable
        cumulative = np.cumsum(weights, axis=1)
        draws = rng.random(int(shots)) * cumulative[which, -1]
        return np.array([np.searchsorted(cumulative[t], u, side="right") for t, u in zip(which, draws, strict=True)])

    def hand_over(self, receiver: str, change=None) -> Register:
        """The receiver's register; this handle is dead afterwards. `change` maps (amplitudes, shares) to new ones."""
        amplitudes, shares = self._held(), self._shares
        if change is not None:
            amplitudes, shares = change(amplitudes, shares)
        self._amplitudes = None
        return Register(amplitudes, shares, receiver)
