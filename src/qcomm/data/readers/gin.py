"""GIN's text format: ``graphs``; per graph ``nodes label``; per node ``tag degree neighbour ..``, numbers from 0."""

from __future__ import annotations

import io

import numpy as np

from qcomm.data.bundle import Bundle
from qcomm.data.values import GraphSet, symmetric_adjacency
from qcomm.errors import DataError


def read(bundle: Bundle) -> GraphSet:
    """A graph set from its one text member; labels and tags are renumbered 0.. in increasing order."""
    (name,) = bundle.names
    return parse(bundle.read(name), name, bundle.description["dataset"], bundle.description)


def parse(text: bytes, where: str, dataset: str, provenance: dict) -> GraphSet:
    """Parse the bytes of a GIN text file.

    Edges are never looped over in Python: the whole file becomes one array of integers, and only the positions of the
    node records are walked.

    Raises:
        DataError: malformed; the message has the line.
    """
    numbers = _integers(text, where)
    starts, labels, sizes = _walk(numbers, where)
    _check_lines(text, starts, sizes, numbers.size, where)
    degrees, tags = numbers[starts + 1], numbers[starts]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    first = np.repeat(offsets[:-1].astype(np.int32), sizes)  # first node of the graph that each node belongs to
    rows = np.repeat(np.arange(starts.size, dtype=np.int32), degrees)
    record = np.zeros(numbers.size, bool)
    for skipped in (starts, starts + 1, *_graph_lines(starts, sizes)):
        record[skipped] = True
    columns = numbers[~record]
    del numbers, record  # a hundred megabytes on COLLAB, before as much again is needed
    _check_neighbours(columns, rows, np.repeat(sizes.astype(np.int32), sizes), first, offsets, where)
    columns += first[rows]
    adjacency = symmetric_adjacency(rows, columns, starts.size, where)
    return GraphSet(
        dataset,
        adjacency,
        offsets.astype(np.int64),
        np.unique(tags, return_inverse=True)[1].astype(np.int64),
        None,
        np.unique(labels, return_inverse=True)[1].astype(np.int64),
        provenance,
    )


def _integers(text: bytes, where: str) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    # One token per row through arrow's parser: fast, and an error instead of a silent stop at a malformed number.
    tokens = pa.chunked_array(_token_chunks(text), pa.string())
    try:
        return pc.cast(tokens, pa.int32()).to_numpy()
    except pa.ArrowInvalid:
        for number, line in enumerate(io.BytesIO(text), start=1):
            for token in line.split():
                if not token.lstrip(b"-").isdigit():
                    raise DataError(
                        f"{token.decode(errors='replace')!r} is not an integer", where=f"{where}, line {number}"
                    ) from None
        raise DataError("a number is out of range", where=where) from None


def _token_chunks(text: bytes, size: int = 1 << 23):
    """Arrow string arrays of the whitespace-separated tokens, a few megabytes of text at a time."""
    import pyarrow as pa

    start = 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            end = text.find(b"\n", end) + 1 or len(text)
        yield pa.array(text[start:end].split(), pa.string())
        start = end


def _walk(numbers: np.ndarray, where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of the node records, and label and size of each graph."""
    values = memoryview(np.ascontiguousarray(numbers))  # plain ints on access, without a list of boxed ones
    end, at, line = len(values), 1, 1
    starts: list[int] = []
    labels, sizes = [], []
    for graph in range(values[0] if end else 0):
        line += 1
        if at + 2 > end:
            raise DataError(f"the file ends before graph {graph} of {values[0]}", where=f"{where}, line {line}")
        size, label = values[at], values[at + 1]
        if size < 1:
            raise DataError(f"graph {graph} has {size} nodes", where=f"{where}, line {line}")
        at += 2
        for node in range(size):
            line += 1
            if at + 2 > end or at + 2 + values[at + 1] > end or values[at + 1] < 0:
                raise DataError(f"the file ends inside node {node} of graph {graph}", where=f"{where}, line {line}")
            starts.append(at)
            at += 2 + values[at + 1]
        labels.append(label)
        sizes.append(size)
    if not sizes or at != end:
        raise DataError(f"{end - at} numbers are left over, or there is no graph", where=f"{where}, line {line + 1}")
    return np.array(starts, np.int64), np.array(labels, np.int64), np.array(sizes, np.int64)


def _check_lines(text: bytes, starts: np.ndarray, sizes: np.ndarray, count: int, where: str) -> None:
    """Each record fills one line: a wrong degree would take its neighbours from the next one."""
    found = np.array([len(line.split()) for line in io.BytesIO(text)])
    numbers = np.flatnonzero(found) + 1  # blank lines count, but hold nothing
    heads = _graph_lines(starts, sizes)[1]
    wanted = np.diff(np.sort(np.concatenate([[0, count], heads, starts])))
    found = found[numbers - 1]
    size = min(found.size, wanted.size)
    wrong = np.flatnonzero(found[:size] != wanted[:size])
    if wrong.size or found.size != wanted.size:
        at = wrong[0] if wrong.size else size - 1
        raise DataError(
            f"{found[at]} numbers in a line whose record has {wanted[at]}", where=f"{where}, line {numbers[at]}"
        )


def _graph_lines(starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Positions of everything outside node records: the number of graphs, and two numbers before each graph."""
    heads = starts[np.cumsum(sizes) - sizes]
    return np.zeros(1, np.int64), heads - 2, heads - 1


def _check_neighbours(columns, rows, size_of_node, first, offsets, where: str) -> None:
    bad = (columns < 0) | (columns >= size_of_node[rows])
    if not bad.any():
        return
    at = int(np.argmax(bad))
    node = int(rows[at])
    graph = int(np.searchsorted(offsets, node, "right")) - 1
    raise DataError(
        f"node {node - int(first[node])} of graph {graph} names neighbour {int(columns[at])}, which does not exist",
        where=f"{where}, line {node + graph + 3}",
    )
