"""What a quantum message suffers on its way: depolarising noise, heralded loss, or teleportation instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.theory.checks import in_range, whole


@dataclass(frozen=True)
class Link:
    """Properties of a link, per transmitted qubit.

    Attributes:
        depolarising: p in [0, 1]; a qubit is replaced by the maximally mixed state with probability p. As Pauli errors:
            X, Y, Z with p/4 each. ASSUME: noise acts on transmitted qubits only; local operations are perfect.
        loss: probability that a qubit is lost, and the receiver notices; a copy that lost a qubit is discarded.
        teleport: qubits are teleported: one shared pair and two classical bits each, instead of a quantum message.
        trajectories: most Pauli-error trajectories that stand for the mixed state. With at least as many as there are
            copies every copy has errors of its own and the sampling is exact.
    """

    depolarising: float = 0.0
    loss: float = 0.0
    teleport: bool = False
    trajectories: int = 256

    def __post_init__(self):
        for name in ("depolarising", "loss"):
            in_range(getattr(self, name), f"Link.{name}", 0, 1)
        whole(self.trajectories, "Link.trajectories", 1)

    def transmit(self, amplitudes: np.ndarray, copies: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """Amplitudes (trajectories, kept, 2^n) and copies that arrive."""
        qubits = amplitudes.shape[-1].bit_length() - 1
        if self.loss:
            copies = int(rng.binomial(copies, (1 - self.loss) ** qubits))
        if self.depolarising and copies:
            if len(amplitudes) == 1:
                amplitudes = np.repeat(amplitudes, min(self.trajectories, copies), axis=0)
            amplitudes = depolarise(amplitudes, self.depolarising, rng)
        return amplitudes, copies


def depolarise(amplitudes: np.ndarray, p: float, rng: np.random.Generator) -> np.ndarray:
    """One random Pauli error pattern per trajectory: every qubit gets X, Y or Z with probability p/4 each.

    XZ stands for Y, which differs by a global phase, so real amplitudes stay real.
    """
    trajectories, _, dimension = amplitudes.shape
    qubits = dimension.bit_length() - 1
    pauli = rng.choice(4, size=(trajectories, qubits), p=[1 - 3 * p / 4, p / 4, p / 4, p / 4])
    powers = 1 << np.arange(qubits - 1, -1, -1)
    flips, signs = (pauli & 1) @ powers, (pauli >> 1) @ powers
    out = amplitudes.copy()
    basis = np.arange(dimension)
    for t in np.flatnonzero(flips | signs):
        parity = np.bitwise_count(basis & signs[t]) & 1
        out[t] = (out[t] * (1 - 2.0 * parity))[:, basis ^ flips[t]]
    return out


def depolarise_density(density: np.ndarray, p: float) -> np.ndarray:
    """The exact channel on an n-qubit density matrix (2^n, 2^n): every qubit depolarised; for small n.

    Raises:
        ProtocolError: not a square matrix of size 2^n, or p outside [0, 1].
    """
    density = np.asarray(density)
    size = density.shape[0] if density.ndim == 2 else 0
    if size < 2 or density.shape != (size, size) or size & (size - 1):
        raise ProtocolError(f"expected (2^n, 2^n), got {density.shape}", where="depolarise_density")
    if not 0 <= p <= 1:
        raise ProtocolError(f"{p!r} is outside [0, 1]", where="p")
    for qubit in range(size.bit_length() - 1):
        left, right = 1 << qubit, size >> (qubit + 1)
        split = density.reshape(left, 2, right, left, 2, right)
        mixed = np.zeros_like(split)
        mixed[:, 0, :, :, 0] = mixed[:, 1, :, :, 1] = (split[:, 0, :, :, 0] + split[:, 1, :, :, 1]) / 2
        density = ((1 - p) * split + p * mixed).reshape(size, size)
    return density
