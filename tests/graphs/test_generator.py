"""The graph generator: what it promises of degrees, blocks, features and seeds."""

import json
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from qcomm.data.values import Graph
from qcomm.errors import ConfigError
from qcomm.files import sha256_of
from qcomm.graphs.generator import BlockModel, blocks_of, degrees_from, degrees_of, edges_of, features_of, splits_of
from qcomm.graphs.generator_kernels import shuffle
from qcomm.stages import benchmark_graph
from qcomm.stages.frame import execute

MODEL = BlockModel(20_000, mean_degree=20, largest=40, blocks=5, within=0.7, features=12, signal=3.0)


def drawn(model=MODEL):
    blocks, degrees = blocks_of(model), degrees_of(model)
    indptr, indices = edges_of(model, blocks, degrees)
    adjacency = sp.csr_array((np.ones(indices.size), indices, indptr), shape=(model.nodes, model.nodes))
    return blocks, degrees, adjacency


def test_edges_are_symmetric_sorted_and_simple():
    _, _, adjacency = drawn()
    assert (adjacency != adjacency.T).nnz == 0
    assert adjacency.diagonal().sum() == 0
    rows = np.repeat(np.arange(MODEL.nodes), np.diff(adjacency.indptr))
    assert (np.diff(rows * np.int64(MODEL.nodes) + adjacency.indices) > 0).all()


def test_degrees_are_the_given_ones_up_to_loops_and_repeats():
    _, degrees, adjacency = drawn()
    found = np.diff(adjacency.indptr)
    assert degrees.mean() == pytest.approx(20, rel=0.02)
    assert degrees.max() <= 40 * 20 + 1
    assert (found <= degrees).all()
    assert found.sum() > 0.97 * degrees.sum()
    assert (found == degrees).mean() > 0.8
    tail = np.sort(degrees)[-2000:-20]  # Hill's estimate of the exponent from the upper tail, short of the cut-off
    assert 1 + 1 / np.log(tail / tail[0]).mean() == pytest.approx(MODEL.exponent, abs=0.25)


def test_degrees_follow_a_given_distribution():
    degrees = degrees_from(MODEL, np.array([2, 5, 30]), np.array([3, 1, 4]))
    assert degrees.dtype == np.int32
    counts = np.array([(degrees == value).sum() for value in (2, 5, 30)])
    np.testing.assert_allclose(counts, MODEL.nodes * np.array([3, 1, 4]) / 8, rtol=0.06)  # four standard deviations
    assert np.array_equal(degrees, degrees_from(MODEL, np.array([2, 5, 30]), np.array([6, 2, 8])))


@pytest.mark.parametrize(
    ("degrees", "weights"), [([], []), ([1.5], [1]), ([-1], [1]), ([3], [0]), ([3, 4], [1]), ([2**30], [1])]
)
def test_impossible_degrees_are_refused(degrees, weights):
    with pytest.raises(ConfigError, match="degrees|edges"):
        degrees_from(MODEL, np.array(degrees), np.array(weights))


def test_the_stage_takes_degrees_from_a_file(tmp_path, capsys):
    (tmp_path / "d.csv").write_text("degree,nodes\n4,1\n")
    model = {"nodes": 600, "blocks": 3, "features": 4}
    words = ["--model", json.dumps(model), "--degrees", str(tmp_path / "d.csv"), "--out", str(tmp_path / "g.npz")]
    execute(benchmark_graph.__file__, benchmark_graph.arguments, benchmark_graph.run, words)
    found = np.diff(Graph.load(tmp_path / "g.npz").adjacency.indptr)
    assert found.max() == 4
    assert found.mean() > 3.8
    for bad in ("k,nodes\n4,1\n", "degree,nodes\nfour,1\n", ""):
        (tmp_path / "d.csv").write_text(bad)
        with pytest.raises(SystemExit):
            execute(benchmark_graph.__file__, benchmark_graph.arguments, benchmark_graph.run, words)
        assert "d.csv: no columns degree and nodes" in capsys.readouterr().err


def test_the_given_share_of_edges_stays_inside_blocks():
    blocks, _, adjacency = drawn()
    rows = np.repeat(blocks, np.diff(adjacency.indptr))
    expected = MODEL.within + (1 - MODEL.within) / MODEL.blocks  # the rest falls into the own block by chance
    assert (rows == blocks[adjacency.indices]).mean() == pytest.approx(expected, abs=0.01)
    sizes = np.bincount(blocks)
    assert sizes.max() - sizes.min() <= 1


def test_features_have_planted_means_and_unit_noise():
    blocks, features = blocks_of(MODEL), np.concatenate(list(features_of(MODEL, blocks_of(MODEL))))
    assert features.shape == (20_000, 12)
    assert features.dtype == np.float32
    for block in range(MODEL.blocks):
        part = features[blocks == block]
        assert np.linalg.norm(part.mean(0)) == pytest.approx(MODEL.signal, abs=0.1)
        np.testing.assert_allclose(part.std(0), 1, atol=0.06)


def test_the_same_seed_repeats_everything_and_another_changes_it():
    one, same, other = drawn(), drawn(), drawn(replace(MODEL, seed=1))
    for a, b, c in zip(one[:2], same[:2], other[:2], strict=True):
        assert np.array_equal(a, b)
        assert not np.array_equal(a, c)
    assert np.array_equal(one[2].indices, same[2].indices)
    assert not np.array_equal(one[2].indices[:1000], other[2].indices[:1000])
    first, second = (next(features_of(replace(MODEL, seed=seed), one[0])) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_shuffling_permutes_uniformly():
    counts = np.zeros((4, 4))
    for seed in range(4000):
        values = np.arange(4, dtype=np.int32)
        shuffle(values, np.uint64(seed * 7919 + 1))
        counts[np.arange(4), values] += 1
    np.testing.assert_allclose(counts, 1000, atol=150)  # five standard deviations


def test_splits_cover_all_nodes_once():
    splits = splits_of(MODEL)
    assert [splits[name].size for name in ("train", "valid", "test")] == [1600, 320, 18_080]
    np.testing.assert_array_equal(np.sort(np.concatenate(list(splits.values()))), np.arange(MODEL.nodes))


@pytest.mark.parametrize("wrong", [{"blocks": 1}, {"exponent": 2.0}, {"within": 1.2}, {"train": 0.99, "valid": 0.1}])
def test_impossible_models_are_refused(wrong):
    with pytest.raises(ConfigError):
        replace(MODEL, **wrong)


def test_the_stage_writes_a_graph_that_others_read(tmp_path):
    model = {"nodes": 600, "mean_degree": 6, "largest": 5, "blocks": 3, "features": 4}
    for name in ("a", "b"):
        words = ["--model", json.dumps(model), "--out", str(tmp_path / name)]
        execute(benchmark_graph.__file__, benchmark_graph.arguments, benchmark_graph.run, words)
    graph = Graph.load(tmp_path / "a")
    graph.check("generated")
    assert graph.counts()["nodes"] == 600
    assert 2000 < graph.counts()["edges"] <= 3800
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")
