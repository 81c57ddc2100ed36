"""GIN and GCN from torch-geometric's layers, as rivals on the paper's folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import nn
from torch_geometric.nn import GCNConv, GINConv
from torch_geometric.utils import scatter

from qcomm.data.values import GraphSet
from qcomm.graphs.graph_training import HALVE_EVERY, Split
from qcomm.graphs.start_features import start_features
from qcomm.seeds import seed_torch


@dataclass(frozen=True)
class Recipe:
    """GIN's recipe (Xu et al., ICLR 2019, section 7): 5 layers counting the input, Adam .01, dropout .5."""

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
        self.layers = nn.ModuleList([_gin(a, b) if kind == "GIN" else GCNConv(a, b) for a, b in pairs])
        self.norms = nn.ModuleList([nn.BatchNorm1d(b) for _, b in pairs])
        self.readouts = nn.ModuleList([nn.Linear(a, classes) for a in widths])

    def forward(self, x, edges, graph_of, count):
        states = [x]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            states.append(norm(layer(states[-1], edges)).relu())
        out = 0
        for state, readout in zip(states, self.readouts, strict=True):
            pooled = scatter(state, graph_of, dim=0, dim_size=count, reduce="sum")
            out = out + nn.functional.dropout(readout(pooled), self.dropout, self.training)
        return out


def _gin(width: int, units: int) -> GINConv:
    inner = nn.Sequential(nn.Linear(width, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Linear(units, units))
    return GINConv(inner, train_eps=False)


class Batches:
    """Sub-graphs of a graph set as tensors, cut out by index."""

    def __init__(self, graphs: GraphSet, degree: bool):
        start = start_features(graphs, degree)
        self.x = torch.from_numpy(start.toarray() if sp.issparse(start) else start)
        self.offsets, self.sizes, self.adjacency = graphs.offsets, np.diff(graphs.offsets), graphs.adjacency
        self.labels = torch.from_numpy(graphs.labels)

    def take(self, chosen: np.ndarray):
        """Node features, edges [2, E], graph of each node, and the number of graphs."""
        starts, sizes = self.offsets[chosen], self.sizes[chosen]
        shift = np.cumsum(sizes) - sizes
        nodes = np.repeat(starts - shift, sizes) + np.arange(sizes.sum())
        degrees = np.diff(self.adjacency.indptr)[nodes]
        first = np.repeat(self.adjacency.indptr[nodes] - (np.cumsum(degrees) - degrees), degrees)
        columns = self.adjacency.indices[first + np.arange(degrees.sum())]
        rows = np.repeat(np.arange(nodes.size), degrees)
        graph_of = np.repeat(np.arange(chosen.size), sizes)
        columns = columns - np.repeat(starts - shift, sizes)[rows]
        edges = torch.from_numpy(np.stack([rows, columns]).astype(np.int64))
        return self.x[torch.from_numpy(nodes)], edges, torch.from_numpy(graph_of), chosen.size


def train_fold(
    kind: str, batches: Batches, split: Split, epochs: int, identity: tuple, recipe: Recipe, report=None
) -> dict:
    """Curves of one fold under the honest rule: validation and outer accuracy after each epoch, mean training loss."""
    seed_torch("graph_baseline", *identity)
    rng = np.random.default_rng(torch.randint(2**62, (1,)).item())
    model = MessagePassing(kind, batches.x.shape[1], int(batches.labels.max()) + 1, recipe)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, HALVE_EVERY, 0.5)
    held_out = {"valid": split.valid, "outer": split.outer}
    taken = {name: batches.take(graphs) for name, graphs in held_out.items()}
    curves: dict[str, list[float]] = {"loss": [], "valid": [], "outer": []}
    for epoch in range(epochs):
        curves["loss"].append(_epoch(model, optimiser, batches, rng.permutation(split.train), recipe.batch))
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
    for start in range(0, order.size, size):
        chosen = order[start : start + size]
        loss = nn.functional.cross_entropy(model(*batches.take(chosen)), batches.labels[torch.from_numpy(chosen)])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        total += loss.item() * chosen.size
    return total / order.size
