"""Hop features on disk: one npz per data set, deterministic, readable without loading what is not needed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from qcomm.errors import DataError
from qcomm.files import write_npz
from qcomm.graphs.hops import Matrix

SPLITS = ("train", "valid", "test")


@dataclass(frozen=True)
class NodeFeatures:
    """What node training reads: hop matrices [N, D] each (X, S X, ..), labels [N], index arrays of the splits."""

    hops: list[Matrix]
    labels: np.ndarray
    splits: dict[str, np.ndarray]
    classes: int


@dataclass(frozen=True)
class GraphFeatures:
    """What graph training reads: features [N, K] of all nodes, row offsets of the graphs [G + 1], labels [G]."""

    features: Matrix
    offsets: np.ndarray
    labels: np.ndarray
    classes: int


def write_node_features(path: str | Path, hops: Iterable[Matrix], labels, splits: Mapping, classes: int) -> None:
    """Write what `read_node_features` reads. Arrays are stored uncompressed, so that they can be memory-mapped.

    Keys: ``hop0``, ``hop1``, .. (dense) or ``hop0_data``, ``_indices``, ``_indptr``, ``_shape`` (CSR); ``labels``;
    ``train``, ``valid``, ``test``; ``classes``.
    """
    arrays = {"labels": np.asarray(labels, np.int32), "classes": np.int32(classes)}
    for number, hop in enumerate(hops):
        arrays |= _arrays_of(f"hop{number}", hop)
    for name in SPLITS:
        arrays[name] = np.asarray(splits[name], np.int64)
    write_npz(path, arrays)


def read_node_features(path: str | Path) -> NodeFeatures:
    """Read a file of `write_node_features`; dense hops are memory-mapped.

    Raises:
        DataError: the file has other keys, or labels, splits and hops do not fit together.
    """
    arrays = map_npz(path)
    count = len({name.split("_")[0] for name in arrays if name.startswith("hop")})
    try:
        hops = [_matrix_of(f"hop{number}", arrays) for number in range(count)]
        splits = {name: np.array(arrays[name]) for name in SPLITS}
        labels, classes = np.array(arrays["labels"]), int(arrays["classes"])
    except KeyError as error:
        raise DataError(
            f"the array {error} is missing", where=str(path), fix="delete the file and run again"
        ) from error
    features = NodeFeatures(hops, labels, splits, classes)
    check_node_features(features, str(path))
    return features


def check_node_features(features: NodeFeatures, where: str) -> None:
    """Raises:
    DataError: sizes disagree, a split is empty or out of range, or a label is outside ``range(classes)``.
    """
    nodes = len(features.labels)
    if not features.hops or any(hop.shape[0] != nodes for hop in features.hops):
        raise DataError(f"hop features do not cover the {nodes} labelled nodes", where=where)
    for name, rows in features.splits.items():
        if len(rows) == 0:
            raise DataError(f"the {name} split is empty", where=where, fix="give it at least one node")
        if rows.min() < 0 or rows.max() >= nodes:
            raise DataError(f"the {name} split names a node outside 0..{nodes - 1}", where=where)
        labels = features.labels[rows]
        if labels.min() < 0 or labels.max() >= features.classes:
            raise DataError(f"a {name} label is outside 0..{features.classes - 1}", where=where)


def write_graph_features(path: str | Path, features: Matrix, offsets, labels, classes: int) -> None:
    """Write what `read_graph_features` reads: keys ``features`` or ``features_data``, ..; ``offsets``; ``labels``."""
    arrays = _arrays_of("features", features)
    arrays |= {"offsets": np.asarray(offsets, np.int64), "labels": np.asarray(labels, np.int32)}
    write_npz(path, arrays | {"classes": np.int32(classes)})


def read_graph_features(path: str | Path) -> GraphFeatures:
    """Read a file of `write_graph_features`; dense features are memory-mapped.

    Raises:
        DataError: the file has other keys, or its parts do not fit together.
    """
    arrays = map_npz(path)
    try:
        features = _matrix_of("features", arrays)
        offsets, labels = np.array(arrays["offsets"]), np.array(arrays["labels"])
        classes = int(arrays["classes"])
    except KeyError as error:
        raise DataError(
            f"the array {error} is missing", where=str(path), fix="delete the file and run again"
        ) from error
    if len(offsets) != len(labels) + 1 or offsets[0] != 0 or offsets[-1] != features.shape[0]:
        raise DataError("offsets, labels and features do not fit together", where=str(path))
    return GraphFeatures(features, offsets, labels, classes)


def map_npz(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of an uncompressed npz as read-only memory maps: nothing is read before it is used.

    Raises:
        DataError: the file is no npz, or an array is compressed or of dtype object.
    """
    try:
        with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
            return {info.filename.removesuffix(".npy"): _map_member(path, stream, info) for info in archive.infolist()}
    except (zipfile.BadZipFile, ValueError) as error:
        raise DataError(f"not a readable npz: {error}", where=str(path), fix="delete the file and run again") from error


def _map_member(path: str | Path, stream, info: zipfile.ZipInfo) -> np.ndarray:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    stream.seek(info.header_offset)
    header = stream.read(30)  # local file header: the lengths of name and extra field stand at bytes 26 and 28
    skip = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    stream.seek(skip, 1)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[np.lib.format.read_magic(stream)]
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{info.filename} holds objects")
    if 0 in shape:
        return np.empty(shape, dtype)  # nothing to map
    order = "F" if fortran else "C"
    return np.memmap(path, dtype, "r", offset=stream.tell(), shape=shape, order=order)


def _arrays_of(name: str, matrix: Matrix) -> dict[str, np.ndarray]:
    if not sparse.issparse(matrix):
        return {name: matrix}
    matrix.sort_indices()
    parts = {"data": matrix.data, "shape": np.asarray(matrix.shape, np.int64)}
    for part in ("indices", "indptr"):
        values = getattr(matrix, part)
        fits = len(values) == 0 or values.max() < 2**31
        parts[part] = values.astype(np.int32 if fits else np.int64)
    return {f"{name}_{part}": values for part, values in parts.items()}


def _matrix_of(name: str, arrays: Mapping[str, np.ndarray]) -> Matrix:
    if name in arrays:
        return arrays[name]
    data, indices, indptr = (np.array(arrays[f"{name}_{part}"]) for part in ("data", "indices", "indptr"))
    return sparse.csr_array((data, indices, indptr), shape=tuple(arrays[f"{name}_shape"]))
