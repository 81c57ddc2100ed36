"""Hop features against dense algebra."""

import numpy as np
import pytest
from scipy import sparse

from qcomm.errors import ConfigError, DataError
from qcomm.graphs.hops import graph_features, node_hops, one_hot, rows_to_sum_one


def dense(matrix):
    return matrix.toarray() if sparse.issparse(matrix) else matrix


def random_graph(rng, nodes=30, share=0.1):
    upper = np.triu(rng.random((nodes, nodes)) < share, 1)
    return (upper | upper.T).astype(float)


def powers_of(a):
    inverse = np.diag([1 / d if d else 0 for d in a.sum(1)])
    b = np.sqrt(inverse) @ a @ np.sqrt(inverse)
    sums = b.sum(1)
    return inverse @ a, b, np.diag([1 / s if s else 0 for s in sums]) @ b


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("loops", [False, True])
@pytest.mark.parametrize("normalised", [False, True])
def test_node_hops_equal_dense_algebra(as_sparse, loops, normalised):
    rng = np.random.default_rng(0)
    a, x = random_graph(rng), rng.random((30, 9)) * (rng.random((30, 9)) < 0.2)
    x[4] = 0
    given = sparse.csr_array(x) if as_sparse else x
    hops = list(node_hops(sparse.csr_array(a), given, 5, row_normalised=normalised, self_loops=loops))
    expected = x / np.where(x.sum(1) > 0, x.sum(1), 1)[:, None] if normalised else x
    step = powers_of(a + np.eye(30) if loops else a)[2]
    assert len(hops) == 6
    for hop in hops:
        assert hop.dtype == np.float32
        np.testing.assert_allclose(dense(hop), expected, rtol=2e-6, atol=1e-7)
        expected = step @ expected


def test_hops_become_dense_only_when_they_fill_up():
    ring = sparse.csr_array(np.roll(np.eye(200), 1, 1) + np.roll(np.eye(200), -1, 1))
    hops = list(node_hops(ring, sparse.eye_array(200, format="csr"), 3))
    assert all(sparse.issparse(hop) for hop in hops)
    small = sparse.csr_array(np.ones((6, 6)) - np.eye(6))
    kinds = [sparse.issparse(hop) for hop in node_hops(small, sparse.eye_array(6, format="csr"), 2)]
    assert kinds == [True, False, False]


@pytest.mark.parametrize("as_sparse", [False, True])
def test_graph_features_equal_dense_algebra_in_the_papers_order(as_sparse):
    rng = np.random.default_rng(1)
    a, x = random_graph(rng, share=0.03 if as_sparse else 0.1), one_hot(rng.integers(0, 12, 30))
    result = graph_features(sparse.csr_array(a), x if as_sparse else x.toarray(), raw=2, rw=1, gcn=3, ppr=2)
    looped, x = a + np.eye(30), x.toarray().astype(float)
    walk, sym, _ = powers_of(looped)
    once = 0.8 * sym @ x + 0.2 * x
    blocks = [x, looped @ x, looped @ looped @ x, walk @ x, sym @ x, sym @ sym @ x, sym @ sym @ sym @ x]
    blocks += [once, 0.8 * sym @ once + 0.2 * x]
    assert result.dtype == np.float32
    assert sparse.issparse(result) == as_sparse
    np.testing.assert_allclose(dense(result), np.hstack(blocks), rtol=2e-6, atol=1e-7)


def test_one_hot_columns_follow_the_order_of_tags():
    np.testing.assert_array_equal(one_hot([7, 3, 7, 5]).toarray(), [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]])


def test_zero_rows_survive_row_normalisation():
    np.testing.assert_array_equal(rows_to_sum_one(np.array([[0.0, 0], [1, 3]])), [[0, 0], [0.25, 0.75]])


def test_bad_input_is_refused():
    ring = sparse.csr_array(np.roll(np.eye(4), 1, 1))
    with pytest.raises(DataError, match="4 nodes.* 3 rows"):
        list(node_hops(ring, np.ones((3, 2)), 1))
    with pytest.raises(DataError, match="finite"):
        list(node_hops(ring, np.full((4, 2), np.nan), 1))
    with pytest.raises(ConfigError, match="-1 hops"):
        list(node_hops(ring, np.ones((4, 2)), -1))
    with pytest.raises(ConfigError, match="rw: -2 steps"):
        graph_features(ring, np.ones((4, 2)), rw=-2)
