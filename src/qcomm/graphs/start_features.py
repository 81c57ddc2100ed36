"""What the nodes of a graph set start from, before any hop or layer."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import GraphSet
from qcomm.graphs.hops import one_hot


def start_features(graphs: GraphSet, degree: bool) -> np.ndarray | sp.csr_array:
    """Start features [N, D], float32, the same for the paper's networks and their rivals.

    Args:
        graphs: the set.
        degree: start from one-hot degrees; else from one-hot tags, from the attributes where there are no tags, or
            from a constant where there is neither.
    """
    if degree:
        return one_hot(np.diff(graphs.adjacency.indptr))
    if graphs.tags is not None:
        return one_hot(graphs.tags)
    if graphs.attributes is not None:
        return graphs.attributes
    return np.ones((int(graphs.offsets[-1]), 1), np.float32)
