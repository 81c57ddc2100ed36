"""Hop features of a graph set: made from its row of hyper-parameters, and read from the features stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import GraphSet, unpack_matrix
from qcomm.errors import ConfigError, DataError
from qcomm.files import read_npz
from qcomm.graphs.graph_settings import STEPS
from qcomm.graphs.hops import graph_features, one_hot
from qcomm.graphs.refinement import refined_tags
from qcomm.graphs.start_features import start_features


def hop_features(graphs: GraphSet, row: Mapping[str, Any]) -> np.ndarray | sp.csr_array:
    """Hop features [N, K] of a graph set.

    Args:
        graphs: the set.
        row: hyper-parameters; ``degree`` asks for degrees (in bins where ``degree_bins`` is given) instead of tags,
            ``refine`` for refined tags.

    Raises:
        ConfigError: ``refine`` where nodes do not start from tags.
    """
    return graph_features(graphs.adjacency, _start(graphs, row), **{kind: row[kind] for kind in STEPS})


def _start(graphs: GraphSet, row: Mapping[str, Any]) -> np.ndarray | sp.csr_array:
    rounds, bins = row.get("refine", 0), row.get("degree_bins", 0)
    if rounds:
        if row["degree"] or graphs.tags is None:
            raise ConfigError("only tags can be refined", where="refine", fix="set it to 0, or start from tags")
        return one_hot(refined_tags(graphs.adjacency, graphs.tags, rounds))
    if row["degree"] and bins:
        return one_hot(binned_degrees(graphs.adjacency, bins))
    return start_features(graphs, row["degree"])


def binned_degrees(adjacency: sp.csr_array, bins: int) -> np.ndarray:
    """Number of the bin of each node's degree, self-loop counted: `bins` per doubling of the degree, int64 [N]."""
    degrees = np.diff(adjacency.indptr) + 1
    return np.floor(bins * np.log2(degrees)).astype(np.int64)


def load_features(path: str | Path) -> tuple[np.ndarray | sp.csr_array, np.ndarray, np.ndarray]:
    """Features [N, K], dense or sparse as they are stored, offsets [G + 1] and labels [G].

    Raises:
        DataError: the file holds something else.
    """
    arrays = read_npz(path)
    if "offsets" not in arrays or "labels" not in arrays:
        raise DataError("no features of a graph set", where=str(path))
    return unpack_matrix("features", arrays), arrays["offsets"], arrays["labels"]
