"""Node training from files larger than the allowed memory, timed runs, fitted exponents."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qcomm.audit.stamps import read_stamp
from qcomm.errors import DataError
from qcomm.figures.scale import checks, exponents, power_law_above_start
from qcomm.files import read_json
from qcomm.graphs import node_features
from qcomm.graphs.node_features import load_node_data
from qcomm.graphs.node_network import NodeNetwork
from qcomm.graphs.node_settings import NodeModel
from qcomm.seeds import generator
from qcomm.stages import benchmark_graph, benchmark_nodes, benchmark_scale, features_nodes, train_nodes
from qcomm.stages.frame import execute

ROOT = Path(__file__).resolve().parents[2]
MODEL = {"nodes": 1500, "mean_degree": 12, "largest": 10, "blocks": 3, "features": 8, "signal": 1.0, "train": 0.2}
NETWORK = {"hidden": 16, "lr": 0.01, "chunk": 100}


def run(stage, *words):
    execute(stage.__file__, stage.arguments, stage.run, [str(word) for word in words])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    run(benchmark_graph, "--model", json.dumps(MODEL), "--out", folder / "graph.npz")
    for storage in ("float32", "bfloat16"):
        options = ("--hops", 2, "--storage", storage)
        run(features_nodes, "--graph", folder / "graph.npz", *options, "--out", folder / f"{storage}.npz")
    return folder


def curve_of(path, epochs=12):
    data = load_node_data(path)
    model = NodeModel("poly", evaluate_every=4, **NETWORK)
    network = NodeNetwork(model, data, generator("scale test"))
    losses = [network.train_epoch() for _ in range(epochs)]
    return losses, network.logits(), data


@pytest.mark.parametrize("limit", [1, 20_000])  # bytes: nothing fits, only training rows fit
def test_rows_left_in_the_file_train_to_the_same_numbers(files, monkeypatch, limit):
    losses, logits, data = curve_of(files / "float32.npz")
    assert data.hops[0].train.index is None
    monkeypatch.setattr(node_features, "IN_MEMORY", limit)
    same, again, mapped = curve_of(files / "float32.npz")
    assert (mapped.hops[0].train.index is None) == (limit > 1)
    assert isinstance(mapped.hops[0].held_out.matrix, np.memmap)
    assert mapped.hops[0].held_out.index is not None
    np.testing.assert_allclose(same, losses, rtol=1e-6)
    np.testing.assert_allclose(again["test"], logits["test"], rtol=1e-4, atol=1e-5)


def test_bfloat16_features_train_to_nearly_the_same_loss(files, monkeypatch):
    losses, _, data = curve_of(files / "float32.npz")
    monkeypatch.setattr(node_features, "IN_MEMORY", 1)
    rounded, logits, _ = curve_of(files / "bfloat16.npz")
    assert losses != rounded
    np.testing.assert_allclose(rounded, losses, rtol=1e-2)
    assert (logits["test"].argmax(1) == data.labels["test"]).mean() > 0.75  # one in three by chance


def test_the_stages_train_and_time_a_generated_graph(files, tmp_path):
    words = ("--features", files / "float32.npz", "--model", json.dumps(NETWORK), "--out", tmp_path / "t.json")
    run(benchmark_nodes, *words, "--epochs", 3, "--evaluations", 2)
    found = read_json(tmp_path / "t.json")
    assert [len(found[name]) for name in ("epoch_s", "evaluation_s", "losses")] == [3, 2, 4]
    assert found["losses"][-1] < found["losses"][0]
    assert read_stamp(tmp_path / "t.json")["data_source"] == {"blocks1500": "generated"}
    outputs = ("--curve", tmp_path / "c.csv", "--weights", tmp_path / "w.safetensors")
    run(train_nodes, *words, "--dataset", "x", "--method", "SIGN-poly", "--seed", 0, "--epochs", 40, *outputs)
    assert read_json(tmp_path / "t.json")["test"] > 0.8


def test_the_configuration_reaches_the_features_stage(tmp_path):
    settings = {"datasets": ["ogbn-products"], "bfloat16": ["ogbn-products"], "memory_mb": 700}
    names = {"name": "scale", **{part: str(tmp_path / part) for part in ("results", "figures", "logs")}}
    (tmp_path / "scale.json").write_text(json.dumps({"run": names, "nodes": settings}))
    target = tmp_path / "results" / "features_nodes" / "ogbn-products.npz"
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nolock", "--printshellcmds", "--cores", "1"]
    command += ["--configfile", tmp_path / "scale.json", "--", target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (shell,) = [line for line in done.stdout.splitlines() if "qcomm.stages.features_nodes" in line]
    assert "--memory-mb 700 --storage bfloat16" in shell
    assert "mem_mb=3200" in done.stdout


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_a_power_law_is_found_with_an_interval_that_tells_noise(start):
    sizes = np.geomspace(1e4, 2e6, 8) if start == 0 else np.geomspace(1e3, 2e6, 8)
    exact = start + 3e-6 * sizes**1.25
    exponent, low, high, factor, found = power_law_above_start(sizes, exact)
    assert exponent == pytest.approx(1.25)
    assert high - low < 1e-6
    assert factor == pytest.approx(3e-6)
    assert found == pytest.approx(start, abs=1e-9)
    hits, rng = 0, generator("power law")
    for _ in range(300):
        _, low, high, *_ = power_law_above_start(sizes, exact * np.exp(0.3 * rng.standard_normal(8)))
        hits += low <= 1.25 <= high
    assert 0.90 < hits / 300 < 0.99
    with pytest.raises(DataError, match="four"):
        power_law_above_start(sizes[:3], sizes[:3])


def test_start_up_cost_does_not_lower_the_exponent():
    sizes = np.array([1e3, 1e4, 1e5, 1e6])
    rows = {"nodes": sizes, "phase": "features", "seconds": 2 + 1e-5 * sizes, "peak_memory_mb": 300 + 1e-3 * sizes}
    fits = exponents(pd.DataFrame(rows)).set_index("quantity")
    assert fits.exponent["seconds"] == pytest.approx(1, abs=0.03)
    assert fits.exponent["peak_memory_mb"] == pytest.approx(1, abs=0.03)
    assert (fits.sizes == 4).all()
    assert fits.start.tolist() == pytest.approx([2, 300])
    flat = exponents(pd.DataFrame(rows | {"seconds": 2.0})).set_index("quantity")
    assert np.isnan(flat.exponent["seconds"])
    assert flat.exponent["peak_memory_mb"] == fits.exponent["peak_memory_mb"]


def test_the_scale_table_and_figure_come_from_measured_files(tmp_path):
    names = {"graphs": "graph.npz", "features": "features.npz", "times": "times.json"}
    folders = [tmp_path / str(nodes) for nodes in (400, 2000, 4000, 8000)]
    for folder in folders:
        model = MODEL | {"nodes": int(folder.name)}
        run(benchmark_graph, "--model", json.dumps(model), "--out", folder / "graph.npz")
        run(features_nodes, "--graph", folder / "graph.npz", "--hops", 1, "--out", folder / "features.npz")
        words = ("--features", folder / "features.npz", "--model", json.dumps(NETWORK), "--epochs", 1)
        run(benchmark_nodes, *words, "--out", folder / "times.json")
    for folder in folders:  # times of tiny runs are noise, and the peak of one test process never falls: set both
        size = int(folder.name)
        for name in names.values():
            stamp = folder / f"{name}.stamp.json"
            seconds = {"seconds": 1 + size * 1e-3, "peak_memory_mb": 100 + size * 0.1}
            stamp.write_text(json.dumps(json.loads(stamp.read_text()) | seconds))
    inputs = [word for flag, name in names.items() for word in (f"--{flag}", *(folder / name for folder in folders))]
    inputs += ["--checks", tmp_path / "c.csv"]
    figure = [tmp_path / f"scale.{kind}" for kind in ("pdf", "png", "csv")]
    run(benchmark_scale, *inputs, "--out", tmp_path / "s.csv", "--fits", tmp_path / "f.csv", "--figure", *figure)
    table, fits = pd.read_csv(tmp_path / "s.csv"), pd.read_csv(tmp_path / "f.csv")
    assert sorted(table.nodes.unique()) == [400, 2000, 4000, 8000]
    generated = fits[(fits.phase == "generate")].set_index("quantity").exponent
    assert generated["seconds"] == pytest.approx(1, abs=0.15)
    assert all(path.stat().st_size > 1000 for path in figure[:2])
    goals = pd.read_csv(tmp_path / "c.csv").set_index("name")
    assert goals.ok["generate: exponent of seconds"]
    assert goals.value["features: peak memory in MB"] == 900


def test_growth_and_memory_beyond_the_goals_are_told():
    sizes = np.array([1e3, 1e4, 1e5, 1e6])
    rows = {"nodes": sizes, "phase": "features", "seconds": 1e-9 * sizes**1.5, "peak_memory_mb": 100 + 1e-2 * sizes}
    table = pd.DataFrame(rows)
    goals = checks(table, exponents(table)).set_index("name")
    assert list(goals.index[~goals.ok]) == ["features: exponent of seconds", "features: peak memory in MB"]
