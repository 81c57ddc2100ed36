"""Folds, reporting rules and repeatability of graph training; the stage trains by the function that is timed."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from qcomm.audit.stamps import write_stamp
from qcomm.files import sha256_of, write_npz
from qcomm.graphs import graph_training
from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_network import needs_moments
from qcomm.graphs.graph_plain import PlainTrainer
from qcomm.graphs.graph_settings import GraphModel, graph_model
from qcomm.graphs.graph_training import chosen_epoch, gin_rule, honest_rule, split_of, train_epoch, train_fold
from qcomm.graphs.kernels_head import drop
from qcomm.graphs.weights import read_weights
from qcomm.seeds import generator
from qcomm.stages import train_graphs
from qcomm.stages.frame import execute

HOPS, CHANNELS = 3, 4
ROW = {"hidden": 4, "norm": "batch", "gcn": 2, "ppr": 0, "raw": 0, "rw": 0, "dropout": 0.3, "batch": 16, "lr": 0.01}
ROW |= {"weight_decay": 0.0, "degree": False, "seed": 0}


def graph_set(graphs=60):
    """Two classes that differ in how often the first channel occurs."""
    rng = generator("test graph training")
    labels = np.arange(graphs) % 2
    offsets = np.concatenate([[0], np.cumsum(rng.integers(4, 9, graphs))])
    graph_of = np.repeat(np.arange(graphs), np.diff(offsets))
    channel = np.where(
        rng.random(offsets[-1]) < 0.2 + 0.5 * labels[graph_of], 0, rng.integers(1, CHANNELS, offsets[-1])
    )
    start = np.eye(CHANNELS, dtype=np.float32)[channel]
    return np.hstack([start, 0.5 * start, rng.random(start.shape, np.float32) * start]), offsets, labels


def fold_curves(seed=0, epochs=12, protocol="honest", average=0.0):
    features, offsets, labels = graph_set()
    model = GraphModel("poly", 4, "batch", 0.3, 16, 0.01, 0.0, average=average)
    data = prepare(features, offsets, labels, hops=HOPS, moments=True, batch=16)
    return train_fold(data, split_of(labels, 3, protocol), model, 4 * HOPS, epochs, ("toy", seed))


def test_the_same_identity_repeats_and_another_differs():
    (one, weights), (same, same_weights), (other, _) = fold_curves(), fold_curves(), fold_curves(seed=1)
    assert one == same
    assert all(np.array_equal(weights[name], same_weights[name]) for name in weights)
    assert one["loss"] != other["loss"]


def test_training_learns_and_keeps_the_weights_of_the_first_best_epoch():
    curves, weights = fold_curves(epochs=30)
    assert curves["loss"][-1] < 0.7 * curves["loss"][0]
    assert max(curves["outer"]) > 0.8
    best = int(np.argmax(curves["valid"]))
    again, last = fold_curves(epochs=best + 1)
    assert again["valid"] == curves["valid"][: best + 1]
    assert np.array_equal(weights["weight"], last["weight"])


def test_averages_are_scored_and_kept_and_training_goes_on_without_them(monkeypatch):
    last = [fold_curves(epochs=epochs, protocol="gin")[1] for epochs in (1, 2, 3)]
    averaged_curves, averaged = fold_curves(epochs=3, protocol="gin", average=0.5)
    shares = np.array([0.25, 0.5, 1.0]) / 1.75
    for name, value in averaged.items():
        expected = sum(share * weights[name] for share, weights in zip(shares, last, strict=True))
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)
    assert averaged_curves["loss"] == fold_curves(epochs=3, protocol="gin")[0]["loss"]
    seen = []
    monkeypatch.setattr(graph_training, "accuracy", lambda network, _: seen.append(network.weights()["weight"]) or 0.0)
    fold_curves(epochs=3, protocol="gin", average=0.5)
    np.testing.assert_array_equal(seen[-1], averaged["weight"])


@pytest.mark.parametrize("norm", ["batch", "layer"])
@pytest.mark.parametrize("activation", ["poly", "prelu", "identity"])
def test_kept_weights_of_averages_and_a_scaled_readout_score_what_the_curves_say(norm, activation):
    features, offsets, labels = graph_set(300)
    labels = labels ^ (generator("test averages").random(300) < 0.25)  # or every epoch scores the same
    model = GraphModel(activation, 4, norm, 0.3, 16, 0.1, 0.0, per_node=True, average=0.5)
    data = prepare(features, offsets, labels, hops=HOPS, moments=needs_moments(model), batch=16)
    split = split_of(labels, 3, "honest")
    curves, weights = train_fold(data, split, model, 4 * HOPS, 12, ("toy", 0))
    assert len(set(curves["valid"])) > 2
    plain, best = PlainTrainer(model, weights, features, offsets, labels), chosen_epoch(curves["valid"])
    if norm == "batch":
        for name in ("running_mean", "running_var"):
            getattr(plain.network.norm, name).copy_(torch.from_numpy(weights[name]))
    for name, graphs in (("valid", split.valid), ("outer", split.outer)):
        assert (plain.logits(graphs).argmax(1) == labels[graphs]).mean() == curves[name][best]
    live, _ = train_fold(data, split, replace(model, average=0.0), 4 * HOPS, 12, ("toy", 0))
    assert live["valid"] != curves["valid"]


def test_training_graphs_are_scored_only_when_asked():
    features, offsets, labels = graph_set()
    model = GraphModel("poly", 4, "batch", 0.3, 16, 0.01, 0.0)
    data = prepare(features, offsets, labels, hops=HOPS, moments=True, batch=16)
    identity = ("toy", 0)
    asked, _ = train_fold(data, split_of(labels, 3, "gin"), model, 12, 12, identity, evaluate_training=True)
    curves, _ = train_fold(data, split_of(labels, 3, "gin"), model, 12, 12, identity)
    assert "train" not in curves
    assert asked.pop("train")[-1] > 0.8
    assert asked == curves


def test_folds_are_the_papers_and_parts_do_not_overlap():
    from sklearn.model_selection import StratifiedKFold

    labels = graph_set()[2]
    for fold, (train, outer) in enumerate(StratifiedKFold(10, shuffle=True, random_state=0).split(labels, labels)):
        split = split_of(labels, fold, "honest")
        np.testing.assert_array_equal(split.outer, outer)
        np.testing.assert_array_equal(np.sort(np.concatenate([split.train, split.valid])), train)
        np.testing.assert_array_equal(split_of(labels, fold, "gin").train, train)


def test_gin_rule_takes_one_epoch_for_all_folds_and_honest_rule_one_per_fold():
    outer = [[0.5, 0.75, 0.25], [0.5, 0.75, 1.0]]
    assert gin_rule(outer) == (75.0, 0.0, 2)
    folds = [{"outer": curve, "valid": valid} for curve, valid in zip(outer, ([1, 1, 0], [0, 0, 1]), strict=True)]
    assert honest_rule(folds) == (75.0, 25.0)
    tied = [[13 / 18, 16 / 18], [17 / 18, 14 / 18], [16 / 19, 16 / 19], [18 / 19, 18 / 19], [15 / 19, 15 / 19]]
    assert (100 * np.array(tied)).mean(0).argmax() == 1  # by rounding alone
    assert gin_rule(tied)[2] == 1


def test_a_diverged_run_is_an_error_that_names_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(ROW, "lr", 1e12)
    with pytest.raises(SystemExit) as end:
        run_stage(tmp_path, [0], epochs=8)
    assert end.value.code == 2
    message = capsys.readouterr().err
    assert re.search(r"toy SIGN-poly honest 0 0: the loss of epoch \d is (nan|inf)", message)
    assert "lower the learning rate" in message
    assert not (tmp_path / "0.json").exists()


def test_a_row_gives_its_model_and_may_leave_out_what_has_a_default():
    assert graph_model("SIGN-poly", ROW) == GraphModel("poly", 4, "batch", 0.3, 16, 0.01, 0.0)
    given = graph_model("SIGN-prelu", ROW | {"per_node": True, "average": 0.9, "refine": 1})
    assert given == GraphModel("prelu", 4, "batch", 0.3, 16, 0.01, 0.0, per_node=True, average=0.9)
    with pytest.raises(KeyError, match="lr"):
        graph_model("SIGN-poly", {key: value for key, value in ROW.items() if key != "lr"})


def test_dropout_keeps_the_given_share_and_the_mean():
    mask = generator("mask").random((200, 500), dtype=np.float32)
    drop(mask, 0.7)
    assert set(np.unique(mask)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs(mask.mean() - 1) < 0.01


def run_stage(tmp_path, folds, epochs=3, method="SIGN-poly"):
    path, out = tmp_path / "toy.npz", tmp_path / f"{'-'.join(map(str, folds))}.json"
    if not path.exists():
        features, offsets, labels = graph_set()
        write_npz(path, {"features": features, "offsets": offsets, "labels": labels})
        write_stamp(path, {"stage": "features_graphs", "data_source": {"toy": "test"}})
    arguments = ["--features", path, "--dataset", "toy", "--method", method, "--protocol", "honest", "--seed", 0]
    arguments += ["--folds", *folds, "--epochs", epochs, "--model", json.dumps(ROW)]
    arguments += ["--out", out, "--weights", out.with_suffix(".safetensors")]
    execute(train_graphs.__file__, train_graphs.arguments, train_graphs.run, [str(part) for part in arguments])
    return out


def test_bytes_of_a_fold_do_not_depend_on_the_job_it_is_in(tmp_path):
    both, alone = run_stage(tmp_path, [2, 5]), run_stage(tmp_path, [5])
    first, second = json.loads(both.read_text()), json.loads(alone.read_text())
    assert first["folds"][1] == second["folds"][0]
    weights = read_weights(both.with_suffix(".safetensors"))
    for name, value in read_weights(alone.with_suffix(".safetensors")).items():
        np.testing.assert_array_equal(weights[name], value)
    digest = sha256_of(alone)
    assert sha256_of(run_stage(tmp_path, [5])) == digest


def test_the_stage_calls_the_function_that_the_benchmark_times(tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("patched")

    assert train_epoch is graph_training.train_epoch
    monkeypatch.setattr(graph_training, "train_epoch", broken)
    with pytest.raises(RuntimeError, match="patched"):
        run_stage(tmp_path, [1])


def test_an_unknown_fold_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        run_stage(tmp_path, [10])
    assert stop.value.code == 2
    assert "folds are 0..9" in capsys.readouterr().err
