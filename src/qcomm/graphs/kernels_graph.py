"""Fused element-wise passes of the graph networks: rows x hidden units are read and written once per pass.

All arrays are C-contiguous with hidden units innermost. `z` are rows of one batch, `weights` their multiplicities,
`offsets` the first row of each graph. Activation codes: 0 polynomial (the identity is c = (0, 1, 0)), 1 PReLU.
"""

from __future__ import annotations

import numpy as np
from numba import njit

OPTIONS = {"cache": True, "fastmath": {"contract"}}


@njit(**OPTIONS)
def centred_moments(z, weights, offsets, mean, first, second):
    """Per graph and unit: sum w (z - mean) and sum w (z - mean)^2."""
    units = z.shape[1]
    for graph in range(offsets.size - 1):
        for unit in range(units):
            first[graph, unit] = 0
            second[graph, unit] = 0
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                centred = z[row, unit] - mean[unit]
                first[graph, unit] += weight * centred
                second[graph, unit] += weight * centred * centred


@njit(**OPTIONS)
def poly_batch_backward(z, weights, offsets, mean, constant, slope):
    """Overwrite z by w (constant[g] + slope[g] (z - mean)): the gradient through polynomial and BatchNorm."""
    units = z.shape[1]
    for graph in range(offsets.size - 1):
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                z[row, unit] = weight * (constant[graph, unit] + slope[graph, unit] * (z[row, unit] - mean[unit]))


@njit(**OPTIONS)
def prelu_pool(z, weights, offsets, scale, shift, slope, pooled):
    """Per graph and unit: sum w prelu(scale z + shift)."""
    units = z.shape[1]
    for graph in range(offsets.size - 1):
        for unit in range(units):
            pooled[graph, unit] = 0
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                y = scale[unit] * z[row, unit] + shift[unit]
                pooled[graph, unit] += weight * (y if y > 0 else slope * y)


@njit(**OPTIONS)
def prelu_batch_sums(z, weights, offsets, mean, inverse, scale, shift, slope, upstream, d_shift, d_scale, d_slope):
    """Sums of the gradient at the normalised units: d_shift, d_scale [units] and per unit that of the slope."""
    units = z.shape[1]
    for unit in range(units):
        d_shift[unit] = 0
        d_scale[unit] = 0
        d_slope[unit] = 0
    for graph in range(offsets.size - 1):
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                y = scale[unit] * z[row, unit] + shift[unit]
                above = weight * upstream[graph, unit]
                dy = above if y > 0 else slope * above
                d_shift[unit] += dy
                d_scale[unit] += dy * (z[row, unit] - mean[unit]) * inverse[unit]
                d_slope[unit] += 0 if y > 0 else above * y


@njit(**OPTIONS)
def prelu_batch_backward(z, weights, offsets, mean, inverse, scale, shift, slope, upstream, d_shift, d_scale, total):
    """Overwrite z by its gradient through PReLU and BatchNorm over `total` nodes."""
    units = z.shape[1]
    for graph in range(offsets.size - 1):
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                y = scale[unit] * z[row, unit] + shift[unit]
                dy = upstream[graph, unit] if y > 0 else slope * upstream[graph, unit]
                hat = (z[row, unit] - mean[unit]) * inverse[unit]
                z[row, unit] = weight * scale[unit] * (dy - d_shift[unit] / total - hat * d_scale[unit] / total)


@njit(**OPTIONS)
def layer_normalise(z, eps, inverse):
    """Overwrite each row of z by its normalised values; keep 1 / standard deviation per row."""
    rows, units = z.shape
    for row in range(rows):
        mean = 0.0
        for unit in range(units):
            mean += z[row, unit]
        mean /= units
        variance = 0.0
        for unit in range(units):
            variance += (z[row, unit] - mean) ** 2
        inverse[row] = 1 / np.sqrt(variance / units + eps)
        for unit in range(units):
            z[row, unit] = (z[row, unit] - mean) * inverse[row]


@njit(**OPTIONS)
def layer_pool(hat, weights, offsets, gamma, beta, code, c, pooled, first, second):
    """Pooled activations of y = gamma hat + beta, and the pooled sums that the coefficients' gradients need.

    ``first``, ``second``: sums of w y and w y^2 (polynomial), or of w min(y, 0) and nothing (PReLU).
    """
    units = hat.shape[1]
    for graph in range(offsets.size - 1):
        for unit in range(units):
            pooled[graph, unit] = 0
            first[graph, unit] = 0
            second[graph, unit] = 0
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            for unit in range(units):
                y = gamma[unit] * hat[row, unit] + beta[unit]
                if code == 0:
                    first[graph, unit] += weight * y
                    second[graph, unit] += weight * y * y
                    pooled[graph, unit] += weight * (c[0] + c[1] * y + c[2] * y * y)
                else:
                    below = min(y, 0)
                    first[graph, unit] += weight * below
                    pooled[graph, unit] += weight * (y - below + c[0] * below)


@njit(**OPTIONS)
def layer_backward(hat, weights, offsets, inverse, gamma, beta, code, c, upstream, d_gamma, d_beta, d_bias):
    """Overwrite `hat` by the gradient of z through activation and LayerNorm; add to the parameters' gradients."""
    units = hat.shape[1]
    line = np.empty(units, hat.dtype)
    for graph in range(offsets.size - 1):
        for row in range(offsets[graph], offsets[graph + 1]):
            weight = weights[row]
            total = 0.0
            along = 0.0
            for unit in range(units):
                y = gamma[unit] * hat[row, unit] + beta[unit]
                above = weight * upstream[graph, unit]
                dy = above * (c[1] + 2 * c[2] * y) if code == 0 else (above if y > 0 else c[0] * above)
                d_gamma[unit] += dy * hat[row, unit]
                d_beta[unit] += dy
                line[unit] = dy * gamma[unit]
                total += line[unit]
                along += line[unit] * hat[row, unit]
            total /= units
            along /= units
            for unit in range(units):
                hat[row, unit] = inverse[row] * (line[unit] - total - along * hat[row, unit])
                d_bias[unit] += hat[row, unit]


@njit(**OPTIONS)
def adam(value, gradient, first, second, lr, decay, step):
    """One Adam step (beta .9, .999, eps 1e-8, decay added to the gradient) on flat arrays, as torch.optim.Adam."""
    correct1 = 1 - 0.9**step
    correct2 = np.sqrt(1 - 0.999**step)
    size = value.dtype.type(lr / correct1)
    root = value.dtype.type(correct2)
    decay = value.dtype.type(decay)
    keep1, new1 = value.dtype.type(0.9), value.dtype.type(0.1)
    keep2, new2 = value.dtype.type(0.999), value.dtype.type(0.001)
    eps = value.dtype.type(1e-8)
    for i in range(value.size):
        g = gradient[i] + decay * value[i]
        first[i] = keep1 * first[i] + new1 * g
        second[i] = keep2 * second[i] + new2 * g * g
        value[i] -= size * first[i] / (np.sqrt(second[i]) / root + eps)
