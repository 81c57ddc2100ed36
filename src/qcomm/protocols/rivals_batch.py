"""How bulk runs of the rivals cross the channel: in coordinates of a plane, all exchanges of a batch in one message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Payload
from qcomm.network.payload import to_bits, width_of
from qcomm.protocols.rivals_law import check_size, unbiased
from qcomm.protocols.task import ALICE, BOB


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
