"""Classical rivals that send a message about Alice's vector, in bulk: best of 2^k shared vectors, top-q, everything.

Bob holds every block (L = 1, A_1 the identity). A bulk run *samples* messages and answers from the joint law of the
full protocol, which shared rotations make invariant: in coordinates of the plane spanned by Alice's vector and its
image under Bob's projector, with what the shared vectors are in the other N - 2 dimensions summarised by two
chi-squares. The bits cross the channel and are counted; which vector they name is the simulator's knowledge
(`LazyVectors`), not Bob's. `rivals_literal` executes the same protocols on full vectors, where the message alone
decides; tests and the stage compare bits and answers of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Payload
from qcomm.network.payload import subset_bits, to_bits, width_of
from qcomm.protocols.rivals_law import best_moments, check_size, log_tail_of_best, unbiased
from qcomm.protocols.task import ALICE, BOB
from qcomm.seeds import generator
from qcomm.theory.checks import whole
from qcomm.theory.sphere import cosine_of_log_tail
from qcomm.theory.success import quantiser_step

CALIBRATION_NUMBERS = 200_000


@dataclass(frozen=True)
class Batch:
    """T estimates of losses. losses, values: (T,). ledger: of all T exchanges together."""

    losses: np.ndarray
    values: np.ndarray
    ledger: Ledger

    @property
    def bits(self) -> float:
        """Bits per exchange, as counted on the channel."""
        return self.ledger.bits / len(self.values)

    def within(self, eps: float) -> np.ndarray:
        """Whether each estimate, moved into [0, 1], is at most eps off (T,)."""
        return np.abs(np.clip(self.values, 0, 1) - self.losses) <= eps

    @property
    def right(self) -> np.ndarray:
        """Whether "in W" (estimate above 1/2) is right (T,); for losses 0 and 1."""
        return (self.values > 0.5) == (self.losses > 0.5)


def check_losses(losses: np.ndarray) -> np.ndarray:
    """A row of finite numbers in [0, 1].

    Raises:
        ProtocolError: it is not.
    """
    losses = np.asarray(losses, dtype=float)
    if losses.ndim != 1 or losses.size == 0 or not ((losses >= 0) & (losses <= 1)).all():
        raise ProtocolError("losses must be a non-empty row of numbers in [0, 1]", where="losses")
    return losses


def planes(losses: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Private inputs in the plane's coordinates, Alice's vector being (1, 0): Bob's W contains the axis
    (sqrt p, -sqrt(1-p)) and half of the N - 2 dimensions that are left."""
    axis = np.stack([np.sqrt(losses), -np.sqrt(1 - losses)], axis=1)
    return {ALICE: {"x": np.tile([1.0, 0.0], (len(losses), 1))}, BOB: {"axis": axis}}


class LazyVectors:
    """Shared random vectors of which only those that a message names are ever drawn: unit, cosine c to Alice's vector.

    A simulator's device that stands for shared randomness, and knows both sides: runs that use it are samples of the
    protocol's law.
    """

    def __init__(self, x: np.ndarray, cosines: np.ndarray, size: int, messages: np.ndarray, shared):
        across, inside, outside = shared.standard_normal(len(x)), *shared.chisquare(size // 2 - 1, size=(2, len(x)))
        scale = np.sqrt(np.clip(1 - cosines**2, 0, None) / (across**2 + inside + outside))
        turned = np.stack([-x[:, 1], x[:, 0]], axis=1)
        self._plane = cosines[:, None] * x + (scale * across)[:, None] * turned
        self._inside, self._messages = scale**2 * inside, messages

    def shares(self, heard: np.ndarray, axis: np.ndarray) -> np.ndarray:
        """|P_W u|^2 of the vectors that the messages (T, bits) name, W containing `axis` and the hidden inside."""
        if not np.array_equal(heard, self._messages):
            raise ProtocolError("a message names a vector that was never drawn", where="LazyVectors")
        return np.einsum("tk,tk->t", self._plane, axis) ** 2 + self._inside


Encoder = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def direction_batch(losses: np.ndarray, size: int, seed: int, encode: Encoder, power: float, label: str) -> Batch:
    """Run an encoder for all losses: ``encode(shared, T)`` gives the cosines (T,) and the messages' bits (T, bits).

    The messages of all T exchanges cross the channel as one.
    """
    losses, size = check_losses(losses), check_size(size)
    network = Network(planes(losses), seed)
    drawn: list[LazyVectors] = []

    def alice(me):
        shared, x = me.shared(label), me.private["x"]
        cosines, messages = encode(shared, len(x))
        drawn.append(LazyVectors(x, cosines, size, messages, shared))
        me.send(BOB, together(messages), label)

    def bob(me):
        axis = me.private["axis"]
        heard = to_bits((yield ALICE)).reshape(len(axis), -1)
        return unbiased(drawn[0].shares(heard, axis), power, size)

    return Batch(losses, network.run({ALICE: alice, BOB: bob})[BOB], network.ledger)


def together(messages: np.ndarray) -> Payload:
    """The messages of all exchanges of a batch, 0/1 in uint8 (T, bits), one behind the other."""
    packed, unused = np.packbits(messages), -messages.size % 8
    return Payload(int.from_bytes(packed.tobytes(), "big") >> unused, messages.size)


def random_bits(rng: np.random.Generator, count: int, bits: int) -> np.ndarray:
    """Random 0/1, uint8 (count, bits)."""
    width = (bits + 7) // 8
    packed = np.frombuffer(rng.bytes(width * count), np.uint8).reshape(count, width)
    return np.unpackbits(packed, axis=1)[:, :bits]


def random_ranks(rng: np.random.Generator, count: int, below: int) -> np.ndarray:
    """The bits (count, b) of random whole numbers below `below`, as many as tell these apart; uniform to 2^-61."""
    bits = width_of(below)
    more = max(0, bits - 62)
    leading = cell_bits(rng.integers(below >> more, size=(count, 1)), bits - more)
    return np.hstack([leading, random_bits(rng, count, more)]) if more else leading


def cell_bits(cells: np.ndarray, width: int) -> np.ndarray:
    """Non-negative integers (T, m) below 2^width as bits (T, m width), `width` each."""
    small = cells.astype(np.min_scalar_type((1 << width) - 1))
    return (
        (small[..., None] >> np.arange(width - 1, -1, -1, dtype=small.dtype) & 1)
        .astype(np.uint8)
        .reshape(len(cells), -1)
    )


def best_batch(losses: np.ndarray, size: int, bits: int, seed: int, *, either_sign: bool = False) -> Batch:
    """Best of 2^bits shared random vectors: the index of the one with the largest <u, v>, or |<u, v>|.

    The largest cosine is drawn as the largest of 2^bits order statistics of one coordinate (a Beta law).
    """
    whole(bits, "bits", 1)

    def encode(shared, count):
        log_rate = np.log(shared.exponential(size=count)) - bits * np.log(2)
        cosines, _ = cosine_of_log_tail(log_tail_of_best(log_rate, either_sign), size)
        return cosines, random_bits(shared, count, bits)

    power, _ = best_moments(bits, check_size(size), either_sign=either_sign)
    return direction_batch(losses, size, seed, encode, power, "best index")


def best_either_batch(losses: np.ndarray, size: int, bits: int, seed: int) -> Batch:
    """`best_batch` by the largest |<u, v>|."""
    return best_batch(losses, size, bits, seed, either_sign=True)


def top_bits(kept: int, size: int) -> int:
    """Positions as one of C(N, q) subsets, and q signs."""
    return subset_bits(size, kept) + kept


def top_batch(losses: np.ndarray, size: int, kept: int, seed: int) -> Batch:
    """Positions and signs of the `kept` largest of N coordinates after a shared rotation."""
    kept = check_kept(kept, check_size(size))

    def encode(shared, count):
        messages = [random_ranks(shared, count, comb(size, kept)), random_bits(shared, count, kept)]
        return top_cosines(shared, count, size, kept), np.hstack(messages)

    return direction_batch(losses, size, seed, encode, top_moments(size, kept)[0], "largest entries")


def check_kept(kept: int, size: int) -> int:
    if whole(kept, "kept", 1) >= size:
        raise ProtocolError(f"{kept} of {size} coordinates are not the largest of them", where="kept")
    return kept


def top_cosines(rng: np.random.Generator, count: int, size: int, kept: int) -> np.ndarray:
    """Cosine between a random unit vector of R^N and the signs of its `kept` largest coordinates; (count,).

    The largest are drawn by Renyi's representation of order statistics. ASSUME: the squares of the N - q others, which
    only normalise, are summed in normal approximation; exact draws of all N below N = 1024.
    """
    if size < 1024:
        entries = np.partition(np.abs(rng.standard_normal((count, size), dtype=np.float32)), -kept, axis=1)
        return entries[:, -kept:].sum(axis=1) / np.sqrt(kept * (entries**2).sum(axis=1))
    steps = np.cumsum(rng.exponential(size=(count, kept)), axis=1)
    tails = steps / (steps[:, -1:] + rng.gamma(size + 1 - kept, size=(count, 1)))
    largest = -special.ndtri(tails / 2)
    least = largest[:, -1]
    inside = 1 - tails[:, -1]
    density = 2 * np.exp(-(least**2) / 2) / np.sqrt(2 * np.pi)
    square = 1 - least * density / inside
    fourth = 3 - (least**3 + 3 * least) * density / inside
    others = (size - kept) * square + np.sqrt((size - kept) * (fourth - square**2)) * rng.standard_normal(count)
    return largest.sum(axis=1) / np.sqrt(kept * (others + (largest**2).sum(axis=1)))


@lru_cache
def top_moments(size: int, kept: int) -> tuple[float, float]:
    """E[c^2] and E[c^4] of top-q, from draws that both parties can make beforehand."""
    rng = generator("calibration", "top", size, kept)
    count = max(200, min(20_000, CALIBRATION_NUMBERS // (size if size < 1024 else kept + 1)))
    squares = top_cosines(rng, count, size, kept) ** 2
    return float(squares.mean()), float((squares**2).mean())


def quantise(scaled: np.ndarray, bits: int, dither: np.ndarray) -> np.ndarray:
    """Cells of coordinates in units of N^-1/2 for a uniform quantiser of 2^bits levels, dithered by `dither` in
    [-1/2, 1/2) steps. One bit is the sign, undithered."""
    if bits == 1:
        return (scaled > 0).astype(np.int64)
    half = 1 << (bits - 1)
    return (np.clip(np.floor(scaled / quantiser_step(bits) + dither), -half, half - 1) + half).astype(np.int64)


def rebuild(cells: np.ndarray, bits: int, dither: np.ndarray) -> np.ndarray:
    """The middle of each cell, less the dither; in units of N^-1/2."""
    if bits == 1:
        return 2.0 * cells - 1
    return (cells - (1 << (bits - 1)) + 0.5 - dither) * quantiser_step(bits)


def _sent(rng: np.random.Generator, count: int, size: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells of random unit vectors (count, N), and the cosine of what they rebuild to the vectors."""
    vectors = rng.standard_normal((count, size))
    vectors *= np.sqrt(size) / np.linalg.norm(vectors, axis=1, keepdims=True)
    dither = rng.uniform(-0.5, 0.5, size=vectors.shape)
    cells = quantise(vectors, check_real(bits), dither)
    seen = rebuild(cells, bits, dither)
    overlap = np.einsum("tn,tn->t", vectors, seen)
    return cells, overlap / (np.sqrt(size) * np.linalg.norm(seen, axis=1))


def check_real(bits: int) -> int:
    if whole(bits, "bits_per_real", 1) > 24:
        raise ProtocolError(f"{bits} bits a number are more than a float32 holds", where="bits_per_real")
    return bits


@lru_cache
def everything_moments(size: int, bits: int) -> tuple[float, float]:
    """E[c^2] and E[c^4] of a vector sent with `bits` a coordinate, from draws that both parties can make beforehand."""
    rng = generator("calibration", "everything", size, bits)
    squares = _sent(rng, max(8, CALIBRATION_NUMBERS // (4 * size)), size, bits)[1] ** 2
    return float(squares.mean()), float((squares**2).mean())


def everything_batch(losses: np.ndarray, size: int, bits: int, seed: int) -> Batch:
    """All N coordinates after a shared random rotation, `bits` each, dithered, step in units of N^-1/2."""
    check_real(bits)

    def encode(shared, count):
        cells, cosines = _sent(shared, count, size, bits)
        return cosines, cell_bits(cells, bits)

    return direction_batch(losses, size, seed, encode, everything_moments(check_size(size), bits)[0], "coordinates")
