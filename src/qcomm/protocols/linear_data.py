"""Linear classifiers trained on real data: their margins, and what the protocols cost on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from qcomm.errors import DataError, ProtocolError
from qcomm.network import Network, Party, Payload
from qcomm.network.payload import from_subset, to_subset
from qcomm.protocols.linear import LinearRun, checked_pairs, in_span, quantised_vector, sign_sketch, weights_sent
from qcomm.protocols.linear_codebook import best_shared
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test
from qcomm.theory import needed, success
from qcomm.theory.checks import unit_rows


@dataclass(frozen=True)
class LinearTask:
    """One trained classifier: unit inputs x (T, N) of the test set, unit weights y (N,), labels +-1 (T,)."""

    dataset: str
    label: int
    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray

    @property
    def margins(self) -> np.ndarray:
        """|x.y| of every test input."""
        return np.abs(self.x @ self.y)

    @property
    def accuracy(self) -> float:
        return float((np.sign(self.x @ self.y) == self.labels).mean())


def with_constant(features: np.ndarray) -> np.ndarray:
    """Rows normalised, then a last coordinate 1 for the bias, normalised again; zero rows keep the constant only."""
    features = np.asarray(features, dtype=float)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    rows = features / np.where(lengths > 0, lengths, 1)
    return unit_rows(np.hstack([rows, np.ones((len(rows), 1))]), "features")


def train_task(dataset: str, label: int, rows: np.ndarray, labels: np.ndarray, train, test) -> LinearTask:
    """Logistic regression of one class against the rest, on `train`; its homogeneous weights as Bob's unit vector.

    Args:
        rows: (S, N), of `with_constant`; labels: (S,) classes; train, test: indices.

    Raises:
        DataError: the class is missing from a part.
    """
    from sklearn.linear_model import LogisticRegression

    target = np.where(np.asarray(labels) == label, 1.0, -1.0)
    for name, part in (("train", train), ("test", test)):
        if len(np.unique(target[part])) < 2:
            raise DataError(f"class {label} against the rest is one-sided in the {name} part", where=dataset)
    # ASSUME: C = 100 and balanced classes; the constant coordinate is the intercept, regularised like the others
    model = LogisticRegression(C=100.0, fit_intercept=False, class_weight="balanced", max_iter=1000).fit(
        rows[train], target[train]
    )
    weights = model.coef_[0] / np.linalg.norm(model.coef_[0])
    keep = np.asarray(test)[rows[test] @ weights != 0]
    return LinearTask(dataset, int(label), rows[keep], weights, target[keep])


def mean_success(probability: Callable[[float], float], margins: np.ndarray) -> float:
    """Average over test inputs, by interpolation between 40 quantiles of the margins (exact for few inputs)."""
    knots = np.unique(np.quantile(margins, np.linspace(0, 1, 41))) if len(margins) > 60 else np.unique(margins)
    return float(np.interp(margins, knots, [probability(min(knot, 1.0)) for knot in knots]).mean())


def agreement(name: str, resource: int, task: LinearTask) -> float:
    """Expected share of test inputs on which the protocol gives the classifier's sign."""
    dimension = task.x.shape[1]
    one: dict[str, Callable[[float], float]] = {
        "sign sketch": lambda gamma: success.sign_sketch(resource, gamma),
        "best of 2^k": lambda gamma: success.best_shared(resource, gamma, dimension),
        "quantised vector": lambda gamma: success.quantised(resource, gamma, dimension),
        "weights sent": lambda gamma: success.quantised(resource, gamma, dimension),
        "Hadamard test": lambda gamma: success.hadamard_test(resource, gamma),
        "amplitude estimation": lambda gamma: success.amplitude_estimation(resource, gamma),
    }
    return mean_success(one[name], task.margins)


def resource_for(name: str, target: float, task: LinearTask) -> int:
    """Smallest resource with an expected agreement of `target`; even numbers of calls for amplitude estimation."""
    if name == "amplitude estimation":
        return 2 * needed.smallest(lambda half: agreement(name, 2 * half, task), target)
    if name == "Hadamard test":
        return 2 * needed.smallest(lambda half: agreement(name, 2 * half - 1, task), target) - 1
    return needed.smallest(lambda count: agreement(name, count, task), target)


def execute(name: str, resource: int, task: LinearTask, inputs: int, seed: int) -> LinearRun:
    """Run the protocol over the channel on the first `inputs` test inputs."""
    x, y = task.x[:inputs], task.y
    plane = in_span(x, np.broadcast_to(y, x.shape))
    runs: dict[str, Callable[[], LinearRun]] = {
        "sign sketch": lambda: sign_sketch(*plane, resource, seed),
        "best of 2^k": lambda: best_shared(*plane, resource, seed, dimension=x.shape[1]),
        "quantised vector": lambda: quantised_vector(x, y, resource, seed),
        "weights sent": lambda: weights_sent(x, y, resource, seed),
        "Hadamard test": lambda: hadamard_test(x, y, resource, seed),
        "amplitude estimation": lambda: amplitude_estimation(x, y, resource, seed),
        "entries listed": lambda: entries_listed(x, y, seed),
    }
    return runs[name]()


def entries_listed(x: np.ndarray, y: np.ndarray, seed: int) -> LinearRun:
    """Alice lists the positions of her equal non-zero entries (bag-of-words rows): exact, in whole bits.

    The number of entries goes first, in ceil(log2(N+1)) bits. Rows are normalised and their last entry, the constant,
    is known to both.

    Raises:
        ProtocolError: entries of one row differ.
    """
    x, y, signs = checked_pairs(x, y)
    size = x.shape[1] - 1
    width = size.bit_length()
    words = [np.flatnonzero(row[:-1]) for row in x]
    for row, found in zip(x, words, strict=True):
        if found.size and not np.allclose(row[found], row[found[0]]):
            raise ProtocolError("the entries of a row differ", where="entries_listed", fix="quantise them instead")

    def alice(me: Party) -> None:
        for found in words:
            message = Payload(found.size, width)
            me.send("Bob", message + from_subset(found, size) if found.size else message, "positions")

    def bob(me: Party):
        votes = []
        for row in me.private["y"]:
            message = yield "Alice"
            count, rest = message.split(width, message.length - width) if message.length > width else (message, None)
            found = to_subset(rest, size, count.number) if rest else np.array([], dtype=int)
            bias = row[-1] * (np.sqrt(found.size) if found.size else 1.0)
            votes.append(np.sign(row[found].sum() + bias))
        return np.array(votes)

    network = Network({"Alice": {"x": x}, "Bob": {"y": y}}, seed)
    votes = network.run({"Alice": alice, "Bob": bob})["Bob"]
    return LinearRun(votes, signs, network.ledger)


MARGIN_COLUMNS = [
    *("dataset", "label", "dimension", "inputs", "accuracy", "accuracy_low", "accuracy_high", "majority"),
    *("margin_10", "margin_median", "margin_90"),
]
RUN_COLUMNS = [
    *("dataset", "label", "dimension", "protocol", "kind", "target", "resource", "expected", "agreement"),
    *("low", "high", "cost", "unit", "inputs"),
]
DATA_PROTOCOLS = (
    "sign sketch",
    "best of 2^k",
    "quantised vector",
    "weights sent",
    "Hadamard test",
    "amplitude estimation",
)


def margin_row(task: LinearTask) -> dict[str, Any]:
    """Measured margins of a trained classifier, and its accuracy with the 95% interval of its test set."""
    quantiles = np.quantile(task.margins, [0.1, 0.5, 0.9])
    half = 1.96 * np.sqrt(task.accuracy * (1 - task.accuracy) / len(task.labels))
    return {
        "dataset": task.dataset,
        "label": task.label,
        "dimension": task.x.shape[1],
        "inputs": len(task.labels),
        "accuracy": task.accuracy,
        "accuracy_low": task.accuracy - half,
        "accuracy_high": task.accuracy + half,
        "majority": float(max((task.labels == 1).mean(), (task.labels == -1).mean())),
        "margin_10": quantiles[0],
        "margin_median": quantiles[1],
        "margin_90": quantiles[2],
    }


def data_rows(task: LinearTask, target: float, inputs: int, seed: int) -> Iterator[dict[str, Any]]:
    """For each protocol: the least resource for an agreement of `target`, then executed on test inputs."""
    binary = all(np.allclose(row[row > 0], row.max()) for row in task.x[:, :-1]) and (task.x[:, :-1] >= 0).all()
    jobs = [(name, resource_for(name, target, task)) for name in DATA_PROTOCOLS]
    for name, resource in [*jobs, *([("entries listed", 0)] if binary else [])]:
        run = execute(name, resource, task, inputs, seed)
        half = 1.96 * np.sqrt(max(run.success * (1 - run.success), 0.25 / len(run.votes)) / len(run.votes))
        yield {
            "dataset": task.dataset,
            "label": task.label,
            "dimension": task.x.shape[1],
            "protocol": name,
            "kind": "quantum" if run.ledger.qubits else "classical",
            "target": target,
            "resource": resource,
            "expected": agreement(name, resource, task) if resource else 1.0,
            "agreement": run.success,
            "low": max(0.0, run.success - half),
            "high": min(1.0, run.success + half),
            "cost": run.bits + run.qubits,
            "unit": "qubits" if run.ledger.qubits else "bits",
            "inputs": len(run.votes),
        }
