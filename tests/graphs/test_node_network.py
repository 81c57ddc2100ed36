"""The node network against an independent dense reference, the decision problem against brute force."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from qcomm.errors import DivergedError
from qcomm.graphs import node_training
from qcomm.graphs.decision import decision_score
from qcomm.graphs.graph_settings import POLY_START
from qcomm.graphs.node_features import NodeData, Rows, cut
from qcomm.graphs.node_network import NodeNetwork
from qcomm.graphs.node_products import mask_shape, thinned
from qcomm.graphs.node_settings import NodeModel
from qcomm.graphs.node_training import logistic_regression, selected, train
from qcomm.seeds import generator

NODES, WIDTH, HOPS, CLASSES = 60, 30, 3, 4


@pytest.fixture(autouse=True)
def sparse_below_a_fifth(monkeypatch):
    monkeypatch.setattr("qcomm.graphs.node_features.DENSE_ABOVE", 0.2)  # so that small matrices take both forms


def problem(dtype=np.float64):
    rng = generator("node test")
    hops = [
        (rng.random((NODES, WIDTH)) * (rng.random((NODES, WIDTH)) < fill)).astype(dtype) for fill in (0.03, 0.3, 0.9)
    ]
    labels = rng.integers(0, CLASSES, NODES)
    splits = {"train": np.arange(0, 25), "valid": np.arange(25, 40), "test": np.arange(40, NODES)}
    cuts = tuple(cut(sp.csr_array(hop), splits) for hop in hops)
    return hops, labels, splits, NodeData(cuts, {name: labels[index] for name, index in splits.items()}, CLASSES)


class Reference:
    """All weights, dense features, autograd; dropout masks are handed in: one per hop, then one [n, hops * hidden]."""

    def __init__(self, network: NodeNetwork, activation: str):
        named = {
            name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
            for name, value in network.weights().items()
        }
        self.w, self.activation = named, activation
        self.optimiser = torch.optim.Adam(named.values(), lr=network.model.lr)

    def logits(self, hops, masks=None, last=None):
        joined = []
        for number, x in enumerate(hops):
            x = x if masks is None else x * masks[number]
            z = x @ self.w[f"hop{number}.weight"] + self.w[f"hop{number}.bias"]
            c = self.w.get(f"hop{number}.coefficients")
            z = c[0] + c[1] * z + c[2] * z**2 if self.activation == "poly" else z
            joined.append(torch.nn.functional.prelu(z, c) if self.activation == "prelu" else z)
        joined = torch.cat(joined, 1)
        return (joined if last is None else joined * last) @ self.w["readout.weight"] + self.w["readout.bias"]


class Recorded:
    """Keeps the dropout masks that a network draws, in the dense form that the reference takes."""

    def __init__(self, network: NodeNetwork):
        self.network, self.draw, self.masks = network, network._mask, []
        network._mask = self

    def __call__(self, shape, rate):
        self.masks.append(self.draw(shape, rate))
        return self.masks[-1]

    def dense(self, number: int, chunk: slice) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Masks of the hops and of the joined units of the chunk with this number."""
        *inputs, joined = self.masks[number * (HOPS + 1) : (number + 1) * (HOPS + 1)]
        found = []
        for hop, mask in zip(self.network.data.hops, inputs, strict=True):
            rows, whole = hop.train.block(chunk.start, chunk.stop), np.ones((chunk.stop - chunk.start, WIDTH))
            if sp.issparse(rows):
                mask = sp.csr_array((mask + 1, rows.indices, rows.indptr), shape=rows.shape).toarray() - 1
            whole[:, hop.active] = mask
            found.append(torch.tensor(whole))
        return found, torch.tensor(np.concatenate(list(joined), axis=1))


@pytest.mark.parametrize("dropout", [0.0, 0.35])
@pytest.mark.parametrize("activation", ["poly", "prelu", "identity"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-4)])
def test_training_follows_a_dense_reference_with_summed_chunks(activation, dtype, tolerance, dropout):
    hops, labels, splits, data = problem(dtype)
    assert any(sp.issparse(hop.train.matrix) for hop in data.hops)
    assert any(hop.active.size < WIDTH for hop in data.hops)
    model = NodeModel(activation, hidden=8, lr=0.02, chunk=10, input_dropout=dropout, hidden_dropout=dropout)
    network = NodeNetwork(model, data, generator("w"), dtype)
    reference = Reference(network, activation)
    dense = [torch.tensor(hop, dtype=torch.float64) for hop in hops]
    truth = torch.tensor(labels)
    drawn, chunks = Recorded(network), (slice(0, 10), slice(10, 20), slice(20, 25))
    for _ in range(20):
        drawn.masks.clear()
        found_loss = network.train_epoch()
        reference.optimiser.zero_grad()
        total = 0.0
        for number, chunk in enumerate(chunks):
            logits = reference.logits([x[chunk] for x in dense], *drawn.dense(number, chunk))
            loss = torch.nn.functional.cross_entropy(logits, truth[chunk])
            loss.backward()  # gradients of chunks add up
            total += loss.item() * (chunk.stop - chunk.start)
        reference.optimiser.step()
        assert found_loss == pytest.approx(total / 25, rel=tolerance)
    expected = reference.logits(dense).detach().numpy()
    found = network.logits()
    np.testing.assert_allclose(found["valid"], expected[splits["valid"]], rtol=50 * tolerance, atol=50 * tolerance)
    np.testing.assert_allclose(found["test"], expected[splits["test"]], rtol=50 * tolerance, atol=50 * tolerance)


def test_dropout_masks_are_fair_and_used_in_training_only():
    _, _, _, data = problem()
    network = NodeNetwork(NodeModel("poly", hidden=8), data, generator("w"), np.float64)
    mask = network._mask((400, 400), 0.3)
    assert set(np.unique(mask)) == {0.0, 1 / 0.7}
    assert (mask > 0).mean() == pytest.approx(0.7, abs=0.005)
    assert np.array_equal(network.logits()["test"], network.logits()["test"])
    sparse = next(hop.train.matrix for hop in data.hops if sp.issparse(hop.train.matrix))
    kept = thinned(sparse, network._mask(mask_shape(sparse), 0.3))
    assert kept.nnz == sparse.nnz  # structure stays, values are masked
    np.testing.assert_allclose(np.unique(kept.data / sparse.data), [0, 1 / 0.7])


def test_a_diverged_run_is_an_error_that_names_it():
    _, _, _, data = problem(np.float32)
    with pytest.raises(DivergedError, match=r"toy 3: the loss of epoch \d+ is (nan|inf)"):
        train(data, NodeModel("poly", hidden=8, lr=1e18), 50, ("toy", 3))


@pytest.mark.parametrize(("train_fits", "rest_fits"), [(True, False), (False, True), (False, False)])
def test_rows_that_do_not_fit_in_memory_stay_in_the_file(train_fits, rest_fits, monkeypatch):
    features = generator("large").random((200, 4), np.float32)
    sizes = {"train": 40 if train_fits else 120, "rest": 10 if rest_fits else 60}  # rows of 16 bytes
    monkeypatch.setattr("qcomm.graphs.node_features.IN_MEMORY", 320)  # 20 rows evaluated, 80 trained on
    splits = {"train": np.arange(sizes["train"]), "valid": np.arange(5), "test": np.arange(5, sizes["rest"])}
    hop = cut(features, splits)
    assert (hop.train.index is None, hop.held_out.index is None) == (train_fits, rest_fits)
    assert np.array_equal(hop.train.block(3, 9), features[3:9])
    assert np.array_equal(hop.held_out.block(0, 7), features[:7])


def test_same_seed_same_curve_another_seed_another():
    _, _, _, data = problem(np.float32)
    model = NodeModel("poly", hidden=8, evaluate_every=2)
    runs = [train(data, model, 6, ("x", seed)) for seed in (1, 1, 2)]
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert [row["epoch"] for row in runs[0][0]] == [2, 4, 6]
    assert np.allclose(runs[0][1]["hop0.coefficients"], POLY_START, atol=0.05)


@pytest.mark.parametrize("fill", [0.03, 1.0])  # sparse features, dense ones
def test_logistic_regression_scores_in_blocks_what_it_scores_at_once(fill, monkeypatch):
    monkeypatch.setattr(node_training, "STRENGTHS", (0.1, 10.0))
    rng = generator("logistic", fill)
    labels = np.arange(NODES) % 2
    hops = [(rng.random((NODES, WIDTH)) + labels[:, None]) * (rng.random((NODES, WIDTH)) < fill) for _ in range(2)]
    splits = {"train": np.arange(0, 25), "valid": np.arange(25, 40), "test": np.arange(40, NODES)}
    cuts = tuple(cut(sp.csr_array(hop.astype(np.float32)), splits) for hop in hops)
    data = NodeData(cuts, {name: labels[index] for name, index in splits.items()}, 2)
    assert any(sp.issparse(hop.train.matrix) for hop in cuts) == (fill < 1)
    whole, asked = logistic_regression(data), []
    monkeypatch.setattr(node_training, "BLOCK", 7)
    block = Rows.block
    monkeypatch.setattr(Rows, "block", lambda rows, a, b: asked.append((rows, b - a)) or block(rows, a, b))
    assert logistic_regression(data) == whole
    assert max(row["test"] for row in whole) > (0.95 if fill == 1 else 0.6)
    assert max(size for rows, size in asked if any(rows is hop.held_out for hop in cuts)) == 7


def test_selection_takes_the_first_of_equals():
    curve = [
        {"epoch": 10, "valid": 0.5, "test": 0.1, "valid_decision": 0.2, "test_decision": 0.3},
        {"epoch": 20, "valid": 0.7, "test": 0.2, "valid_decision": 0.9, "test_decision": 0.4},
        {"epoch": 30, "valid": 0.7, "test": 0.9, "valid_decision": 0.9, "test_decision": 0.8},
    ]
    found = selected(curve)
    assert (found["accuracy_epoch"], found["test"], found["decision"]) == (20, 0.2, 0.4)


def test_decision_score_against_brute_force():
    rng = generator("decision")
    for _ in range(20):
        logits, labels = rng.normal(size=(30, 5)), rng.integers(0, 4, 30)
        right = pairs = 0
        for i in range(5):
            for j in range(i + 1, 5):
                predicted = logits[:, i].mean() - logits[:, j].mean() > 0
                right += predicted == (list(labels).count(i) > list(labels).count(j))
                pairs += 1
        assert decision_score(logits, labels, 5) == pytest.approx(right / pairs)


def test_equal_counts_are_not_more_frequent():
    logits, labels = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])
    assert decision_score(logits, labels, 2) == 0.0
    assert decision_score(-logits, labels, 2) == 1.0
