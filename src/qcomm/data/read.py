"""From a bundle of raw files to a checked `Graph` or `GraphSet`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from qcomm.data.bundle import Bundle
from qcomm.data.readers import gin, large, linqs, npz, planetoid, tu
from qcomm.data.registry import RawFile, expected_counts, read_table
from qcomm.data.values import Graph, GraphSet
from qcomm.errors import DataError


def read_bundle(path: str | Path, tables: Path) -> Graph | GraphSet:
    """The value that a bundle's files describe; checked, and its counts compared with data/datasets.tsv.

    Args:
        path: bundle written by the fetch stage.
        tables: folder with datasets.tsv and the order files.

    Raises:
        DataError: malformed, inconsistent, or not the expected counts.
    """
    with Bundle(path) as bundle:
        variant, dataset = bundle.description["variant"], bundle.description["dataset"]
        value = _read(bundle, variant, tables)
        where = f"{dataset} ({', '.join(bundle.names[:3])})"
    value.check(where)
    rows = [
        row for row in read_table(tables / "datasets.tsv", RawFile) if (row.dataset, row.variant) == (dataset, variant)
    ]
    counts, known = value.counts(), bool(rows) and bundle.description["source"] != "own"
    for name, number in expected_counts(rows).items() if known else ():
        if counts[name] != number:
            raise DataError(f"{counts[name]} {name} instead of {number}", where=where, fix="see data/datasets.tsv")
    return value


def _read(bundle: Bundle, variant: str, tables: Path) -> Graph | GraphSet:
    readers = {
        "planetoid": planetoid.read,
        "gin": gin.read,
        "tu": tu.read,
        "benchmark": npz.read_benchmark,
        "benchmark-mirror": npz.read_benchmark,
        "own-nodes": npz.read_own,
        "reddit": large.read_reddit,
        "ogb": large.read_ogb,
    }
    if variant == "linqs":
        return linqs.read(bundle, tables / "cora_planetoid_order.txt")
    if variant == "tu-gin-order":
        return tu.reorder(tu.read(bundle), tables / "mutag_gin_order.txt")
    if variant not in readers:
        raise DataError(f"no reader for variant {variant!r}", where=str(bundle.path))
    return readers[variant](bundle)


def statistics(value: Graph | GraphSet) -> dict[str, Any]:
    """Numbers of Table 4: counts, isolated nodes, class sizes; for graph sets the mean sizes too."""
    degrees = np.diff(value.adjacency.indptr)
    numbers: dict[str, Any] = {
        "dataset": value.name,
        "kind": "nodes" if isinstance(value, Graph) else "graphs",
        "source": value.provenance["source"],
        "variant": value.provenance["variant"],
        **value.counts(),
        "isolated": int((degrees == 0).sum()),
        "class_sizes": np.bincount(value.labels).tolist(),
    }
    if isinstance(value, Graph):
        return numbers | {split: int(index.size) for split, index in value.splits.items()}
    graphs = value.labels.size
    return numbers | {
        "mean_nodes": round(numbers["nodes"] / graphs, 4),
        "mean_edges": round(numbers["edges"] / 2 / graphs, 4),
    }
