"""Products of block-sparse rows with a weight matrix, forward and backward.

Each graph g holds a dense block A_g of rows [row_ptr[g], row_ptr[g+1]) over its own few columns
cols[col_ptr[g]:col_ptr[g+1]]; `values[value_ptr[g]:]` holds it row by row.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs.kernels_vector import WIDE, panel
from qcomm.kernels_jit import kernel

add_double, add_single, add_half, add_number = (
    panel(vectors, size, False) for vectors, size in ((2, WIDE), (1, WIDE), (1, WIDE // 2), (1, 1))
)
back_double, back_single, back_half, back_number = (
    panel(vectors, size, True) for vectors, size in ((2, WIDE), (1, WIDE), (1, WIDE // 2), (1, 1))
)


@kernel
def multiply_graph(a, cols, weights, out):
    """out [R, w] += a [R, J] @ weights[cols] [J, w]."""
    width, lanes = out.shape[1], WIDE // out.itemsize
    c = 0
    while c + 2 * lanes <= width:
        add_double(a, cols, weights, out, c)
        c += 2 * lanes
    if c + lanes <= width:
        add_single(a, cols, weights, out, c)
        c += lanes
    if c + lanes // 2 <= width:
        add_half(a, cols, weights, out, c)
        c += lanes // 2
    while c < width:
        add_number(a, cols, weights, out, c)
        c += 1


@kernel
def multiply_transposed(a, cols, delta, grad):
    """grad[cols] [J, w] += a^T [J, R] @ delta [R, w]."""
    width, lanes = delta.shape[1], WIDE // delta.itemsize
    c = 0
    while c + 2 * lanes <= width:
        back_double(a, cols, delta, grad, c)
        c += 2 * lanes
    if c + lanes <= width:
        back_single(a, cols, delta, grad, c)
        c += lanes
    if c + lanes // 2 <= width:
        back_half(a, cols, delta, grad, c)
        c += lanes // 2
    while c < width:
        back_number(a, cols, delta, grad, c)
        c += 1


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
def tile_of(flat, rows, low, high):
    """The tile [rows, high - low] of units [low, high) of a matrix that is stored tile by tile; shares its memory."""
    return flat[rows * low : rows * high].reshape(rows, high - low)


@kernel
def all_product(blocks, width, rank, tile, units, weights, out):
    """out = (all rows, one block per "graph") @ weights, both stored tile by tile: folds a basis into the weights."""
    row_ptr = blocks[0]
    everything = np.arange(row_ptr.size - 1)
    for low in range(0, units, tile):
        high = min(low + tile, units)
        source, target = tile_of(weights, width, low, high), tile_of(out, rank, low, high)
        target[:] = 0
        batch_product(blocks, everything, row_ptr, source, target)


@kernel
def all_transposed(blocks, width, rank, tile, units, delta, grad):
    """grad += (all rows)^T delta, both stored tile by tile; delta is set to zero."""
    row_ptr = blocks[0]
    everything = np.arange(row_ptr.size - 1)
    for low in range(0, units, tile):
        high = min(low + tile, units)
        source, target = tile_of(delta, rank, low, high), tile_of(grad, width, low, high)
        batch_transposed(blocks, everything, row_ptr, source, target)
        source[:] = 0
