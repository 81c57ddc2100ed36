"""Linear classifiers trained on real data: their margins, and what the protocols cost on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from qcomm.errors import DataError, ProtocolError
from qcomm.network import Network, Party, Payload
from qcomm.network.payload import from_subset, to_subset
from qcomm.protocols.linear import LinearRun, checked_pairs, in_span, quantised_vector, sign_sketch, weights_sent
from qcomm.protocols.linear_codebook import best_shared
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test
from qcomm.seeds import generator, seed_for
from qcomm.theory import needed, success
from qcomm.theory.checks import unit_rows
from qcomm.theory.intervals import mean_interval, wilson

BATCHES = 5  # messages of weights, each tried on all inputs


@dataclass(frozen=True)
class LinearTask:
    """One trained classifier: unit inputs x (T, N) of the test set, unit weights y (N,), labels +-1 (T,)."""

    dataset: str
    label: int
    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray

    def sample(self, inputs: int, seed: int) -> LinearTask:
        """The task on a random choice of its test inputs, in their order."""
        rng = generator("classifier inputs", seed, self.dataset, self.label)
        chosen = np.sort(rng.permutation(len(self.x))[:inputs])
        return replace(self, x=self.x[chosen], labels=self.labels[chosen])

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
    """Average over inputs, by interpolation between 40 quantiles of the margins (exact for few inputs)."""
    knots = np.unique(np.quantile(margins, np.linspace(0, 1, 41))) if len(margins) > 60 else np.unique(margins)
    return float(np.interp(margins, knots, [probability(min(knot, 1.0)) for knot in knots]).mean())


def agreement(name: str, resource: int, task: LinearTask) -> float:
    """Expected share of the task's inputs on which the protocol gives the classifier's sign."""
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


def execute(name: str, resource: int, task: LinearTask, seed: int, *, span: bool = False) -> list[LinearRun]:
    """Run the protocol over the channel on the task's inputs; `span` runs the sketch in the span of each pair.

    Bob's one message of weights serves all inputs, so their votes are not independent: he sends it in several runs.
    """
    x, y = task.x, task.y
    if span:
        x, y = in_span(x, np.broadcast_to(y, x.shape))
    runs: dict[str, Callable[[int], LinearRun]] = {
        "sign sketch": lambda seed: sign_sketch(x, y, resource, seed),
        "best of 2^k": lambda seed: best_shared(x, y, resource, seed, literal=False),
        "quantised vector": lambda seed: quantised_vector(x, y, resource, seed),
        "weights sent": lambda seed: weights_sent(x, y, resource, seed),
        "Hadamard test": lambda seed: hadamard_test(x, y, resource, seed),
        "amplitude estimation": lambda seed: amplitude_estimation(x, y, resource, seed),
        "entries listed": lambda seed: entries_listed(x, y, seed),
    }
    return [runs[name](seed_for(seed, batch)) for batch in range(BATCHES if name == "weights sent" else 1)]


def entries_listed(x: np.ndarray, y: np.ndarray, seed: int) -> LinearRun:
    """Alice lists the positions of her equal non-zero entries (bag-of-words rows): exact, in whole bits.

    The number of entries goes first, in ceil(log2(N+1)) bits. Rows are normalised and their last entry, the constant,
    is known to both.

    Raises:
        ProtocolError: entries of one row differ.
    """
    x, y, signs = checked_pairs(x, y)

    def alice(me: Party) -> None:
        for row in me.private["x"]:
            found, size = np.flatnonzero(row[:-1]), row.size - 1
            if found.size and not np.allclose(row[found], row[found[0]]):
                raise ProtocolError("the entries of a row differ", where="entries_listed", fix="quantise them instead")
            width = size.bit_length()
            message = Payload(found.size, width)
            me.send("Bob", message + from_subset(found, size) if found.size else message, "positions")

    def bob(me: Party):
        votes = []
        for row in me.private["y"]:
            message, size = (yield "Alice"), row.size - 1
            width = size.bit_length()
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
    *("margin_10", "margin_10_low", "margin_10_high", "margin_median", "margin_median_low", "margin_median_high"),
    *("margin_90", "margin_90_low", "margin_90_high"),
]
RUN_COLUMNS = [
    *("dataset", "label", "dimension", "margin", "margin_low", "margin_high", "protocol", "kind", "method", "target"),
    *("resource", "expected", "agreement", "low", "high", "cost", "unit", "inputs"),
]
DATA_PROTOCOLS = (
    "sign sketch",
    "best of 2^k",
    "quantised vector",
    "weights sent",
    "Hadamard test",
    "amplitude estimation",
)
QUANTILES = {"margin_10": 0.1, "margin_median": 0.5, "margin_90": 0.9}


def margin_row(task: LinearTask, seed: int) -> dict[str, Any]:
    """Measured margins and accuracy of a trained classifier, with 95% intervals for its test set as a sample.

    Accuracy: Wilson's interval. Quantiles of the margin: from 500 resampled test sets.
    """
    again = _resampled(task, seed)
    right = int((np.sign(task.x @ task.y) == task.labels).sum())
    low, high = wilson(right, len(task.labels))
    row = {
        "dataset": task.dataset,
        "label": task.label,
        "dimension": task.x.shape[1],
        "inputs": len(task.labels),
        "accuracy": task.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "majority": float(max((task.labels == 1).mean(), (task.labels == -1).mean())),
    }
    for name, share in QUANTILES.items():
        row |= _quantile(name, task.margins, again, share)
    return row


def _quantile(name: str, margins: np.ndarray, again: np.ndarray, share: float) -> dict[str, float]:
    low, high = np.quantile(np.quantile(again, share, axis=1), [0.025, 0.975])
    return {name: float(np.quantile(margins, share)), f"{name}_low": float(low), f"{name}_high": float(high)}


def data_rows(
    task: LinearTask,
    target: float,
    seed: int,
    *,
    span: bool,
    protocols: Sequence[str] = DATA_PROTOCOLS,
    listed: bool = True,
) -> Iterator[dict[str, Any]]:
    """For each protocol: the least resource for an agreement of `target` on the task's inputs, then executed on them.

    `margin` is the quantile of the inputs' margins that the target leaves out, with its interval.
    """
    binary = all(np.allclose(row[row > 0], row.max()) for row in task.x[:, :-1]) and (task.x[:, :-1] >= 0).all()
    facts = {"dataset": task.dataset, "label": task.label, "dimension": task.x.shape[1], "target": target}
    facts |= _quantile("margin", task.margins, _resampled(task, seed), 1 - target)
    for name in [*protocols, *(["entries listed"] if binary and listed else [])]:
        resource = resource_for(name, target, task) if name in DATA_PROTOCOLS else 0
        in_plane = span and name == "sign sketch"
        identity = seed_for("classifier", seed, task.dataset, task.label, name)
        runs = execute(name, resource, task, identity, span=in_plane)
        cost = float(np.mean([run.bits + run.qubits for run in runs]))
        success, low, high = _agreement(runs)
        yield facts | {
            "protocol": name,
            "kind": "quantum" if runs[0].ledger.qubits else "classical",
            "method": "executed in the span" if in_plane else "executed",
            "resource": resource,
            "expected": agreement(name, resource, task) if resource else 1.0,
            "agreement": success,
            "low": low,
            "high": high,
            "cost": cost,
            "unit": "qubits" if runs[0].ledger.qubits else "bits",
            "inputs": len(task.x),
        }


def _resampled(task: LinearTask, seed: int) -> np.ndarray:
    """Margins of 500 resampled sets of inputs (500, T)."""
    rng = generator("margins", seed, task.dataset, task.label)
    return task.margins[rng.integers(len(task.margins), size=(500, len(task.margins)))]


def _agreement(runs: list[LinearRun]) -> tuple[float, float, float]:
    """Share of right votes with its 95% interval: Wilson's for one run, Student's t for several."""
    if len(runs) == 1:
        return runs[0].success, *wilson(float(runs[0].right.sum()), len(runs[0].votes))
    mean, low, high = mean_interval(np.array([run.success for run in runs]), 0, 1)
    return mean, low, high
