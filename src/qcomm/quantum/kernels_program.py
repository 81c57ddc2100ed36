"""Whole programs on batches: all steps of one input after the other, so that its amplitudes stay in the cache.

Arguments that all kernels share:

- states: [B, planes, 2^m]; planes is 1 (real) or 2 (real and imaginary parts).
- steps: int64 [S, 2], kind and index; kinds are `ROTATE`, `SIGNS`, `PHASES` and `TERMS`.
- angles: float64 [A], those of the rotations [R, m] first (by layer and bit), then those of the terms.
- signs: [D, 2^m] real factors. phases: [E, 2, 2^m] complex ones.
- pointers, masks: terms of step i are masks[pointers[i]:pointers[i + 1]].
- work: [2, 2^m] for phases; of length 0 in programs without terms.
"""

from __future__ import annotations

import math

import numpy as np

from qcomm.kernels_jit import kernel
from qcomm.quantum.kernels_phase import fill_phases, multiply_complex, multiply_real, phase_derivatives
from qcomm.quantum.kernels_state import turn, turn_back

ROTATE, SIGNS, PHASES, TERMS = 0, 1, 2, 3


@kernel
def angles_of(parameters, base, pointers, columns, coefficients):
    """Angles [A] = base + sparse matrix (CSR) times parameters [P]."""
    angles = base.copy()
    for row in range(base.size):
        for at in range(pointers[row], pointers[row + 1]):
            angles[row] += coefficients[at] * parameters[columns[at]]
    return angles


@kernel
def cosines(angles, layers, bits, out_c, out_s):
    """Cosines and sines of half the rotation angles, [R, m] each."""
    for layer in range(layers):
        for bit in range(bits):
            half = angles[layer * bits + bit] / 2
            out_c[layer, bit] = math.cos(half)
            out_s[layer, bit] = math.sin(half)


@kernel
def run(states, steps, angles, layers, lane_bits, signs, phases, pointers, masks, work):
    """Apply all steps to all states in place."""
    bits = bits_of(states.shape[2])
    c, s = np.empty((layers, bits), states.dtype), np.empty((layers, bits), states.dtype)
    cosines(angles, layers, bits, c, s)
    for b in range(states.shape[0]):
        for step in range(steps.shape[0]):
            kind, index = steps[step, 0], steps[step, 1]
            if kind == ROTATE:
                for plane in range(states.shape[1]):
                    turn(states[b, plane], lane_bits, bits, c[index], s[index])
            elif kind == SIGNS:
                for plane in range(states.shape[1]):
                    multiply_real(states[b, plane], signs[index])
            elif kind == PHASES:
                multiply_complex(states[b, 0], states[b, 1], phases[index, 0], phases[index, 1], False)
            else:
                first, last = pointers[index], pointers[index + 1]
                fill_phases(masks[first:last], angles[layers * bits + first : layers * bits + last], work[0], work[1])
                multiply_complex(states[b, 0], states[b, 1], work[0], work[1], False)


@kernel
def run_back(states, others, steps, angles, layers, lane_bits, signs, phases, pointers, masks, work, totals):
    """Undo all steps on states and on others (observable applied to states, weighted) and sum derivatives.

    totals: float64 [A], += derivative of the weighted expectation by every angle.
    """
    bits = bits_of(states.shape[2])
    c, s = np.empty((layers, bits), states.dtype), np.empty((layers, bits), states.dtype)
    cosines(angles, layers, bits, c, s)
    sums = np.zeros(bits << lane_bits, states.dtype)
    for b in range(states.shape[0]):
        for step in range(steps.shape[0] - 1, -1, -1):
            kind, index = steps[step, 0], steps[step, 1]
            if kind == ROTATE:
                into = totals[index * bits : (index + 1) * bits]
                for plane in range(states.shape[1]):
                    x, y = states[b, plane], others[b, plane]
                    turn_back(x, y, lane_bits, bits, c[index], s[index], sums, into)
            elif kind == SIGNS:
                for plane in range(states.shape[1]):
                    multiply_real(states[b, plane], signs[index])
                    multiply_real(others[b, plane], signs[index])
            elif kind == PHASES:
                multiply_complex(states[b, 0], states[b, 1], phases[index, 0], phases[index, 1], True)
                multiply_complex(others[b, 0], others[b, 1], phases[index, 0], phases[index, 1], True)
            else:
                first, last = pointers[index], pointers[index + 1]
                mine = slice(layers * bits + first, layers * bits + last)
                x, y = states[b], others[b]
                phase_derivatives(x[0], x[1], y[0], y[1], masks[first:last], totals[mine])
                fill_phases(masks[first:last], angles[mine], work[0], work[1])
                multiply_complex(x[0], x[1], work[0], work[1], True)
                multiply_complex(y[0], y[1], work[0], work[1], True)


@kernel
def bits_of(size):
    """log2 of a power of two."""
    bits = 0
    while 1 << bits < size:
        bits += 1
    return bits


@kernel
def first_qubit_zero(states, out):
    """out[b] (float64) = weight of the first half of the amplitudes, where the first qubit is 0."""
    half = states.shape[2] // 2
    for b in range(states.shape[0]):
        total = 0.0
        for plane in range(states.shape[1]):
            for k in range(half):
                value = np.float64(states[b, plane, k])
                total += value * value
        out[b] = total


@kernel
def observed(states, weights, zero, one, others):
    """others = weight * (zero * P0 + one * P1) applied to states; weights [B]."""
    half = states.shape[2] // 2
    for b in range(states.shape[0]):
        low, high = states.dtype.type(weights[b] * zero), states.dtype.type(weights[b] * one)
        for plane in range(states.shape[1]):
            for k in range(half):
                others[b, plane, k] = low * states[b, plane, k]
                others[b, plane, half + k] = high * states[b, plane, half + k]


@kernel
def parameter_derivatives(totals, pointers, columns, coefficients, out):
    """out [P] += transposed sparse matrix times totals [A]."""
    for row in range(totals.size):
        for at in range(pointers[row], pointers[row + 1]):
            out[columns[at]] += coefficients[at] * totals[row]
