"""Kernels of the node network: sparse features times weights, and activations together with their dropout masks."""

from __future__ import annotations

import numpy as np

from qcomm.kernels_jit import kernel

POLY, PRELU, IDENTITY = 0, 1, 2


@kernel
def sparse_product(indptr, indices, data, dense, out):
    """out += M @ dense for the arrays of a CSR matrix M; with those of a CSC matrix, out += M^T @ dense.

    Eight gathered rows are added per pass over a row of `out`, which is then loaded and stored once per eight products.
    """
    units = out.shape[1]
    for row in range(indptr.size - 1):
        at, end = indptr[row], indptr[row + 1]
        while at + 8 <= end:
            a0, a1, a2, a3 = data[at], data[at + 1], data[at + 2], data[at + 3]
            a4, a5, a6, a7 = data[at + 4], data[at + 5], data[at + 6], data[at + 7]
            i0, i1 = np.intp(indices[at]), np.intp(indices[at + 1])
            i2, i3 = np.intp(indices[at + 2]), np.intp(indices[at + 3])
            i4, i5 = np.intp(indices[at + 4]), np.intp(indices[at + 5])
            i6, i7 = np.intp(indices[at + 6]), np.intp(indices[at + 7])
            for u in range(units):
                first = (a0 * dense[i0, u] + a1 * dense[i1, u]) + (a2 * dense[i2, u] + a3 * dense[i3, u])
                second = (a4 * dense[i4, u] + a5 * dense[i5, u]) + (a6 * dense[i6, u] + a7 * dense[i7, u])
                out[row, u] += first + second
            at += 8
        while at < end:
            a0, i0 = data[at], np.intp(indices[at])
            for u in range(units):
                out[row, u] += a0 * dense[i0, u]
            at += 1


@kernel
def activate(z, code, c, out):
    """out = activation of z [rows, units]: c0 + c1 z + c2 z^2 (POLY), z or c0 z below zero (PRELU), z (IDENTITY)."""
    rows, units = z.shape
    zero = z.dtype.type(0)
    for row in range(rows):
        if code == POLY:
            for u in range(units):
                out[row, u] = c[0] + z[row, u] * (c[1] + c[2] * z[row, u])
        elif code == PRELU:
            for u in range(units):
                above = max(z[row, u], zero)  # max vectorises, a branch on the sign does not
                out[row, u] = above + c[0] * (z[row, u] - above)
        else:
            for u in range(units):
                out[row, u] = z[row, u]


@kernel
def backward(z, code, c, upstream, d_z, d_bias, sums):
    """Gradient through `activate`: d_z = upstream * slope at z, d_bias += column sums of d_z.

    sums (float64) += what the coefficients' gradients need: the sums of upstream, upstream z, upstream z^2 (POLY), or
    of upstream z below zero (PRELU).
    """
    rows, units = z.shape
    kind = z.dtype.type
    zero, one = kind(0), kind(1)
    for row in range(rows):
        s0, s1, s2 = zero, zero, zero
        if code == POLY:
            double = c[2] + c[2]
            for u in range(units):
                up, x = upstream[row, u], z[row, u]
                s0 += up
                s1 += up * x
                s2 += up * x * x
                d_z[row, u] = up * (c[1] + double * x)
            sums[0] += s0
            sums[1] += s1
            sums[2] += s2
        elif code == PRELU:
            for u in range(units):
                up, x = upstream[row, u], z[row, u]
                s0 += up * min(x, zero)
                d_z[row, u] = up * (c[0] + kind(x > 0) * (one - c[0]))
            sums[0] += s0
        else:
            for u in range(units):
                d_z[row, u] = upstream[row, u]
        for u in range(units):
            d_bias[u] += d_z[row, u]
