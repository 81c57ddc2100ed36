"""Read-out with cross-entropy, and the optimiser."""

from __future__ import annotations

import numpy as np

from qcomm.kernels_jit import kernel


@kernel
def drop(uniform, keep):
    """Overwrite uniform numbers in [0, 1) by a dropout mask: 1 / keep with probability `keep`, else 0."""
    kind = uniform.dtype.type
    bound, value, zero = kind(keep), kind(1 / keep), kind(0)
    for b in range(uniform.shape[0]):
        for u in range(uniform.shape[1]):
            uniform[b, u] = value if uniform[b, u] < bound else zero


@kernel
def read_out(pooled, mask, readout, bias, logits):
    """logits [G, C] = (pooled * mask) @ readout^T + bias; `pooled` is masked in place. An empty mask drops nothing."""
    for b in range(pooled.shape[0]):
        row = pooled[b]
        if mask.size:
            for u in range(row.size):
                row[u] *= mask[b, u]
        for o in range(bias.size):
            total = pooled.dtype.type(0)
            for u in range(row.size):
                total += row[u] * readout[o, u]
            logits[b, o] = total + bias[o]


@kernel
def cross_entropy(logits, labels):
    """Mean cross-entropy; logits are overwritten by its gradient."""
    count, loss = logits.shape[0], 0.0
    for b in range(count):
        row = logits[b]
        top = row.max()
        total = 0.0
        for o in range(row.size):
            total += np.exp(np.float64(row[o] - top))
        loss += np.log(total) - np.float64(row[labels[b]] - top)
        for o in range(row.size):
            share = np.exp(np.float64(row[o] - top)) / total
            row[o] = (share - (1.0 if o == labels[b] else 0.0)) / count
    return loss / count


@kernel
def read_out_backward(d_logits, pooled, mask, readout, upstream, d_readout, d_bias):
    """Gradients of the read-out, and `upstream` [G, H] at the pooled features before the mask."""
    for b in range(pooled.shape[0]):
        above = upstream[b]
        above[:] = 0
        for o in range(d_bias.size):
            d = d_logits[b, o]
            d_bias[o] += d
            for u in range(above.size):
                d_readout[o, u] += d * pooled[b, u]
                above[u] += d * readout[o, u]
        if mask.size:
            for u in range(above.size):
                above[u] *= mask[b, u]


@kernel
def adam(value, gradient, first, second, lr, decay, step):
    """One Adam step (beta .9, .999, eps 1e-8, decay added to the gradient) on flat arrays, as torch.optim.Adam.

    The gradient is set to zero, ready for the next step.
    """
    kind = value.dtype.type
    size, root = kind(lr / (1 - 0.9**step)), kind(1 / np.sqrt(1 - 0.999**step))
    keep1, new1, keep2, new2 = kind(0.9), kind(1 - 0.9), kind(0.999), kind(1 - 0.999)
    eps, decay, zero = kind(1e-8), kind(decay), kind(0)
    for i in range(value.size):
        g = gradient[i] + decay * value[i]
        gradient[i] = zero
        m = keep1 * first[i] + new1 * g
        v = keep2 * second[i] + new2 * g * g
        first[i], second[i] = m, v
        value[i] -= size * m / (np.sqrt(v) * root + eps)
