"""What the nodes of a graph set start from, before any hop or layer: the same for the paper's networks and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import GraphSet
from qcomm.errors import ConfigError
from qcomm.graphs.hops import one_hot
from qcomm.graphs.refinement import refined_tags


def start_features(graphs: GraphSet, row: Mapping[str, Any]) -> np.ndarray | sp.csr_array:
    """Start features [N, D], float32.

    Args:
        graphs: the set.
        row: hyper-parameters. ``degree``: start from one-hot degrees (in bins where ``degree_bins`` is given); else
            from one-hot tags (refined where ``refine`` is given), from the attributes where there are no tags, or from
            a constant where there is neither.

    Raises:
        ConfigError: ``refine`` where nodes do not start from tags, or ``degree_bins`` without ``degree``.
    """
    rounds, bins = row.get("refine", 0), row.get("degree_bins", 0)
    if rounds and (row["degree"] or graphs.tags is None):
        raise ConfigError("only tags can be refined", where="refine", fix="set it to 0, or start from tags")
    if bins and not row["degree"]:
        raise ConfigError("only degrees have bins", where="degree_bins", fix="set it to 0, or degree to true")
    if row["degree"]:
        degrees = np.diff(graphs.adjacency.indptr)
        return one_hot(binned_degrees(graphs.adjacency, bins) if bins else degrees)
    if graphs.tags is not None:
        return one_hot(refined_tags(graphs.adjacency, graphs.tags, rounds))
    if graphs.attributes is not None:
        return graphs.attributes
    return np.ones((int(graphs.offsets[-1]), 1), np.float32)


def binned_degrees(adjacency: sp.csr_array, bins: int) -> np.ndarray:
    """Number of the bin of each node's degree, self-loop counted: `bins` per doubling of the degree, int64 [N]."""
    degrees = np.diff(adjacency.indptr) + 1
    return np.floor(bins * np.log2(degrees)).astype(np.int64)
