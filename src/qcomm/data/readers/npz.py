"""Node sets in one npz: the gnn-benchmark layout, and the documented layout for a user's own graph."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import scipy.sparse as sp

from qcomm.data.bundle import DAMAGED, Bundle
from qcomm.data.values import SPLITS, Graph, check_labels, symmetric_adjacency
from qcomm.errors import DataError
from qcomm.seeds import generator

TRAIN_PER_CLASS, VALID_PER_CLASS = 20, 30


def load(bundle: Bundle, optional: tuple[str, ...], required: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of the bundle's one npz; object arrays are never unpickled.

    Raises:
        DataError: not an npz, an object array where numbers are needed, or a key is missing.
    """
    (name,) = bundle.names
    content = io.BytesIO(bundle.read(name))
    if not zipfile.is_zipfile(content):
        raise DataError("not an npz, or truncated", where=name, fix="write it with numpy.savez")
    content.seek(0)
    try:
        with np.load(content, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in (*required, *optional) if key in archive.files}
    except (ValueError, *DAMAGED) as error:
        raise DataError(f"not an npz of plain arrays: {error}", where=name) from error
    for key in required:
        if key not in arrays:
            raise DataError(f"the key {key!r} is missing", where=name, fix=f"needed: {', '.join(required)}")
    return arrays


def read_benchmark(bundle: Bundle) -> Graph:
    """Amazon and Coauthor sets: ``adj_*`` and ``attr_*`` csr parts, ``labels``.

    ASSUME: these sets have no public split; 20 nodes per class train, 30 validate, the rest test, drawn once with a
    fixed seed (the proportions of Shchur et al., arXiv 1811.05868).
    """
    keys = [f"{part}_{piece}" for part in ("adj", "attr") for piece in ("data", "indices", "indptr", "shape")]
    arrays = load(bundle, (), (*keys, "labels"))
    where = bundle.names[0]
    matrices = {
        part: sp.csr_array(
            tuple(arrays[f"{part}_{piece}"] for piece in ("data", "indices", "indptr")),
            shape=tuple(arrays[f"{part}_shape"]),
        )
        for part in ("adj", "attr")
    }
    edges = matrices["adj"].tocoo()
    labels = arrays["labels"].astype(np.int64)
    check_labels(labels, where)
    adjacency = symmetric_adjacency(edges.row.astype(np.int64), edges.col.astype(np.int64), labels.size, where)
    features = matrices["attr"].astype(np.float32)
    features.sort_indices()
    name = bundle.description["dataset"]
    return Graph(name, adjacency, features, labels, drawn_splits(labels, name), bundle.description)


def drawn_splits(labels: np.ndarray, name: str) -> dict[str, np.ndarray]:
    """Twenty training and thirty validation nodes of each class, the rest for testing."""
    rng = generator("splits", name, 0)
    train, valid = [], []
    for label in range(int(labels.max()) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        train.append(members[:TRAIN_PER_CLASS])
        valid.append(members[TRAIN_PER_CLASS : TRAIN_PER_CLASS + VALID_PER_CLASS])
    splits = {"train": np.sort(np.concatenate(train)), "valid": np.sort(np.concatenate(valid))}
    used = np.concatenate(list(splits.values()))
    return splits | {"test": np.setdiff1d(np.arange(labels.size), used)}


def read_own(bundle: Bundle) -> Graph:
    """A user's own node set.

    Keys: ``edges`` int [2, E] (either direction, duplicates allowed), ``features`` float [N, D], ``labels`` int [N]
    (0..C-1), and ``train``, ``valid``, ``test`` as node indices or boolean masks.
    """
    arrays = load(bundle, (), ("edges", "features", "labels", *SPLITS))
    where = bundle.names[0]
    labels = _integers(arrays["labels"], ("N",), f"{where}, key labels")
    edges = _integers(arrays["edges"], (2, "E"), f"{where}, key edges")
    features = arrays["features"]
    _check_shape(features, (labels.size, "D"), f"{where}, key features")
    if features.size == 0:
        raise DataError("there are no nodes or no features", where=f"{where}, key features")
    if features.dtype.kind not in "biuf":
        raise DataError(f"numbers are needed, not {features.dtype}", where=f"{where}, key features")
    splits = {name: _split(arrays[name], labels.size, f"{where}, key {name}") for name in SPLITS}
    adjacency = symmetric_adjacency(*edges, labels.size, f"{where}, key edges")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite and is refused
        features = features.astype(np.float32)
    return Graph(bundle.description["dataset"], adjacency, features, labels, splits, bundle.description)


def _check_shape(array: np.ndarray, shape: tuple[int | str, ...], where: str) -> None:
    """Letters stand for any size."""
    fits = array.ndim == len(shape) and all(
        isinstance(wanted, str) or wanted == size for wanted, size in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise DataError(f"must have shape [{', '.join(map(str, shape))}], not {list(array.shape)}", where=where)


def _integers(array: np.ndarray, shape: tuple[int | str, ...], where: str) -> np.ndarray:
    """The array as int64; fractions are refused rather than cut off, text rather than parsed."""
    _check_shape(array, shape, where)
    if array.size and array.dtype.kind not in "iu":
        raise DataError(f"integers are needed, not {array.dtype}", where=where, fix="store it as an integer array")
    return array.astype(np.int64)


def _split(array: np.ndarray, nodes: int, where: str) -> np.ndarray:
    """Sorted node indices from indices or from a mask."""
    if array.dtype != bool:
        return np.sort(_integers(array, ("n",), where))
    _check_shape(array, (nodes,), where)
    return np.flatnonzero(array)
