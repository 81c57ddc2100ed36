"""The paper's node network with its gradients written out; only weights that can change are trained."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from qcomm.graphs.graph_settings import POLY_START, PRELU_START
from qcomm.graphs.kernels_graph import adam
from qcomm.graphs.node_features import Hop, Matrix, NodeData
from qcomm.graphs.node_settings import NodeModel


class NodeNetwork:
    """Parameters, one optimiser step per epoch, and evaluation.

    Args:
        model: hyper-parameters.
        data: features and labels.
        rng: initial weights (PyTorch's defaults: uniform within 1/sqrt(fan-in)) and, later, dropout masks.
        dtype: float32 or float64.
    """

    def __init__(self, model: NodeModel, data: NodeData, rng: np.random.Generator, dtype=np.float32):
        self.model, self.data, self.rng, self.dtype = model, data, rng, np.dtype(dtype)
        hidden, joined = model.hidden, model.hidden * len(data.hops)
        start = {"poly": POLY_START, "prelu": (PRELU_START,), "identity": ()}[model.activation]
        self.full = [self._uniform((hop.width, hidden), hop.width) for hop in data.hops]
        values = []
        for hop, weight in zip(data.hops, self.full, strict=True):
            values += [weight[hop.active], self._uniform((hidden,), hop.width), np.array(start, dtype)]
        values += [self._uniform((joined, data.classes), joined), self._uniform((data.classes,), joined)]
        self.flat = np.concatenate([value.ravel() for value in values])
        self.gradient, self.first, self.second = (np.zeros_like(self.flat) for _ in range(3))
        self.p, self.g = _views(self.flat, values), _views(self.gradient, values)
        self.steps = 0
        self.idle = [self._idle(hop, weight) for hop, weight in zip(data.hops, self.full, strict=True)]

    def _uniform(self, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        bound = 1 / np.sqrt(fan_in)
        return self.rng.uniform(-bound, bound, shape).astype(self.dtype)

    def _idle(self, hop: Hop, weight: np.ndarray) -> np.ndarray | float:
        """What columns without gradient add to the hidden units of the evaluated nodes."""
        idle = np.setdiff1d(np.arange(hop.width), hop.active)
        return hop.rest @ weight[idle] if idle.size else 0.0

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of all parameters by name."""
        named = {}
        for number, (hop, full) in enumerate(zip(self.data.hops, self.full, strict=True)):
            weight, bias, coefficients = self.p[3 * number : 3 * number + 3]
            whole = full.copy()
            whole[hop.active] = weight
            named |= {f"hop{number}.weight": whole, f"hop{number}.bias": bias.copy()}
            if coefficients.size:
                named[f"hop{number}.coefficients"] = coefficients.copy()
        return named | {"readout.weight": self.p[-2].copy(), "readout.bias": self.p[-1].copy()}

    def train_epoch(self) -> float:
        """One step on the summed gradients of all chunks; returns the mean loss over training nodes before it."""
        labels, self.gradient[:] = self.data.labels["train"], 0
        total = 0.0
        for start in range(0, labels.size, self.model.chunk):
            rows = slice(start, min(start + self.model.chunk, labels.size))
            total += self._chunk(rows, labels[rows]) * (rows.stop - rows.start)
        self.steps += 1
        adam(self.flat, self.gradient, self.first, self.second, self.model.lr, 0.0, self.steps)
        return total / labels.size

    def _chunk(self, rows: slice, labels: np.ndarray) -> float:
        """Add the gradient of the mean loss of one chunk; returns that loss."""
        hidden, inputs, before = self.model.hidden, [], []
        joined = np.empty((labels.size, hidden * len(self.data.hops)), self.dtype)
        for number, hop in enumerate(self.data.hops):
            weight, bias, coefficients = self.p[3 * number : 3 * number + 3]
            inputs.append(self._dropped(hop.train[rows]))
            before.append(inputs[-1] @ weight + bias)
            joined[:, number * hidden : (number + 1) * hidden] = activate(
                before[-1], self.model.activation, coefficients
            )
        mask = self._mask(joined.shape, self.model.hidden_dropout)
        joined *= mask
        loss, upstream = self._loss(joined, labels)
        back = (upstream @ self.p[-2].T) * mask
        for number in range(len(self.data.hops)):
            part = back[:, number * hidden : (number + 1) * hidden]
            self._hop_backward(number, inputs[number], before[number], part)
        return loss

    def _loss(self, joined: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        logits = joined @ self.p[-2] + self.p[-1]
        logits -= logits.max(1, keepdims=True)
        probabilities = np.exp(logits)
        probabilities /= probabilities.sum(1, keepdims=True)
        count = np.arange(labels.size)
        loss = float(-np.log(np.maximum(probabilities[count, labels], 1e-30)).mean())
        probabilities[count, labels] -= 1
        probabilities /= self.dtype.type(labels.size)
        self.g[-2][:] += joined.T @ probabilities
        self.g[-1][:] += probabilities.sum(0)
        return loss, probabilities

    def _hop_backward(self, number: int, inputs: Matrix, z: np.ndarray, upstream: np.ndarray) -> None:
        weight, bias, coefficients = self.g[3 * number : 3 * number + 3]
        c = self.p[3 * number + 2]
        if self.model.activation == "poly":
            product = upstream * z
            coefficients += [upstream.sum(), product.sum(), (product * z).sum()]
            upstream = upstream * (c[1] + 2 * c[2] * z)
        elif self.model.activation == "prelu":
            below = z <= 0
            coefficients += (upstream * z)[below].sum()
            upstream = np.where(below, c[0] * upstream, upstream)
        weight += inputs.T @ upstream
        bias += upstream.sum(0)

    def _mask(self, shape: tuple[int, ...], rate: float) -> np.ndarray:
        """Independent Bernoulli mask, divided by the keep probability."""
        kept = self.rng.random(shape, np.float32) >= rate
        return kept * self.dtype.type(1 / (1 - rate))

    def _dropped(self, inputs: Matrix) -> Matrix:
        """Inputs after dropout; zeros stay zero, so a sparse matrix needs a mask for its non-zeros only."""
        if not sp.issparse(inputs):
            return inputs * self._mask(inputs.shape, self.model.input_dropout)
        data = inputs.data * self._mask(inputs.data.shape, self.model.input_dropout)
        return sp.csr_array((data, inputs.indices, inputs.indptr), shape=inputs.shape)

    def logits(self) -> dict[str, np.ndarray]:
        """Logits of validation and test nodes, dropout off."""
        hidden, total = self.model.hidden, None
        for number, (hop, idle) in enumerate(zip(self.data.hops, self.idle, strict=True)):
            weight, bias, coefficients = self.p[3 * number : 3 * number + 3]
            units = activate(hop.held_out @ weight + idle + bias, self.model.activation, coefficients)
            part = units @ self.p[-2][number * hidden : (number + 1) * hidden]
            total = part if total is None else total + part
        total = total + self.p[-1]
        valid = self.data.labels["valid"].size
        return {"valid": total[:valid], "test": total[valid:]}


def activate(z: np.ndarray, activation: str, c: np.ndarray) -> np.ndarray:
    """Polynomial c0 + c1 z + c2 z^2, PReLU with slope c0, or z itself."""
    if activation == "poly":
        return c[0] + z * (c[1] + c[2] * z)
    return np.where(z > 0, z, c[0] * z) if activation == "prelu" else z


def _views(flat: np.ndarray, values: list[np.ndarray]) -> list[np.ndarray]:
    ends = np.cumsum([value.size for value in values])
    return [flat[end - value.size : end].reshape(value.shape) for value, end in zip(values, ends, strict=True)]
