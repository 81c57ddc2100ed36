"""What a dishonest party gets: it sends half of an entangled probe where the protocol expects its honest register.

Bob learns about Alice's data in this way, and, with the roles swapped, Alice about Bob's parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Party
from qcomm.theory.checks import whole


def pauli_shift(word: int, qubits: int) -> tuple[np.ndarray, np.ndarray]:
    """Signs (N,) and index permutation (N,) of the n-qubit operator X^a Z^b, word = (a, b) in 2n bits.

    Raises:
        ProtocolError: the word does not fit 2n bits.
    """
    size = 2 ** whole(qubits, "qubits", 1)
    if not 0 <= word < size**2:
        raise ProtocolError(f"{word} does not fit {2 * qubits} bits", where="word")
    flips, phases = divmod(int(word), size)
    index = np.arange(size)
    signs = 1.0 - 2.0 * (np.bitwise_count(index & phases) % 2)
    return signs, index ^ flips


def superdense_attack(words: np.ndarray, qubits: int, seed: int, *, attacker: str = "Bob") -> tuple[np.ndarray, Ledger]:
    """The victim's unitary is the Pauli operator of its data's 2n bits; the words that are read, and the traffic.

    The attacker sends one half of n entangled pairs, gets it back, and measures both halves in the entangled basis.
    """

    def operation(word: int) -> Callable[[np.ndarray], np.ndarray]:
        signs, moved = pauli_shift(word, qubits)

        def act(state: np.ndarray) -> np.ndarray:
            out = np.empty_like(state)
            out[..., moved] = signs * state
            return out

        return act

    return _attack([operation(int(word)) for word in words], qubits, seed, attacker)


def phase_attack(phases: np.ndarray, seed: int, *, attacker: str = "Bob") -> tuple[np.ndarray, Ledger]:
    """The same attack on unitaries diag(exp(i phases)), one row (N,) of phases for each use.

    Only the n phase bits of the word can be seen: diagonal unitaries move no basis state.
    """
    phases = np.asarray(phases, dtype=float)
    factors = np.exp(1j * phases)
    return _attack(
        [lambda state, f=f: f * state for f in factors], int(phases.shape[1]).bit_length() - 1, seed, attacker
    )


def phase_outcomes(phases: np.ndarray) -> np.ndarray:
    """Probabilities (S, N) of the words that `phase_attack` reads, one row of phases (S, N) each."""
    phases = np.asarray(phases, dtype=float)
    index = np.arange(phases.shape[1])
    walsh = 1.0 - 2.0 * (np.bitwise_count(index[:, None] & index[None, :]) % 2)
    return np.abs(np.exp(1j * phases) @ walsh) ** 2 / phases.shape[1] ** 2


def _attack(operations: list[Callable], qubits: int, seed: int, attacker: str) -> tuple[np.ndarray, Ledger]:
    """Every use over the channel: n qubits to the victim, its operation, n qubits back, the entangled measurement."""
    size, owner = 2**qubits, {"Bob": "Alice", "Alice": "Bob"}[attacker]

    def victim(me: Party):
        for operation in me.private["operations"]:
            register = yield attacker
            register.transform(operation)
            me.send(attacker, register, "answer")

    def reader(me: Party):
        words = []
        for _ in range(me.private["uses"]):
            register = me.prepare(np.eye(1, size)[0], 1, kept=size)
            register.transform(_entangled)
            me.send(owner, register, "probe")
            register = yield owner
            words.append(_entangled_outcome(register.amplitudes[0], me.random))
        return np.array(words)

    network = Network({owner: {"operations": operations}, attacker: {"uses": len(operations)}}, seed)
    return network.run({owner: victim, attacker: reader})[attacker], network.ledger


def _entangled(state: np.ndarray) -> np.ndarray:
    """Sum over j of |j>|0> becomes sum over j of |j>|j>: the attacker's copy is the axis that it keeps."""
    size = state.shape[-1]
    out = np.zeros(state.shape, dtype=complex)
    out[0, np.arange(size), np.arange(size)] = state[0, :, 0]
    return out


def _entangled_outcome(joint: np.ndarray, rng: np.random.Generator) -> int:
    """Outcome of measuring kept (rows) and returned (columns) halves in the basis (X^a Z^b (x) 1)|Phi>."""
    size = len(joint)
    index = np.arange(size)
    walsh = 1.0 - 2.0 * (np.bitwise_count(index[:, None] & index[None, :]) % 2)
    amplitudes = np.array([walsh @ joint[index, index ^ flips] for flips in range(size)]) / np.sqrt(size)
    probabilities = np.abs(amplitudes.ravel()) ** 2
    return int(rng.choice(size**2, p=probabilities / probabilities.sum()))
