"""Linear classification over the channel, classical protocols: Alice holds x, Bob holds y, wanted is the sign of x.y.

Every function classifies a batch of T pairs, one exchange of messages after the other, each with fresh shared
randomness, and returns the votes with the ledger of what was sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Party
from qcomm.network.payload import from_bits, from_integers, to_bits, to_integers
from qcomm.theory.checks import unit_rows, whole
from qcomm.theory.success import quantiser_step

LITERAL_NUMBERS = 2_000_000  # Gaussians of one exchange up to which the shared vectors are drawn in full


@dataclass(frozen=True)
class LinearRun:
    """What a batch of T classifications gave and cost.

    Attributes:
        votes: -1, +1, or 0 where a fair coin has to decide (T,).
        signs: the true signs (T,).
        ledger: of all T exchanges together.
    """

    votes: np.ndarray
    signs: np.ndarray
    ledger: Ledger

    @property
    def right(self) -> np.ndarray:
        """1 right, 0 wrong, 1/2 for votes of zero."""
        return (1 + self.votes * self.signs) / 2

    @property
    def success(self) -> float:
        """Share of right votes, a coin counting one half."""
        return float(self.right.mean())

    @property
    def worse(self) -> float:
        """The share of right votes of the sign that does worse, which is what a promise problem asks for."""
        return min(float(self.right[self.signs == sign].mean()) for sign in np.unique(self.signs))

    @property
    def bits(self) -> float:
        """Bits per classification."""
        return self.ledger.bits / len(self.votes)

    @property
    def qubits(self) -> float:
        """Qubits per classification."""
        return self.ledger.qubits / len(self.votes)


def random_pairs(gamma: float, dimension: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors x, y (count, N) with x.y = +gamma and -gamma in turn, otherwise uniformly random."""
    x = unit_rows(rng.normal(size=(count, whole(dimension, "dimension", 2))), "x")
    rest = rng.normal(size=x.shape)
    rest -= (rest * x).sum(axis=1, keepdims=True) * x
    rest /= np.linalg.norm(rest, axis=1, keepdims=True)
    signs = np.where(np.arange(count) % 2 == 0, 1.0, -1.0)[:, None]
    return x, signs * gamma * x + np.sqrt(1 - gamma**2) * rest


def checked_pairs(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit rows x (T, N) and y (T, N) (one row of y serves all), and the true signs (T,).

    Raises:
        ProtocolError: shapes that do not fit, bad rows, or a pair without a sign.
    """
    x = unit_rows(x, "x")
    y = unit_rows(np.atleast_2d(y), "y")
    if y.shape not in {(1, x.shape[1]), x.shape}:
        raise ProtocolError(f"x {x.shape} and y {y.shape} do not fit", where="y")
    overlaps = np.einsum("tn,tn->t", x, np.broadcast_to(y, x.shape))
    if (overlaps == 0).any():
        raise ProtocolError(f"pair {int(np.argmin(np.abs(overlaps)))} is orthogonal: no sign to find", where="x")
    return x, np.broadcast_to(y, x.shape), np.sign(overlaps)


def in_span(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs in orthonormal coordinates of their spans, (T, 2) each.

    Gaussian vectors restricted to a plane are Gaussian in two dimensions, so the sign sketch has exactly the same joint
    law of messages and outputs there; only the vectors' other coordinates, which nobody reads, are never drawn.
    """
    overlaps = np.einsum("tn,tn->t", x, y)
    rest = np.sqrt(np.clip(1 - overlaps**2, 0, None))
    first = np.stack([np.ones_like(overlaps), np.zeros_like(overlaps)], axis=1)
    return first, np.stack([overlaps, rest], axis=1)


def sign_sketch(x: np.ndarray, y: np.ndarray, bits: int, seed: int) -> LinearRun:
    """Alice sends sign(g_i.x) for `bits` shared Gaussian vectors; Bob outputs sign(sum_i sign(g_i.x) g_i.y)."""
    x, y, signs = checked_pairs(x, y)
    whole(bits, "bits", 1)
    if bits * x.shape[1] > LITERAL_NUMBERS:
        x, y = in_span(x, y)

    def sketch(me: Party, trial: int, vector: np.ndarray) -> np.ndarray:
        return me.shared(f"sketch {trial}").standard_normal((bits, vector.size)) @ vector

    def alice(me: Party) -> None:
        for trial, row in enumerate(me.private["x"]):
            me.send("Bob", from_bits(sketch(me, trial, row) > 0), "signs")

    def bob(me: Party):
        votes = []
        for trial, row in enumerate(me.private["y"]):
            heard = to_bits((yield "Alice"))
            votes.append(np.sign((2.0 * heard - 1.0) @ sketch(me, trial, row)))
        return np.array(votes)

    return _exchange(x, y, signs, seed, alice, bob)


def quantised_vector(x: np.ndarray, y: np.ndarray, bits_per_number: int, seed: int) -> LinearRun:
    """Alice sends every coordinate of her randomly rotated vector with a uniform quantiser; N times b bits."""
    x, y, signs = checked_pairs(x, y)
    step = _step(bits_per_number, x.shape[1])

    def alice(me: Party) -> None:
        for trial, row in enumerate(me.private["x"]):
            rotated = rotate(row, me.shared(f"rotation {trial}"))
            me.send("Bob", from_integers(_cells(rotated, step, bits_per_number), bits_per_number), "coordinates")

    def bob(me: Party):
        votes = []
        for trial, row in enumerate(me.private["y"]):
            levels = _levels(to_integers((yield "Alice"), bits_per_number), step, bits_per_number)
            votes.append(np.sign(levels @ rotate(row, me.shared(f"rotation {trial}"))))
        return np.array(votes)

    return _exchange(x, y, signs, seed, alice, bob)


def weights_sent(x: np.ndarray, y: np.ndarray, bits_per_number: int, seed: int) -> LinearRun:
    """Bob sends his weights once, quantised; Alice classifies all her vectors (one row of y, T rows of x)."""
    x, y, signs = checked_pairs(x, y)
    if not (y == y[0]).all():
        raise ProtocolError("Bob has one vector of weights here", where="y")
    step = _step(bits_per_number, x.shape[1])

    def bob(me: Party) -> None:
        rotated = rotate(me.private["y"][0], me.shared("rotation"))
        me.send("Alice", from_integers(_cells(rotated, step, bits_per_number), bits_per_number), "weights")

    def alice(me: Party):
        levels = _levels(to_integers((yield "Bob"), bits_per_number), step, bits_per_number)
        rotation = "rotation"
        return np.sign([levels @ rotate(row, me.shared(rotation)) for row in me.private["x"]])

    network = Network({"Alice": {"x": x}, "Bob": {"y": y[:1]}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Alice"]
    return LinearRun(votes, signs, network.ledger)


def _exchange(x, y, signs, seed, alice, bob) -> LinearRun:
    network = Network({"Alice": {"x": x}, "Bob": {"y": y}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Bob"]
    return LinearRun(votes, signs, network.ledger)


def _step(bits_per_number: int, dimension: int) -> float:
    if bits_per_number > 24:
        raise ProtocolError(f"{bits_per_number} bits a number are more than a float32 holds", where="bits_per_number")
    return quantiser_step(bits_per_number) / np.sqrt(dimension)


def _cells(values: np.ndarray, step: float, bits: int) -> np.ndarray:
    half = 2 ** (bits - 1)
    return (np.clip(np.floor(values / step), -half, half - 1) + half).astype(np.int64)


def _levels(cells: np.ndarray, step: float, bits: int) -> np.ndarray:
    return (cells - 2 ** (bits - 1) + 0.5) * step


def rotate(vector: np.ndarray, shared: np.random.Generator) -> np.ndarray:
    """A shared random orthogonal map of R^N: twice random signs and a random permutation-free Hadamard transform.

    N that is no power of two is covered by two overlapping transforms, of the first and of the last 2^floor(log2 N)
    coordinates. ASSUME: two rounds are taken for a Haar rotation; tests compare the success with the exact one.
    """
    size = 1 << (vector.size.bit_length() - 1)
    for _ in range(2):
        vector = vector * shared.choice([-1.0, 1.0], size=vector.size)
        vector[:size] = hadamard(vector[:size])
        if size < vector.size:
            vector[-size:] = hadamard(vector[-size:])
    return vector


def hadamard(vector: np.ndarray) -> np.ndarray:
    """The normalised Walsh-Hadamard transform of a vector of length 2^n."""
    vector = np.array(vector, dtype=float)
    half = 1
    while half < vector.size:
        pairs = vector.reshape(-1, 2, half)
        vector = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1).ravel()
        half *= 2
    return vector / np.sqrt(vector.size)
