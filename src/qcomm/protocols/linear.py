"""Linear classification over the channel, classical protocols: Alice holds x, Bob holds y, wanted is the sign of x.y.

Every function classifies a batch of T pairs, one exchange of messages after the other, each with fresh shared
randomness, and returns the votes with the ledger of what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Party
from qcomm.network.payload import from_bits, from_integers, to_bits, to_integers
from qcomm.theory.checks import unit_rows, whole
from qcomm.theory.success import quantiser_step

CHUNK_NUMBERS = 2**22  # Gaussians of the shared sketch that are held at a time


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
    def bits(self) -> float:
        """Bits per classification."""
        return self.ledger.bits / len(self.votes)

    @property
    def qubits(self) -> float:
        """Qubits per classification."""
        return self.ledger.qubits / len(self.votes)


def random_pairs(gamma: float, dimension: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors x, y (count, N) with x.y = +gamma and -gamma in turn, otherwise uniformly random."""
    x = rng.standard_normal((count, whole(dimension, "dimension", 2)))
    x /= np.sqrt(np.einsum("tn,tn->t", x, x))[:, None]
    y = rng.standard_normal(x.shape)
    y -= np.einsum("tn,tn->t", y, x)[:, None] * x
    y *= np.sqrt((1 - gamma**2) / np.einsum("tn,tn->t", y, y))[:, None]
    y += np.where(np.arange(count) % 2 == 0, gamma, -gamma)[:, None] * x
    return x, y


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
    law of messages and outputs there; only the vectors' other coordinates, which nobody reads, are never drawn. A run
    in these coordinates is a sample of the protocol's law, not the protocol: nobody knows the plane. Say so with it.
    """
    overlaps = np.einsum("tn,tn->t", x, y)
    rest = np.sqrt(np.clip(1 - overlaps**2, 0, None))
    first = np.stack([np.ones_like(overlaps), np.zeros_like(overlaps)], axis=1)
    return first, np.stack([overlaps, rest], axis=1)


def sign_sketch(x: np.ndarray, y: np.ndarray, bits: int, seed: int, *, block: int = 1) -> LinearRun:
    """Alice sends sign(g_i.x) for `bits` shared Gaussian vectors; Bob outputs sign(sum_i sign(g_i.x) g_i.y).

    `block` classifications in a row use the same shared vectors, drawn once: the bits sent are the same, and each has
    the same success; only votes of one block are not exactly independent where their inputs are alike.
    """
    x, y, signs = checked_pairs(x, y)
    whole(bits, "bits", 1)
    whole(block, "block", 1)

    def sketches(me: Party, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Products (bits,) of the shared vectors with each row."""
        for start in range(0, len(rows), block):
            shared, part = me.shared(f"sketch {start}"), rows[start : start + block].T
            step = max(1, CHUNK_NUMBERS // len(part))
            sizes = [min(step, bits - done) for done in range(0, bits, step)]
            yield from np.vstack([shared.standard_normal((size, len(part))) @ part for size in sizes]).T

    def alice(me: Party) -> None:
        for products in sketches(me, me.private["x"]):
            me.send("Bob", from_bits(products > 0), "signs")

    def bob(me: Party):
        votes = []
        for products in sketches(me, me.private["y"]):
            heard = to_bits((yield "Alice"))
            votes.append(np.sign((2.0 * heard - 1.0) @ products))
        return np.array(votes)

    return _exchange(x, y, signs, seed, alice, bob)


def quantised_vector(x: np.ndarray, y: np.ndarray, bits_per_number: int, seed: int) -> LinearRun:
    """Alice sends every coordinate of her randomly rotated vector with a uniform quantiser; N times b bits."""
    x, y, signs = checked_pairs(x, y)
    step = quantiser_step(bits_per_number) / np.sqrt(x.shape[1])

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
    step = quantiser_step(bits_per_number) / np.sqrt(x.shape[1])

    def bob(me: Party) -> None:
        rotated = rotate(me.private["y"][0], me.shared("rotation"))
        me.send("Alice", from_integers(_cells(rotated, step, bits_per_number), bits_per_number), "weights")

    def alice(me: Party):
        levels = _levels(to_integers((yield "Bob"), bits_per_number), step, bits_per_number)
        return np.sign([levels @ rotate(row, me.shared("rotation")) for row in me.private["x"]])

    network = Network({"Alice": {"x": x}, "Bob": {"y": y[:1]}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Alice"]
    return LinearRun(votes, signs, network.ledger)


def _exchange(x, y, signs, seed, alice, bob) -> LinearRun:
    network = Network({"Alice": {"x": x}, "Bob": {"y": y}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Bob"]
    return LinearRun(votes, signs, network.ledger)


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
