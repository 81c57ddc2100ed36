"""Refined tags: who is told apart, what stays together, and where they cannot be had."""

import numpy as np
import pytest
from scipy import sparse

from qcomm.data.values import GraphSet
from qcomm.errors import ConfigError
from qcomm.graphs import refinement
from qcomm.graphs.graph_features import hop_features
from qcomm.seeds import generator

PATH = sparse.csr_array(np.eye(5, k=1) + np.eye(5, k=-1))
STEPS = dict.fromkeys(("raw", "rw", "gcn", "ppr"), 0)


def paths(count):
    return sparse.csr_array(sparse.block_diag([PATH] * count, format="csr"))


def classes(tags):
    """The partition that tags stand for, whatever their numbers."""
    return {frozenset(np.flatnonzero(tags == tag).tolist()) for tag in np.unique(tags)}


def test_rounds_tell_the_nodes_of_a_path_apart_by_their_distance_from_the_end(monkeypatch):
    monkeypatch.setattr(refinement, "RARE", 1)
    same = np.full(5, 7)
    assert classes(refinement.refined_tags(PATH, same, 0)) == {frozenset(range(5))}
    assert classes(refinement.refined_tags(PATH, same, 1)) == {frozenset({0, 4}), frozenset({1, 2, 3})}
    assert classes(refinement.refined_tags(PATH, same, 2)) == {frozenset({0, 4}), frozenset({1, 3}), frozenset({2})}
    assert classes(refinement.refined_tags(PATH, same, 9)) == classes(refinement.refined_tags(PATH, same, 2))


def test_rare_tags_share_one_and_numbers_have_no_gaps():
    tags = np.zeros(60, int)
    tags[2] = 1  # its path alone is told apart: five nodes, fewer than ten
    refined = refinement.refined_tags(paths(12), tags, 1)
    assert refined.dtype == np.int64
    assert sorted(np.unique(refined)) == [0, 1, 2]
    assert set(np.flatnonzero(refined == 2)) == {1, 2, 3}


def test_refinement_does_not_depend_on_the_order_of_the_nodes():
    rng = generator("test refinement")
    tags, order = rng.integers(0, 3, 200), rng.permutation(200)
    adjacency = paths(40)
    shuffled = sparse.csr_array(adjacency[order][:, order])
    np.testing.assert_array_equal(
        refinement.refined_tags(shuffled, tags[order], 1), refinement.refined_tags(adjacency, tags, 1)[order]
    )


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_new_tags_are_numbered_as_sorted_rows_of_counts(rounds, monkeypatch):
    monkeypatch.setattr(refinement, "RARE", 3)
    rng = generator("test refinement numbers")
    upper = sparse.triu(sparse.random(150, 150, 0.02, rng=rng, data_rvs=np.ones), 1)
    adjacency, tags = sparse.csr_array(upper + upper.T), rng.integers(0, 3, 150)
    found, expected = refinement.refined_tags(adjacency, tags, rounds), tags
    for _ in range(rounds):
        counts = adjacency.toarray() @ np.eye(expected.max() + 1)[expected]
        rows, row, nodes = np.unique(
            np.column_stack([expected, counts]), axis=0, return_inverse=True, return_counts=True
        )
        kept = np.flatnonzero(nodes >= 3)
        assert 3 < kept.size < len(rows)
        expected = np.array([np.searchsorted(kept, r) if r in kept else kept.size for r in row.ravel()])
    np.testing.assert_array_equal(found, expected)


def dense(graphs, rounds):
    features = hop_features(graphs, {"degree": False, "refine": rounds, **STEPS})
    return features.toarray() if sparse.issparse(features) else features


def test_features_start_from_refined_tags():
    tags = np.tile([0, 1, 1, 1, 0], 12)
    graphs = GraphSet("toy", paths(12), 5 * np.arange(13), tags, None, np.arange(12) % 2)
    np.testing.assert_array_equal(dense(graphs, 1), np.tile(np.eye(3)[[0, 2, 1, 2, 0]], (12, 1)))
    np.testing.assert_array_equal(dense(graphs, 0), np.eye(2)[tags])


@pytest.mark.parametrize(("tags", "degree"), [(None, False), (np.zeros(5, int), True)])
def test_only_tags_can_be_refined(tags, degree):
    graphs = GraphSet("toy", PATH, np.array([0, 5]), tags, None, np.array([0]))
    with pytest.raises(ConfigError, match="only tags can be refined"):
        hop_features(graphs, {"degree": degree, "refine": 1, **STEPS})
