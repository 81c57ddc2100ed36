"""The hand-written pass of the graph network against plain PyTorch on all nodes, without any of the exact shortcuts."""

import numpy as np
import pytest
import torch

from qcomm.graphs.graph_rows import merge_rows, prepare
from qcomm.graphs.graph_settings import POLY_START, GraphModel
from qcomm.graphs.graph_step import GraphNetwork
from qcomm.seeds import generator

UNITS, CLASSES, STEPS = 40, 3, 20


def graphs(rank: int = 6, width: int = 14):
    """Small graphs with repeated rows and features of low rank."""
    rng = generator("test graph step")
    sizes = rng.integers(2, 9, 30)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    pool = rng.integers(0, 4, (25, rank)) @ rng.normal(size=(rank, width))
    return pool[rng.integers(0, 25, offsets[-1])], offsets, rng.integers(0, CLASSES, sizes.size)


class Plain(torch.nn.Module):
    """The model as one would write it, in float64, starting from given weights."""

    def __init__(self, network: GraphNetwork):
        super().__init__()
        start = {name: torch.tensor(value, dtype=torch.float64) for name, value in network.weights().items()}
        width, units = start["weight"].shape
        self.hidden, self.out = torch.nn.Linear(width, units).double(), torch.nn.Linear(units, CLASSES).double()
        kind = torch.nn.BatchNorm1d if network.model.norm == "batch" else torch.nn.LayerNorm
        self.norm, self.activation = kind(units).double(), network.model.activation
        with torch.no_grad():
            self.hidden.weight.copy_(start["weight"].T)
            self.hidden.bias.copy_(start["bias"])
            self.out.weight.copy_(start["readout"])
            self.out.bias.copy_(start["readout_bias"])
        if self.activation == "poly":
            self.c = torch.nn.Parameter(torch.tensor(POLY_START, dtype=torch.float64))
        if self.activation == "prelu":
            self.act = torch.nn.PReLU().double()

    def forward(self, x, graph_of, count, mask=None):
        z = self.norm(self.hidden(x))
        if self.activation == "poly":
            z = self.c[0] + self.c[1] * z + self.c[2] * z**2
        if self.activation == "prelu":
            z = self.act(z)
        pooled = torch.zeros(count, z.shape[1], dtype=z.dtype).index_add(0, graph_of, z)
        return self.out(pooled if mask is None else pooled * mask)


def plain_batch(features, offsets, batch):
    rows = np.concatenate([np.arange(offsets[g], offsets[g + 1]) for g in batch])
    graph_of = np.repeat(np.arange(len(batch)), np.diff(offsets)[batch])
    return torch.tensor(features[rows]), torch.tensor(graph_of)


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("activation", ["poly", "prelu", "identity"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_losses_and_logits_follow_plain_torch(norm, activation, dtype, tolerance, monkeypatch):
    monkeypatch.setattr("qcomm.graphs.graph_step.BLOCK_BYTES", 1)  # several blocks of units
    features, offsets, labels = graphs()
    data = prepare(features, offsets, labels, dtype)
    assert data.basis is not None
    assert data.rows.shape[0] < features.shape[0]
    model = GraphModel(activation, 4, norm, 0.2, 8, 0.01, 1e-3)
    network = GraphNetwork(model, features.shape[1], UNITS, CLASSES, generator("weights"), dtype)
    plain = Plain(network)
    optimiser = torch.optim.Adam(plain.parameters(), lr=model.lr, weight_decay=model.weight_decay)
    rng, losses = generator("masks"), []
    for _ in range(STEPS):
        batch = rng.permutation(labels.size)[:8]
        mask = (rng.random((8, UNITS)) < 0.8) / 0.8
        ours = network.train_step(data, batch, model.lr, mask.astype(dtype))
        x, graph_of = plain_batch(features, offsets, batch)
        loss = torch.nn.functional.cross_entropy(plain(x, graph_of, 8, torch.tensor(mask)), torch.tensor(labels[batch]))
        optimiser.zero_grad()
        loss.backward()
        if norm == "batch":  # exactly zero: only rounding noise, which Adam would blow up
            plain.hidden.bias.grad.zero_()
        optimiser.step()
        losses.append((ours, loss.item()))
    ours, theirs = np.array(losses).T
    assert np.ptp(theirs) > 0.1  # something is learnt
    np.testing.assert_allclose(ours, theirs, rtol=tolerance)
    plain.eval()
    everything = np.arange(labels.size)
    x, graph_of = plain_batch(features, offsets, everything)
    expected = plain(x, graph_of, labels.size).detach().numpy()
    np.testing.assert_allclose(network.logits(data, everything), expected, rtol=30 * tolerance, atol=30 * tolerance)


def test_merging_counts_identical_rows_within_a_graph_only():
    features = np.array([[1.0], [2.0], [1.0], [1.0], [2.0], [2.0]])
    rows, weights, offsets = merge_rows(features, np.array([0, 3, 6]))
    assert rows.ravel().tolist() == [1, 2, 1, 2]
    assert weights.tolist() == [2, 1, 1, 2]
    assert offsets.tolist() == [0, 2, 4]
