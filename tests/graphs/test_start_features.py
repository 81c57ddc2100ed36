"""The paper's networks and their rivals start from the same node features."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from qcomm.data.values import GraphSet
from qcomm.errors import ConfigError
from qcomm.graphs.graph_features import hop_features
from qcomm.graphs.graph_message_passing import Batches

ADJACENCY = sp.csr_array(np.array([[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]], np.float32))
TAGS, ATTRIBUTES = np.array([0, 2, 2, 0]), np.array([[0.5, 1], [2, 3], [4, 5], [6, 7]], np.float32)
NO_HOPS = dict.fromkeys(("raw", "rw", "gcn", "ppr"), 0)


@pytest.mark.parametrize(
    ("tags", "attributes", "degree", "expected"),
    [
        (TAGS, ATTRIBUTES, False, [[1, 0], [0, 1], [0, 1], [1, 0]]),
        (None, ATTRIBUTES, False, ATTRIBUTES),
        (None, None, False, [[1]] * 4),
        (TAGS, ATTRIBUTES, True, [[0, 0, 1], [0, 1, 0], [0, 1, 0], [1, 0, 0]]),
    ],
    ids=["tags", "attributes", "constant", "degrees"],
)
def test_start_features(tags, attributes, degree, expected):
    graphs = GraphSet("tiny", ADJACENCY, np.array([0, 3, 4]), tags, attributes, np.array([0, 1]))
    features = hop_features(graphs, {"degree": degree, **NO_HOPS})
    assert np.array_equal(features.toarray() if sp.issparse(features) else features, expected)
    assert np.array_equal(Batches(graphs, {"degree": degree}, "GIN").x.numpy(), expected)


@pytest.mark.parametrize("row", [{"degree": True, "degree_bins": 1}, {"degree": False, "refine": 1}])
def test_bins_and_refinement_hold_for_both(row):
    many = GraphSet("tiny", sp.csr_array(sp.block_diag([ADJACENCY] * 20)), np.array([0, 80]), None, None, np.array([0]))
    many = replace(many, tags=np.tile(TAGS, 20))
    own = hop_features(many, row | NO_HOPS).toarray()
    assert own.shape[1] > 1
    assert np.array_equal(Batches(many, row, "GCN").x.numpy(), own)
    assert not np.array_equal(own, Batches(many, {"degree": row["degree"]}, "GCN").x.numpy())


def test_degrees_count_distinct_values_of_lone_nodes_too():
    alone = GraphSet("alone", sp.csr_array((3, 3), dtype=np.float32), np.array([0, 3]), None, None, np.array([0]))
    assert np.array_equal(hop_features(alone, {"degree": True, **NO_HOPS}), [[1], [1], [1]])


@pytest.mark.parametrize(
    ("row", "message"),
    [({"degree": True, "refine": 1}, "only tags can be refined"), ({"degree": False, "degree_bins": 2}, "have bins")],
)
def test_a_start_that_does_not_fit_is_refused(row, message):
    graphs = GraphSet("tiny", ADJACENCY, np.array([0, 3, 4]), TAGS, None, np.array([0, 1]))
    with pytest.raises(ConfigError, match=message):
        hop_features(graphs, row | NO_HOPS)
