"""The graph network as one would write it in PyTorch: all nodes and columns, autograd; to test and to time against."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from qcomm.graphs.graph_settings import POLY_START, GraphModel


class PlainNetwork(nn.Module):
    """Linear -> norm -> activation -> sum pooling -> dropout -> Linear, in the dtype of its start weights.

    Args:
        model: hyper-parameters.
        start: parameters as `qcomm.graphs.graph_network.GraphNetwork.weights` names them.
    """

    def __init__(self, model: GraphModel, start: Mapping[str, np.ndarray]):
        super().__init__()
        (width, units), classes = start["weight"].shape, start["readout_bias"].size
        self.model, self.hidden, self.out = model, nn.Linear(width, units), nn.Linear(units, classes)
        self.norm = nn.BatchNorm1d(units) if model.norm == "batch" else nn.LayerNorm(units)
        self.c = nn.Parameter(torch.tensor(POLY_START)) if model.activation == "poly" else None
        self.prelu = nn.PReLU() if model.activation == "prelu" else None
        self.to(torch.from_numpy(start["weight"]).dtype)
        with torch.no_grad():
            for parameter, name in self._named(start):
                parameter.copy_(torch.from_numpy(np.ascontiguousarray(name)))

    def _named(self, start):
        yield self.hidden.weight, start["weight"].T
        yield self.hidden.bias, start["bias"]
        yield self.norm.weight, start["norm_weight"]
        yield self.norm.bias, start["norm_bias"]
        yield self.out.weight, start["readout"]
        yield self.out.bias, start["readout_bias"]
        if "coefficients" in start:
            yield (self.prelu.weight if self.c is None else self.c), start["coefficients"]

    def forward(self, x: torch.Tensor, graph_of: torch.Tensor, graphs: int, mask: torch.Tensor | None = None):
        """Logits [graphs, C] of node features x [N, K]; `mask` replaces dropout where it is given."""
        z = self.norm(self.hidden(x))
        if self.c is not None:
            z = self.c[0] + self.c[1] * z + self.c[2] * z**2
        elif self.prelu is not None:
            z = self.prelu(z)
        pooled = torch.zeros(graphs, z.shape[1], dtype=z.dtype).index_add(0, graph_of, z)
        if mask is not None:
            return self.out(pooled * mask)
        return self.out(nn.functional.dropout(pooled, self.model.dropout, self.training))


class PlainTrainer:
    """Training steps of the plain network on a graph set.

    Args:
        model: hyper-parameters.
        start: parameters to start from.
        features: [N, K] dense.
        offsets: int64 [G + 1].
        labels: int64 [G].
    """

    def __init__(self, model: GraphModel, start: Mapping[str, np.ndarray], features, offsets, labels):
        self.network = PlainNetwork(model, start)
        self.x = torch.from_numpy(np.asarray(features)).to(self.network.out.weight.dtype)
        self.offsets, self.labels = offsets, torch.from_numpy(labels)
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=model.lr, weight_decay=model.weight_decay)

    def _take(self, graphs: np.ndarray):
        sizes = np.diff(self.offsets)[graphs]
        ends = np.cumsum(sizes)
        index = np.repeat(self.offsets[graphs] - (ends - sizes), sizes) + np.arange(ends[-1])
        graph_of = np.repeat(np.arange(graphs.size), sizes)
        return self.x[torch.from_numpy(index)], torch.from_numpy(graph_of), graphs.size

    def train_step(self, graphs: np.ndarray, lr: float, mask: np.ndarray | None = None) -> float:
        """One step of Adam; returns the loss before it."""
        self.network.train()
        self.optimiser.param_groups[0]["lr"] = lr
        logits = self.network(*self._take(graphs), None if mask is None else torch.from_numpy(mask))
        loss = nn.functional.cross_entropy(logits, self.labels[torch.from_numpy(graphs)])
        self.optimiser.zero_grad()
        loss.backward()
        if self.network.model.norm == "batch":  # exactly zero; Adam would turn its rounding noise into steps of size lr
            self.network.hidden.bias.grad.zero_()
        self.optimiser.step()
        return loss.item()

    def logits(self, graphs: np.ndarray) -> np.ndarray:
        """Logits in evaluation mode."""
        self.network.eval()
        with torch.no_grad():
            return self.network(*self._take(graphs)).numpy()
