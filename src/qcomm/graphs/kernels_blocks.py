"""Products of block-sparse rows with a weight matrix, forward and backward.

Each graph g holds a dense block A_g of rows [row_ptr[g], row_ptr[g+1]) over its own few columns
cols[col_ptr[g]:col_ptr[g+1]]; `values[value_ptr[g]:]` holds it row by row. Eight weight rows (forward) or
eight data rows (backward) are added per pass over a row of hidden units, which keeps the fused multiply-adds busy.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs.kernels_jit import kernel


@kernel
def multiply_graph(a, cols, weights, out):
    """out [R, w] += a [R, J] @ weights[cols] [J, w]."""
    rows, width = out.shape
    count = cols.size
    full = count - count % 8
    for j in range(0, full, 8):
        i0, i1, i2, i3 = cols[j], cols[j + 1], cols[j + 2], cols[j + 3]
        i4, i5, i6, i7 = cols[j + 4], cols[j + 5], cols[j + 6], cols[j + 7]
        for r in range(rows):
            a0, a1, a2, a3 = a[r, j], a[r, j + 1], a[r, j + 2], a[r, j + 3]
            a4, a5, a6, a7 = a[r, j + 4], a[r, j + 5], a[r, j + 6], a[r, j + 7]
            for c in range(width):
                z = out[r, c]
                z += a0 * weights[i0, c]
                z += a1 * weights[i1, c]
                z += a2 * weights[i2, c]
                z += a3 * weights[i3, c]
                z += a4 * weights[i4, c]
                z += a5 * weights[i5, c]
                z += a6 * weights[i6, c]
                z += a7 * weights[i7, c]
                out[r, c] = z
    for j in range(full, count):
        i0 = cols[j]
        for r in range(rows):
            a0 = a[r, j]
            for c in range(width):
                out[r, c] += a0 * weights[i0, c]


@kernel
def multiply_transposed(a, cols, delta, grad):
    """grad[cols] [J, w] += a^T [J, R] @ delta [R, w]."""
    rows, width = delta.shape
    count = cols.size
    full = rows - rows % 8
    for r in range(0, full, 8):
        for j in range(count):
            k = cols[j]
            a0, a1, a2, a3 = a[r, j], a[r + 1, j], a[r + 2, j], a[r + 3, j]
            a4, a5, a6, a7 = a[r + 4, j], a[r + 5, j], a[r + 6, j], a[r + 7, j]
            for c in range(width):
                z = grad[k, c]
                z += a0 * delta[r, c]
                z += a1 * delta[r + 1, c]
                z += a2 * delta[r + 2, c]
                z += a3 * delta[r + 3, c]
                z += a4 * delta[r + 4, c]
                z += a5 * delta[r + 5, c]
                z += a6 * delta[r + 6, c]
                z += a7 * delta[r + 7, c]
                grad[k, c] = z
    _transposed_rest(a, cols, delta, grad, full)


@kernel
def _transposed_rest(a, cols, delta, grad, start):
    """The last rows % 8 rows of `multiply_transposed`, two at a time."""
    rows, width = delta.shape
    pairs = rows - (rows - start) % 2
    for r in range(start, pairs, 2):
        for j in range(cols.size):
            k, a0, a1 = cols[j], a[r, j], a[r + 1, j]
            for c in range(width):
                grad[k, c] += a0 * delta[r, c] + a1 * delta[r + 1, c]
    for r in range(pairs, rows):
        for j in range(cols.size):
            k, a0 = cols[j], a[r, j]
            for c in range(width):
                grad[k, c] += a0 * delta[r, c]


@kernel
def block_of(blocks, g):
    """(A_g, its columns) of block-sparse rows `blocks` = (row_ptr, col_ptr, cols, value_ptr, values)."""
    row_ptr, col_ptr, cols, value_ptr, values = blocks
    rows, count = row_ptr[g + 1] - row_ptr[g], col_ptr[g + 1] - col_ptr[g]
    start = value_ptr[g]
    return values[start : start + rows * count].reshape(rows, count), cols[col_ptr[g] : col_ptr[g + 1]]


@kernel
def batch_product(blocks, batch, starts, weights, out):
    """out[starts[b]:starts[b + 1]] += (rows of graph batch[b]) @ weights, for all graphs of a batch."""
    for b in range(batch.size):
        a, cols = block_of(blocks, batch[b])
        multiply_graph(a, cols, weights, out[starts[b] : starts[b + 1]])


@kernel
def batch_transposed(blocks, batch, starts, delta, grad):
    """grad += (rows of all graphs of a batch)^T delta."""
    for b in range(batch.size):
        a, cols = block_of(blocks, batch[b])
        multiply_transposed(a, cols, delta[starts[b] : starts[b + 1]], grad)


@kernel
def all_product(blocks, width, rank, tile, units, weights, out):
    """out = (all rows, one block per "graph") @ weights, both stored tile by tile: folds a basis into the weights."""
    row_ptr = blocks[0]
    everything = np.arange(row_ptr.size - 1)
    for low in range(0, units, tile):
        high = min(low + tile, units)
        source = weights[width * low : width * high].reshape(width, high - low)
        target = out[rank * low : rank * high].reshape(rank, high - low)
        target[:] = 0
        batch_product(blocks, everything, row_ptr, source, target)


@kernel
def all_transposed(blocks, width, rank, tile, units, delta, grad):
    """grad += (all rows)^T delta, both stored tile by tile; delta is set to zero."""
    row_ptr = blocks[0]
    everything = np.arange(row_ptr.size - 1)
    for low in range(0, units, tile):
        high = min(low + tile, units)
        source = delta[rank * low : rank * high].reshape(rank, high - low)
        target = grad[width * low : width * high].reshape(width, high - low)
        batch_transposed(blocks, everything, row_ptr, source, target)
        source[:] = 0
