"""Classical messages: values serialised to bits, whose number is what a message costs."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from qcomm.errors import ProtocolError


@dataclass(frozen=True)
class Payload:
    """An immutable string of bits. `number` is the string read as a binary number, `length` its length in bits."""

    number: int
    length: int

    def __post_init__(self):
        if self.length < 1 or not 0 <= self.number < 1 << self.length:
            raise ProtocolError(f"{self.number} does not fit {self.length} bits", where="Payload")

    def __add__(self, other: Payload) -> Payload:
        return Payload(self.number << other.length | other.number, self.length + other.length)

    def split(self, *lengths: int) -> tuple[Payload, ...]:
        """Cut into parts of the given lengths, which must add up.

        Raises:
            ProtocolError: they do not.
        """
        if sum(lengths) != self.length:
            raise ProtocolError(f"parts of {lengths} bits do not add up to {self.length}", where="Payload.split")
        parts, left = [], self.length
        for length in lengths:
            left -= length
            parts.append(Payload(self.number >> left & (1 << length) - 1, length))
        return tuple(parts)


def width_of(count: int) -> int:
    """Whole bits that tell `count` possibilities apart, at least 1."""
    if count < 1:
        raise ProtocolError(f"{count} possibilities cannot be told apart", where="width_of")
    return max(1, (count - 1).bit_length())


def from_bits(bits: np.ndarray) -> Payload:
    """An array of 0/1 or booleans, one bit each."""
    bits = np.asarray(bits)
    if bits.ndim != 1 or bits.size == 0 or not ((bits == 0) | (bits == 1)).all():
        raise ProtocolError(f"expected a non-empty row of 0/1, got shape {bits.shape}", where="from_bits")
    packed = np.packbits(bits.astype(np.uint8))
    return Payload(int.from_bytes(packed.tobytes(), "big") >> -bits.size % 8, int(bits.size))


def to_bits(payload: Payload) -> np.ndarray:
    """The bits as a uint8 array (length,)."""
    pad = -payload.length % 8
    data = (payload.number << pad).to_bytes((payload.length + pad) // 8, "big")
    return np.unpackbits(np.frombuffer(data, np.uint8))[: payload.length]


def from_integers(values: np.ndarray, width: int) -> Payload:
    """Non-negative integers below 2^width (width <= 32), `width` bits each.

    Raises:
        ProtocolError: a value does not fit.
    """
    values = np.asarray(values, dtype=np.int64).ravel()
    if not 1 <= width <= 32 or values.size == 0 or values.min() < 0 or values.max() >= 1 << width:
        raise ProtocolError(f"values do not fit {width} bits", where="from_integers")
    shifts = np.arange(width - 1, -1, -1)
    return from_bits((values[:, None] >> shifts & 1).ravel())


def to_integers(payload: Payload, width: int) -> np.ndarray:
    """Inverse of `from_integers`; int64 array."""
    if payload.length % width:
        raise ProtocolError(f"{payload.length} bits are not a row of {width}-bit numbers", where="to_integers")
    rows = to_bits(payload).reshape(-1, width).astype(np.int64)
    return rows @ (1 << np.arange(width - 1, -1, -1, dtype=np.int64))


def from_floats(values: np.ndarray) -> Payload:
    """Finite numbers as IEEE single precision, 32 bits each."""
    values = np.asarray(values, dtype=np.float32).ravel()
    if not np.isfinite(values).all():
        raise ProtocolError("values hold NaN or infinity", where="from_floats")
    return from_integers(values.view(np.uint32).astype(np.int64), 32)


def to_floats(payload: Payload) -> np.ndarray:
    """Inverse of `from_floats`; float64 array."""
    return to_integers(payload, 32).astype(np.uint32).view(np.float32).astype(np.float64)


def subset_bits(size: int, chosen: int) -> int:
    """Whole bits that name one of the subsets of `chosen` out of `size` positions."""
    return width_of(comb(size, chosen))


def from_subset(positions: np.ndarray, size: int) -> Payload:
    """A set of distinct positions below `size` by its rank among all sets of that many (combinatorial number system).

    Raises:
        ProtocolError: positions repeat or lie outside.
    """
    ordered = sorted(int(p) for p in positions)
    if not ordered or len(set(ordered)) < len(ordered) or ordered[0] < 0 or ordered[-1] >= size:
        raise ProtocolError("positions repeat or lie outside", where="from_subset")
    rank = sum(comb(p, i) for i, p in enumerate(ordered, start=1))
    return Payload(rank, subset_bits(size, len(ordered)))


def to_subset(payload: Payload, size: int, chosen: int) -> np.ndarray:
    """Inverse of `from_subset`; positions ascending."""
    rank, top, positions = payload.number, size, []
    for i in range(chosen, 0, -1):
        low, high = i - 1, top - 1  # the largest p below `top` with C(p, i) <= rank
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if comb(middle, i) <= rank else (low, middle - 1)
        positions.append(low)
        rank, top = rank - comb(low, i), low
    return np.array(positions[::-1])
