"""The benchmark of graph training times the functions that the training stage calls, beside an equal plain network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qcomm.audit.stamps import write_stamp
from qcomm.errors import ConfigError, DataError
from qcomm.figures.benchmark_graphs import checks, ratios
from qcomm.files import write_npz
from qcomm.graphs import graph_comparison, graph_training
from qcomm.graphs.graph_comparison import Pair, accuracies, plain_epoch, times
from qcomm.graphs.graph_training import split_of, train_epoch
from qcomm.seeds import generator
from qcomm.stages import benchmark_graph_accuracy, benchmark_graph_times, benchmark_graph_training
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
        plain = plain_epoch(trainer, train, generator("order", epoch), 0.01)
        assert ours == pytest.approx(plain, rel=2e-4)


@pytest.mark.parametrize("extra", [{"per_node": True}, {"average": 0.9}])
def test_what_the_plain_network_does_not_do_is_refused(toy, extra):
    with pytest.raises(ConfigError, match="neither scales its readout nor averages"):
        Pair(toy, "SIGN-poly", ROW | extra)


@pytest.mark.parametrize("timed", ["train_epoch", "accuracy"])
def test_the_timed_functions_are_those_that_the_stage_calls(toy, monkeypatch, timed):
    rows = list(times(toy, "SIGN-poly", ROW, 2, ("toy",)))
    assert [row["implementation"] for row in rows] == ["qcomm", "plain"]
    for row in rows:
        assert 0 < row["low"] <= row["cpu_s_per_epoch_fold"] <= row["high"]
        assert min(row["train_s"], row["evaluate_s"], row["prepare_s"]) > 0
        assert row["cpu_s_per_epoch_fold"] > row["train_s"]  # evaluation is part of it

    def broken(*_):
        raise RuntimeError("patched")

    monkeypatch.setattr(graph_training, timed, broken)
    with pytest.raises(RuntimeError, match="patched"):
        list(times(toy, "SIGN-poly", ROW, 1, ("toy",)))


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_both_implementations_end_at_the_same_accuracy(toy, dropout):
    found = accuracies(toy, "SIGN-poly", ROW | {"dropout": dropout}, 12, ("toy",))
    assert found["qcomm_mean"] > 70
    assert found["qcomm_mean"] == pytest.approx(found["plain_mean"], abs=3)  # same start, order and masks
    assert found["within_one_sd"]


def test_an_accuracy_further_off_than_a_fold_deviation_is_told(toy, monkeypatch):
    monkeypatch.setattr(graph_comparison, "plain_accuracy", lambda trainer, graphs: 0.25)
    assert not accuracies(toy, "SIGN-poly", ROW, 8, ("toy",))["within_one_sd"]


def measured(**seconds):
    """Times of both implementations, (ours, plain) by set and activation."""
    rows = []
    for key, pair in seconds.items():
        dataset, activation = key.split("_")
        for implementation, value in zip(("qcomm", "plain"), pair, strict=True):
            rows.append((dataset, implementation, activation, value, 0.9 * value, 1.1 * value))
    columns = ["dataset", "implementation", "activation", "cpu_s_per_epoch_fold", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


PUBLISHED = pd.DataFrame({"dataset": ["MUTAG", "PTC"], "cpu_s_per_epoch_fold": [0.5, 6.5]})


def test_ratios_and_goals_per_set_and_in_total():
    times_ = measured(MUTAG_poly=(0.1, 0.6), PTC_poly=(1.0, 1.5), REDDIT_poly=(1, 9), MUTAG_prelu=(0.1, 0.2))
    table = ratios(times_, PUBLISHED, ["NCI1"])
    rows = {(row.dataset, row.activation): row for row in table.itertuples() if isinstance(row.activation, str)}
    mutag, ptc, total = (rows[name, "poly"] for name in ("MUTAG", "PTC", "2 sets"))
    assert (mutag.goal, ptc.goal, total.goal) == (4, 2, 6)
    assert mutag.plain_over_qcomm == pytest.approx(6)
    assert mutag.published_over_qcomm == pytest.approx(5)
    assert (mutag.reached_plain, mutag.reached_published) == (True, True)
    assert (ptc.reached_plain, ptc.reached_published) == (False, True)
    assert total.plain_over_qcomm == pytest.approx(2.1 / 1.1)
    assert total.published_over_qcomm == pytest.approx(7 / 1.1)
    assert np.isnan(rows["REDDIT", "poly"].goal)
    assert np.isnan(rows["MUTAG", "prelu"].published_s)  # published times are the polynomial's
    assert ("2 sets", "prelu") not in rows  # PTC is missing there
    assert list(table.dataset[table.qcomm_s.isna()]) == ["NCI1"]
    accuracy = pd.DataFrame({"dataset": ["PTC"], "qcomm_mean": [60.0], "plain_mean": [66.0], "plain_std": [5.0]})
    goals = checks(table, accuracy).set_index("name")
    assert list(goals.columns) == ["value", "low", "high", "ok"]
    assert len(goals) == 7
    assert not goals.ok["PTC: plain over ours"]
    assert not goals.ok["PTC: accuracy within one fold deviation of plain"]
    assert goals.ok["MUTAG: plain over ours"]


def test_a_set_without_a_rival_is_refused():
    alone = measured(MUTAG_poly=(0.1, 0.6)).iloc[:1]
    with pytest.raises(DataError, match="qcomm and plain"):
        ratios(alone, PUBLISHED)


def run(stage, *words):
    execute(stage.__file__, stage.arguments, stage.run, [str(word) for word in words])


def test_the_stages_write_times_accuracies_ratios_and_checks(toy, tmp_path):
    inputs = ["--features", toy, "--dataset", "MUTAG", "--model", json.dumps(ROW)]
    methods = ["SIGN-poly", "SIGN-prelu", "SIGN-identity"]
    run(benchmark_graph_times, *inputs, "--methods", *methods, "--repeats", 1, "--out", tmp_path / "t.csv")
    run(benchmark_graph_accuracy, *inputs, "--epochs", 2, "--out", tmp_path / "a.json")
    names = ("out", "accuracy", "checks")
    files = [word for name in names for word in (f"--{name}", tmp_path / f"{name}.csv")]
    files += ["--ratios", *(tmp_path / f"ratios.{kind}" for kind in ("csv", "md", "tex"))]
    files += ["--figure", *(tmp_path / f"figure.{kind}" for kind in ("pdf", "png", "csv"))]
    words = ["--times", tmp_path / "t.csv", "--accuracies", tmp_path / "a.json", "--not-run", "NCI1"]
    run(benchmark_graph_training, *words, "--published", ROOT / "data" / "published_times.tsv", *files)
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns[:6]) == [
        *("dataset", "implementation", "activation", "device", "threads", "cpu_s_per_epoch_fold")
    ]
    assert table.groupby("implementation").activation.nunique().to_dict() == {"plain": 3, "qcomm": 3}
    assert set(table.dataset) == {"MUTAG"}  # what was not measured here is no row here
    assert list(pd.read_csv(tmp_path / "accuracy.csv").within_one_sd.isin([True, False])) == [True]
    text = (tmp_path / "ratios.md").read_text()
    assert "authors / ours, other machine" in text
    assert "not run" in text.splitlines()[-1]
    assert "| NCI1" in text.splitlines()[-1]
    assert len(pd.read_csv(tmp_path / "checks.csv")) == 3
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_unknown_sets_are_refused_before_anything_runs():
    command = [sys.executable, ROOT / "benchmarks" / "graph_training.py", "--datasets", "MUTANT"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "MUTANT" in done.stderr
    assert "REDDIT-B" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("script", ["graph_training", "diffusion", "scale"])
def test_the_benchmarks_run_on_small_sizes(script, tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / f"{script}.py", "--quick", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / f"benchmark_{script}.csv")
    assert len(table) >= 5
    assert (table[[name for name in ("seconds", "cpu_s_per_epoch_fold") if name in table]] > 0).all(axis=None)
