"""Features stored as bfloat16: the upper half of a float32, kept as uint16, rounded to nearest even.

Eight significant bits: one rounding moves a value by at most 2^-8 of itself. A diffusion step takes weighted means, so
after k steps that each round their result, non-negative features are off by at most (1 + 2^-8)^(k + 1) - 1 relative.
"""

from __future__ import annotations

import numpy as np

from qcomm.errors import DataError
from qcomm.kernels_jit import kernel

ROUNDOFF = 2.0**-8
LARGEST = 3.3895313892515355e38  # above it a float32 would round to infinity


def relative_bound(hops: int) -> float:
    """Largest relative error of non-negative features after `hops` rounded diffusion steps, float32 rounding aside."""
    return (1 + ROUNDOFF) ** (hops + 1) - 1


def narrowed(values: np.ndarray) -> np.ndarray:
    """float32 values as bfloat16 bits (uint16) of the same shape.

    Raises:
        DataError: a value is NaN or too large for the format.
    """
    values = np.ascontiguousarray(values, np.float32)
    if not (np.abs(values) <= LARGEST).all():
        raise DataError("values are NaN or too large for bfloat16")
    bits = np.empty(values.shape, np.uint16)
    narrow(values.view(np.uint32).ravel(), bits.ravel())
    return bits


def widened(bits: np.ndarray) -> np.ndarray:
    """The float32 values behind bfloat16 bits; exact."""
    return (np.asarray(bits).astype(np.uint32) << np.uint32(16)).view(np.float32)


@kernel
def narrow(single, out):
    """Upper halves of float32 bits [n] (uint32), rounded to nearest, ties to even."""
    for at in range(out.size):
        value = single[at]
        out[at] = np.uint16((value + np.uint32(0x7FFF) + ((value >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


class Bfloat16:
    """A matrix of bfloat16 bits that yields float32 rows when indexed.

    Args:
        bits: uint16 [N, D], also a memory map.
    """

    def __init__(self, bits: np.ndarray):
        self.bits, self.shape, self.dtype = bits, bits.shape, np.dtype(np.float32)

    def __getitem__(self, rows) -> np.ndarray:
        return widened(self.bits[rows])
