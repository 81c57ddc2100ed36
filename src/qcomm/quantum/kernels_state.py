"""Rotations of whole layers on one plane of amplitudes, forwards and, with derivatives, backwards.

A plane is a contiguous array of 2^m real numbers (real or imaginary parts). Cosines and sines of a layer are ordered by
bit: entry i belongs to the qubit whose bit has weight 2^i in the index.
"""

from __future__ import annotations

from qcomm.kernels_jit import kernel
from qcomm.quantum.vector_code import adjoint, rotation

BLOCK = 12  # bits of a block of amplitudes that stays in the first-level cache (16 KB in single precision)
PIECE = 256  # vectors after which running sums are moved to double precision

inside0, inside1, inside2 = rotation(0, True), rotation(1, True), rotation(2, True)
inside3, inside4 = rotation(3, True), rotation(4, True)
across1, across2, across3, across4 = (rotation(radix, False) for radix in (1, 2, 3, 4))
back_inside0, back_inside1, back_inside2, back_inside3 = (adjoint(radix, True) for radix in (0, 1, 2, 3))
back_across1, back_across2, back_across3 = (adjoint(radix, False) for radix in (1, 2, 3))


@kernel
def turn(x, lane_bits, bits, c, s):
    """One layer of rotations of all qubits of a plane of 2^bits amplitudes."""
    block = min(bits, BLOCK)
    for start in range(0, 1 << bits, 1 << block):
        turn_lowest(x, start, block, lane_bits, c, s)
        turn_bits(x, start, block, min(block, lane_bits + 4), block, lane_bits, c, s)
    turn_bits(x, 0, bits, block, bits, lane_bits, c, s)


@kernel
def turn_lowest(x, start, block, lane_bits, c, s):
    """The qubits inside a vector and up to four more."""
    radix, lanes = min(4, block - lane_bits), 1 << lane_bits
    for at in range(start, start + (1 << block), lanes << radix):
        if radix == 4:
            inside4(x, at, lanes, c, s, 0)
        elif radix == 3:
            inside3(x, at, lanes, c, s, 0)
        elif radix == 2:
            inside2(x, at, lanes, c, s, 0)
        elif radix == 1:
            inside1(x, at, lanes, c, s, 0)
        else:
            inside0(x, at, lanes, c, s, 0)


@kernel
def turn_bits(x, start, size_bits, first, last, lane_bits, c, s):
    """The qubits of bits first .. last - 1 within 2^size_bits amplitudes from `start`."""
    lanes = 1 << lane_bits
    while first < last:
        radix, stride = min(4, last - first), 1 << first
        for outer in range(start, start + (1 << size_bits), stride << radix):
            for at in range(outer, outer + stride, lanes):
                if radix == 4:
                    across4(x, at, stride, c, s, first)
                elif radix == 3:
                    across3(x, at, stride, c, s, first)
                elif radix == 2:
                    across2(x, at, stride, c, s, first)
                else:
                    across1(x, at, stride, c, s, first)
        first += radix


@kernel
def turn_back(x, y, lane_bits, bits, c, s, sums, totals):
    """Undo one layer on two planes; totals[i] (float64) += derivative by the angle of bit i, see `adjoint`.

    sums: work space of bits << lane_bits numbers, all zero before and after.
    """
    block = min(bits, BLOCK)
    for start in range(0, 1 << bits, 1 << block):
        back_lowest(x, y, start, block, lane_bits, c, s, sums)
        back_bits(x, y, start, block, min(block, lane_bits + 3), block, lane_bits, c, s, sums, totals)
        flush(sums, 0, min(block, lane_bits + 3), lane_bits, totals)
    back_bits(x, y, 0, bits, block, bits, lane_bits, c, s, sums, totals)


@kernel
def back_lowest(x, y, start, block, lane_bits, c, s, sums):
    radix, lanes = min(3, block - lane_bits), 1 << lane_bits
    for at in range(start, start + (1 << block), lanes << radix):
        if radix == 3:
            back_inside3(x, y, at, lanes, c, s, 0, sums)
        elif radix == 2:
            back_inside2(x, y, at, lanes, c, s, 0, sums)
        elif radix == 1:
            back_inside1(x, y, at, lanes, c, s, 0, sums)
        else:
            back_inside0(x, y, at, lanes, c, s, 0, sums)


@kernel
def back_bits(x, y, start, size_bits, first, last, lane_bits, c, s, sums, totals):
    lanes = 1 << lane_bits
    while first < last:
        radix, stride = min(3, last - first), 1 << first
        for outer in range(start, start + (1 << size_bits), stride << radix):
            for begin in range(outer, outer + stride, PIECE * lanes):
                for at in range(begin, min(begin + PIECE * lanes, outer + stride), lanes):
                    if radix == 3:
                        back_across3(x, y, at, stride, c, s, first, sums)
                    elif radix == 2:
                        back_across2(x, y, at, stride, c, s, first, sums)
                    else:
                        back_across1(x, y, at, stride, c, s, first, sums)
                if stride > PIECE * lanes:
                    flush(sums, first, first + radix, lane_bits, totals)
        flush(sums, first, first + radix, lane_bits, totals)
        first += radix


@kernel
def flush(sums, first, last, lane_bits, totals):
    """Move running sums of some bits to `totals` and clear them."""
    lanes = 1 << lane_bits
    for bit in range(first, last):
        total = 0.0
        for k in range(lanes):
            value = sums[(bit << lane_bits) + k]
            sign = -1.0 if bit < lane_bits and not (k >> bit) & 1 else 1.0
            total += sign * value
            sums[(bit << lane_bits) + k] = 0
        totals[bit] += total
