"""Hop features of a graph set: made from its row of hyper-parameters, and read from the features stage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import GraphSet, unpack_matrix
from qcomm.errors import DataError
from qcomm.files import read_npz
from qcomm.graphs.graph_settings import STEPS
from qcomm.graphs.hops import graph_features
from qcomm.graphs.start_features import start_features


def hop_features(graphs: GraphSet, row: Mapping[str, Any]) -> np.ndarray | sp.csr_array:
    """Hop features [N, K] of a graph set.

    Args:
        graphs: the set.
        row: hyper-parameters: what nodes start from (see `start_features`), and the number of steps of each kind.

    Raises:
        ConfigError: the start does not fit the set.
    """
    return graph_features(graphs.adjacency, start_features(graphs, row), **{kind: row[kind] for kind in STEPS})


def load_features(path: str | Path) -> tuple[np.ndarray | sp.csr_array, np.ndarray, np.ndarray]:
    """Features [N, K], dense or sparse as they are stored, offsets [G + 1] and labels [G].

    Raises:
        DataError: the file holds something else.
    """
    arrays = read_npz(path)
    if "offsets" not in arrays or "labels" not in arrays:
        raise DataError("no features of a graph set", where=str(path))
    return unpack_matrix("features", arrays), arrays["offsets"], arrays["labels"]
