"""The small search: how many candidates, which graphs it sees, and that it picks the best."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from qcomm.audit.stamps import write_stamp
from qcomm.data.values import GraphSet
from qcomm.files import read_json
from qcomm.graphs import graph_tuning
from qcomm.graphs.graph_features import hop_features
from qcomm.graphs.graph_settings import FEATURE_KEYS
from qcomm.graphs.graph_training import split_of
from qcomm.graphs.start_features import binned_degrees
from qcomm.seeds import generator
from qcomm.stages import tune_graphs
from qcomm.stages.frame import execute

ROW = {"hidden": 4, "norm": "layer", "gcn": 1, "ppr": 0, "raw": 0, "rw": 0, "dropout": 0.3, "batch": 16, "lr": 0.01}
ROW |= {"weight_decay": 0.0, "degree": False, "seed": 0}


@pytest.fixture
def toy():
    """60 graphs of five nodes with three tags."""
    ring = sparse.csr_array(np.eye(5, k=1) + np.eye(5, k=-1))
    adjacency = sparse.csr_array(sparse.block_diag([ring] * 60, format="csr"))
    tags = generator("test graph tuning").integers(0, 3, 300)
    return GraphSet("toy", adjacency, 5 * np.arange(61), tags, None, np.arange(60) % 2)


def test_at_most_twelve_candidates_the_papers_first_and_none_twice():
    found = graph_tuning.candidates(ROW, tagged=True)
    assert found[0] == ROW
    assert 8 <= len(found) <= 12
    assert all(row["norm"] == "batch" and row["per_node"] and row["average"] == 0.9 for row in found[1:])
    assert len({json.dumps(row, sort_keys=True) for row in found}) == len(found)
    assert not any(row["degree"] for row in found)
    assert {row.get("refine", 0) for row in found} == {0, 1, 2, 3}
    untagged = graph_tuning.candidates(ROW, tagged=False)
    assert 8 <= len(untagged) <= 12
    assert {row.get("degree_bins", 0) > 0 for row in untagged[1:] if row["degree"]} == {True, False}
    assert not any(row.get("refine") for row in untagged)
    assert {row["batch"] for row in found} == {16}
    assert {row["batch"] for row in graph_tuning.candidates(ROW | {"batch": 512}, tagged=False)} == {512, 64}


@pytest.mark.parametrize("tagged", [True, False])
def test_candidates_of_a_row_of_ones_own_stand_once_and_inherit_no_start(tagged):
    start = {"degree": not tagged, "degree_bins": 0 if tagged else 3, "refine": 2 if tagged else 0}
    every = graph_tuning.candidates(ROW | start, tagged)
    for number, own in enumerate(every[1:], 1):
        again = graph_tuning.candidates(own, tagged)
        assert again[0] == own
        assert again.count(own) == 1, number
    few = [row for row in every if row["hidden"] == 32]
    assert {row["refine"] for row in few} == ({0, 1, 2, 3} if tagged else {0})
    assert {row["degree_bins"] for row in few} == ({0} if tagged else {0, 2})


def test_degrees_are_binned_on_a_logarithmic_scale(toy):
    bins = binned_degrees(toy.adjacency, 2)
    np.testing.assert_array_equal(bins[:5], [2, 3, 3, 3, 2])  # a path: degrees 2, 3, 3, 3, 2 with the self-loop
    row = ROW | {"degree": True, "degree_bins": 2}
    features = hop_features(toy, row)
    assert features.shape == (300, 2 * 2)
    np.testing.assert_array_equal(np.asarray(features[:5, :2]), np.eye(2)[[0, 1, 1, 1, 0]])


@pytest.mark.parametrize("extra", [{}, {"refine": 1}, {"degree": True, "degree_bins": 2}])
def test_features_depend_on_no_other_key_than_the_search_tells_them_apart_by(toy, extra):
    row = ROW | extra
    features = hop_features(toy, {key: row[key] for key in FEATURE_KEYS if key in row})
    assert (features != hop_features(toy, row)).sum() == 0


def test_only_the_inner_fold_decides(toy, monkeypatch):
    seen = []

    def spy(data, split, *_):
        seen.append(split)
        valid = [0.2] * 5 + [0.9] * 10 + [0.2] * 5
        return {"valid": valid, "outer": [float("nan")] * 20}, {}

    monkeypatch.setattr(graph_tuning, "train_fold", spy)
    assert graph_tuning.Search(toy).score(ROW, 20, ("toy",)) == (pytest.approx(0.9), 15)
    expected = split_of(toy.labels, 0, "honest")
    np.testing.assert_array_equal(seen[0].valid, expected.valid)
    np.testing.assert_array_equal(seen[0].train, expected.train)


def run_stage(toy, tmp_path, row):
    toy.save(tmp_path / "g.npz")
    write_stamp(tmp_path / "g.npz", {"stage": "graphs", "data_source": {"toy": "test"}})
    words = ["--graphs", tmp_path / "g.npz", "--dataset", "toy", "--epochs", 2, "--model", json.dumps(row)]
    words += ["--out", tmp_path / "m.json", "--scores", tmp_path / "s.csv"]
    execute(tune_graphs.__file__, tune_graphs.arguments, tune_graphs.run, [str(word) for word in words])


def test_a_diverged_candidate_loses_and_all_diverged_is_an_error(toy, tmp_path, capsys, monkeypatch):
    run_stage(toy, tmp_path, ROW | {"lr": 1e12, "norm": "batch"})
    assert np.isnan(pd.read_csv(tmp_path / "s.csv").valid[0])
    assert read_json(tmp_path / "m.json")["lr"] in graph_tuning.RATES
    monkeypatch.setattr(graph_tuning, "FROM_TAGS", ())
    with pytest.raises(SystemExit) as end:
        run_stage(toy, tmp_path, ROW | {"lr": 1e12, "norm": "batch"})
    assert end.value.code == 2
    assert "every candidate diverged" in capsys.readouterr().err


def test_the_stage_writes_the_best_candidate(toy, tmp_path):
    run_stage(toy, tmp_path, ROW)
    table, chosen = pd.read_csv(tmp_path / "s.csv"), read_json(tmp_path / "m.json")
    assert len(table) == len(graph_tuning.candidates(ROW, tagged=True))
    best = graph_tuning.candidates(ROW, tagged=True)[int(table.valid.argmax())]
    assert chosen == {"dataset": "toy", **best}
