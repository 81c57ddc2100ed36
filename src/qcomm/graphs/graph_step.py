"""Forward and backward pass of the graph network, written out: no autograd, hidden units in blocks that fit the cache.

Linear(K, H) -> norm -> one shared activation -> sum pooling -> dropout -> Linear(H, C) -> mean cross-entropy. With
BatchNorm the hidden units do not meet before the read-out, so each block of units is taken through product, statistics,
activation and pooling while it is in the cache. With a polynomial, the pooled values follow from first and second
centred moments per graph alone, and the gradient is affine in z.
"""

from __future__ import annotations

import numpy as np

from qcomm.graphs import kernels_graph as kernels
from qcomm.graphs.graph_rows import Rows
from qcomm.graphs.graph_settings import POLY_START, PRELU_START, GraphModel

EPS = 1e-5  # of both norms, PyTorch's default
MOMENTUM = 0.1  # of BatchNorm's running statistics
BLOCK_BYTES = 1 << 20  # of one block of rows x units


class GraphNetwork:
    """Parameters (one flat array, named views) and passes of one network.

    Args:
        model: hyper-parameters.
        width: number of features K.
        units: hidden units H.
        classes: number of classes C.
        rng: for the initial weights (PyTorch's defaults: uniform within 1/sqrt(fan-in)).
        dtype: float32 or float64.
    """

    def __init__(
        self, model: GraphModel, width: int, units: int, classes: int, rng: np.random.Generator, dtype=np.float32
    ):
        self.model, self.dtype = model, np.dtype(dtype)
        self.code = 1 if model.activation == "prelu" else 0
        coefficients = {"poly": POLY_START, "identity": (0.0, 1.0, 0.0), "prelu": (PRELU_START,)}[model.activation]
        start = {
            "weight": rng.uniform(-1, 1, (width, units)) / np.sqrt(width),
            "bias": rng.uniform(-1, 1, units) / np.sqrt(width),
            "norm_weight": np.ones(units),
            "norm_bias": np.zeros(units),
            "readout": rng.uniform(-1, 1, (classes, units)) / np.sqrt(units),
            "readout_bias": rng.uniform(-1, 1, classes) / np.sqrt(units),
            "coefficients": np.array(coefficients),
        }
        shapes = {name: value.shape for name, value in start.items()}
        self.fixed = np.array(coefficients, dtype)
        if model.activation == "identity":
            del shapes["coefficients"]
        sizes = [int(np.prod(shape)) for shape in shapes.values()]
        self.flat = np.concatenate([start[name].ravel() for name in shapes]).astype(dtype)
        self.gradient = np.zeros_like(self.flat)
        self.adam_first, self.adam_second, self.steps = np.zeros_like(self.flat), np.zeros_like(self.flat), 0
        self.p, self.g = _views(self.flat, shapes, sizes), _views(self.gradient, shapes, sizes)
        self.running_mean, self.running_var = np.zeros(units, dtype), np.ones(units, dtype)

    @property
    def coefficients(self) -> np.ndarray:
        """(c0, c1, c2) of the polynomial, or PReLU's slope."""
        return self.p.get("coefficients", self.fixed)

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of all parameters and running statistics by name."""
        named = {name: value.copy() for name, value in self.p.items()}
        if self.model.norm == "batch":
            named |= {"running_mean": self.running_mean.copy(), "running_var": self.running_var.copy()}
        return named

    def train_step(self, data: Rows, graphs: np.ndarray, lr: float, mask: np.ndarray | None) -> float:
        """One optimiser step on some graphs; returns the loss before it.

        Args:
            data: all graphs.
            graphs: indices of the batch.
            lr: learning rate.
            mask: dropout mask [graphs, H], already divided by the keep probability; None for no dropout.
        """
        self.gradient[:] = 0
        rows, weights, offsets = data.take(graphs)
        loss = (self._batch_norm if self.model.norm == "batch" else self._layer_norm)(
            data.basis, rows, weights, offsets, data.labels[graphs], mask
        )
        self.steps += 1
        kernels.adam(
            self.flat, self.gradient, self.adam_first, self.adam_second, lr, self.model.weight_decay, self.steps
        )
        return loss

    def logits(self, data: Rows, graphs: np.ndarray) -> np.ndarray:
        """Logits [graphs, C] in evaluation mode: running statistics, no dropout."""
        rows, weights, offsets = data.take(graphs)
        effective, c = _effective(data.basis, self.p["weight"]), self.coefficients
        units, count = self.p["bias"].size, offsets.size - 1
        pooled = np.empty((count, units), self.dtype)
        spare = np.empty_like(pooled), np.empty_like(pooled)
        z = rows @ effective
        if self.model.norm == "batch":
            inverse = 1 / np.sqrt(self.running_var + self.dtype.type(EPS))
            z += self.p["bias"] - self.running_mean
            z *= inverse
        else:
            z += self.p["bias"]
            kernels.layer_normalise(z, EPS, np.empty(z.shape[0], self.dtype))
        gamma, beta = self.p["norm_weight"], self.p["norm_bias"]
        kernels.layer_pool(z, weights, offsets, gamma, beta, self.code, c, pooled, *spare)
        return pooled @ self.p["readout"].T + self.p["readout_bias"]

    def _read_out(self, pooled, labels, mask) -> tuple[float, np.ndarray]:
        """Loss and the gradient at the pooled features; fills the read-out's gradients."""
        dropped = pooled if mask is None else pooled * mask
        logits = dropped @ self.p["readout"].T + self.p["readout_bias"]
        logits -= logits.max(1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= probabilities.sum(1, keepdims=True)
        count = np.arange(labels.size)
        loss = float(-np.log(np.maximum(probabilities[count, labels], 1e-30)).mean())
        probabilities[count, labels] -= 1
        probabilities /= self.dtype.type(labels.size)
        self.g["readout"][:] = probabilities.T @ dropped
        self.g["readout_bias"][:] = probabilities.sum(0)
        upstream = probabilities @ self.p["readout"]
        return loss, upstream if mask is None else upstream * mask

    def _batch_norm(self, basis, rows, weights, offsets, labels, mask) -> float:
        effective = _effective(basis, self.p["weight"])
        units, count = self.p["bias"].size, offsets.size - 1
        total = weights.sum(dtype=np.float64)
        per_graph = np.add.reduceat(weights, offsets[:-1])[:, None]
        mean = ((weights.astype(np.float64) @ rows) / total).astype(self.dtype) @ effective
        blocks = self._blocks(rows.shape[0], units)
        kept = [np.empty((rows.shape[0], b.stop - b.start), self.dtype) for b in blocks]
        first, second = np.empty((count, units), self.dtype), np.empty((count, units), self.dtype)
        for block, z in zip(blocks, kept, strict=True):
            np.matmul(rows, effective[:, block], out=z)
            parts = np.empty((2, count, z.shape[1]), self.dtype)
            kernels.centred_moments(z, weights, offsets, mean[block], *parts)
            first[:, block], second[:, block] = parts
        variance = (second.sum(0, dtype=np.float64) / total).astype(self.dtype)
        inverse = 1 / np.sqrt(variance + self.dtype.type(EPS))
        self._update_running(mean, variance, float(total))
        if self.code == 1:
            return self._prelu(
                effective, basis, rows, weights, offsets, labels, mask, blocks, kept, mean, inverse, total
            )
        # Moments of the normalised units per graph, and of y = gamma hat + beta.
        hat1, hat2 = first * inverse, second * inverse**2
        gamma, beta, c = self.p["norm_weight"], self.p["norm_bias"], self.coefficients
        y1 = gamma * hat1 + beta * per_graph
        y2 = gamma**2 * hat2 + 2 * gamma * beta * hat1 + beta**2 * per_graph
        loss, upstream = self._read_out(c[0] * per_graph + c[1] * y1 + c[2] * y2, labels, mask)
        if "coefficients" in self.g:
            sums = [(upstream * moment).sum(dtype=np.float64) for moment in (per_graph, y1, y2)]
            self.g["coefficients"][:] = sums
        # dy = upstream (c1 + 2 c2 y) = at_mean + per_hat * hat, for every node of a graph
        at_mean, per_hat = upstream * (c[1] + 2 * c[2] * beta), upstream * (2 * c[2] * gamma)
        d_beta = (at_mean * per_graph + per_hat * hat1).sum(0)
        d_gamma = (at_mean * hat1 + per_hat * hat2).sum(0)
        self.g["norm_bias"][:], self.g["norm_weight"][:] = d_beta, d_gamma
        size = self.dtype.type(total)
        constant = gamma * inverse * (at_mean - d_beta / size)
        slope = gamma * inverse**2 * (per_hat - d_gamma / size)
        d_effective = np.empty_like(effective)
        for block, z in zip(blocks, kept, strict=True):
            parts = np.ascontiguousarray(constant[:, block]), np.ascontiguousarray(slope[:, block])
            kernels.poly_batch_backward(z, weights, offsets, mean[block], *parts)
            d_effective[:, block] = rows.T @ z
        self.g["weight"][:] = d_effective if basis is None else basis.T @ d_effective
        return loss

    def _prelu(
        self, effective, basis, rows, weights, offsets, labels, mask, blocks, kept, mean, inverse, total
    ) -> float:
        gamma, beta, slope = self.p["norm_weight"], self.p["norm_bias"], self.coefficients[0]
        scale = gamma * inverse
        shift = beta - scale * mean
        pooled = np.empty((offsets.size - 1, mean.size), self.dtype)
        for block, z in zip(blocks, kept, strict=True):
            part = np.empty((pooled.shape[0], z.shape[1]), self.dtype)
            kernels.prelu_pool(z, weights, offsets, scale[block], shift[block], slope, part)
            pooled[:, block] = part
        loss, upstream = self._read_out(pooled, labels, mask)
        d_effective = np.empty_like(effective)
        for block, z in zip(blocks, kept, strict=True):
            sums = np.empty((3, z.shape[1]), self.dtype)
            common = (z, weights, offsets, mean[block], inverse[block], scale[block], shift[block], slope)
            above = np.ascontiguousarray(upstream[:, block])
            kernels.prelu_batch_sums(*common, above, *sums)
            self.g["norm_bias"][block], self.g["norm_weight"][block] = sums[0], sums[1]
            self.g["coefficients"][0] += sums[2].sum()
            kernels.prelu_batch_backward(*common, above, sums[0], sums[1], self.dtype.type(total))
            d_effective[:, block] = rows.T @ z
        self.g["weight"][:] = d_effective if basis is None else basis.T @ d_effective
        return loss

    def _layer_norm(self, basis, rows, weights, offsets, labels, mask) -> float:
        effective, c = _effective(basis, self.p["weight"]), self.coefficients
        z = rows @ effective
        z += self.p["bias"]
        inverse = np.empty(z.shape[0], self.dtype)
        kernels.layer_normalise(z, EPS, inverse)
        gamma, beta = self.p["norm_weight"], self.p["norm_bias"]
        pooled, first, second = np.empty((3, offsets.size - 1, gamma.size), self.dtype)
        kernels.layer_pool(z, weights, offsets, gamma, beta, self.code, c, pooled, first, second)
        loss, upstream = self._read_out(pooled, labels, mask)
        if "coefficients" in self.g:
            per_graph = np.add.reduceat(weights, offsets[:-1])[:, None]
            moments = (per_graph, first, second) if self.code == 0 else (first,)
            self.g["coefficients"][:] = [(upstream * moment).sum(dtype=np.float64) for moment in moments]
        sums = self.g["norm_weight"], self.g["norm_bias"], self.g["bias"]
        kernels.layer_backward(z, weights, offsets, inverse, gamma, beta, self.code, c, upstream, *sums)
        d_effective = rows.T @ z
        self.g["weight"][:] = d_effective if basis is None else basis.T @ d_effective
        return loss

    def _update_running(self, mean, variance, total: float) -> None:
        """BatchNorm's running statistics; the mean includes the bias, the variance is the unbiased one."""
        keep = self.dtype.type(1 - MOMENTUM)
        self.running_mean[:] = keep * self.running_mean + self.dtype.type(MOMENTUM) * (mean + self.p["bias"])
        unbiased = variance * self.dtype.type(total / max(total - 1, 1))
        self.running_var[:] = keep * self.running_var + self.dtype.type(MOMENTUM) * unbiased

    def _blocks(self, rows: int, units: int) -> list[slice]:
        size = max(32, BLOCK_BYTES // (rows * self.dtype.itemsize) // 16 * 16)
        return [slice(start, min(start + size, units)) for start in range(0, units, size)]


def _effective(basis: np.ndarray | None, weight: np.ndarray) -> np.ndarray:
    return weight if basis is None else basis @ weight


def _views(flat: np.ndarray, shapes: dict, sizes: list[int]) -> dict[str, np.ndarray]:
    ends = np.cumsum(sizes)
    pieces = zip(shapes.items(), ends - sizes, ends, strict=True)
    return {name: flat[start:end].reshape(shape) for (name, shape), start, end in pieces}
