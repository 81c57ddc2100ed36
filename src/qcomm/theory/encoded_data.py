"""Real data as rows to be amplitude-encoded: node features, or pooled features of graphs, with their splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qcomm.data.values import Graph, GraphSet
from qcomm.errors import DataError


@dataclass(frozen=True)
class EncodedData:
    """Rows (S, N) as they are encoded (not yet normalised), classes (S,), and indices of a training and a test part."""

    name: str
    rows: np.ndarray
    labels: np.ndarray
    train: np.ndarray
    test: np.ndarray


def load_rows(path: str | Path) -> EncodedData:
    """Rows of a graph file: the features of each node, or of each graph the mean of its nodes' tags and two hops.

    Graph sets get the first of ten stratified folds as their test part (the split of the accuracy tables).

    Raises:
        DataError: the file holds neither a graph nor a graph set.
    """
    with np.load(path, allow_pickle=False) as archive:
        kind = str(archive["kind"]) if "kind" in archive.files else ""
    if kind == "graph":
        graph = Graph.load(path)
        rows = graph.features if isinstance(graph.features, np.ndarray) else graph.features.toarray()
        return EncodedData(graph.name, rows.astype(float), graph.labels, graph.splits["train"], graph.splits["test"])
    if kind != "graph_set":
        raise DataError("neither a graph nor a graph set", where=str(path), fix="give a file of the graphs stage")
    return _pooled(GraphSet.load(path))


def _pooled(graphs: GraphSet) -> EncodedData:
    from sklearn.model_selection import StratifiedKFold

    from qcomm.graphs.hops import graph_features, one_hot

    if graphs.tags is None:
        raise DataError("graphs without node tags have nothing to pool", where=graphs.name)
    features = graph_features(graphs.adjacency, one_hot(graphs.tags), gcn=2)
    dense = features if isinstance(features, np.ndarray) else features.toarray()
    sums = np.add.reduceat(dense.astype(float), graphs.offsets[:-1], axis=0)
    rows = sums / np.diff(graphs.offsets)[:, None]
    train, test = next(StratifiedKFold(10, shuffle=True, random_state=0).split(rows, graphs.labels))
    return EncodedData(graphs.name, rows, graphs.labels, train, test)
