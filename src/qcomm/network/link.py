"""What a quantum message suffers on its way: depolarising noise, heralded loss, or teleportation instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.theory.checks import in_range

MOST_AMPLITUDES = 1 << 27  # of all trajectories together: a gigabyte of real ones


@dataclass(frozen=True)
class Link:
    """Properties of a link, per transmitted qubit.

    Attributes:
        depolarising: p in [0, 1]; a qubit is replaced by the maximally mixed state with probability p. As Pauli errors:
            X, Y, Z with p/4 each, drawn afresh for every copy: the sampling is exact for any number of copies. ASSUME:
            noise acts on transmitted qubits only; local operations are perfect.
        loss: probability that a qubit is lost, and the receiver notices; a copy that lost a qubit is discarded.
        teleport: qubits are teleported: one shared pair and two classical bits each, instead of a quantum message.
    """

    depolarising: float = 0.0
    loss: float = 0.0
    teleport: bool = False

    def __post_init__(self):
        for name in ("depolarising", "loss"):
            in_range(getattr(self, name), f"Link.{name}", 0, 1)

    def transmit(
        self, amplitudes: np.ndarray, shares: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """What arrives: amplitudes (trajectories, kept, 2^n), and the copies of each trajectory.

        Raises:
            ProtocolError: so many copies suffer different errors that their states do not fit `MOST_AMPLITUDES`.
        """
        qubits = amplitudes.shape[-1].bit_length() - 1
        if self.loss:
            amplitudes, shares = _arrived(amplitudes, rng.binomial(shares, (1 - self.loss) ** qubits))
        if self.depolarising and shares.any():
            amplitudes, shares = depolarise(amplitudes, shares, self.depolarising, rng)
        return amplitudes, shares


def _arrived(amplitudes: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Without the trajectories of which nothing is left; one stays in any case, to walk on without a copy."""
    left = np.flatnonzero(shares) if shares.any() else np.array([0])
    return (amplitudes, shares) if left.size == shares.size else (amplitudes[left], shares[left])


def depolarise(
    amplitudes: np.ndarray, shares: np.ndarray, p: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A random Pauli error pattern for every copy: each qubit gets X, Y or Z with probability p/4 each.

    Copies of one trajectory that draw the same pattern stay together, those without any error among them. XZ stands for
    Y, which differs by a global phase, so real amplitudes stay real.

    Args:
        amplitudes: (trajectories, kept, 2^n).
        shares: copies of each trajectory (trajectories,).
        p: in [0, 1].
        rng: of the errors.

    Returns:
        The same two, with a trajectory for every pattern that was drawn.

    Raises:
        ProtocolError: the patterns' states do not fit `MOST_AMPLITUDES`.
    """
    _, kept, dimension = amplitudes.shape
    most = MOST_AMPLITUDES // (kept * dimension)
    which, flips, signs, shares = _patterns(shares, dimension.bit_length() - 1, p, rng, most)
    out = amplitudes[which]
    basis = np.arange(dimension)
    for t in np.flatnonzero(flips | signs):
        parity = np.bitwise_count(basis & signs[t]) & 1
        out[t] = (out[t] * (1 - 2.0 * parity))[:, basis ^ flips[t]]
    return out, shares


def _patterns(shares: np.ndarray, qubits: int, p: float, rng: np.random.Generator, most: int) -> tuple[np.ndarray, ...]:
    """At most `most` groups of copies with the same errors: trajectory, qubits with X, with Z (as bits), copies.

    Groups are split qubit by qubit in I, X, Z and XZ, so that work grows with the groups and not with the copies.
    """
    which = np.arange(len(shares))
    flips = signs = np.zeros_like(which)
    for _ in range(qubits):
        split = rng.multinomial(shares, [1 - 3 * p / 4, p / 4, p / 4, p / 4])
        group, pauli = np.nonzero(split)
        if len(group) > most:
            raise ProtocolError(
                f"over {most} different errors hit {shares.sum()} copies: too many states of {qubits} qubits",
                where="Link.depolarising",
                fix="send fewer copies at a time, or lower the noise",
            )
        which, shares = which[group], split[group, pauli]
        flips, signs = flips[group] << 1 | pauli & 1, signs[group] << 1 | pauli >> 1
    return which, flips, signs, shares
