"""Reddit (two npz in a zip) and ogbn-products (csv.gz in a zip), read in pieces."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np
import scipy.sparse as sp

from qcomm.data.bundle import DAMAGED, Bundle
from qcomm.data.values import SPLITS, Graph, symmetric_adjacency
from qcomm.errors import DataError

CHUNK_ROWS = 100_000
REFETCH = "fetch it again; if it stays so, delete its line in data/first_seen.lock.json"


def read_reddit(bundle: Bundle) -> Graph:
    """DGL's Reddit: ``reddit_data.npz`` (feature, label, node_types 1/2/3) and ``reddit_graph.npz`` (scipy sparse).

    Self-loops are added where the features are made, not here.
    """
    (name,) = bundle.names
    with bundle.open(name) as stream, _zip(stream, name) as archive:
        data = _npz(archive, "reddit_data.npz", ("feature", "label", "node_types"))
        try:
            edges = sp.load_npz(io.BytesIO(archive.read("reddit_graph.npz"))).tocoo()
        except (KeyError, ValueError, *DAMAGED) as error:
            raise DataError(f"no scipy matrix: {error}", where="reddit_graph.npz", fix=REFETCH) from error
    labels = data["label"].astype(np.int64)
    splits = {split: np.flatnonzero(data["node_types"] == number) for number, split in enumerate(SPLITS, start=1)}
    adjacency = symmetric_adjacency(
        edges.row.astype(np.int64), edges.col.astype(np.int64), labels.size, "reddit_graph.npz"
    )
    return Graph(
        bundle.description["dataset"], adjacency, data["feature"].astype(np.float32), labels, splits, bundle.description
    )


def read_ogb(bundle: Bundle) -> Graph:
    """ogbn-products as OGB ships it: raw/*.csv.gz and split/sales_ranking/*.csv.gz."""
    (name,) = bundle.names
    with bundle.open(name) as stream, _zip(stream, name) as archive:
        nodes = int(_csv(archive, "raw/num-node-list.csv.gz", np.int64)[0, 0])
        edges = _csv(archive, "raw/edge.csv.gz", np.int64)
        features = _csv(archive, "raw/node-feat.csv.gz", np.float32, nodes)
        labels = _csv(archive, "raw/node-label.csv.gz", np.int64, nodes)[:, 0]
        splits = {s: np.sort(_csv(archive, f"split/sales_ranking/{s}.csv.gz", np.int64)[:, 0]) for s in SPLITS}
    adjacency = symmetric_adjacency(edges[:, 0], edges[:, 1], nodes, "edge.csv.gz")
    return Graph(bundle.description["dataset"], adjacency, features, labels, splits, bundle.description)


def _zip(stream, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise DataError(f"not a zip: {error}", where=name) from error


def _npz(archive: zipfile.ZipFile, member: str, keys: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(archive.read(member)), allow_pickle=False) as arrays:
            return {key: arrays[key] for key in keys}
    except (KeyError, ValueError, *DAMAGED) as error:
        raise DataError(f"missing, damaged or not plain arrays: {error}", where=member, fix=REFETCH) from error


def _csv(archive: zipfile.ZipFile, ending: str, dtype: type, rows: int | None = None) -> np.ndarray:
    """A gzipped csv without header as [rows, columns], parsed in chunks; `rows` checks the length."""
    import pandas as pd

    found = [name for name in archive.namelist() if name.endswith(ending)]
    if len(found) != 1:
        raise DataError(f"{len(found)} members end in {ending}", where=str(archive.filename))
    try:
        with archive.open(found[0]) as packed, gzip.open(packed) as stream:
            chunks = [c.to_numpy() for c in pd.read_csv(stream, header=None, dtype=dtype, chunksize=CHUNK_ROWS)]
    except (ValueError, *DAMAGED) as error:
        raise DataError(f"not a csv of {np.dtype(dtype)}: {error}", where=found[0], fix=REFETCH) from error
    values = np.concatenate(chunks)
    if rows is not None and values.shape[0] != rows:
        raise DataError(f"{values.shape[0]} rows for {rows} nodes", where=found[0])
    return values
