import numpy as np
import pytest

from qcomm.data.values import Graph, GraphSet, symmetric_adjacency
from qcomm.errors import DataError
from qcomm.files import write_npz
from qcomm.theory.encoded_data import load_rows


def test_rows_of_a_graph_are_its_features_with_its_splits(tmp_path):
    features = np.arange(24, dtype=np.float32).reshape(8, 3)
    splits = {"train": np.array([0, 1]), "valid": np.array([2]), "test": np.array([5, 7])}
    adjacency = symmetric_adjacency(np.array([0]), np.array([1]), 8, "toy")
    Graph("toy", adjacency, features, np.arange(8) % 2, splits).save(tmp_path / "toy.npz")
    data = load_rows(tmp_path / "toy.npz")
    assert data.name == "toy"
    assert data.rows.dtype == float
    np.testing.assert_array_equal(data.rows, features)
    np.testing.assert_array_equal(data.labels, np.arange(8) % 2)
    np.testing.assert_array_equal(data.train, [0, 1])
    np.testing.assert_array_equal(data.test, [5, 7])


def _paths(count, tags):
    """`count` paths of three nodes each."""
    starts = 3 * np.arange(count)
    edges = np.concatenate([starts, starts + 1]), np.concatenate([starts + 1, starts + 2])
    adjacency, labels = symmetric_adjacency(*edges, 3 * count, "toy"), np.arange(count) % 2
    return GraphSet("toy", adjacency, 3 * np.arange(count + 1), tags, None, labels)


def test_rows_of_a_graph_set_are_means_over_nodes_and_the_test_part_is_the_first_fold(tmp_path):
    tags = np.tile([0, 1, 0], 20)
    _paths(20, tags).save(tmp_path / "set.npz")
    data = load_rows(tmp_path / "set.npz")
    assert data.rows.shape == (20, 6)  # two tags, and two hops of them
    np.testing.assert_allclose(data.rows[:, :2], np.tile([2 / 3, 1 / 3], (20, 1)))
    np.testing.assert_allclose(data.rows, np.tile(data.rows[0], (20, 1)))  # equal graphs, equal rows
    assert len(data.test) == 2
    assert sorted([*data.train, *data.test]) == list(range(20))
    assert set(data.labels[data.test]) == {0, 1}


def test_what_cannot_be_encoded_is_refused(tmp_path):
    _paths(20, None).save(tmp_path / "set.npz")
    with pytest.raises(DataError, match="without node tags"):
        load_rows(tmp_path / "set.npz")
    write_npz(tmp_path / "other.npz", {"x": np.zeros(2)})
    with pytest.raises(DataError, match="neither a graph nor a graph set"):
        load_rows(tmp_path / "other.npz")
