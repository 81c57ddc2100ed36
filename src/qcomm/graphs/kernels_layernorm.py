"""Graph networks with LayerNorm: each distinct node is normalised over all hidden units, which therefore stay together.

Activation codes: 0 polynomial c0 + c1 y + c2 y^2 (the identity is c = 0, 1, 0), 1 PReLU with slope c0.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs.kernels_blocks import batch_product, batch_transposed
from qcomm.kernels_jit import kernel


@kernel
def layer_forward(blocks, multiplicity, batch, starts, eps, weights, bias, gamma, beta, code, c, z, inverse, pooled):
    """Pooled activations [graphs, H]; z keeps the normalised rows, `inverse` one over their standard deviations."""
    units, rows = bias.size, starts[-1]
    values = z[: rows * units].reshape(rows, units)
    for r in range(rows):
        values[r] = bias
    batch_product(blocks, batch, starts, weights.reshape(weights.size // units, units), values)
    for b in range(batch.size):
        offset = blocks[0][batch[b]] - starts[b]
        out = pooled[b]
        out[:] = 0
        for r in range(starts[b], starts[b + 1]):
            inverse[r] = _normalise(values[r], eps)
            _activate(values[r], multiplicity[r + offset], gamma, beta, code, c, out)


@kernel
def _normalise(row, eps):
    units, total = row.size, row.dtype.type(0)
    for u in range(units):
        total += row[u]
    mean, total = total / row.dtype.type(units), row.dtype.type(0)
    for u in range(units):
        total += (row[u] - mean) * (row[u] - mean)
    inverse = row.dtype.type(1) / np.sqrt(total / row.dtype.type(units) + eps)
    for u in range(units):
        row[u] = (row[u] - mean) * inverse
    return inverse


@kernel
def _activate(row, weight, gamma, beta, code, c, out):
    zero = row.dtype.type(0)
    if code == 0:
        for u in range(row.size):
            y = gamma[u] * row[u] + beta[u]
            out[u] += weight * (c[0] + y * (c[1] + y * c[2]))
    else:
        for u in range(row.size):
            y = gamma[u] * row[u] + beta[u]
            out[u] += weight * (max(y, zero) + c[0] * min(y, zero))


@kernel
def layer_backward(
    blocks,
    multiplicity,
    batch,
    starts,
    gamma,
    beta,
    code,
    c,
    inverse,
    upstream,
    z,
    d_weights,
    d_bias,
    d_gamma,
    d_beta,
    d_c,
):
    """Gradients from `upstream` = d loss / d pooled [graphs, H]; z is overwritten, gradients are added to."""
    units, rows = gamma.size, starts[-1]
    values = z[: rows * units].reshape(rows, units)
    slope = np.empty_like(gamma)
    for b in range(batch.size):
        offset = blocks[0][batch[b]] - starts[b]
        for r in range(starts[b], starts[b + 1]):
            _through_activation(values[r], multiplicity[r + offset], upstream[b], gamma, beta, code, c, slope, d_c)
            _through_norm(values[r], slope, inverse[r], gamma, d_bias, d_gamma, d_beta)
    batch_transposed(blocks, batch, starts, values, d_weights.reshape(d_weights.size // units, units))


@kernel
def _through_activation(row, weight, upstream, gamma, beta, code, c, slope, d_c):
    """slope = d loss / d y of one row; gradients of the coefficients are added to d_c."""
    one, zero = row.dtype.type(1), row.dtype.type(0)
    sum0, sum1, sum2 = zero, zero, zero
    if code == 0:
        for u in range(row.size):
            y = gamma[u] * row[u] + beta[u]
            above = weight * upstream[u]
            slope[u] = above * (c[1] + (c[2] + c[2]) * y)
            sum0 += above
            sum1 += above * y
            sum2 += above * y * y
        d_c[0] += sum0
        d_c[1] += sum1
        d_c[2] += sum2
    else:
        for u in range(row.size):
            y = gamma[u] * row[u] + beta[u]
            above = weight * upstream[u]
            slope[u] = above * (one if y > zero else c[0])
            sum0 += above * min(y, zero)
        d_c[0] += sum0


@kernel
def _through_norm(row, slope, inverse, gamma, d_bias, d_gamma, d_beta):
    """Overwrite a normalised row by the gradient of the row before the norm."""
    total = along = row.dtype.type(0)
    for u in range(row.size):
        d_beta[u] += slope[u]
        d_gamma[u] += slope[u] * row[u]
        slope[u] *= gamma[u]
        total += slope[u]
        along += slope[u] * row[u]
    total /= row.dtype.type(row.size)
    along /= row.dtype.type(row.size)
    for u in range(row.size):
        row[u] = inverse * (slope[u] - total - along * row[u])
        d_bias[u] += row[u]
