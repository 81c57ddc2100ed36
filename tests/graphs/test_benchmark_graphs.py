"""The benchmark of graph training times the function that the training stage calls, beside an equal plain network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qcomm.audit.stamps import write_stamp
from qcomm.files import write_npz
from qcomm.graphs import graph_training
from qcomm.graphs.graph_comparison import Pair, accuracies, plain_epoch, times
from qcomm.graphs.graph_training import split_of, train_epoch
from qcomm.seeds import generator
from qcomm.stages import benchmark_graph_training
from qcomm.stages.frame import execute

ROOT = Path(__file__).resolve().parents[2]
HOPS, CHANNELS = 3, 4
ROW = {"hidden": 4, "norm": "batch", "gcn": 2, "ppr": 0, "raw": 0, "rw": 0, "dropout": 0.0, "batch": 16, "lr": 0.01}
ROW |= {"weight_decay": 1e-4, "degree": False, "seed": 0}


@pytest.fixture
def toy(tmp_path):
    """Two classes that differ in how often the first channel occurs."""
    rng = generator("test graph comparison")
    labels = np.arange(60) % 2
    offsets = np.concatenate([[0], np.cumsum(rng.integers(4, 9, 60))])
    share = 0.15 + 0.6 * np.repeat(labels, np.diff(offsets))
    channel = np.where(rng.random(offsets[-1]) < share, 0, rng.integers(1, CHANNELS, offsets[-1]))
    start = np.eye(CHANNELS, dtype=np.float32)[channel]
    features = np.hstack([start, 0.5 * start, rng.random(start.shape, np.float32) * start])
    path = tmp_path / "toy.npz"
    write_npz(path, {"features": features, "offsets": offsets, "labels": labels})
    write_stamp(path, {"stage": "features_graphs", "data_source": {"toy": "test"}})
    return path


@pytest.mark.parametrize("method", ["SIGN-poly", "SIGN-prelu", "SIGN-identity"])
@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_both_sides_of_the_comparison_do_the_same_work(toy, method, norm):
    pair = Pair(toy, method, ROW | {"norm": norm})
    network, trainer = pair.start(("same",))
    train = split_of(pair.labels, 0, "gin").train
    for epoch in range(3):
        ours = train_epoch(network, train, generator("order", epoch), 0.01)
        plain = plain_epoch(trainer, train, generator("order", epoch), 0.01, ROW["batch"])
        assert ours == pytest.approx(plain, rel=2e-4)


def test_the_timed_function_is_the_one_that_the_stage_calls(toy, monkeypatch):
    rows = list(times(toy, "SIGN-poly", ROW, 2, ("toy",)))
    assert [row["implementation"] for row in rows] == ["qcomm", "plain"]
    assert all(0 < row["low"] <= row["cpu_s_per_epoch_fold"] <= row["high"] for row in rows)

    def broken(*_):
        raise RuntimeError("patched")

    monkeypatch.setattr(graph_training, "train_epoch", broken)
    with pytest.raises(RuntimeError, match="patched"):
        list(times(toy, "SIGN-poly", ROW, 1, ("toy",)))


def test_accuracies_agree_within_one_deviation_over_folds(toy):
    ours, plain = accuracies(toy, "SIGN-poly", ROW | {"dropout": 0.3}, 25, ("toy",))
    assert (ours["implementation"], plain["implementation"]) == ("qcomm", "plain")
    assert min(ours["mean"], plain["mean"]) > 75
    assert abs(ours["mean"] - plain["mean"]) <= max(ours["std"], plain["std"])


def test_the_stage_keeps_the_authors_times_apart(toy, tmp_path):
    names = ("out", "authors", "accuracy")
    files = [word for name in names for word in (f"--{name}", tmp_path / f"{name}.csv")]
    files += ["--figure", *(tmp_path / f"figure.{kind}" for kind in ("pdf", "png", "csv"))]
    words = ["--features", toy, "--datasets", "toy", "--models", json.dumps({"toy": ROW}), "--repeats", 1]
    words += ["--accuracy-sets", "toy", "--accuracy-epochs", 2, *files]
    stage = benchmark_graph_training
    execute(stage.__file__, stage.arguments, stage.run, [str(word) for word in words])
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns[:6]) == [
        *("dataset", "implementation", "activation", "device", "threads", "cpu_s_per_epoch_fold")
    ]
    assert table.groupby("implementation").activation.nunique().to_dict() == {"plain": 3, "qcomm": 3}
    assert "MUTAG" not in set(table.dataset)
    assert set(pd.read_csv(tmp_path / "authors.csv").dataset) >= {"MUTAG", "NCI1"}
    assert len(pd.read_csv(tmp_path / "accuracy.csv")) == 2


@pytest.mark.long
@pytest.mark.parametrize("script", ["graph_training", "diffusion", "scale"])
def test_the_benchmarks_run_on_small_sizes(script, tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / f"{script}.py", "--quick", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / f"benchmark_{script}.csv")
    assert len(table) >= 6
    assert (table[[name for name in ("seconds", "cpu_s_per_epoch_fold") if name in table]] > 0).all(axis=None)
