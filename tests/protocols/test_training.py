"""Training of the distributed model: traffic as executed, learning, seeds, and the check against the walks."""

import numpy as np
import pytest

from qcomm.errors import DataError, ProtocolError
from qcomm.protocols import rivals_literal, training
from qcomm.protocols.task import BOB, InferenceTask
from qcomm.protocols.training import step_traffic, train_fold
from qcomm.protocols.training_data import encode_graphs, logistic, majority
from qcomm.quantum.model import DistributedModel
from qcomm.seeds import generator

SETTINGS = {"steps": 12, "batch": 8, "lr": 0.1, "evaluate_every": 4, "seed": 0}


def graphs(count=60, width=6):
    """Two classes that differ in the mean of their node features."""
    rng = generator("training test")
    labels = np.arange(count) % 2
    offsets = np.concatenate([[0], np.cumsum(rng.integers(3, 7, count))])
    nodes = rng.normal(size=(offsets[-1], width)) + np.repeat(labels, np.diff(offsets))[:, None]
    return nodes, offsets, labels


def encoded():
    return encode_graphs(*graphs(), np.arange(50))


def test_rows_are_unit_vectors_scaled_by_training_graphs_only():
    nodes, offsets, labels = graphs()
    data = encode_graphs(nodes, offsets, labels, np.arange(50))
    assert (data.qubits, data.width) == (3, 7)
    np.testing.assert_allclose(np.linalg.norm(data.inputs, axis=1), 1)
    assert (data.inputs[:, 7] == 0).all()
    changed = nodes.copy()
    changed[offsets[50] :] *= 100
    np.testing.assert_array_equal(encode_graphs(changed, offsets, labels, np.arange(50)).inputs[:50], data.inputs[:50])


def test_three_classes_and_bad_numbers_are_refused():
    nodes, offsets, labels = graphs()
    with pytest.raises(DataError, match="two classes"):
        encode_graphs(nodes, offsets, labels % 2 + (labels == 1) * np.arange(60), np.arange(50))
    nodes[3, 2] = np.nan
    with pytest.raises(DataError, match="NaN"):
        encode_graphs(nodes, offsets, labels, np.arange(50))


def test_columns_that_vary_by_rounding_only_are_no_features():
    """0.1 summed over graphs of equal size, in different orders of magnitude on the way: constant but for rounding."""
    nodes, _, labels = graphs()
    nodes, offsets = nodes[:180], np.arange(0, 181, 3)
    rounding = 1e-9 * generator("rounding").normal(size=(180, 1))
    data = encode_graphs(np.hstack([nodes, 0.1 + rounding]), offsets, labels, np.arange(50))
    without = encode_graphs(np.hstack([nodes, np.zeros((180, 1))]), offsets, labels, np.arange(50))
    np.testing.assert_array_equal(data.inputs, without.inputs)
    assert (data.inputs[:, 6] == 0).all()


@pytest.mark.parametrize("scale", [0.0, 1.0, 1e-12])
def test_graphs_that_do_not_differ_are_refused(scale):
    _, _, labels = graphs()
    rounding = 1e-9 * scale * generator("rounding").normal(size=(180, 2))
    with pytest.raises(DataError, match="no pooled feature varies") as error:
        encode_graphs(scale * np.ones((180, 2)) + rounding, np.arange(0, 181, 3), labels, np.arange(50))
    assert error.value.fix


@pytest.mark.parametrize("layers", [1, 2])
def test_a_step_sends_what_its_walks_send(layers):
    model, data = DistributedModel(3, layers, 1), encoded()
    angles = generator("angles").uniform(-1, 1, model.parameters)
    ledger = step_traffic(model, angles, data.inputs[:8], np.linspace(-1, 1, 8), 0, check=True)
    assert ledger.qubits == 8 * (2 * layers * 3 + (6 * layers**2 - layers) * 4)
    assert ledger.bits == 8 * 32
    assert ledger.messages == 8 * (2 * layers + 6 * layers**2 - layers) + 1


def test_every_graph_of_a_batch_travels_the_same_way():
    """What the multiplicity of the first graph's walk stands for: one by one, other inputs send the same messages."""
    model, data = DistributedModel(3, 2, 1), encoded()
    angles = generator("angles").uniform(-1, 1, model.parameters)
    batch, shares = data.inputs[:5], np.linspace(-1, 1, 5)
    together = step_traffic(model, angles, batch, shares, 0, check=False)
    each = [step_traffic(model, angles, batch[i : i + 1], shares[i : i + 1], 0, check=True) for i in range(5)]
    assert all(one == each[0] for one in each)
    assert together.qubits == sum(one.qubits for one in each)
    assert together.bits == sum(one.bits for one in each)


def test_an_engine_that_disagrees_with_the_walks_stops_training(monkeypatch):
    model, data = DistributedModel(3, 1, 1), encoded()
    kept = model.derivative
    monkeypatch.setattr(model, "derivative", lambda *where: lambda mu: 0.5 * kept(*where)(mu))
    with pytest.raises(ProtocolError, match="the walk to unitary 1"):
        train_fold(model, data, 0, SETTINGS)


def test_training_learns_counts_traffic_and_follows_the_seed():
    model, data = DistributedModel(3, 2, 2), encoded()
    long = SETTINGS | {"steps": 60, "evaluate_every": 20}
    runs = [train_fold(model, data, 1, long | {"seed": seed}) for seed in (0, 0, 1)]
    assert runs[0].curve == runs[1].curve
    assert runs[0].curve[0]["loss"] != runs[2].curve[0]["loss"]
    assert np.array_equal(runs[0].weights["angles"], runs[1].weights["angles"])
    assert runs[0].accuracy > 0.8
    assert runs[0].curve[-1]["qubits"] == 60 * runs[0].step_ledger.qubits
    assert [row["step"] for row in runs[0].curve] == [20, 40, 60]


@pytest.mark.parametrize("fold", [0, 1])
def test_alice_trains_alone_once_she_was_sent_bobs_angles(fold):
    """The same accuracy as with all the traffic, for 32 bits an angle of Bob's, as the rival of one estimate counts."""
    model, data = DistributedModel(3, 2, 2), encoded()
    long = SETTINGS | {"steps": 40, "evaluate_every": 40}
    together, alone = train_fold(model, data, fold, long), training.train_alone(model, data, fold, long)
    assert alone.accuracy == together.accuracy
    assert alone.ledger.bits == alone.ledger.total("bits", BOB) == 32 * model.parameters // 2
    assert (alone.ledger.messages, alone.ledger.qubits) == (1, 0)
    task = InferenceTask(data.inputs[0], model.blocks(together.weights["angles"]))
    assert rivals_literal.parameters(task, 0).ledger.bits == alone.ledger.bits
    assert together.curve[-1]["qubits"] > 50 * alone.ledger.bits


def test_alice_alone_trains_from_what_was_sent(monkeypatch):
    model, data = DistributedModel(3, 1, 1), encoded()
    fitted = []
    kept = training._fit
    monkeypatch.setattr(training, "_fit", lambda *given: fitted.append(given[3]) or kept(*given))
    initial, _ = training._start(model, 0, SETTINGS["seed"])
    training.train_alone(model, data, 0, SETTINGS)
    np.testing.assert_array_equal(fitted[0].reshape(2, -1)[1], initial.reshape(2, -1)[1])
    np.testing.assert_array_equal(fitted[0].reshape(2, -1)[0], np.float32(initial.reshape(2, -1)[0]))
    monkeypatch.setattr(training, "to_floats", lambda payload: np.zeros(3))
    training.train_alone(model, data, 0, SETTINGS)
    assert (fitted[1].reshape(2, -1)[0] == 0).all()


def test_baselines_see_the_same_inputs():
    data = encoded()
    train, test = np.arange(50), np.arange(50, 60)
    assert logistic(data, train, test) > majority(data.labels, train, test)
    assert majority(np.array([1, 1, 0, 0]), np.array([0, 1, 2]), np.array([3])) == 0.0


def test_bob_must_receive_the_shares(monkeypatch):
    model, data = DistributedModel(3, 1, 1), encoded()
    monkeypatch.setattr(training, "to_floats", lambda payload: np.zeros(8))
    with pytest.raises(ProtocolError, match="shares"):
        step_traffic(model, np.zeros(model.parameters), data.inputs[:8], np.ones(8), 0, check=False)
