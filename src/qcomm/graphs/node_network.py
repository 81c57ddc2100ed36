"""The paper's node network with its gradients written out; only weights that can change are trained."""

from __future__ import annotations

import numpy as np

from qcomm.graphs import kernels_nodes as kernels
from qcomm.graphs.graph_settings import POLY_START, PRELU_START
from qcomm.graphs.kernels_head import adam
from qcomm.graphs.node_features import Hop, NodeData
from qcomm.graphs.node_products import add_transposed, affine, mask_shape, thinned
from qcomm.graphs.node_settings import NodeModel

CODES = {"poly": kernels.POLY, "prelu": kernels.PRELU, "identity": kernels.IDENTITY}
EVALUATION_BLOCK = 2048  # rows whose hidden units are held at a time


class NodeNetwork:
    """Parameters, one optimiser step per epoch, and evaluation.

    Args:
        model: hyper-parameters.
        data: features and labels.
        rng: initial weights (PyTorch's defaults: uniform within 1/sqrt(fan-in)) and, later, dropout masks: per chunk
            one per hop, then one for the joined hidden units.
        dtype: float32 or float64.
    """

    def __init__(self, model: NodeModel, data: NodeData, rng: np.random.Generator, dtype=np.float32):
        self.model, self.data, self.rng, self.dtype = model, data, rng, np.dtype(dtype)
        self.code, hidden, hops = CODES[model.activation], model.hidden, len(data.hops)
        start = {"poly": POLY_START, "prelu": (PRELU_START,), "identity": ()}[model.activation]
        self.full = [self._uniform((hop.width, hidden), hop.width) for hop in data.hops]
        values = []
        for hop, weight in zip(data.hops, self.full, strict=True):
            values += [weight[hop.active], self._uniform((hidden,), hop.width), np.array(start, dtype)]
        values += [self._uniform((hops, hidden, data.classes), hops * hidden)]
        values += [self._uniform((data.classes,), hops * hidden)]
        self.flat = np.concatenate([value.ravel() for value in values])
        self.gradient, self.first, self.second = (np.zeros_like(self.flat) for _ in range(3))
        self.p, self.g = _views(self.flat, values), _views(self.gradient, values)
        self.steps = 0
        self.idle = [self._idle(hop, weight) for hop, weight in zip(data.hops, self.full, strict=True)]

    def _uniform(self, shape: tuple[int, ...], fan_in: int) -> np.ndarray:
        bound = 1 / np.sqrt(fan_in)
        return self.rng.uniform(-bound, bound, shape).astype(self.dtype)

    def _idle(self, hop: Hop, weight: np.ndarray) -> np.ndarray | None:
        """What columns without gradient add to the hidden units of the evaluated nodes [m, hidden]."""
        if hop.active.size == hop.width:
            return None
        idle = np.setdiff1d(np.arange(hop.width), hop.active)
        return affine(hop.rest, weight[idle], np.zeros(self.model.hidden, self.dtype))

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
        readout = self.p[-2].reshape(-1, self.data.classes).copy()
        return named | {"readout.weight": readout, "readout.bias": self.p[-1].copy()}

    def train_epoch(self) -> float:
        """One step on the summed gradients of all chunks; returns the mean loss over training nodes before it."""
        labels, total = self.data.labels["train"], 0.0
        for start in range(0, labels.size, self.model.chunk):
            stop = min(start + self.model.chunk, labels.size)
            total += self._chunk(start, stop, labels[start:stop]) * (stop - start)
        self.steps += 1
        adam(self.flat, self.gradient, self.first, self.second, self.model.lr, 0.0, self.steps)  # clears the gradient
        return total / labels.size

    def _chunk(self, start: int, stop: int, labels: np.ndarray) -> float:
        """Add the gradient of the mean loss of one chunk; returns that loss."""
        inputs, before = [], []
        joined = np.empty((len(self.data.hops), labels.size, self.model.hidden), self.dtype)
        for number, hop in enumerate(self.data.hops):
            weight, bias, coefficients = self.p[3 * number : 3 * number + 3]
            rows = hop.train.block(start, stop)
            inputs.append(thinned(rows, self._mask(mask_shape(rows), self.model.input_dropout)))
            before.append(affine(inputs[-1], weight, bias))
            kernels.activate(before[-1], self.code, coefficients, joined[number])
        mask = self._mask(joined.shape, self.model.hidden_dropout)
        joined *= mask
        loss, upstream = self._loss(joined, labels)
        back = upstream @ self.p[-2].transpose(0, 2, 1)
        back *= mask
        for number in range(len(self.data.hops)):
            self._hop_backward(number, inputs[number], before[number], back[number])
        return loss

    def _loss(self, joined: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
        logits = (joined @ self.p[-2]).sum(0) + self.p[-1]
        logits -= logits.max(1, keepdims=True)
        probabilities = np.exp(logits)
        norms = probabilities.sum(1, keepdims=True)
        probabilities /= norms
        count = np.arange(labels.size)
        loss = float((np.log(norms[:, 0]) - logits[count, labels]).mean(dtype=np.float64))
        probabilities[count, labels] -= 1
        probabilities /= self.dtype.type(labels.size)
        self.g[-2][:] += joined.transpose(0, 2, 1) @ probabilities
        self.g[-1][:] += probabilities.sum(0)
        return loss, probabilities

    def _hop_backward(self, number: int, inputs, z: np.ndarray, upstream: np.ndarray) -> None:
        weight, bias, coefficients = self.g[3 * number : 3 * number + 3]
        d_z, sums = np.empty_like(z), np.zeros(3)
        kernels.backward(z, self.code, self.p[3 * number + 2], upstream, d_z, bias, sums)
        coefficients += sums[: coefficients.size].astype(self.dtype)
        add_transposed(inputs, d_z, weight)

    def _mask(self, shape: tuple[int, ...], rate: float) -> np.ndarray:
        """Independent Bernoulli mask, divided by the keep probability."""
        kept = self.rng.random(shape, np.float32) >= rate
        return kept * self.dtype.type(1 / (1 - rate))

    def logits(self) -> dict[str, np.ndarray]:
        """Logits of validation and test nodes, dropout off; hidden units exist for a block of nodes at a time."""
        valid = self.data.labels["valid"].size
        count = valid + self.data.labels["test"].size
        blocks = [self._block_logits(at, min(at + EVALUATION_BLOCK, count)) for at in range(0, count, EVALUATION_BLOCK)]
        total = np.concatenate(blocks)
        return {"valid": total[:valid], "test": total[valid:]}

    def _block_logits(self, start: int, stop: int) -> np.ndarray:
        total = np.broadcast_to(self.p[-1], (stop - start, self.data.classes))
        for number, (hop, idle) in enumerate(zip(self.data.hops, self.idle, strict=True)):
            weight, bias, coefficients = self.p[3 * number : 3 * number + 3]
            offset = bias if idle is None else idle[start:stop] + bias
            z = affine(hop.held_out.block(start, stop), weight, offset)
            units = np.empty_like(z)
            kernels.activate(z, self.code, coefficients, units)
            total = total + units @ self.p[-2][number]
        return total


def _views(flat: np.ndarray, values: list[np.ndarray]) -> list[np.ndarray]:
    ends = np.cumsum([value.size for value in values])
    return [flat[end - value.size : end].reshape(value.shape) for value, end in zip(values, ends, strict=True)]
