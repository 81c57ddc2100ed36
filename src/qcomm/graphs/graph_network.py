"""The graph network trained by hand-written passes: parameters in one flat array, compiled kernels, no autograd.

Linear(K, H) -> norm -> one shared activation -> sum pooling -> dropout -> Linear(H, C) -> mean cross-entropy.
"""

from __future__ import annotations

import math

import numpy as np

from qcomm.graphs.graph_blocks import GraphBlocks
from qcomm.graphs.graph_settings import POLY_START, PRELU_START, GraphModel
from qcomm.graphs.kernels_batchnorm import moments_backward, moments_forward
from qcomm.graphs.kernels_blocks import all_product, all_transposed
from qcomm.graphs.kernels_head import adam, cross_entropy, read_out, read_out_backward
from qcomm.graphs.kernels_layernorm import layer_backward, layer_forward
from qcomm.graphs.kernels_prelu import prelu_backward, prelu_forward

EPS = 1e-5  # of both norms, PyTorch's default
MOMENTUM = 0.1  # of BatchNorm's running statistics
TILE = 256  # hidden units that pass through all steps together: eight rows of them fill a quarter of a 32 KB cache


def needs_moments(model: GraphModel) -> bool:
    """Whether the network of this model sees a graph only through its first and second moments."""
    return model.norm == "batch" and model.activation != "prelu"


def tile_width(units: int, norm: str, tile: int = TILE) -> int:
    """Units per tile: tiles of nearly equal width, a multiple of 16; LayerNorm needs all units together."""
    if norm == "layer":
        return units
    count = max(1, round(units / tile))
    return 16 * math.ceil(units / count / 16)


class GraphNetwork:
    """Parameters and passes of one network.

    Args:
        model: hyper-parameters.
        data: the graph set, prepared with ``moments=needs_moments(model)``.
        units: hidden units H.
        classes: number of classes C.
        rng: for the initial weights (PyTorch's defaults: uniform within 1/sqrt(fan-in)).
    """

    def __init__(self, model: GraphModel, data: GraphBlocks, units: int, classes: int, rng: np.random.Generator):
        if data.moments != needs_moments(model):
            raise ValueError(f"data prepared with moments={data.moments} do not serve {model}")
        self.model, self.data, self.dtype = model, data, data.nodes.dtype
        self.tile = tile_width(units, model.norm)
        self.code = 1 if model.activation == "prelu" else 0
        start = _start(model, data.width, units, classes, rng)
        self.p, self.flat = _flat(start, self.dtype)
        self.g, self.gradient = _flat({name: np.zeros_like(value) for name, value in start.items()}, self.dtype)
        if model.activation == "identity":  # constant: kept out of the optimiser's reach
            self.flat, self.gradient = self.flat[:-3], self.gradient[:-3]
        self.p["weight"][:] = tiled(start["weight"], self.tile)
        self.adam_first, self.adam_second, self.steps = np.zeros_like(self.flat), np.zeros_like(self.flat), 0
        self.mean, self.var = np.zeros(units, self.dtype), np.ones(units, self.dtype)
        self.running_mean, self.running_var = self.mean.copy(), self.var.copy()
        self.eps, self.no_mask = self.dtype.type(EPS), np.zeros((0, 0), self.dtype)
        self.share = self.dtype.type(1 / data.nodes.mean(dtype=np.float64)) if model.per_node else None
        self._reserve(units, classes)

    def _reserve(self, units: int, classes: int) -> None:
        """Work space for the largest batch, so that steps allocate nothing but masks."""
        data, batch = self.data, min(self.model.batch, self.data.labels.size)
        rows = data.most_rows(batch)
        self.z, self.inverse = np.empty(rows * units, self.dtype), np.empty(rows, self.dtype)
        self.pooled, self.upstream = np.empty((2, batch, units), self.dtype)
        self.first, self.second = np.empty((2, batch * units), self.dtype)
        self.logit = np.empty((batch, classes), self.dtype)
        if data.basis is not None:
            self.folded, self.d_folded = np.zeros((2, data.rank * units), self.dtype)

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of all parameters and running statistics by name; ``weight`` is [K, H], ``readout`` is for sums."""
        units = self.mean.size
        named = {name: value.copy() for name, value in self.p.items() if name != "coefficients"}
        named["weight"] = untiled(named["weight"], units, self.tile)
        if self.share is not None:
            named["readout"] *= self.share
        if self.model.activation != "identity":
            named["coefficients"] = self.p["coefficients"].copy()
        if self.model.norm == "batch":
            named |= {"running_mean": self.running_mean.copy(), "running_var": self.running_var.copy()}
        return named

    def train_step(self, graphs: np.ndarray, lr: float, mask: np.ndarray | None = None) -> float:
        """One optimiser step on some graphs; returns the loss before it.

        Args:
            graphs: indices of the batch, at most ``model.batch``.
            lr: learning rate.
            mask: dropout mask [graphs, H], already divided by the keep probability; None for no dropout.
        """
        pooled, logits = self._forward(graphs, True, self._folded_weight()), self.logit[: graphs.size]
        mask = self._factors(pooled, mask)
        read_out(pooled, mask, self.p["readout"], self.p["readout_bias"], logits)
        loss = cross_entropy(logits, self.data.labels[graphs])
        upstream, g = self.upstream[: graphs.size], self.g
        read_out_backward(logits, pooled, mask, self.p["readout"], upstream, g["readout"], g["readout_bias"])
        self._backward(graphs, upstream)
        if self.model.activation == "identity":
            g["coefficients"][:] = 0  # the optimiser, which clears all other gradients, does not see them
        self.steps += 1
        adam(self.flat, self.gradient, self.adam_first, self.adam_second, lr, self.model.weight_decay, self.steps)
        return loss

    def logits(self, graphs: np.ndarray) -> np.ndarray:
        """Logits [graphs, C] in evaluation mode: running statistics, no dropout."""
        out, weight = np.empty((graphs.size, self.logit.shape[1]), self.dtype), self._folded_weight()
        for start in range(0, graphs.size, self.model.batch):
            part = graphs[start : start + self.model.batch]
            pooled = self._forward(part, False, weight)
            mask = self._factors(pooled)
            read_out(pooled, mask, self.p["readout"], self.p["readout_bias"], out[start : start + part.size])
        return out

    def _factors(self, pooled: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """What pooled features [graphs, H] are multiplied by before the readout; empty where that is 1."""
        if self.share is None:
            return self.no_mask if mask is None else mask
        return np.full_like(pooled, self.share) if mask is None else mask * self.share

    def _forward(self, graphs: np.ndarray, training: bool, weight: np.ndarray) -> np.ndarray:
        """Pooled activations [graphs, H] with weights folded into the basis; in training running statistics move."""
        data, p, pooled = self.data, self.p, self.pooled[: graphs.size]
        starts, nodes = data.starts(graphs), data.nodes[graphs]
        affine, c = (p["norm_weight"], p["norm_bias"]), p["coefficients"]
        if self.model.norm == "layer":
            common = data.blocks, data.multiplicity, graphs, starts, self.eps
            layer_forward(*common, weight, p["bias"], *affine, self.code, c, self.z, self.inverse, pooled)
            return pooled
        if not training:
            self.mean[:] = self.running_mean - p["bias"]  # the bias cancels in training: it is left out everywhere
            self.var[:] = self.running_var
        common = graphs, starts, nodes, training, self.eps, self.tile, weight, *affine, c, self.mean, self.var, self.z
        if data.moments:
            moments_forward(data.blocks, *common, self.first, self.second, pooled)
        else:
            prelu_forward(data.blocks, data.multiplicity, *common, pooled)
        if training:
            self._move_running(float(nodes.sum(dtype=np.float64)))
        return pooled

    def _backward(self, graphs: np.ndarray, upstream: np.ndarray) -> None:
        data, p, g = self.data, self.p, self.g
        starts, nodes = data.starts(graphs), data.nodes[graphs]
        d_weight = g["weight"] if data.basis is None else self.d_folded
        affine, c, d_affine = (p["norm_weight"], p["norm_bias"]), p["coefficients"], (g["norm_weight"], g["norm_bias"])
        rest = d_weight, *d_affine, g["coefficients"]
        if self.model.norm == "layer":
            common = data.blocks, data.multiplicity, graphs, starts, *affine, self.code, c, self.inverse, upstream
            layer_backward(*common, self.z, d_weight, g["bias"], *d_affine, g["coefficients"])
        elif data.moments:
            common = data.blocks, graphs, starts, nodes, self.eps, self.tile, *affine, c
            moments_backward(*common, self.var, upstream, self.z, self.first, self.second, *rest)
        else:
            common = data.blocks, data.multiplicity, graphs, starts, nodes, self.eps, self.tile, *affine, c
            prelu_backward(*common, self.mean, self.var, upstream, self.z, *rest)
        if data.basis is not None:
            units = self.mean.size
            all_transposed(data.basis, data.width, data.rank, self.tile, units, self.d_folded, g["weight"])

    def _folded_weight(self) -> np.ndarray:
        """The weights in the coordinates of the basis, where there is one."""
        data = self.data
        if data.basis is None:
            return self.p["weight"]
        all_product(data.basis, data.width, data.rank, self.tile, self.mean.size, self.p["weight"], self.folded)
        return self.folded

    def _move_running(self, total: float) -> None:
        """BatchNorm's running statistics; the mean includes the bias, the variance is the unbiased one."""
        keep, move = self.dtype.type(1 - MOMENTUM), self.dtype.type(MOMENTUM)
        self.running_mean[:] = keep * self.running_mean + move * (self.mean + self.p["bias"])
        self.running_var[:] = keep * self.running_var + move * self.dtype.type(total / max(total - 1, 1)) * self.var


def _start(model: GraphModel, width: int, units: int, classes: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    coefficients = {"poly": POLY_START, "identity": (0.0, 1.0, 0.0), "prelu": (PRELU_START,)}[model.activation]
    return {
        "weight": rng.uniform(-1, 1, (width, units)) / np.sqrt(width),
        "bias": rng.uniform(-1, 1, units) / np.sqrt(width),
        "norm_weight": np.ones(units),
        "norm_bias": np.zeros(units),
        "readout": rng.uniform(-1, 1, (classes, units)) / np.sqrt(units),
        "readout_bias": rng.uniform(-1, 1, classes) / np.sqrt(units),
        "coefficients": np.array(coefficients),
    }


def _flat(values: dict[str, np.ndarray], dtype) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Named views of one flat array; ``weight`` stays flat, since it is stored tile by tile."""
    flat = np.concatenate([value.ravel() for value in values.values()]).astype(dtype)
    ends = np.cumsum([value.size for value in values.values()])
    views = {
        name: flat[end - value.size : end] if name == "weight" else flat[end - value.size : end].reshape(value.shape)
        for (name, value), end in zip(values.items(), ends, strict=True)
    }
    return views, flat


def tiled(matrix: np.ndarray, tile: int) -> np.ndarray:
    """A matrix [K, H] as a flat array, tile of columns by tile, each row by row."""
    return np.concatenate([matrix[:, low : low + tile].ravel() for low in range(0, matrix.shape[1], tile)])


def untiled(flat: np.ndarray, units: int, tile: int) -> np.ndarray:
    """Inverse of `tiled`: [K, H]."""
    width = flat.size // units
    lows = range(0, units, tile)
    parts = [flat[width * low : width * min(low + tile, units)].reshape(width, -1) for low in lows]
    return np.ascontiguousarray(np.hstack(parts))
