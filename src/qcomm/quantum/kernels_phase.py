"""Diagonal operations on planes of amplitudes: fixed signs and phases, and phases with parameters.

A term with a mask and an angle a multiplies amplitude k by exp(-i a s / 2), s = (-1)^(number of ones of k & mask): for
a mask of one bit this is R_z(a), for several bits the rotation about a string of Z, for an empty one a global phase.
"""

from __future__ import annotations

import math

import numpy as np

from qcomm.kernels_jit import kernel

LOW = 8  # bits of an index whose parities are looked up in a table


@kernel
def parity(number):
    """1.0 for an even number of ones, -1.0 for an odd one."""
    sign = 1.0
    while number:
        number &= number - 1
        sign = -sign
    return sign


@kernel
def multiply_real(x, signs):
    """x *= signs."""
    for k in range(x.size):
        x[k] *= signs[k]


@kernel
def multiply_complex(re, im, other_re, other_im, conjugate):
    """(re + i im) *= other, or its conjugate."""
    flip = re.dtype.type(-1 if conjugate else 1)
    for k in range(re.size):
        a, b, c, d = re[k], im[k], other_re[k], flip * other_im[k]
        re[k] = a * c - b * d
        im[k] = a * d + b * c


@kernel
def fill_phases(masks, angles, re, im):
    """re + i im = product of all terms; terms of one bit are multiplied out by doubling, others one by one."""
    size = re.size
    bits = 0
    while 1 << bits < size:
        bits += 1
    single = np.zeros(bits)
    common = 0.0
    for t in range(masks.size):
        if masks[t] == 0:
            common += angles[t]
        for bit in range(bits):
            if masks[t] == 1 << bit:
                single[bit] += angles[t]
    re[0], im[0] = math.cos(common / 2), -math.sin(common / 2)
    for bit in range(bits):
        half = 1 << bit
        c, s = re.dtype.type(math.cos(single[bit] / 2)), re.dtype.type(math.sin(single[bit] / 2))
        for k in range(half):
            a, b = re[k], im[k]
            re[k], im[k] = a * c + b * s, b * c - a * s
            re[half + k], im[half + k] = a * c - b * s, b * c + a * s
    for t in range(masks.size):
        if masks[t] & (masks[t] - 1):
            multiply_term(re, im, masks[t], angles[t])


@kernel
def multiply_term(re, im, mask, angle):
    """Multiply by the phases of one term."""
    low = min(re.size, 1 << LOW)
    signs = np.empty(low, re.dtype)
    for k in range(low):
        signs[k] = parity(k & mask)
    c, s = re.dtype.type(math.cos(angle / 2)), math.sin(angle / 2)
    for start in range(0, re.size, low):
        factor = re.dtype.type(s * parity(start & mask))
        for k in range(low):
            a, b, t = re[start + k], im[start + k], factor * signs[k]
            re[start + k] = a * c + b * t
            im[start + k] = b * c - a * t


@kernel
def phase_derivatives(x_re, x_im, y_re, y_im, masks, totals):
    """totals[t] += sum over k of s_t(k) Im(conj(y_k) x_k): derivative of 2 Re<y|..x> by the angle of term t."""
    low = min(x_re.size, 1 << LOW)
    signs = np.empty((masks.size, low))
    for t in range(masks.size):
        for k in range(low):
            signs[t, k] = parity(k & masks[t])
    weight = np.empty(low)
    for start in range(0, x_re.size, low):
        for k in range(low):
            at = start + k
            weight[k] = y_re[at] * x_im[at] - y_im[at] * x_re[at]
        for t in range(masks.size):
            total = 0.0
            for k in range(low):
                total += signs[t, k] * weight[k]
            totals[t] += parity(start & masks[t]) * total
