"""TU format: edges in NAME_A.txt (numbers from 1), NAME_graph_indicator.txt, NAME_graph_labels.txt, node files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from qcomm.data.bundle import Bundle
from qcomm.data.values import GraphSet, symmetric_adjacency
from qcomm.errors import DataError


def read(bundle: Bundle) -> GraphSet:
    """A graph set; edges listed twice count once, labels and tags are renumbered 0.. in increasing order.

    A node with several labels gets one tag per distinct combination of them.

    Raises:
        DataError: a file is missing or malformed; the message has file and line.
    """
    edges = _required(bundle, "_A.txt", columns=2)
    graph_of = _required(bundle, "_graph_indicator.txt")[:, 0]
    labels = _required(bundle, "_graph_labels.txt")[:, 0]
    _check_indicator(graph_of, labels.size, str(bundle.find("_graph_indicator.txt")))
    where = str(bundle.find("_A.txt"))
    outside = (edges < 1) | (edges > graph_of.size)
    if outside.any():
        line = int(np.argmax(outside.any(1))) + 1
        raise DataError(
            f"edge {edges[line - 1].tolist()} names a node that does not exist (1..{graph_of.size})",
            where=f"{where}, line {line}",
        )
    adjacency = symmetric_adjacency(edges[:, 0] - 1, edges[:, 1] - 1, graph_of.size, where)
    tags = _optional(bundle, "_node_labels.txt", graph_of.size, np.int64)
    attributes = _optional(bundle, "_node_attributes.txt", graph_of.size, np.float32)
    return GraphSet(
        bundle.description["dataset"],
        adjacency,
        np.searchsorted(graph_of, np.arange(1, labels.size + 2)).astype(np.int64),
        None if tags is None else np.unique(tags, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64),
        attributes,
        np.unique(labels, return_inverse=True)[1].astype(np.int64),
        bundle.description,
    )


def reorder(graphs: GraphSet, order_file: Path) -> GraphSet:
    """The same graphs in another order; line i of `order_file` is the present index of the i-th graph.

    Raises:
        DataError: the file is not a permutation of the graphs.
    """
    order = np.array(order_file.read_text().split(), np.int64)
    if not np.array_equal(np.sort(order), np.arange(graphs.labels.size)):
        raise DataError(f"not a permutation of 0..{graphs.labels.size - 1}", where=str(order_file))
    sizes = np.diff(graphs.offsets)[order]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    nodes = np.repeat(graphs.offsets[:-1][order] - offsets[:-1], sizes) + np.arange(offsets[-1])
    adjacency = sp.csr_array(graphs.adjacency[nodes][:, nodes])
    adjacency.sort_indices()
    pick = {
        name: None if value is None else value[nodes] for name, value in (("t", graphs.tags), ("a", graphs.attributes))
    }
    return GraphSet(graphs.name, adjacency, offsets, pick["t"], pick["a"], graphs.labels[order], graphs.provenance)


def _check_indicator(graph_of: np.ndarray, graphs: int, where: str) -> None:
    steps = np.diff(graph_of, prepend=1)
    wrong = (steps < 0) | (steps > 1)
    wrong[0] |= graph_of[0] != 1
    wrong[-1] |= graph_of[-1] != graphs
    if wrong.any():
        line = int(np.argmax(wrong)) + 1
        raise DataError(f"graph numbers must rise from 1 to {graphs} without gaps", where=f"{where}, line {line}")


def _required(bundle: Bundle, ending: str, columns: int = 1) -> np.ndarray:
    name = bundle.find(ending)
    if name is None:
        raise DataError(f"one file must end in {ending}, none does", where=str(bundle.path))
    return table(bundle, name, columns, np.int64)


def _optional(bundle: Bundle, ending: str, rows: int, dtype: type) -> np.ndarray | None:
    name = bundle.find(ending)
    if name is None:
        return None
    values = table(bundle, name, None, dtype)
    if values.shape[0] != rows:
        raise DataError(f"{values.shape[0]} lines for {rows} nodes", where=name)
    return values


def table(bundle: Bundle, name: str, columns: int | None, dtype: type) -> np.ndarray:
    """A comma-separated member as an array [lines, columns].

    Raises:
        DataError: not numbers, or another number of columns; the message has the line.
    """
    import pandas as pd

    try:
        with bundle.open(name) as stream:
            values = pd.read_csv(
                stream, header=None, skipinitialspace=True, dtype=dtype, skip_blank_lines=False
            ).to_numpy()
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        kind = int if np.issubdtype(dtype, np.integer) else float
        problem = _first_bad(bundle.read(name).decode("utf-8", "replace"), columns, kind) or error
        raise DataError(f"not {'integers' if kind is int else 'numbers'}: {problem}", where=name) from error
    if columns is not None and values.shape[1] != columns:
        raise DataError(f"{values.shape[1]} columns instead of {columns}", where=f"{name}, line 1")
    return values


def _first_bad(text: str, columns: int | None, kind: type) -> str | None:
    for number, line in enumerate(text.splitlines(), start=1):
        cells = line.split(",")
        try:
            values = [kind(cell) for cell in cells]
            np.array(values, np.int64 if kind is int else np.float64)
        except (ValueError, OverflowError):
            return f"line {number}: {line[:60]!r}"
        if columns is not None and len(values) != columns:
            return f"line {number} has {len(values)} columns: {line[:60]!r}"
    return None
