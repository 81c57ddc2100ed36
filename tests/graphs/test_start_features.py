"""The paper's networks and their rivals start from the same node features."""

import numpy as np
import pytest
import scipy.sparse as sp

from qcomm.data.values import GraphSet
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
    assert np.array_equal(Batches(graphs, degree, "GIN").x.numpy(), expected)
