"""PReLU after BatchNorm: distinct nodes with multiplicities, one cache-sized tile of hidden units at a time.

Storage as in `kernels_batchnorm`; `multiplicity` holds the number of nodes behind each row of the whole graph set.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs.kernels_blocks import batch_product, batch_transposed, tile_of
from qcomm.kernels_jit import kernel


@kernel
def prelu_forward(
    blocks, multiplicity, batch, starts, nodes, training, eps, tile, weights, gamma, beta, slope, mean, var, z, pooled
):
    """Pooled PReLU [graphs, H]. In training, `mean` and `var` are set to the batch's; otherwise used as given."""
    units, rows, total = gamma.size, starts[-1], nodes.sum()
    width = weights.size // units
    for low in range(0, units, tile):
        high = min(low + tile, units)
        values = tile_of(z, rows, low, high)
        values[:] = 0
        part = tile_of(weights, width, low, high)
        batch_product(blocks, batch, starts, part, values)
        place = blocks[0], multiplicity, batch, starts
        if training:
            mean[low:high] = 0
            _weighted_sum(place, values, mean[low:high], total)
            var[low:high] = 0
            _weighted_squares(place, values, mean[low:high], var[low:high], total)
        scale = gamma[low:high] / np.sqrt(var[low:high] + eps)
        shift = beta[low:high] - scale * mean[low:high]
        summed = np.empty((batch.size, high - low), z.dtype)
        _pool(place, values, scale, shift, slope[0], summed)
        pooled[:, low:high] = summed


@kernel
def _weighted_sum(place, values, out, total):
    row_ptr, multiplicity, batch, starts = place
    part = np.empty_like(out)
    for b in range(batch.size):
        offset = row_ptr[batch[b]] - starts[b]
        part[:] = 0
        for r in range(starts[b], starts[b + 1]):
            weight = multiplicity[r + offset]
            for u in range(out.size):
                part[u] += weight * values[r, u]
        for u in range(out.size):
            out[u] += part[u] / total


@kernel
def _weighted_squares(place, values, mean, out, total):
    row_ptr, multiplicity, batch, starts = place
    part = np.empty_like(out)
    for b in range(batch.size):
        offset = row_ptr[batch[b]] - starts[b]
        part[:] = 0
        for r in range(starts[b], starts[b + 1]):
            weight = multiplicity[r + offset]
            for u in range(out.size):
                centred = values[r, u] - mean[u]
                part[u] += weight * centred * centred
        for u in range(out.size):
            out[u] += part[u] / total


@kernel
def _pool(place, values, scale, shift, slope, pooled):
    row_ptr, multiplicity, batch, starts = place
    zero = values.dtype.type(0)
    for b in range(batch.size):
        offset = row_ptr[batch[b]] - starts[b]
        out = pooled[b]
        out[:] = 0
        for r in range(starts[b], starts[b + 1]):
            weight = multiplicity[r + offset]
            for u in range(scale.size):
                y = scale[u] * values[r, u] + shift[u]
                out[u] += weight * (max(y, zero) + slope * min(y, zero))


@kernel
def prelu_backward(
    blocks,
    multiplicity,
    batch,
    starts,
    nodes,
    eps,
    tile,
    gamma,
    beta,
    slope,
    mean,
    var,
    upstream,
    z,
    d_weights,
    d_gamma,
    d_beta,
    d_slope,
):
    """Gradients from `upstream` = d loss / d pooled [graphs, H]; z is overwritten, gradients are added to."""
    units, rows, total = gamma.size, starts[-1], nodes.sum()
    width = d_weights.size // units
    for low in range(0, units, tile):
        high = min(low + tile, units)
        values = tile_of(z, rows, low, high)
        place = blocks[0], multiplicity, batch, starts
        inverse = var.dtype.type(1) / np.sqrt(var[low:high] + eps)
        values_of = mean[low:high], inverse, gamma[low:high], beta[low:high]
        sums = d_gamma[low:high], d_beta[low:high]
        above = np.ascontiguousarray(upstream[:, low:high])
        d_slope[0] += _prelu_sums(place, values, values_of, slope[0], above, sums)
        _prelu_rows(place, values, values_of, slope[0], above, sums, total)
        part = tile_of(d_weights, width, low, high)
        batch_transposed(blocks, batch, starts, values, part)


@kernel
def _prelu_sums(place, values, values_of, slope, upstream, sums):
    """Normalise the rows in place; add the gradients of gamma and beta; return that of the slope."""
    row_ptr, multiplicity, batch, starts = place
    mean, inverse, gamma, beta = values_of
    d_gamma, d_beta = sums
    one, zero = values.dtype.type(1), values.dtype.type(0)
    along = zero
    for b in range(batch.size):
        offset = row_ptr[batch[b]] - starts[b]
        above = upstream[b]
        for r in range(starts[b], starts[b + 1]):
            weight = multiplicity[r + offset]
            for u in range(gamma.size):
                hat = (values[r, u] - mean[u]) * inverse[u]
                y = gamma[u] * hat + beta[u]
                dy = weight * above[u] * (one if y > zero else slope)
                d_beta[u] += dy
                d_gamma[u] += dy * hat
                along += weight * above[u] * min(y, zero)
                values[r, u] = hat
    return along


@kernel
def _prelu_rows(place, values, values_of, slope, upstream, sums, total):
    """Overwrite the normalised rows of a tile by their gradients."""
    row_ptr, multiplicity, batch, starts = place
    _, inverse, gamma, beta = values_of
    d_gamma, d_beta = sums
    one, zero = values.dtype.type(1), values.dtype.type(0)
    for b in range(batch.size):
        offset = row_ptr[batch[b]] - starts[b]
        above = upstream[b]
        for r in range(starts[b], starts[b + 1]):
            weight = multiplicity[r + offset]
            for u in range(gamma.size):
                hat = values[r, u]
                dy = above[u] * (one if gamma[u] * hat + beta[u] > zero else slope)
                step = dy - d_beta[u] / total - hat * d_gamma[u] / total
                values[r, u] = weight * gamma[u] * inverse[u] * step
