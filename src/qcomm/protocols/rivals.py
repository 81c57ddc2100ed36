"""Classical rivals that send a message about Alice's vector, in bulk: best of 2^k shared vectors, top-q, everything.

Bob holds every block (L = 1, A_1 the identity). A bulk run *samples* messages and answers from the joint law of the
full protocol, which shared rotations make invariant: in coordinates of the plane spanned by Alice's vector and its
image under Bob's projector, with what the shared vectors are in the other N - 2 dimensions summarised by two
chi-squares. The bits cross the channel and are counted; which vector they name is the simulator's knowledge
(`rivals_batch.LazyVectors`), not Bob's. `rivals_literal` executes the same protocols on full vectors, where the message
alone decides; tests and the stage compare bits and answers of the two.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.network.payload import subset_bits
from qcomm.protocols.rivals_batch import Batch, cell_bits, direction_batch, random_bits, random_ranks
from qcomm.protocols.rivals_law import best_moments, check_size, log_tail_of_best
from qcomm.seeds import generator
from qcomm.theory.checks import whole
from qcomm.theory.sphere import cosine_of_log_tail
from qcomm.theory.success import quantiser_step

CALIBRATION_NUMBERS = 200_000


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
