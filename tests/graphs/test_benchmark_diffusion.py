"""The diffusion benchmark's stages on a small generated graph; peak memory of the features stage under its limit."""

import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from qcomm.audit.stamps import read_stamp, write_stamp
from qcomm.errors import DataError
from qcomm.figures.benchmark_diffusion import checks, with_ratios
from qcomm.files import read_json, read_npz, sha256_of, write_npz
from qcomm.graphs import diffusion
from qcomm.graphs.mapped import map_npz
from qcomm.graphs.operators import operator
from qcomm.seeds import generator
from qcomm.stages import benchmark_diffusion, benchmark_graph, benchmark_hops, features_nodes
from qcomm.stages.frame import execute

RUNS = (("scipy", "float32", 1), ("torch", "float32", 2), ("qcomm", "float32", 1), ("qcomm", "float32", 2))
RUNS += (("qcomm", "bfloat16", 2),)


def run(stage, *words):
    execute(stage.__file__, stage.arguments, stage.run, [str(word) for word in words])


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    path = tmp_path_factory.mktemp("diffusion") / "graph.npz"
    model = {"nodes": 2000, "mean_degree": 10, "largest": 10, "blocks": 4, "features": 24}
    run(benchmark_graph, "--model", json.dumps(model), "--out", path)
    return path


def test_all_implementations_agree_and_are_compared_thread_by_thread(graph, tmp_path):
    times, samples = [], []
    for name, storage, threads in RUNS:
        times.append(tmp_path / f"{name}-{storage}-{threads}.json")
        samples.append(times[-1].with_suffix(".npz"))
        words = ["--graph", graph, "--implementation", name, "--storage", storage, "--hops", 3, "--threads", threads]
        run(benchmark_hops, *words, "--out", times[-1], "--sample", samples[-1])
    features = [tmp_path / "whole.npz", tmp_path / "panels.npz"]
    for path, limit in zip(features, (6000, 16 * 2000 * 4 / 1e6), strict=True):
        run(features_nodes, "--graph", graph, "--hops", 3, "--memory-mb", limit, "--out", path)
    files = ["--hops", *times, "--samples", *samples, "--features", *features, "--out", tmp_path / "t.csv"]
    run(benchmark_diffusion, *files, "--checks", tmp_path / "c.csv")
    table = pd.read_csv(tmp_path / "t.csv").set_index(["implementation", "storage", "threads"])
    assert len(table) == 7
    assert (table.seconds > 0).all()
    for name, storage, threads in RUNS:
        row, bare = table.loc[name, storage, threads], "scipy" if threads == 1 else "torch"
        assert row.over_bare == pytest.approx(row.seconds / table.loc[bare, "float32", threads].seconds)
        assert row.prepare_s > 0
        assert (row.error_max < 1e-5) == (storage == "float32")
    rounded = table.loc["qcomm", "bfloat16", 2]
    assert 2**-10 < rounded.error_max <= rounded.error_bound
    goals = pd.read_csv(tmp_path / "c.csv").set_index("name")
    assert goals.ok["bfloat16: largest relative error"]
    assert goals.ok["features stage: different files over all limits"]
    assert goals.loc["float32, 1 thread: seconds over a bare product"].high == 1.5


def test_the_sample_is_the_last_hop_of_the_operator(graph, tmp_path):
    words = ["--graph", graph, "--implementation", "qcomm", "--hops", 2, "--out", tmp_path / "t.json"]
    run(benchmark_hops, *words, "--sample", tmp_path / "s.npz")
    arrays = map_npz(graph)
    edges = np.ones(arrays["adjacency_indices"].size), arrays["adjacency_indices"], arrays["adjacency_indptr"]
    matrix = operator("sign", sparse.csr_array(edges, shape=(2000, 2000)), np.float64)
    expected = matrix @ (matrix @ np.abs(arrays["features"]).astype(np.float64))
    np.testing.assert_allclose(read_npz(tmp_path / "s.npz")["rows"], expected[::2], rtol=1e-5)
    assert len(read_json(tmp_path / "t.json")["hop_s"]) == 2


def test_the_time_of_building_counts_for_every_implementation(graph, tmp_path, monkeypatch):
    plain = diffusion.from_edges

    def slow(indptr, *rest, **options):
        time.sleep(0.2 if indptr.size > 3 else 0)  # not for the warm-up
        return plain(indptr, *rest, **options)

    monkeypatch.setattr(diffusion, "from_edges", slow)
    for name in ("scipy", "torch", "qcomm"):
        words = ["--graph", graph, "--implementation", name, "--hops", 1, "--out", tmp_path / f"{name}.json"]
        run(benchmark_hops, *words, "--sample", tmp_path / f"{name}.npz")
        found = read_json(tmp_path / f"{name}.json")
        assert found["prepare_s"] > 0.2
        assert found["hop_s"][0] < 0.2


@pytest.mark.parametrize("words", [("--implementation", "scipy", "--threads", 2), ("--storage", "bfloat16")])
def test_impossible_runs_are_refused(graph, tmp_path, words, capsys):
    options = ["--implementation", "torch", *words, "--out", tmp_path / "t.json", "--sample", tmp_path / "s.npz"]
    with pytest.raises(SystemExit) as stop:
        run(benchmark_hops, "--graph", graph, *options)
    assert stop.value.code == 2
    assert words[-2] in capsys.readouterr().err


def rows_of(**seconds):
    names = {"storage": "float32", "threads": 1, "includes": "steps"}
    return pd.DataFrame([{"implementation": name, "seconds": value, **names} for name, value in seconds.items()])


def test_missed_goals_are_told():
    table = with_ratios(rows_of(scipy=1.0, qcomm=1.6))
    parameters = {"memory_mb": 500, "storage": "float32"}
    stamps = [{"parameters": parameters, "peak_memory_mb": 2100.0, "sha256": digest} for digest in "ab"]
    goals = checks(table, stamps)
    assert len(goals) == 4
    assert not goals.ok.any()
    assert checks(with_ratios(rows_of(scipy=1.0, qcomm=1.4)), []).ok.all()
    with pytest.raises(DataError, match="bare product"):
        with_ratios(rows_of(qcomm=1.6))


FORKED = ("sh", "-c", '"$@"; exit $?', "sh")  # a process started directly inherits the peak of the one that starts it


def test_a_memory_limit_bounds_the_stamped_peak(tmp_path):
    """200,000 nodes, 96 features: a hop fills 77 MB, a panel of 16 columns 13 MB, a block of rows 25 MB."""
    nodes, width, rng = 200_000, 96, generator("peak")
    columns = np.sort((np.arange(nodes)[:, None] + rng.integers(1, 1000, (1, 4))) % nodes, axis=1)
    splits = dict(zip(("train", "valid", "test"), np.split(np.arange(nodes), [100, 200]), strict=True))
    arrays = {f"split_{name}": index for name, index in splits.items()}
    arrays |= {"adjacency_indptr": np.arange(0, 4 * nodes + 1, 4, np.int32), "adjacency_shape": np.array([nodes] * 2)}
    arrays |= {"adjacency_indices": columns.ravel().astype(np.int32), "labels": np.zeros(nodes, np.int64)}
    arrays |= {"features": rng.random((nodes, width), np.float32), "kind": np.array("graph")}
    few = arrays | {"features": arrays["features"][:, :1].copy()}
    peaks, digests = {}, {}
    for name, content, limit in (("few", few, 1000), ("whole", arrays, 1000), ("panels", arrays, 15)):
        graph, out = tmp_path / f"{name}-graph.npz", tmp_path / f"{name}.npz"
        write_npz(graph, content)
        write_stamp(graph, {"stage": "test", "data_source": {"x": "test"}})
        words = ["--graph", graph, "--hops", 1, "--memory-mb", limit, "--out", out]
        subprocess.run([*FORKED, sys.executable, "-m", "qcomm.stages.features_nodes", *map(str, words)], check=True)
        peaks[name], digests[name] = read_stamp(out)["peak_memory_mb"], sha256_of(out)
        graph.unlink()
        out.unlink()
    assert digests["whole"] == digests["panels"]
    assert peaks["whole"] > peaks["few"] + 120  # two hops
    assert peaks["panels"] < peaks["few"] + 15 + 75, peaks  # the limit, and blocks of rows on their way to the file
