"""What a dishonest Bob gets: he sends half of an entangled probe where the protocol expects his honest register."""

from __future__ import annotations

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.theory.checks import whole


def pauli_shift(word: int, qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Signs (N,) and index permutation (N,) of the n-qubit operator X^a Z^b, word = (a, b) in 2n bits."""
    size = 2 ** whole(qubits, "qubits", 1)
    if not 0 <= word < size**2:
        raise ProtocolError(f"{word} does not fit {2 * qubits} bits", where="word")
    flips, phases = divmod(word, size)
    index = np.arange(size)
    signs = 1.0 - 2.0 * (np.bitwise_count(index & phases) % 2)
    return signs, index ^ flips


def superdense_record(word: int, qubits: int, rng: np.random.Generator) -> int:
    """One run of the attack: Bob's probe through Alice's x-dependent unitary, and the word that his record says.

    Alice's A_l(x) is the Pauli operator of her data's 2n bits; Bob sends one half of n entangled pairs, gets it back,
    and measures both halves in the entangled basis. State_vector simulation of 2n qubits.
    """
    size = 2**qubits
    signs, moved = pauli_shift(word, qubits)
    joint = np.diag(np.full(size, size**-0.5))  # row: the half that travels; column: the half that Bob keeps
    received = np.zeros_like(joint)
    received[moved] = signs[:, None] * joint
    return _entangled_basis_outcome(received, rng)


def phase_record(phases: np.ndarray, rng: np.random.Generator) -> int:
    """The same attack on a re-uploading A_l = diag(exp(i phases)): the outcome of Bob's entangled measurement.

    Only the n phase bits of the word can be seen: diagonal unitaries move no basis state.
    """
    joint = np.diag(np.exp(1j * np.asarray(phases, dtype=float)) / np.sqrt(len(phases)))
    return _entangled_basis_outcome(joint, rng)


def _entangled_basis_outcome(joint: np.ndarray, rng: np.random.Generator) -> int:
    """Outcome of the measurement in the basis (X^a Z^b (x) 1)|Phi>: a Walsh-Hadamard transform per shift a."""
    size = len(joint)
    index = np.arange(size)
    walsh = 1.0 - 2.0 * (np.bitwise_count(index[:, None] & index[None, :]) % 2)
    amplitudes = np.array([walsh @ joint[index ^ flips, index] for flips in range(size)]) / np.sqrt(size)
    probabilities = np.abs(amplitudes.ravel()) ** 2
    return int(rng.choice(size**2, p=probabilities / probabilities.sum()))
