"""Stages of the distributed model: Figure 2 from the simulated circuit, training with counted traffic, its figure."""

import json
import xml.etree.ElementTree as ElementTree

import cirq
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from qcomm.audit.stamps import stamp_path, verify, write_stamp
from qcomm.errors import DataError
from qcomm.figures.circuit import figure2, messages_by_part
from qcomm.protocols import model_run as runs
from qcomm.quantum.circuits import DistributedCircuit, distributed_circuit, hardware_efficient
from qcomm.quantum.model import DistributedModel
from qcomm.stages import plot_circuit, plot_distributed, train_distributed
from qcomm.stages.frame import execute

CIRCUIT = {"qubits": 3, "layers": 2, "depth": 1, "seed": 0}
TRAINING = {"layers": 1, "depth": 1, "steps": 2, "batch": 4, "lr": 0.1, "evaluate_every": 1, "folds": [0, 3], "seed": 0}


def run(module, *arguments):
    execute(module.__file__, module.arguments, module.run, [str(a) for a in arguments])


def draw_circuit(folder, settings):
    names = [folder / f"fig2.{kind}" for kind in ("pdf", "png", "csv")]
    single = {name: folder / f"fig2.{name}" for name in ("svg", "qasm")}
    single |= {name: folder / f"{name}.csv" for name in ("ledger", "checks")}
    flags = [part for name, path in single.items() for part in (f"--{name}", path)]
    run(plot_circuit, "--settings", json.dumps(settings), "--out", *names, *flags)
    return {path.name: path for path in [*names, *single.values()]}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    return draw_circuit(tmp_path_factory.mktemp("circuit"), CIRCUIT)


def test_figure_2_is_of_the_circuit_that_is_simulated(tmp_path, monkeypatch):
    """One object: the model's circuit is what the engine lowers, what cirq simulates and what is drawn."""
    from qcomm.figures import circuit as figures

    seen = {}
    kept_run, kept_figure = runs.loss_by_cirq, figures.figure2
    monkeypatch.setattr(
        runs, "loss_by_cirq", lambda circuit, *rest: kept_run(seen.setdefault("simulated", circuit), *rest)
    )
    monkeypatch.setattr(
        figures, "figure2", lambda circuit, ledger: kept_figure(seen.setdefault("drawn", circuit), ledger)
    )
    draw_circuit(tmp_path, CIRCUIT)
    assert seen["drawn"] is seen["simulated"]


def test_outputs_of_figure_2_agree_with_each_other(drawn):
    operations, ledger, checks = (pd.read_csv(drawn[f"{name}.csv"]) for name in ("fig2", "ledger", "checks"))
    assert checks.ok.all()
    assert len(checks) == 3
    assert list(ledger.label) == ["block 1", "block 2", "block 3", "block 4"]
    whole = distributed_circuit(3, 2, 1).circuit(measured=True)
    assert len(operations) == len(list(whole.all_operations()))
    assert list(operations.owner.groupby(operations.messages).first()) == ["Bob", "Alice", "Bob", "Alice"]
    assert operations.owner.groupby(operations.messages).nunique().eq(1).all()
    assert operations.operation.iloc[-1].startswith("cirq.MeasurementGate") or "P0" in operations.operation.iloc[-1]
    assert ElementTree.parse(drawn["fig2.svg"]).getroot().tag.endswith("svg")
    assert drawn["fig2.qasm"].read_text().count("ry(") == 12
    for path in drawn.values():
        assert verify(path)["stage"] == "plot_circuit"


def test_figure_2_repeats_its_bytes_and_follows_the_seed(drawn, tmp_path):
    again = draw_circuit(tmp_path, CIRCUIT)
    for name, path in drawn.items():
        assert path.read_bytes() == again[name].read_bytes()
    other = draw_circuit(tmp_path, CIRCUIT | {"seed": 1})
    assert other["fig2.qasm"].read_bytes() != drawn["fig2.qasm"].read_bytes()
    assert other["fig2.svg"].read_bytes() == drawn["fig2.svg"].read_bytes()


def test_diagram_shows_every_gate_block_and_message():
    circuit = distributed_circuit(3, 2, 1)
    figure, _ = figure2(circuit, circuit.traffic())
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(t for t in texts if t.isdigit()) == ["1", "2", "3", "4"]
    assert [t for t in texts if t[:2] in ("$A", "$B")] == ["$B_{1}$", "$A_{1}$", "$B_{2}$", "$A_{2}$"]
    assert texts.count("$R_y$") == 12
    assert r"$P_0$" in texts
    plt.close(figure)


def test_messages_of_the_diagram_are_those_of_the_ledger():
    line = cirq.LineQubit.range(2)
    blocks = [hardware_efficient(line, owner, f"x{i}", 1) for i, owner in enumerate(("Alice", "Bob", "Bob"))]
    circuit = DistributedCircuit(tuple(blocks), tuple(line))
    assert messages_by_part(circuit, circuit.traffic()) == {1: 1, 3: 2}


def test_a_channel_that_counts_something_else_is_noticed(monkeypatch):
    model = DistributedModel(2, 1, 1)
    kept = runs.run_sampling
    monkeypatch.setattr(runs, "run_sampling", lambda *given, **named: kept(*given, copies=2))
    with pytest.raises(DataError, match="channel counted"):
        runs.model_run(model, 0)


def test_a_model_that_disagrees_with_cirq_fails_its_check(monkeypatch):
    model = DistributedModel(2, 1, 1)
    assert all(row["ok"] for row in runs.model_run(model, 0).checks)
    monkeypatch.setattr(runs, "loss_by_cirq", lambda *given: 0.123)
    assert [row["ok"] for row in runs.model_run(model, 0).checks] == [False, False, True]


def features(folder):
    """Forty graphs of two classes that differ in the mean of their node features."""
    rng = np.random.default_rng(1)
    labels = np.arange(40) % 2
    offsets = np.concatenate([[0], np.cumsum(rng.integers(2, 6, 40))])
    nodes = rng.normal(size=(offsets[-1], 3)) + np.repeat(labels, np.diff(offsets))[:, None]
    path = folder / "features.npz"
    np.savez(path, features=nodes, offsets=offsets, labels=labels)
    write_stamp(path, {"stage": "features_graphs", "data_source": {"toy": "test"}})
    return path


def train(folder, path, settings):
    files = {name: folder / f"{name}.csv" for name in ("curves", "accuracies", "ledger")}
    files["weights"] = folder / "weights.safetensors"
    flags = [part for name, file in files.items() for part in (f"--{name}", file)]
    run(train_distributed, "--features", path, "--settings", json.dumps(settings), *flags)
    return files


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, train(folder, features(folder), TRAINING)


def test_training_stage_writes_curves_accuracies_ledger_and_weights(trained):
    _, files = trained
    curves, accuracies, ledger = (pd.read_csv(files[name]) for name in ("curves", "accuracies", "ledger"))
    assert list(curves.fold) == [0, 0, 3, 3]
    assert list(curves.step) == [1, 2, 1, 2]
    assert set(accuracies.method) == {"distributed", "alone", "logreg", "majority"}
    by_method = accuracies.groupby("method")
    assert (by_method.qubits.max()[["alone", "logreg", "majority"]] == 0).all()
    assert (by_method.bits.max()[["logreg", "majority"]] == 0).all()
    assert by_method.bits.unique()["alone"].tolist() == [32 * 2]  # one layer, one rotation of each of Bob's two qubits
    assert list(accuracies[accuracies.method == "distributed"].qubits) == list(curves[curves.step == 2].qubits)
    assert accuracies.accuracy.between(0, 1).all()
    qubits = (ledger["size"] * ledger.multiplicity)[ledger.kind == "qubits"].sum()
    assert list(curves.qubits) == [qubits, 2 * qubits] * 2
    assert set(load_file(files["weights"])) == {f"fold{f}.{name}" for f in (0, 3) for name in ("angles", "read_out")}
    for path in files.values():
        assert verify(path)["data_source"] == {"toy": "test"}


def test_training_stage_repeats_its_bytes_and_follows_the_seed(trained, tmp_path):
    folder, files = trained
    again = train(tmp_path, folder / "features.npz", TRAINING)
    for name, path in files.items():
        assert path.read_bytes() == again[name].read_bytes()
    other = train(tmp_path, folder / "features.npz", TRAINING | {"seed": 1})
    assert other["curves"].read_bytes() != files["curves"].read_bytes()


def test_training_figure_and_table_come_from_stage_outputs(trained, tmp_path):
    _, files = trained
    figure = [tmp_path / f"distributed.{kind}" for kind in ("pdf", "png", "csv")]
    table = [tmp_path / f"table.{kind}" for kind in ("csv", "md", "tex")]
    flags = [part for name in ("curves", "accuracies", "ledger") for part in (f"--{name}", files[name])]
    run(plot_distributed, *flags, "--figure", *figure, "--table", *table)
    rows, curves = pd.read_csv(table[0]).set_index("method"), pd.read_csv(files["curves"])
    assert int(rows.qubits_per_fold["distributed"]) == curves.qubits.max()
    assert rows.bits_per_fold.astype(int).to_dict()["alone"] == 32 * 2
    for method in ("logreg", "majority"):
        assert [rows[f"{kind}_per_fold"][method] for kind in ("messages", "qubits", "bits")] == [0, 0, 0]
    assert int(rows.qubits_last_step["alone"]) == 0
    assert rows.steps["logreg"] == "does not apply"
    drawn = pd.read_csv(figure[2])
    assert list(drawn["mean"]) == pytest.approx(list(100 * curves.groupby("step").accuracy.mean()))
    assert all(stamp_path(path).exists() and path.stat().st_size > 20 for path in [*figure, *table])


def test_three_classes_are_a_user_error(tmp_path, capsys):
    path = features(tmp_path)
    arrays = dict(np.load(path))
    arrays["labels"][:3] = 2
    np.savez(path, **arrays)
    write_stamp(path, {"stage": "features_graphs"})
    with pytest.raises(SystemExit) as stopped:
        train(tmp_path, path, TRAINING)
    assert stopped.value.code == 2
    assert "two classes" in capsys.readouterr().err
