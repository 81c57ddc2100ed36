"""Diffusion operators against dense algebra."""

import numpy as np
import pytest
from scipy import sparse

from qcomm.errors import ConfigError, DataError
from qcomm.graphs.operators import operator, with_self_loops


@pytest.fixture
def adjacency():
    rng = np.random.default_rng(3)
    upper = np.triu(rng.random((12, 12)) < 0.3, 1)
    dense = (upper | upper.T).astype(float)
    dense[5] = dense[:, 5] = 0  # a node without edges
    return dense


def dense_operator(name, a):
    inverse = np.diag([1 / d if d else 0 for d in a.sum(1)])
    root = np.sqrt(inverse)
    b = root @ a @ root
    again = np.diag([1 / d if d else 0 for d in b.sum(1)])
    return {"raw": a, "rw": inverse @ a, "gcn": b, "sign": again @ b}[name]


@pytest.mark.parametrize("name", ["raw", "rw", "gcn", "sign"])
@pytest.mark.parametrize("loops", [False, True])
def test_operator_equals_dense_algebra(adjacency, name, loops):
    sparse_a = sparse.csr_array(adjacency)
    if loops:
        sparse_a, adjacency = with_self_loops(sparse_a), adjacency + np.eye(12)
    result = operator(name, sparse_a)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result.toarray(), dense_operator(name, adjacency), rtol=1e-6, atol=0)


def test_rows_of_the_sign_operator_sum_to_one_or_zero(adjacency):
    sums = operator("sign", sparse.csr_array(adjacency), np.float64).toarray().sum(1)
    expected = (adjacency.sum(1) > 0).astype(float)
    np.testing.assert_allclose(sums, expected, rtol=1e-14)
    assert sums[5] == 0


def test_self_loops_are_not_added_twice(adjacency):
    adjacency[2, 2] = 1
    looped = with_self_loops(sparse.csr_array(adjacency)).toarray()
    np.testing.assert_array_equal(looped.diagonal(), 1)
    np.testing.assert_array_equal(looped - np.diag(looped.diagonal()), adjacency - np.diag(adjacency.diagonal()))


def test_weighted_edges_count_by_their_weight():
    a = np.array([[0.0, 3, 1], [3, 0, 0], [1, 0, 0]])
    np.testing.assert_allclose(operator("rw", sparse.csr_array(a)).toarray()[0], [0, 0.75, 0.25])


@pytest.mark.parametrize(
    "bad", [np.ones((2, 3)), np.array([[0, -1.0], [-1, 0]]), np.array([[0, np.nan], [1, 0]])], ids=str
)
def test_bad_adjacency_is_refused(bad):
    with pytest.raises(DataError, match="adjacency"):
        operator("rw", sparse.csr_array(bad))


def test_unknown_operator_is_named():
    with pytest.raises(ConfigError, match="heat"):
        operator("heat", sparse.csr_array(np.eye(2)))
