"""The layers of the rivals against torch-geometric's own, on edges."""

import copy

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.nn import GCNConv, GINConv

from qcomm.data.values import GraphSet
from qcomm.graphs import graph_message_passing
from qcomm.graphs.graph_message_passing import LAYERS, Batches, MessagePassing, Recipe
from qcomm.seeds import generator

SIZES = [5, 1, 7, 4]


@pytest.fixture
def graphs():
    """Four graphs with random edges; one has a single node without any."""
    rng, parts = generator("test message passing"), []
    for size in SIZES:
        upper = np.triu(rng.random((size, size)) < 0.5, 1)
        parts.append((upper | upper.T).astype(np.float32))
    adjacency = sp.csr_array(sp.block_diag(parts, format="csr"))
    tags = rng.integers(0, 3, sum(SIZES))
    return GraphSet("toy", adjacency, np.concatenate([[0], np.cumsum(SIZES)]), tags, None, np.array([0, 1, 0, 1]))


def edges_of(graphs, chosen):
    """Edges [2, E] of a batch, cut out by slicing."""
    nodes = np.concatenate([np.arange(graphs.offsets[g], graphs.offsets[g + 1]) for g in chosen])
    return torch.from_numpy(np.stack(graphs.adjacency[nodes][:, nodes].nonzero()).astype(np.int64)), nodes


def original_of(layer, kind):
    """torch-geometric's own layer with the same weights."""
    own = GINConv(copy.deepcopy(layer.nn)) if kind == "GIN" else GCNConv(3, 4)
    own.load_state_dict(layer.state_dict())
    return own.double().eval()


@pytest.mark.parametrize("kind", ["GIN", "GCN"])
@pytest.mark.parametrize("chosen", [[2, 0, 1], [3], [1]])
def test_layers_are_those_of_torch_geometric(graphs, kind, chosen):
    torch.manual_seed(3)
    layer = LAYERS[kind](3, 4).double().eval()
    x, matrix, graph_of, count = Batches(graphs, {"degree": False}, kind).take(np.array(chosen))
    edges, nodes = edges_of(graphs, chosen)
    assert np.array_equal(x.argmax(1), np.unique(graphs.tags, return_inverse=True)[1][nodes])
    assert count == len(chosen)
    assert graph_of.tolist() == [at for at, graph in enumerate(chosen) for _ in range(SIZES[graph])]
    weights = torch.randn(len(nodes), 4, dtype=torch.float64)
    results = []
    for call in (lambda x: layer(x, matrix.double()), lambda x: original_of(layer, kind)(x, edges)):
        leaf = torch.randn(len(nodes), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        leaf.requires_grad_()
        out = call(leaf)
        (out * weights).sum().backward()
        results.append((out.detach(), leaf.grad))
    # GCN's matrix is rounded to float32 once
    tolerance = 1e-12 if kind == "GIN" else 1e-6
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["GIN", "GCN"])
def test_the_order_of_graphs_in_a_batch_does_not_matter(graphs, kind):
    torch.manual_seed(4)
    model, batches = MessagePassing(kind, 3, 2, Recipe()).eval(), Batches(graphs, {"degree": False}, kind)
    forward, backward = (model(*batches.take(np.array(order))) for order in ([0, 1, 2, 3], [3, 2, 1, 0]))
    torch.testing.assert_close(forward.flip(0), backward)


def test_a_last_batch_of_one_graph_joins_the_one_before():
    sizes = [[len(part) for part in graph_message_passing._cut(np.arange(n), 32)] for n in (1, 33, 64, 65, 66)]
    assert sizes == [[1], [33], [32, 32], [32, 33], [32, 32, 2]]
