"""One cell of each table recomputed from raw files by code that imports nothing from the package under test."""

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file
from sklearn.model_selection import StratifiedKFold
from small_project import ROOT, Project

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """The smoke run on the real Cora and MUTAG of the wheels; wheels that were downloaded before are used again."""
    project = Project(tmp_path_factory.mktemp("smoke"))
    (project.folder / "config" / "config.yaml").write_text((ROOT / "config" / "config.yaml").read_text())
    (ROOT / "data" / "downloads").mkdir(exist_ok=True)
    (project.folder / "data" / "downloads").symlink_to(ROOT / "data" / "downloads")
    done = project.run("--configfile", "config/smoke.yaml")
    assert done.returncode == 0, done.stdout[-3000:]
    return project.folder


def cells(folder: Path, table: str, **wanted: str) -> list[dict]:
    with (folder / "figures-smoke" / f"{table}.csv").open() as stream:
        return [row for row in csv.DictReader(stream) if all(row[key] == value for key, value in wanted.items())]


def cora(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Dense features and adjacency from the raw LINQS files, in the order of data/cora_planetoid_order.txt."""
    place = {paper: row for row, paper in enumerate((ROOT / "data/cora_planetoid_order.txt").read_text().split())}
    with zipfile.ZipFile(folder / "data/raw/Cora.zip") as archive:
        papers = [line.split() for line in archive.read("cora.content").decode().splitlines()]
        cites = [line.split() for line in archive.read("cora.cites").decode().splitlines()]
    x, a = np.zeros((len(place), len(papers[0]) - 2)), np.zeros((len(place), len(place)))
    for paper in papers:
        x[place[paper[0]]] = [float(word) for word in paper[1:-1]]
    for one, two in cites:
        a[place[one], place[two]] = a[place[two], place[one]] = one != two
    return x, a


def cora_labels(folder: Path) -> np.ndarray:
    names = "Theory Reinforcement_Learning Genetic_Algorithms Neural_Networks "
    names += "Probabilistic_Methods Case_Based Rule_Learning"
    with zipfile.ZipFile(folder / "data/raw/Cora.zip") as archive:
        classes = {row.split()[0]: row.split()[-1] for row in archive.read("cora.content").decode().splitlines()}
    order = (ROOT / "data/cora_planetoid_order.txt").read_text().split()
    return np.array([names.split().index(classes[paper]) for paper in order])


def test_table1_cora_polynomial(smoke):
    x, a = cora(smoke)
    labels = cora_labels(smoke)
    x /= x.sum(1, keepdims=True)
    degree = a.sum(1)
    b = a / np.sqrt(np.outer(degree, degree))
    s = b / b.sum(1, keepdims=True)
    w = load_file(smoke / "results-smoke/train_nodes/Cora/SIGN-poly/seed0.safetensors")
    joined = []
    for hop in range(6):
        z = x @ w[f"hop{hop}.weight"] + w[f"hop{hop}.bias"]
        c = w[f"hop{hop}.coefficients"]
        joined.append(c[0] + c[1] * z + c[2] * z**2)
        x = s @ x
    logits = np.hstack(joined) @ w["readout.weight"] + w["readout.bias"]
    right = (logits.argmax(1) == labels)[1708:]
    (cell,) = cells(smoke, "table1", dataset="Cora", task="node", activation="poly")
    assert float(cell["mean"]) == pytest.approx(100 * right.mean(), abs=0.11)  # at most one node on the border
    mean, count = logits[1708:].mean(0), np.bincount(labels[1708:], minlength=7)
    pairs = [(mean[i] > mean[j]) == (count[i] > count[j]) for i in range(7) for j in range(i + 1, 7)]
    cell = cells(smoke, "table1", dataset="Cora", task="decision", activation="poly", selection="validation accuracy")[
        0
    ]
    assert float(cell["mean"]) == pytest.approx(100 * np.mean(pairs), abs=1e-9)


def mutag(folder: Path):
    """Adjacency with self-loops, tags, graph of each node, labels: TU's files, graphs in GIN's order."""
    with zipfile.ZipFile(folder / "data/raw/MUTAG.zip") as archive:
        text = {name.removeprefix("MUTAG_"): archive.read(name).decode().split("\n") for name in archive.namelist()}
    numbers = {
        name: [[int(n) for n in line.split(",")] for line in lines if line.strip()]
        for name, lines in text.items()
        if name[0] != "s"
    }
    graph_of = np.array(numbers["graph_indicator.txt"])[:, 0] - 1
    a = np.eye(graph_of.size)
    for one, two in numbers["A.txt"]:
        a[one - 1, two - 1] = a[two - 1, one - 1] = 1
    order = [int(line) for line in (ROOT / "data/mutag_gin_order.txt").read_text().split()]
    labels = np.array(numbers["graph_labels.txt"])[order, 0]
    return a, np.array(numbers["node_labels.txt"])[:, 0], np.argsort(order)[graph_of], (labels > 0).astype(int)


def hop_features(a: np.ndarray, tags: np.ndarray, raw: int, rw: int, gcn: int, ppr: int) -> np.ndarray:
    x, degree = np.eye(tags.max() + 1)[tags], a.sum(1)
    symmetric = a / np.sqrt(np.outer(degree, degree))
    blocks = [x]
    for operator, count in ((a, raw), (a / degree[:, None], rw), (symmetric, gcn)):
        h = x
        for _ in range(count):
            h = operator @ h
            blocks.append(h)
    h = x
    for _ in range(ppr):
        h = 0.8 * (symmetric @ h) + 0.2 * x
        blocks.append(h)
    return np.hstack(blocks)


def outer_scores(smoke, protocol: str, job: str) -> list[float]:
    """Accuracy in percent of each fold's kept network on the graphs of that fold."""
    a, tags, graph_of, labels = mutag(smoke)
    g = hop_features(a, tags, raw=1, rw=8, gcn=6, ppr=5)
    weights = load_file(smoke / f"results-smoke/train_graphs/MUTAG/SIGN-poly/{protocol}/{job}.safetensors")
    scores = []
    folds = StratifiedKFold(10, shuffle=True, random_state=0).split(labels, labels)
    for fold, (_, outer) in enumerate(folds):
        w = {
            name.removeprefix(f"fold{fold}."): v.astype(float)
            for name, v in weights.items()
            if name.startswith(f"fold{fold}.")
        }
        z = (g @ w["weight"] + w["bias"] - w["running_mean"]) / np.sqrt(w["running_var"] + 1e-5)
        y = z * w["norm_weight"] + w["norm_bias"]
        c = w["coefficients"]
        y = c[0] + c[1] * y + c[2] * y**2
        pooled = np.stack([y[graph_of == graph].sum(0) for graph in outer])
        predicted = (pooled @ w["readout"].T + w["readout_bias"]).argmax(1)
        scores.append(100 * (predicted == labels[outer]).mean())
    return scores


def test_mutag_polynomial_honest(smoke):
    scores = outer_scores(smoke, "honest", "seed2/folds0-9")
    for table in ("table2", "table5"):
        (cell,) = cells(smoke, table, dataset="MUTAG", method="SIGN-poly", protocol="honest")
        assert float(cell["mean"]) == pytest.approx(np.mean(scores), abs=1e-6)
        assert float(cell["std"]) == pytest.approx(np.std(scores), abs=1e-6)


def test_mutag_polynomial_gin(smoke):
    """Networks are kept after the last epoch; the cell is the better of both epochs on average over folds."""
    path = smoke / "results-smoke/train_graphs/MUTAG/SIGN-poly/gin/seed2/folds0-9.json"
    curves = 100 * np.array([fold["outer"] for fold in json.loads(path.read_text())["folds"]])
    assert curves.shape == (10, 2)
    assert curves[:, -1] == pytest.approx(outer_scores(smoke, "gin", "seed2/folds0-9"), abs=1e-6)
    best = curves.mean(0).argmax()
    (cell,) = cells(smoke, "table5", dataset="MUTAG", method="SIGN-poly", protocol="gin")
    assert float(cell["mean"]) == pytest.approx(curves[:, best].mean(), abs=1e-6)
    assert float(cell["std"]) == pytest.approx(curves[:, best].std(), abs=1e-6)


def test_table3_and_table4(smoke):
    models = yaml.safe_load((ROOT / "config/hyperparameters.yaml").read_text())["graphs"]["models"]
    (cell,) = cells(smoke, "table3", dataset="PTC")
    assert (cell["hidden"], cell["lr"], cell["epochs"]) == (
        str(models["PTC"]["hidden"]),
        str(models["PTC"]["lr"]),
        "350",
    )
    _, a = cora(smoke)
    (cell,) = cells(smoke, "table4", dataset="Cora")
    assert (cell["nodes"], cell["edges"]) == (str(a.shape[0]), str(int(a.sum())))
    a, _, graph_of, _ = mutag(smoke)
    (cell,) = cells(smoke, "table4", dataset="MUTAG")
    edges = (a.sum() - a.shape[0]) / 2
    assert float(cell["mean_edges"]) == pytest.approx(edges / (graph_of.max() + 1), abs=1e-4)
