"""Graph networks with BatchNorm and a polynomial, one cache-sized tile of hidden units at a time.

Weights, products and moments are stored tile by tile: the tile of units [low, high) of a matrix with R rows is
flat[R low : R high], row by row. Hidden units do not meet before the read-out, so tiles are independent. What the
read-out takes and gives, [graphs, H], is copied: a loop along rows that are not next to each other is not vectorised.

Polynomials need no nodes: the rows of a graph are its mean feature vector m and deviations R with
R^T R = sum over nodes (g - m)(g - m)^T. With z = m.w and S = |R w|^2, every sum over nodes follows without
cancellation: sum (z_i - mu) = n (z - mu), sum (z_i - mu)^2 = S + n (z - mu)^2. PReLU needs the distinct nodes.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs.kernels_blocks import batch_product, batch_transposed, tile_of
from qcomm.kernels_jit import kernel


@kernel
def moments_forward(
    blocks, batch, starts, nodes, training, eps, tile, weights, gamma, beta, c, mean, var, z, first, second, pooled
):
    """Pooled polynomial [graphs, H], and what the backward pass needs.

    In training, `mean` and `var` are set to the batch's (biased variance); otherwise they are used as given.
    first, second [graphs * H], tile by tile: sums over the nodes of a graph of the normalised units, and of their
    squares.
    """
    units, rows, total = gamma.size, starts[-1], nodes.sum()
    width = weights.size // units
    for low in range(0, units, tile):
        high = min(low + tile, units)
        values = tile_of(z, rows, low, high)
        values[:] = 0
        part = tile_of(weights, width, low, high)
        batch_product(blocks, batch, starts, part, values)
        if training:
            _mean_of_means(values, starts, nodes, total, mean[low:high])
        one, two = tile_of(first, nodes.size, low, high), tile_of(second, nodes.size, low, high)
        _centred(values, starts, nodes, mean[low:high], one, two)
        if training:
            _column_means(two, total, var[low:high])
        summed = np.empty_like(one)
        _pool_moments(nodes, eps, var[low:high], gamma[low:high], beta[low:high], c, one, two, summed)
        pooled[:, low:high] = summed


@kernel
def _mean_of_means(values, starts, nodes, total, mean):
    mean[:] = 0
    for b in range(nodes.size):
        row, share = starts[b], nodes[b] / total
        for u in range(mean.size):
            mean[u] += share * values[row, u]


@kernel
def _column_means(sums, total, out):
    out[:] = 0
    for b in range(sums.shape[0]):
        for u in range(out.size):
            out[u] += sums[b, u]
    for u in range(out.size):
        out[u] /= total


@kernel
def _centred(values, starts, nodes, mean, first, second):
    """Per graph and unit: sums of z - mean and of (z - mean)^2 over nodes."""
    for b in range(nodes.size):
        row, count = starts[b], nodes[b]
        one, two = first[b], second[b]
        two[:] = 0
        for r in range(row + 1, starts[b + 1]):
            for u in range(mean.size):
                two[u] += values[r, u] * values[r, u]
        for u in range(mean.size):
            offset = values[row, u] - mean[u]
            one[u] = count * offset
            two[u] += count * offset * offset


@kernel
def _pool_moments(nodes, eps, var, gamma, beta, c, first, second, pooled):
    unit = var.dtype.type(1)
    for b in range(nodes.size):
        count = nodes[b]
        one, two, out = first[b], second[b], pooled[b]
        for u in range(var.size):
            inverse = unit / np.sqrt(var[u] + eps)
            hat1 = one[u] * inverse
            hat2 = two[u] * (inverse * inverse)
            y1 = gamma[u] * hat1 + beta[u] * count
            y2 = gamma[u] * gamma[u] * hat2 + beta[u] * (gamma[u] * hat1 + y1)
            one[u], two[u] = hat1, hat2
            out[u] = c[0] * count + c[1] * y1 + c[2] * y2


@kernel
def moments_backward(
    blocks,
    batch,
    starts,
    nodes,
    eps,
    tile,
    gamma,
    beta,
    c,
    var,
    upstream,
    z,
    first,
    second,
    d_weights,
    d_gamma,
    d_beta,
    d_c,
):
    """Gradients from `upstream` = d loss / d pooled [graphs, H]; z is overwritten, gradients are added to."""
    units, rows, total = gamma.size, starts[-1], nodes.sum()
    width = d_weights.size // units
    for low in range(0, units, tile):
        high = min(low + tile, units)
        values, above = tile_of(z, rows, low, high), np.ascontiguousarray(upstream[:, low:high])
        one, two = tile_of(first, nodes.size, low, high), tile_of(second, nodes.size, low, high)
        affine = gamma[low:high], beta[low:high]
        _moments_sums(nodes, affine, c, above, one, two, d_gamma[low:high], d_beta[low:high], d_c)
        sums = d_gamma[low:high], d_beta[low:high]
        _moments_rows(starts, nodes, total, eps, affine, c, var[low:high], above, one, sums, values)
        part = tile_of(d_weights, width, low, high)
        batch_transposed(blocks, batch, starts, values, part)


@kernel
def _moments_sums(nodes, affine, c, upstream, first, second, d_gamma, d_beta, d_c):
    """Gradients of the affine part and of the coefficients; dy = at + per * hat for every node of a graph."""
    gamma, beta = affine
    for b in range(nodes.size):
        count = nodes[b]
        one, two, above = first[b], second[b], upstream[b]
        sum0 = sum1 = sum2 = upstream.dtype.type(0)
        for u in range(gamma.size):
            at = above[u] * (c[1] + (c[2] + c[2]) * beta[u])
            per = above[u] * (c[2] + c[2]) * gamma[u]
            d_beta[u] += at * count + per * one[u]
            d_gamma[u] += at * one[u] + per * two[u]
            y1 = gamma[u] * one[u] + beta[u] * count
            sum0 += above[u] * count
            sum1 += above[u] * y1
            sum2 += above[u] * (gamma[u] * gamma[u] * two[u] + beta[u] * (gamma[u] * one[u] + y1))
        d_c[0] += sum0
        d_c[1] += sum1
        d_c[2] += sum2


@kernel
def _moments_rows(starts, nodes, total, eps, affine, c, var, upstream, first, sums, values):
    """Overwrite the rows of a tile by their gradients: mean rows by the sum over nodes, deviations by a multiple."""
    gamma, beta = affine
    d_gamma, d_beta = sums
    factor, unit = np.empty_like(var), var.dtype.type(1)
    for b in range(nodes.size):
        count, row = nodes[b], starts[b]
        one, above = first[b], upstream[b]
        for u in range(var.size):
            inverse = unit / np.sqrt(var[u] + eps)
            at = above[u] * (c[1] + (c[2] + c[2]) * beta[u]) - d_beta[u] / total
            per = above[u] * (c[2] + c[2]) * gamma[u] - d_gamma[u] / total
            values[row, u] = gamma[u] * inverse * (count * at + one[u] * per)
            factor[u] = gamma[u] * inverse * inverse * per
        for r in range(row + 1, starts[b + 1]):
            for u in range(var.size):
                values[r, u] *= factor[u]
