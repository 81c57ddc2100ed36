"""Every raw format on tiny files, and what is said about malformed ones."""

import argparse
import gzip
import io
import pickle
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from qcomm.data.bundle import Bundle, write_bundle
from qcomm.data.fetch import fetch_own
from qcomm.data.read import read_bundle, statistics
from qcomm.data.readers import gin, planetoid, tu
from qcomm.data.values import FOLDS, Graph, GraphSet, check_folds
from qcomm.errors import DataError
from qcomm.stages import graphs as graphs_stage

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "data"
GIN_TEXT = b"2\n3 7\n5 2 1 2\n9 1 0\n5 1 0\n2 3\n5 1 1\n5 1 0\n"


def bundle(tmp_path, variant: str, files: dict[str, bytes], dataset: str = "tiny") -> Path:
    members = {}
    for number, (name, content) in enumerate(files.items()):
        members[name] = tmp_path / str(number)
        members[name].write_bytes(content)
    description = {"dataset": dataset, "variant": variant, "source": "test", "sha256": {}}
    write_bundle(tmp_path / "bundle.zip", members, description)
    return tmp_path / "bundle.zip"


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.eye(3))
    return stream.getvalue()


def own_arrays(**changes) -> dict:
    arrays = {
        "edges": np.array([[0, 1, 1, 3], [1, 0, 2, 3]]),
        "features": np.eye(4, 3),
        "labels": np.array([0, 1, 0, 1]),
        "train": np.array([0, 1]),
        "valid": np.array([False, False, True, False]),
        "test": np.array([3]),
    }
    return arrays | changes


def tu_files(**changes) -> dict[str, bytes]:
    files = {
        "T_A.txt": b"1, 2\n2, 1\n2, 1\n4, 5\n5, 4\n",
        "T_graph_indicator.txt": b"1\n1\n1\n2\n2\n",
        "T_graph_labels.txt": b"-1\n1\n",
        "T_node_labels.txt": b"3\n8\n3\n3\n3\n",
    }
    return files | changes


def planetoid_files() -> dict[str, bytes]:
    """6 training and 1,000 other nodes are not needed: 2 train, 500 validate, 2 test."""
    total, features = 504, 3
    x = sp.csr_matrix(np.ones((2, features), np.float32))
    rest = sp.csr_matrix(np.ones((total - 2, features), np.float32))
    y = np.tile([[1, 0], [0, 1]], (total // 2, 1))
    graph = defaultdict(list, {0: [1, 1, 0], 1: [0], 503: [502]})
    parts = {"x": x, "y": y[:2], "tx": 2 * x, "ty": y[-2:], "allx": rest, "ally": y[:-2], "graph": graph}
    files = {f"ind.tiny.{name}": pickle.dumps(value, 3) for name, value in parts.items()}
    # Pickles of today's scipy name today's modules; the real files name those of 2016.
    files = {name: data.replace(b"scipy.sparse._csr", b"scipy.sparse.csr") for name, data in files.items()}
    return files | {"ind.tiny.test.index": b"503\n502\n"}


def old_numpy(data: bytes) -> bytes:
    return data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def test_gin_text(tmp_path):
    graphs = read_bundle(bundle(tmp_path, "gin", {"T.txt": GIN_TEXT}), TABLES)
    assert graphs.offsets.tolist() == [0, 3, 5]
    assert graphs.labels.tolist() == [1, 0]
    assert graphs.tags.tolist() == [0, 1, 0, 0, 0]
    expected = np.zeros((5, 5))
    for a, b in ((0, 1), (0, 2), (3, 4)):
        expected[a, b] = expected[b, a] = 1
    assert np.array_equal(graphs.adjacency.toarray(), expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1\n2 0\n0 1 x\n0 1 0\n", "line 3: 'x' is not an integer"),
        (b"1\n2 0\n0 1 7\n0 1 0\n", "line 3: node 0 of graph 0 names neighbour 7"),
        (b"1\n2 0\n0 1 1\n", "line 4: the file ends inside node 1"),
        (b"2\n1 0\n0 0\n", "line 4: the file ends before graph 1"),
        (b"1\n1 0\n0 0\n9 9\n", "numbers are left over"),
        (b"", "left over, or there is no graph"),
        (b"2\n1 0\n0 0\n0 1\n", "line 4: graph 1 has 0 nodes"),
        (b"2\n1 0\n0 0\n-2 1\n", "line 4: graph 1 has -2 nodes"),
        (b"1\n2 0\n0 2 1\n1 1 0\n", "line 3: 3 numbers in a line whose record has 4"),
        (b"1\n2 0\n\n0 1 1 0\n0\n", "line 4: 4 numbers in a line whose record has 3"),
    ],
)
def test_malformed_gin_text(text, message):
    with pytest.raises(DataError) as error:
        gin.parse(text, "T.txt", "tiny", {})
    assert message in str(error.value)


def test_tu_text_with_duplicate_edges(tmp_path):
    graphs = read_bundle(bundle(tmp_path, "tu", tu_files()), TABLES)
    assert graphs.counts() == {"graphs": 2, "nodes": 5, "edges": 4, "tags": 2, "classes": 2}
    assert graphs.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("T_A.txt", b"1, 2\n2, 9\n", "T_A.txt, line 2: edge [2, 9] names a node that does not exist"),
        ("T_A.txt", b"1, 2\n2, b\n", "line 2: '2, b'"),
        ("T_A.txt", b"2, 4\n", "an edge joins graphs"),
        ("T_graph_indicator.txt", b"1\n1\n3\n3\n3\n", "line 3: graph numbers must rise"),
        ("T_graph_labels.txt", b"1\n1\n", "labels must be 0..C-1"),
        ("T_graph_labels.txt", b"1\n0.5\n", "line 2: '0.5'"),
        ("T_graph_labels.txt", b"1\n", "T_graph_indicator.txt, line 5: graph numbers must rise from 1 to 1"),
        ("T_node_labels.txt", b"1\n2\n\xe9\n4\n5\n", "line 3: '\ufffd'"),
        ("T_A.txt", b"1, 2\n1, 99999999999999999999\n", "line 2: '1, 99999999999999999999'"),
        ("U_A.txt", b"1, 2\n", "T_A.txt and U_A.txt all end in _A.txt"),
        ("T_node_labels.txt", b"1\n1\n", "2 lines for 5 nodes"),
        ("old_node_labels.txt", b"1\n1\n1\n1\n1\n", "T_node_labels.txt and old_node_labels.txt all end"),
    ],
)
def test_malformed_tu_text(tmp_path, name, content, message):
    with pytest.raises(DataError) as error:
        read_bundle(bundle(tmp_path, "tu", tu_files(**{name: content})), TABLES)
    assert message in str(error.value)


def test_several_labels_of_a_tu_node_are_one_tag_per_combination(tmp_path):
    files = tu_files(**{"T_node_labels.txt": b"3, 0\n3, 1\n3, 0\n8, 0\n8, 1\n"})
    assert read_bundle(bundle(tmp_path, "tu", files), TABLES).tags.tolist() == [0, 1, 0, 2, 3]


def test_a_graph_set_needs_a_graph_of_each_class_in_every_fold():
    check_folds(np.arange(20) % 2, FOLDS, "mine")
    with pytest.raises(DataError, match="mine: class 1 has 3 graphs, but 10 folds need 10 of each class"):
        check_folds(np.repeat([0, 1], [40, 3]), FOLDS, "mine")


def test_the_graphs_stage_refuses_a_set_that_has_too_few_graphs(tmp_path):
    path = bundle(tmp_path, "tu", tu_files())
    files = {"out": tmp_path / "out.npz", "statistics": tmp_path / "out.json"}
    with pytest.raises(DataError, match="10 folds need 10 of each class"):
        graphs_stage.run(argparse.Namespace(bundle=path, tables=TABLES, **files))
    assert not files["out"].exists()


def test_reordering_graphs(tmp_path):
    graphs = read_bundle(bundle(tmp_path, "tu", tu_files()), TABLES)
    (tmp_path / "order.txt").write_text("1\n0\n")
    turned = tu.reorder(graphs, tmp_path / "order.txt")
    assert turned.offsets.tolist() == [0, 2, 5]
    assert turned.tags.tolist() == [0, 0, 0, 1, 0]
    assert turned.adjacency.toarray()[0, 1] == turned.adjacency.toarray()[2, 3] == 1
    (tmp_path / "order.txt").write_text("1\n1\n")
    with pytest.raises(DataError, match="not a permutation"):
        tu.reorder(graphs, tmp_path / "order.txt")


def test_planetoid_files(tmp_path):
    files = {name: old_numpy(data) for name, data in planetoid_files().items()}
    graph = read_bundle(bundle(tmp_path, "planetoid", files), TABLES)
    assert graph.counts() == {"nodes": 504, "edges": 4, "features": 3, "classes": 2}
    assert graph.splits["test"].tolist() == [502, 503]
    assert graph.features.toarray()[502].tolist() == [2, 2, 2]


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("evil-was-here"),))


def test_an_evil_pickle_runs_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="which no Planetoid file needs"):
        planetoid.unpickle(io.BytesIO(pickle.dumps(Evil(), 2)), "ind.tiny.x")
    assert not (tmp_path / "evil-was-here").exists()


def test_a_truncated_pickle_is_named():
    with pytest.raises(DataError, match="not a Planetoid pickle") as error:
        planetoid.unpickle(io.BytesIO(pickle.dumps([1, 2, 3], 2)[:5]), "ind.tiny.x")
    assert "ind.tiny.x" in str(error.value)


def test_own_node_set(tmp_path):
    graph = read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": npz(**own_arrays())}), TABLES)
    assert graph.counts() == {"nodes": 4, "edges": 4, "features": 3, "classes": 2}
    assert graph.splits["valid"].tolist() == [2]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"edges": np.array([[0], [9]])}, "key edges: edge 0 joins nodes 0 and 9, but nodes are 0..3"),
        ({"features": np.full((4, 3), np.nan)}, "NaN or infinite, the first in row 0"),
        ({"labels": np.array([0, 5, 0, 1])}, "empty classes: [2, 3, 4]"),
        ({"labels": np.array([0, -1, 0, 1])}, "label -1 at index 1"),
        ({"train": np.array([], int)}, "the train split is empty"),
        ({"valid": np.array([0])}, "the valid split repeats a node or shares one"),
        ({"test": np.array([4])}, "the test split names node 4"),
        ({"test": np.array([-1, 3])}, "the test split names node -1"),
        ({"features": np.ones((4, 0))}, "key features: there are no nodes or no features"),
        ({"edges": np.array([0, 1])}, "key edges: must have shape [2, E], not [2]"),
        ({"edges": np.array([[0.0], [1.5]])}, "key edges: integers are needed, not float64"),
        ({"features": np.eye(3)}, "key features: must have shape [4, D], not [3, 3]"),
        ({"features": np.full((4, 3), "x")}, "key features: numbers are needed, not <U1"),
        ({"labels": np.array([[0], [1], [0], [1]])}, "key labels: must have shape [N], not [4, 1]"),
        ({"labels": np.array(["a", "b", "a", "b"])}, "key labels: integers are needed, not <U1"),
        ({"labels": np.array([0, 0.5, 0, 1])}, "key labels: integers are needed, not float64"),
        ({"labels": np.array([0, 1 << 40, 0, 1])}, f"here C = {(1 << 40) + 1}, empty classes: [2, 3, 4, "),
        ({"train": np.array([0.0, 1.0])}, "key train: integers are needed, not float64"),
        ({"valid": np.array([False, True])}, "key valid: must have shape [4], not [2]"),
    ],
)
def test_malformed_own_node_set(tmp_path, changes, message):
    with pytest.raises(DataError) as error:
        read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": npz(**own_arrays(**changes))}), TABLES)
    assert message in str(error.value)


def test_a_missing_key_and_object_arrays_are_refused(tmp_path):
    arrays = own_arrays()
    del arrays["labels"]
    with pytest.raises(DataError, match="key 'labels' is missing"):
        read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": npz(**arrays)}), TABLES)
    evil = npz(**own_arrays(labels=np.array([Evil()], dtype=object)))
    with pytest.raises(DataError, match="not an npz of plain arrays"):
        read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": evil}), TABLES)


@pytest.mark.parametrize("content", [b"", b"text", npz(a=np.ones(3))[:-9], npy()], ids=["empty", "text", "cut", "npy"])
def test_what_is_no_npz_is_refused(tmp_path, content):
    with pytest.raises(DataError, match="mine.npz: not an npz, or truncated"):
        read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": content}), TABLES)


def test_gnn_benchmark_npz(tmp_path):
    nodes = 200
    adjacency = sp.csr_matrix((np.ones(2), ([0, 5], [1, 6])), shape=(nodes, nodes))
    features, labels = sp.csr_matrix(np.eye(nodes, 4)), np.arange(nodes) % 2
    parts = {
        f"{p}_{k}": getattr(m, k)
        for p, m in (("adj", adjacency), ("attr", features))
        for k in ("data", "indices", "indptr")
    }
    data = npz(**parts, adj_shape=adjacency.shape, attr_shape=features.shape, labels=labels)
    graph = read_bundle(bundle(tmp_path, "benchmark", {"a.npz": data}), TABLES)
    assert graph.adjacency.nnz == 4
    assert [graph.splits[name].size for name in ("train", "valid", "test")] == [40, 60, 100]


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_reddit_layout(tmp_path):
    data = npz(feature=np.eye(4, 2), label=np.array([0, 1, 1, 0]), node_types=np.array([1, 2, 3, 3]))
    stream = io.BytesIO()
    sp.save_npz(stream, sp.coo_matrix((np.ones(2), ([0, 2], [1, 3])), shape=(4, 4)))
    raw = zipped({"reddit_data.npz": data, "reddit_graph.npz": stream.getvalue()})
    graph = read_bundle(bundle(tmp_path, "reddit", {"reddit.zip": raw}), TABLES)
    assert graph.counts() == {"nodes": 4, "edges": 4, "features": 2, "classes": 2}
    assert graph.splits["test"].tolist() == [2, 3]


def ogb_files() -> dict[str, str]:
    files = {"raw/edge": "0,1\n2,3\n", "raw/node-feat": "1.5,2\n3,4\n5,6\n7,8\n", "raw/node-label": "0\n1\n0\n1\n"}
    files |= {"raw/num-node-list": "4\n", "raw/num-edge-list": "2\n"}
    return files | {
        f"split/sales_ranking/{name}": rows for name, rows in (("train", "1\n0\n"), ("valid", "2\n"), ("test", "3\n"))
    }


def test_ogb_layout_and_truncation(tmp_path):
    def pack(files):
        return zipped({f"products/{name}.csv.gz": gzip.compress(text.encode()) for name, text in files.items()})

    graph = read_bundle(bundle(tmp_path, "ogb", {"products.zip": pack(ogb_files())}), TABLES)
    assert graph.counts() == {"nodes": 4, "edges": 4, "features": 2, "classes": 2}
    assert graph.splits["train"].tolist() == [0, 1]
    assert graph.features.dtype == np.float32
    short = bundle(tmp_path, "ogb", {"products.zip": pack(ogb_files() | {"raw/node-label": "0\n1\n0\n"})})
    with pytest.raises(DataError, match="3 rows for 4 nodes"):
        read_bundle(short, TABLES)


def damaged(content: bytes, of: float = 0.5) -> bytes:
    at = int(len(content) * of)
    return content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :]


def test_damaged_archives_are_named(tmp_path):
    noise = np.random.default_rng(0).random(20000)
    stream = io.BytesIO()
    np.savez_compressed(stream, edges=np.zeros((2, 1), int), features=noise, labels=np.zeros(3, int))
    with pytest.raises(DataError, match="not an npz of plain arrays"):
        read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": damaged(stream.getvalue())}), TABLES)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reddit_data.npz", npz(feature=noise, label=noise, node_types=noise))
    with pytest.raises(DataError, match="damaged"):
        read_bundle(bundle(tmp_path, "reddit", {"reddit.zip": damaged(stream.getvalue())}), TABLES)


def test_own_data_of_a_known_name_are_not_compared_with_the_known_counts(tmp_path):
    path = bundle(tmp_path, "tu", tu_files(), "NCI1")
    with pytest.raises(DataError, match="2 graphs instead of 4110"):
        read_bundle(path, TABLES)
    (tmp_path / "tu").mkdir()
    for name, content in tu_files().items():
        (tmp_path / "tu" / name).write_bytes(content)
    fetch_own("NCI1", {"kind": "graphs", "path": str(tmp_path / "tu")}, tmp_path / "own.zip")
    assert read_bundle(tmp_path / "own.zip", TABLES).counts()["graphs"] == 2


def test_values_survive_saving_with_equal_bytes(tmp_path):
    graph = read_bundle(bundle(tmp_path, "own-nodes", {"mine.npz": npz(**own_arrays())}), TABLES)
    graphs = read_bundle(bundle(tmp_path, "tu", tu_files()), TABLES)
    for value, kind in ((graph, Graph), (graphs, GraphSet)):
        value.save(tmp_path / "a.npz")
        kind.load(tmp_path / "a.npz").save(tmp_path / "b.npz")
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    graph.save(tmp_path / "a.npz")
    with pytest.raises(DataError, match="not a graph set"):
        GraphSet.load(tmp_path / "a.npz")


def test_counts_are_compared_with_the_table(tmp_path):
    with pytest.raises(DataError, match="2 graphs instead of 188"):
        read_bundle(bundle(tmp_path, "gin", {"MUTAG.txt": GIN_TEXT}, "MUTAG"), TABLES)


def test_statistics_of_a_graph_set(tmp_path):
    found = statistics(read_bundle(bundle(tmp_path, "gin", {"T.txt": GIN_TEXT}), TABLES))
    assert (found["mean_nodes"], found["mean_edges"], found["class_sizes"]) == (2.5, 1.5, [1, 1])


def test_a_bundle_gives_only_its_members(tmp_path):
    with Bundle(bundle(tmp_path, "gin", {"T.txt": GIN_TEXT})) as opened, pytest.raises(DataError, match="no member"):
        opened.read("../0")
