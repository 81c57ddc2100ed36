"""Linear classification with single copies: Hadamard test and swap test, over the channel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from qcomm.network import Network, Party
from qcomm.protocols.linear import LinearRun, checked_pairs
from qcomm.theory.checks import whole
from qcomm.theory.success import swap_test_threshold


def padded(rows: np.ndarray) -> np.ndarray:
    """Rows (T, N) with zeros up to the next power of two: what amplitude encoding needs."""
    size = 1 << max(1, (rows.shape[1] - 1).bit_length())
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))


def preparation(vector: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A reflection on the last axis that swaps |0..0> and |vector>: prepares it, and is its own inverse."""
    mirror = -np.asarray(vector, dtype=float)
    mirror[0] += 1.0
    norm = mirror @ mirror
    if norm < 1e-30:
        return lambda amplitudes: amplitudes
    return lambda amplitudes: amplitudes - (2 / norm) * (amplitudes @ mirror)[..., None] * mirror


def hadamard_test(x: np.ndarray, y: np.ndarray, copies: int, seed: int, repeats: int = 1) -> LinearRun:
    """Alice sends `copies` of (|0>|x> + |1>|0..0>)/sqrt2; Bob prepares y on |1>, applies H and takes the majority.

    P(0) = (1 + x.y)/2. Each pair is classified `repeats` times.
    """
    x, y, signs = checked_pairs(x, y)
    whole(copies, "copies", 1)

    def alice(me: Party) -> None:
        for row in padded(me.private["x"]):
            me.send("Bob", me.prepare(np.concatenate([row, zero_vector(row.size)]), copies * repeats), "superposed x")

    def bob(me: Party):
        votes = []
        for row in padded(me.private["y"]):
            register = yield "Alice"
            prepare = preparation(row)
            register.transform(lambda state, prepare=prepare: interfere(on_one(state, prepare)))
            zeros = np.array([register.measure_first_qubit(copies, me.random) for _ in range(repeats)])
            votes.append(np.sign(2 * zeros - copies))
        return np.concatenate(votes)

    return _run(x, y, np.repeat(signs, repeats), seed, alice, bob)


def swap_test(x: np.ndarray, y: np.ndarray, copies: int, gamma: float, seed: int, repeats: int = 1) -> LinearRun:
    """Swap test of (|0>|x> + |1>|0..0>)/sqrt2 with Bob's (|0>|y> + |1>|0..0>)/sqrt2, `copies` of each.

    Bob's own register b never travels. On Alice's register the test is the measurement {(1 + |b><b|)/2, rest}: Bob
    rotates |b> to |0..0>, measures, accepts on |0..0> and otherwise with a fair coin. He knows the promised margin.
    """
    x, y, signs = checked_pairs(x, y)
    threshold = swap_test_threshold(copies, gamma)

    def alice(me: Party) -> None:
        for row in padded(me.private["x"]):
            me.send(
                "Bob", me.prepare(np.concatenate([row, zero_vector(row.size)]), copies * repeats), "x with reference"
            )

    def bob(me: Party):
        votes = []
        for row in padded(me.private["y"]):
            register = yield "Alice"
            register.transform(preparation(np.concatenate([row, zero_vector(row.size)]) / np.sqrt(2)))
            # identical copies measured one after the other: how many gave |0..0> is binomial
            same = me.random.binomial(copies, np.clip(abs(register.amplitudes[0, 0, 0]) ** 2, 0, 1), size=repeats)
            accepted = same + me.random.binomial(copies - same, 0.5)
            votes.append(np.where(accepted >= threshold, 1.0, -1.0))
        return np.concatenate(votes)

    return _run(x, y, np.repeat(signs, repeats), seed, alice, bob)


def zero_vector(size: int) -> np.ndarray:
    return np.eye(1, size)[0]


def on_one(state: np.ndarray, operation) -> np.ndarray:
    """`operation` on the second half of the last axis (first qubit 1)."""
    half = state.shape[-1] // 2
    return np.concatenate([state[..., :half], operation(state[..., half:])], axis=-1)


def interfere(state: np.ndarray) -> np.ndarray:
    """Hadamard gate on the first qubit."""
    half = state.shape[-1] // 2
    low, high = state[..., :half], state[..., half:]
    return np.concatenate([low + high, low - high], axis=-1) / np.sqrt(2)


def _run(x, y, signs, seed, alice, bob) -> LinearRun:
    network = Network({"Alice": {"x": x}, "Bob": {"y": y}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Bob"]
    return LinearRun(votes, signs, network.ledger)
