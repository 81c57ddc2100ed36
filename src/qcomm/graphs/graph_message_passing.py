"""GIN and GCN from torch-geometric's layers, as rivals on the paper's folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch_geometric.nn import GCNConv, GINConv
from torch_geometric.utils import scatter

from qcomm.data.values import GraphSet
from qcomm.graphs.graph_training import HALVE_EVERY, Split, finite
from qcomm.graphs.operators import operator, with_self_loops
from qcomm.graphs.start_features import start_features
from qcomm.seeds import seed_torch


@dataclass(frozen=True)
class Recipe:
    """5 layers counting the input, Adam .01 halved every 50 epochs, dropout .5, after Xu et al., ICLR 2019, section 7.

    ASSUME: 32 units and batches of 32 on every set (GIN chose among 16, 32 and 64 units per set, and 32 or 128 graphs),
    and an epoch is one pass over the training graphs (GIN's code takes 50 random batches): fewer steps on small sets.
    """

    layers: int = 5
    units: int = 32
    dropout: float = 0.5
    batch: int = 32
    lr: float = 0.01


class MessagePassing(nn.Module):
    """Layers of GIN (MLPs of two linear layers) or GCN, BatchNorm and ReLU; sum-pooled read-out of every layer."""

    def __init__(self, kind: str, width: int, classes: int, recipe: Recipe):
        super().__init__()
        self.dropout = recipe.dropout
        widths = [width] + [recipe.units] * (recipe.layers - 1)
        pairs = list(zip(widths[:-1], widths[1:], strict=True))
        self.layers = nn.ModuleList([LAYERS[kind](a, b) for a, b in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm1d(b) for _, b in pairs])
        self.readouts = nn.ModuleList([nn.Linear(a, classes) for a in widths])

    def forward(self, x, matrix, graph_of, count):
        states = [x]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            states.append(norm(layer(states[-1], matrix)).relu())
        out = 0
        for state, readout in zip(states, self.readouts, strict=True):
            pooled = scatter(state, graph_of, dim=0, dim_size=count, reduce="sum")
            out = out + nn.functional.dropout(readout(pooled), self.dropout, self.training)
        return out


class SymmetricProduct(torch.autograd.Function):
    """A symmetric sparse matrix times features. Autograd of a plain product would transpose the matrix at each step."""

    @staticmethod
    def forward(ctx, matrix, x):
        ctx.matrix = matrix
        return matrix @ x

    @staticmethod
    def backward(ctx, gradient):
        return None, ctx.matrix @ gradient


class GinLayer(GINConv):
    """GIN's layer on an adjacency [N, N] as a symmetric csr tensor."""

    def __init__(self, width: int, units: int):
        inner = nn.Sequential(nn.Linear(width, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Linear(units, units))
        super().__init__(inner, train_eps=False)

    def message_and_aggregate(self, adj_t, x):
        return SymmetricProduct.apply(adj_t, x[0])


class GcnLayer(GCNConv):
    """GCN's layer on an already normalised adjacency [N, N] as a symmetric csr tensor."""

    def __init__(self, width: int, units: int):
        super().__init__(width, units, normalize=False)

    def message_and_aggregate(self, adj_t, x):
        return SymmetricProduct.apply(adj_t, x)


LAYERS = {"GIN": GinLayer, "GCN": GcnLayer}


class Batches:
    """Sub-graphs of a graph set as tensors, cut out by index.

    Args:
        graphs: the set.
        row: hyper-parameters of the paper's network, of which those of `start_features` are used.
        kind: GIN (sums over neighbours) or GCN (self-loops, D^-1/2 A D^-1/2).
    """

    def __init__(self, graphs: GraphSet, row: Mapping[str, Any], kind: str):
        start = start_features(graphs, row)
        self.x = torch.from_numpy(start.toarray() if sp.issparse(start) else start)
        self.offsets, self.sizes = graphs.offsets, np.diff(graphs.offsets)
        adjacency = graphs.adjacency if kind == "GIN" else operator("gcn", with_self_loops(graphs.adjacency))
        self.matrix = sp.csr_array(adjacency, dtype=np.float32)
        self.labels = torch.from_numpy(graphs.labels)

    def take(self, chosen: np.ndarray):
        """Node features, matrix [n, n] of the layers, graph of each node, and the number of graphs."""
        starts, sizes = self.offsets[chosen], self.sizes[chosen]
        shift = starts - (np.cumsum(sizes) - sizes)
        nodes = np.repeat(shift, sizes) + np.arange(sizes.sum())
        counts = np.diff(self.matrix.indptr)[nodes]
        pointer = np.concatenate([[0], np.cumsum(counts)])
        entries = np.repeat(self.matrix.indptr[nodes] - pointer[:-1], counts) + np.arange(pointer[-1])
        columns = self.matrix.indices[entries] - np.repeat(np.repeat(shift, sizes), counts)
        parts = (torch.from_numpy(part) for part in (pointer, columns.astype(np.int64), self.matrix.data[entries]))
        matrix = torch.sparse_csr_tensor(*parts, size=(nodes.size, nodes.size), check_invariants=False)
        graph_of = torch.from_numpy(np.repeat(np.arange(chosen.size), sizes))
        return self.x[torch.from_numpy(nodes)], matrix, graph_of, chosen.size


def train_fold(
    kind: str, batches: Batches, split: Split, epochs: int, identity: tuple, recipe: Recipe, report=None
) -> dict:
    """Curves of one fold under the honest rule: validation and outer accuracy after each epoch, mean training loss.

    Raises:
        DivergedError: the loss of an epoch is not finite.
    """
    seed_torch("graph_baseline", *identity)
    rng = np.random.default_rng(torch.randint(2**62, (1,)).item())
    model = MessagePassing(kind, batches.x.shape[1], int(batches.labels.max()) + 1, recipe)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.lr, fused=True)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, HALVE_EVERY, 0.5)
    held_out = {"valid": split.valid, "outer": split.outer}
    taken = {name: batches.take(graphs) for name, graphs in held_out.items()}
    curves: dict[str, list[float]] = {"loss": [], "valid": [], "outer": []}
    for epoch in range(epochs):
        loss = _epoch(model, optimiser, batches, rng.permutation(split.train), recipe.batch)
        curves["loss"].append(finite(loss, epoch + 1, identity))
        schedule.step()
        model.eval()
        with torch.no_grad():
            for name, graphs in held_out.items():
                right = model(*taken[name]).argmax(1) == batches.labels[torch.from_numpy(graphs)]
                curves[name].append(right.double().mean().item())
        if report:
            report(epoch + 1, loss=curves["loss"][-1], accuracy=curves["outer"][-1])
    return curves


def _epoch(model, optimiser, batches: Batches, order: np.ndarray, size: int) -> float:
    model.train()
    total = 0.0
    for chosen in _cut(order, size):
        loss = nn.functional.cross_entropy(model(*batches.take(chosen)), batches.labels[torch.from_numpy(chosen)])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.item() * chosen.size
    return total / order.size


def _cut(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Batches of `size`; a last one of a single graph, whose one node BatchNorm may refuse, joins the one before."""
    stops = list(range(size, order.size - 1, size))
    return np.split(order, stops)
