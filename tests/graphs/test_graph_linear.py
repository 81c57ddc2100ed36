"""Pooled sums and moments of sparse features, block by block, and what the baselines read."""

import json

import numpy as np
import pytest
import scipy.sparse as sp

from qcomm.audit.stamps import write_stamp
from qcomm.data.values import GraphSet, pack_matrix
from qcomm.files import read_json, write_npz
from qcomm.graphs import graph_linear
from qcomm.graphs.graph_linear import pooled, pooled_moments
from qcomm.seeds import generator
from qcomm.stages import baselines_graphs
from qcomm.stages.frame import execute

GRAPHS = 40


def features_of(width):
    """Sparse features [N, width] of graphs of 2 to 6 nodes."""
    rng = generator("test graph linear", width)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(2, 7, GRAPHS))])
    values = rng.random((offsets[-1], width)) * (rng.random((offsets[-1], width)) < 0.2)
    return sp.csr_array(values.astype(np.float32)), offsets


def plain_moments(values, offsets, rank):
    """The definition, on all nodes at once."""
    spread = values.std(0)
    values = (values - values.mean(0)) / np.where(spread > 0, spread, 1)
    if values.shape[1] > rank:
        values = values @ np.linalg.eigh(values.T @ values)[1][:, ::-1][:, :rank]
    upper = np.triu_indices(values.shape[1])
    rows = [values[a:b] for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    return np.array([np.concatenate([[len(row)], row.sum(0), (row.T @ row)[upper]]) for row in rows])


@pytest.mark.parametrize("width", [5, 60])
def test_sparse_features_give_the_sums_and_moments_of_dense_ones(width, monkeypatch):
    features, offsets = features_of(width)
    dense = features.toarray()
    assert np.array_equal(pooled(features, offsets), pooled(dense, offsets))
    whole = pooled_moments(features, offsets)
    assert np.array_equal(whole, pooled_moments(dense, offsets))
    expected = plain_moments(dense.astype(np.float64), offsets, graph_linear.MOMENT_RANK)
    np.testing.assert_allclose(whole, expected, rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(graph_linear, "BLOCK", 7 * width)  # seven nodes at a time
    monkeypatch.setattr(sp.csr_array, "toarray", limited(sp.csr_array.toarray, GRAPHS * width))
    blocks = pooled_moments(features, offsets)
    signs = np.sign((whole * blocks)[:, 1:].sum(0))  # the direction of an eigenvector is free
    np.testing.assert_allclose(blocks[:, 1:] * signs, whole[:, 1:], rtol=1e-6, atol=1e-8)


def test_rounding_noise_of_a_constant_column_is_not_a_feature():
    features, offsets = features_of(5)
    dense = features.toarray()
    noise = 1 + 1e-7 * generator("noise").normal(size=(len(dense), 1))
    found = pooled_moments(np.hstack([dense, noise]).astype(np.float32), offsets)
    expected = pooled_moments(np.hstack([dense, np.ones_like(noise)]).astype(np.float32), offsets)
    np.testing.assert_array_equal(found, expected)


def limited(toarray, most):
    def checked(matrix):
        assert np.prod(matrix.shape) <= most, "all nodes at once"
        return toarray(matrix)

    return checked


@pytest.fixture
def files(tmp_path):
    """A graph set of rings in two classes, and its features."""
    sizes = 3 + np.arange(GRAPHS) % 4
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    rings = [sp.csr_array(np.roll(np.eye(n), 1, 1) + np.roll(np.eye(n), -1, 1)) for n in sizes]
    labels = (sizes > 4).astype(np.int64)
    tags = np.arange(offsets[-1]) % 3
    adjacency = sp.csr_array(sp.block_diag(rings, format="csr"), dtype=np.float32)
    graphs = GraphSet(name="toy", adjacency=adjacency, offsets=offsets, labels=labels, tags=tags, attributes=None)
    graphs.save(tmp_path / "graphs.npz")
    features = sp.csr_array(np.eye(3, dtype=np.float32)[tags])
    arrays = pack_matrix("features", features) | {"offsets": offsets, "labels": labels}
    write_npz(tmp_path / "features.npz", arrays)
    for name in ("graphs", "features"):
        write_stamp(tmp_path / f"{name}.npz", {"stage": name, "data_source": {"toy": "test"}})
    return tmp_path


def run(files, method, *words):
    words = ["--graphs", files / "graphs.npz", "--dataset", "toy", "--method", method, *words]
    words += ["--seed", 0, "--epochs", 2, "--model", json.dumps({"degree": False}), "--out", files / f"{method}.json"]
    execute(baselines_graphs.__file__, baselines_graphs.arguments, baselines_graphs.run, [str(word) for word in words])
    return read_json(files / f"{method}.json")["folds"]


@pytest.mark.parametrize("method", ["logreg", "moments"])
def test_linear_baselines_tell_small_rings_from_large_ones(files, method):
    folds = run(files, method, "--features", files / "features.npz")
    assert np.mean([fold["outer"][0] for fold in folds]) > 0.95


def test_linear_baselines_ask_for_hop_features(files, capsys):
    with pytest.raises(SystemExit) as end:
        run(files, "moments")
    assert end.value.code == 2
    assert "--features: moments needs hop features" in capsys.readouterr().err
    assert not (files / "moments.json").exists()


@pytest.mark.parametrize("method", ["GIN", "GCN"])
def test_message_passing_needs_no_hop_features(files, method):
    assert [len(fold["outer"]) for fold in run(files, method)] == [2] * 10
