"""Graphs as values: what readers return, what later stages load, what is checked on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from qcomm.errors import DataError
from qcomm.files import read_npz, write_npz

SPLITS = ("train", "valid", "test")
FOLDS = 10  # of a graph set


@dataclass(frozen=True)
class Graph:
    """One graph whose nodes are classified.

    Attributes:
        name: data set.
        adjacency: symmetric 0/1 csr_array [N, N] without self-loops.
        features: csr_array or ndarray [N, D], float32, as in the raw files (not normalised).
        labels: int64 [N], classes 0..C-1.
        splits: sorted int64 node indices under "train", "valid", "test"; disjoint.
        provenance: source, variant and hashes of the raw files.
    """

    name: str
    adjacency: sp.csr_array
    features: sp.csr_array | np.ndarray
    labels: np.ndarray
    splits: dict[str, np.ndarray]
    provenance: dict[str, Any] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Nodes, directed edges, features and classes."""
        return {
            "nodes": self.labels.size,
            "edges": self.adjacency.nnz,
            "features": self.features.shape[1],
            "classes": int(np.unique(self.labels).size),
        }

    def check(self, where: str) -> None:
        """Raise a `DataError` that names `where` unless the value is consistent."""
        nodes = self.labels.size
        if self.adjacency.shape != (nodes, nodes) or self.features.shape[0] != nodes:
            raise DataError(
                f"{nodes} labels, adjacency {self.adjacency.shape}, features {self.features.shape} do not fit",
                where=where,
            )
        check_finite(self.features, where)
        check_labels(self.labels, where)
        _check_splits(self.splits, nodes, where)

    def save(self, path: str | Path) -> None:
        """Write one npz without pickle; equal values give equal bytes."""
        arrays = pack_matrix("adjacency", self.adjacency, binary=True) | pack_matrix("features", self.features)
        arrays |= {f"split_{name}": index for name, index in self.splits.items()}
        write_npz(path, arrays | {"labels": self.labels, "kind": np.array("graph"), **_meta(self)})

    @classmethod
    def load(cls, path: str | Path) -> Graph:
        """Read what `save` wrote."""
        arrays = _arrays(path, "graph")
        splits = {name: arrays[f"split_{name}"] for name in SPLITS}
        adjacency, features = unpack_matrix("adjacency", arrays), unpack_matrix("features", arrays)
        return cls(str(arrays["name"]), adjacency, features, arrays["labels"], splits, _provenance(arrays))


@dataclass(frozen=True)
class GraphSet:
    """Many graphs that are classified as wholes.

    Attributes:
        name: data set.
        adjacency: block-diagonal symmetric 0/1 csr_array over the nodes of all graphs, without self-loops.
        offsets: int64 [G + 1]; graph g has the nodes offsets[g] .. offsets[g + 1] - 1.
        tags: int64 [N], node labels 0..T-1; None where the data set has none.
        attributes: float32 [N, D] or None.
        labels: int64 [G], classes 0..C-1.
        provenance: source, variant and hashes of the raw files.
    """

    name: str
    adjacency: sp.csr_array
    offsets: np.ndarray
    tags: np.ndarray | None
    attributes: np.ndarray | None
    labels: np.ndarray
    provenance: dict[str, Any] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Graphs, nodes, directed edges, distinct node tags and classes."""
        return {
            "graphs": self.labels.size,
            "nodes": int(self.offsets[-1]),
            "edges": self.adjacency.nnz,
            "tags": 0 if self.tags is None else int(np.unique(self.tags).size),
            "classes": int(np.unique(self.labels).size),
        }

    def check(self, where: str) -> None:
        """Raise a `DataError` that names `where` unless the value is consistent."""
        nodes = int(self.offsets[-1])
        if self.adjacency.shape != (nodes, nodes) or self.offsets.size != self.labels.size + 1:
            raise DataError(
                f"{self.labels.size} labels, {self.offsets.size - 1} graphs and adjacency "
                f"{self.adjacency.shape} do not fit",
                where=where,
            )
        if np.any(np.diff(self.offsets) < 1):
            raise DataError(f"graph {int(np.argmin(np.diff(self.offsets)))} has no nodes", where=where)
        graph_of = np.repeat(np.arange(self.labels.size, dtype=np.int32), np.diff(self.offsets))
        rows = np.repeat(np.arange(nodes, dtype=np.int32), np.diff(self.adjacency.indptr))
        crossing = graph_of[rows] != graph_of[self.adjacency.indices]
        if crossing.any():
            raise DataError(f"an edge joins graphs {graph_of[rows][crossing][0]} and another one", where=where)
        if self.attributes is not None:
            check_finite(self.attributes, where)
        check_labels(self.labels, where)

    def save(self, path: str | Path) -> None:
        """Write one npz without pickle; equal values give equal bytes."""
        arrays = pack_matrix("adjacency", self.adjacency, binary=True)
        arrays |= {"offsets": self.offsets, "labels": self.labels, "kind": np.array("graph_set")}
        optional = {"tags": self.tags, "attributes": self.attributes}
        arrays |= {name: value for name, value in optional.items() if value is not None}
        write_npz(path, arrays | _meta(self))

    @classmethod
    def load(cls, path: str | Path) -> GraphSet:
        """Read what `save` wrote."""
        arrays = _arrays(path, "graph_set")
        return cls(
            str(arrays["name"]),
            unpack_matrix("adjacency", arrays),
            arrays["offsets"],
            arrays.get("tags"),
            arrays.get("attributes"),
            arrays["labels"],
            _provenance(arrays),
        )


def symmetric_adjacency(rows: np.ndarray, columns: np.ndarray, nodes: int, where: str) -> sp.csr_array:
    """A 0/1 matrix with each given edge in both directions, once, and no self-loops.

    Raises:
        DataError: an edge names a node outside 0..nodes-1.
    """
    for ends in (rows, columns):
        bad = (ends < 0) | (ends >= nodes)
        if bad.any():
            at = int(np.argmax(bad))
            raise DataError(
                f"edge {at} joins nodes {int(rows[at])} and {int(columns[at])}, but nodes are 0..{nodes - 1}",
                where=where,
            )
    keep = rows != columns
    ends = rows[keep].astype(np.int32), columns[keep].astype(np.int32)
    matrix = sp.coo_array((np.ones(ends[0].size, np.int8), ends), shape=(nodes, nodes)).tocsr()
    matrix.data[:] = 1  # duplicates were summed
    if (matrix != matrix.T).nnz:
        matrix = sp.csr_array(matrix + matrix.T.tocsr())
    matrix.sort_indices()
    return sp.csr_array((np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def check_finite(features: sp.csr_array | np.ndarray, where: str) -> None:
    """Raise a `DataError` at the first NaN or infinite feature."""
    data = features.data if sp.issparse(features) else features
    bad = ~np.isfinite(data)
    if bad.any():
        at = int(np.argmax(bad))
        row = int(np.searchsorted(features.indptr, at, "right")) - 1 if sp.issparse(features) else at // data.shape[1]
        raise DataError(
            f"{int(bad.sum())} features are NaN or infinite, the first in row {row}", where=where, fix="repair the file"
        )


def check_labels(labels: np.ndarray, where: str) -> None:
    """Raise a `DataError` unless labels are 0..C-1 with at least two classes, none of them empty."""
    if labels.size and labels.min() < 0:
        raise DataError(f"label {int(labels.min())} at index {int(labels.argmin())} is negative", where=where)
    seen = np.unique(labels)
    classes = int(seen[-1]) + 1 if seen.size else 0
    if classes < 2 or classes != seen.size:
        empty = np.setdiff1d(np.arange(min(classes, seen.size + 5)), seen).tolist()  # a few; there may be 2^40
        raise DataError(
            f"labels must be 0..C-1, C >= 2, no class empty; here C = {classes}, empty classes: {empty or 'none'}",
            where=where,
        )


def check_folds(labels: np.ndarray, folds: int, where: str) -> None:
    """Raise a `DataError` unless each class has a graph for every one of `folds` folds."""
    sizes = np.bincount(labels)
    if sizes.min() < folds:
        raise DataError(
            f"class {int(sizes.argmin())} has {int(sizes.min())} graphs, but {folds} folds need {folds} of each class",
            where=where,
            fix="merge or leave out rare classes",
        )


def _check_splits(splits: dict[str, np.ndarray], nodes: int, where: str) -> None:
    seen = np.zeros(nodes, bool)
    for name in SPLITS:
        index = splits.get(name)
        if index is None or index.size == 0:
            raise DataError(f"the {name} split is empty", where=where)
        outside = index[(index < 0) | (index >= nodes)]
        if outside.size:
            raise DataError(f"the {name} split names node {int(outside[0])}, but nodes are 0..{nodes - 1}", where=where)
        if seen[index].any() or np.unique(index).size != index.size:
            raise DataError(f"the {name} split repeats a node or shares one with another split", where=where)
        seen[index] = True


def pack_matrix(name: str, matrix: sp.csr_array | np.ndarray, *, binary: bool = False) -> dict[str, np.ndarray]:
    """Arrays of an npz that hold a dense or csr matrix; ``binary`` leaves the values, all one, out."""
    if not sp.issparse(matrix):
        return {name: matrix}
    wide = matrix.nnz > np.iinfo(np.int32).max
    parts = {
        f"{name}_indptr": matrix.indptr.astype(np.int64 if wide else np.int32),
        f"{name}_indices": matrix.indices.astype(np.int32),
        f"{name}_shape": np.array(matrix.shape, np.int64),
    }
    return parts if binary else parts | {f"{name}_data": matrix.data}


def unpack_matrix(name: str, arrays: dict[str, np.ndarray]) -> sp.csr_array | np.ndarray:
    """Inverse of `pack_matrix`."""
    if name in arrays:
        return arrays[name]
    indices, indptr = arrays[f"{name}_indices"], arrays[f"{name}_indptr"]
    data = arrays.get(f"{name}_data", np.ones(indices.size, np.float32))
    return sp.csr_array((data, indices, indptr), shape=tuple(arrays[f"{name}_shape"]))


def _meta(value: Graph | GraphSet) -> dict[str, np.ndarray]:
    return {"name": np.array(value.name), "provenance": np.array(json.dumps(value.provenance, sort_keys=True))}


def _provenance(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return json.loads(str(arrays["provenance"]))


def _arrays(path: str | Path, kind: str) -> dict[str, np.ndarray]:
    arrays = read_npz(path)
    if str(arrays.get("kind")) != kind:
        raise DataError(f"not a {kind.replace('_', ' ')}", where=str(path), fix="check the kind of this data set")
    return arrays
