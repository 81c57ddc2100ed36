"""The hand-written network on reduced rows against plain PyTorch on all nodes and columns."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from qcomm.errors import DataError
from qcomm.graphs import graph_network
from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_network import GraphNetwork, needs_moments, tile_width, tiled, untiled
from qcomm.graphs.graph_plain import PlainTrainer
from qcomm.graphs.graph_settings import GraphModel
from qcomm.seeds import generator

HOPS, CHANNELS, UNITS, CLASSES, STEPS, BATCH = 4, 6, 72, 3, 20, 8


def graph_set(rank: int = 2, most_nodes: int = 14):
    """Graphs whose nodes repeat, use few channels each, and whose hops of one channel are dependent."""
    rng = generator("test graph network", rank, most_nodes)
    mixing = rng.normal(size=(CHANNELS, rank, HOPS))
    parts = []
    for nodes in rng.integers(1, most_nodes, 30):
        seen = rng.permutation(CHANNELS)[: rng.integers(1, 4)]
        cube = np.zeros((nodes, HOPS, CHANNELS))
        for channel in seen:
            cube[:, :, channel] = (rng.integers(0, 3, (nodes, rank)) + 1) @ mixing[channel]
        parts.append(cube.reshape(nodes, -1))
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return np.vstack(parts), offsets, np.arange(len(parts)) % CLASSES


def model_of(norm="batch", activation="poly", dropout=0.2):
    return GraphModel(activation, UNITS // HOPS, norm, dropout, BATCH, 0.01, 1e-3)


def networks(features, offsets, labels, model, dtype):
    kept = {"hops": HOPS, "moments": needs_moments(model), "batch": BATCH, "dtype": dtype}
    data = prepare(features, offsets, labels, **kept)
    ours = GraphNetwork(model, data, UNITS, CLASSES, generator("start"))
    dense = features.toarray() if sp.issparse(features) else features
    return ours, PlainTrainer(model, ours.weights(), dense, offsets, labels)


@pytest.mark.parametrize("rank", [1, HOPS])
@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("activation", ["poly", "prelu", "identity"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_losses_weights_and_logits_follow_plain_torch(norm, activation, dtype, tolerance, rank, monkeypatch):
    monkeypatch.setattr(graph_network, "tile_width", lambda units, norm: tile_width(units, norm, 32))
    features, offsets, labels = graph_set(rank)
    model = model_of(norm, activation)
    ours, plain = networks(features, offsets, labels, model, dtype)
    assert (ours.data.basis is not None) == (rank == 1)  # both forms are tested
    assert ours.data.blocks[0][-1] < features.shape[0]  # rows were merged
    rng, losses = generator("order"), []
    for step in range(STEPS):
        batch = rng.permutation(labels.size)[: BATCH - step % 3]
        mask = ((rng.random((batch.size, UNITS)) < 0.8) / 0.8).astype(dtype) if step % 2 else None
        plain.network.model = model_of(norm, activation, 0.0)  # without a mask nothing is dropped
        losses.append((ours.train_step(batch, model.lr, mask), plain.train_step(batch, model.lr, mask)))
    left, right = np.array(losses).T
    assert np.ptp(right) > 0.1  # something is learnt
    np.testing.assert_allclose(left, right, rtol=tolerance)
    everyone = np.arange(labels.size)
    np.testing.assert_allclose(ours.logits(everyone), plain.logits(everyone), rtol=0, atol=50 * tolerance)
    weight = plain.network.hidden.weight.detach().numpy().T
    np.testing.assert_allclose(ours.weights()["weight"], weight, rtol=0, atol=50 * tolerance)


@pytest.mark.parametrize("rank", [1, HOPS])
@pytest.mark.parametrize("activation", ["poly", "prelu"])
def test_a_graph_without_features_trains_as_in_plain_torch(activation, rank):
    features, offsets, labels = graph_set(rank)
    features[offsets[4] : offsets[5]] = 0
    ours, plain = networks(features, offsets, labels, model_of("batch", activation, 0.0), np.float64)
    losses = [(ours.train_step(np.arange(8), 0.01), plain.train_step(np.arange(8), 0.01)) for _ in range(5)]
    np.testing.assert_allclose(*np.transpose(losses), rtol=1e-9)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_training_per_node_is_a_readout_of_divided_sums(dropout):
    features, offsets, labels = graph_set()
    model = replace(model_of(dropout=dropout), per_node=True)
    ours, plain = networks(features, offsets, labels, model, np.float64)
    nodes = offsets[-1] / labels.size
    with torch.no_grad():
        plain.network.out.weight *= nodes  # what is exported is for sums
    for step in range(STEPS):
        batch = np.arange(step, step + BATCH)
        mask = generator("mask", step).integers(0, 2, (BATCH, UNITS)) / 0.5 if dropout else np.ones((BATCH, UNITS))
        pair = ours.train_step(batch, 0.01, mask if dropout else None), plain.train_step(batch, 0.01, mask / nodes)
        assert pair[0] == pytest.approx(pair[1], rel=1e-9)
    plain.network.out.weight.data /= nodes
    np.testing.assert_allclose(ours.weights()["readout"], plain.network.out.weight.detach().numpy(), atol=1e-9)
    everyone = np.arange(labels.size)
    np.testing.assert_allclose(ours.logits(everyone), plain.logits(everyone), atol=1e-7)


def test_running_statistics_are_torchs():
    ours, plain = networks(*graph_set(), model_of(), np.float64)
    for batch in (np.arange(8), np.arange(20, 27)):
        ours.train_step(batch, 0.01)
        plain.network.model = model_of(dropout=0.0)
        plain.train_step(batch, 0.01)
    named = ours.weights()
    np.testing.assert_allclose(named["running_mean"], plain.network.norm.running_mean.numpy(), atol=1e-9)
    np.testing.assert_allclose(named["running_var"], plain.network.norm.running_var.numpy(), rtol=1e-9)


def test_evaluation_folds_the_weights_once_for_all_batches(monkeypatch):
    ours, _ = networks(*graph_set(1), model_of(), np.float32)
    assert ours.data.basis is not None
    folds, product = [], graph_network.all_product
    monkeypatch.setattr(graph_network, "all_product", lambda *args: folds.append(product(*args)))
    ours.logits(np.arange(ours.data.labels.size))
    assert len(folds) == 1


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_the_fixed_identity_collects_no_gradient(norm):
    ours, _ = networks(*graph_set(), model_of(norm, "identity"), np.float64)
    for _ in range(3):
        ours.train_step(np.arange(BATCH), 0.01)
    np.testing.assert_array_equal(ours.g["coefficients"], 0)
    np.testing.assert_array_equal(ours.p["coefficients"], [0, 1, 0])


def test_sparse_and_dense_features_give_the_same_bytes():
    features, offsets, labels = graph_set()
    losses = []
    for given in (features, sp.csr_array(features)):
        ours, _ = networks(given, offsets, labels, model_of(), np.float32)
        losses.append([ours.train_step(np.arange(8), 0.01) for _ in range(3)])
    assert losses[0] == losses[1]


def test_moments_have_no_more_rows_than_distinct_nodes_or_rank():
    features, offsets, labels = graph_set(1, 60)
    kept = {"hops": HOPS, "batch": BATCH, "dtype": np.float64}
    few = prepare(features, offsets, labels, moments=True, **kept)
    many = prepare(features, offsets, labels, moments=False, **kept)
    rows, distinct = np.diff(few.blocks[0]), np.diff(many.blocks[0])
    assert (rows <= distinct).all()
    assert rows.max() <= 4 < distinct.max()  # three channels of rank 1, and the mean
    np.testing.assert_array_equal(np.add.reduceat(many.multiplicity, many.blocks[0][:-1]), np.diff(offsets))


def test_moment_rows_carry_exactly_the_sums_over_nodes():
    features, offsets, labels = graph_set(HOPS)
    data = prepare(features, offsets, labels, hops=HOPS, moments=True, batch=BATCH, dtype=np.float64)
    row_ptr, col_ptr, cols, value_ptr, values = data.blocks
    for graph in range(labels.size):
        rows = np.zeros((row_ptr[graph + 1] - row_ptr[graph], data.width))
        inside = cols[col_ptr[graph] : col_ptr[graph + 1]]
        rows[:, inside] = values[value_ptr[graph] : value_ptr[graph + 1]].reshape(len(rows), -1)
        nodes = features[offsets[graph] : offsets[graph + 1]]
        centred = nodes - nodes.mean(0)
        np.testing.assert_allclose(rows[0], nodes.mean(0), atol=1e-12)
        np.testing.assert_allclose(rows[1:].T @ rows[1:], centred.T @ centred, atol=1e-11)


def test_tiles_hold_every_column_once():
    matrix = np.arange(5 * 70.0).reshape(5, 70)
    np.testing.assert_array_equal(untiled(tiled(matrix, 32), 70, 32), matrix)
    assert tile_width(1344, "batch") * 5 >= 1344 > tile_width(1344, "batch") * 4
    assert tile_width(312, "layer") == 312


def test_bad_features_are_named():
    features, offsets, labels = graph_set()
    features[3, 2] = np.nan
    with pytest.raises(DataError, match="NaN"):
        prepare(features, offsets, labels, hops=HOPS, moments=True, batch=BATCH)
    with pytest.raises(DataError, match="disagree"):
        prepare(features[:-1], offsets, labels, hops=HOPS, moments=True, batch=BATCH)
    with pytest.raises(DataError, match="all features are zero"):
        prepare(np.zeros_like(features), offsets, labels, hops=HOPS, moments=True, batch=BATCH)
