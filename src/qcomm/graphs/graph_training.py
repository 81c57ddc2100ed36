"""Training of graph networks fold by fold, and what is reported of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcomm.data.values import FOLDS
from qcomm.errors import DivergedError
from qcomm.graphs.folds import stratified_folds
from qcomm.graphs.graph_average import WeightAverage
from qcomm.graphs.graph_blocks import GraphBlocks
from qcomm.graphs.graph_network import GraphNetwork
from qcomm.graphs.graph_settings import GraphModel
from qcomm.graphs.kernels_head import drop
from qcomm.seeds import generator

INNER_FOLDS = FOLDS - 1
HALVE_EVERY = 50  # epochs


@dataclass(frozen=True)
class Split:
    """Graph indices of one fold. ``valid`` chooses the epoch under the honest rule and is None under GIN's."""

    train: np.ndarray
    valid: np.ndarray | None
    outer: np.ndarray


def split_of(labels: np.ndarray, fold: int, protocol: str) -> Split:
    """Fold 0..9 of StratifiedKFold(10, shuffle, random_state=0) in the order of the file.

    Under ``honest`` the first fold of StratifiedKFold(9, shuffle, random_state=0) inside the training part validates.
    """
    folds = stratified_folds(labels, FOLDS)
    train, outer = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
    if protocol == "gin":
        return Split(train, None, outer)
    inner = stratified_folds(labels[train], INNER_FOLDS)
    return Split(train[inner != 0], train[inner == 0], outer)


def train_fold(
    data: GraphBlocks,
    split: Split,
    model: GraphModel,
    units: int,
    epochs: int,
    identity: tuple,
    *,
    report=None,
    evaluate_training: bool = False,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Train on one fold.

    ASSUME: the authors set one seed before the first fold and let it run on; here every fold has a seed of its own,
    made from `identity`, so that folds can be computed, resumed and audited one by one.

    Args:
        data: all graphs, prepared for this model.
        split: who trains, validates, tests.
        model: hyper-parameters.
        units: hidden units H.
        epochs: number of epochs.
        identity: seeds initial weights, shuffling and dropout.
        report: called as ``report(epoch, loss=.., accuracy=..)`` after each epoch, counted from 1.
        evaluate_training: score the training graphs after each epoch, too (curve ``train``).

    Returns:
        Curves per epoch (loss in training, outer accuracy and, honest rule, validation accuracy), and the weights: at
        the chosen epoch under the honest rule, after the last epoch otherwise. Where the model asks for averages,
        accuracies and weights are theirs.

    Raises:
        DivergedError: the loss of an epoch is not finite.
    """
    rng = generator("graph_fold", *identity)
    classes = int(data.labels.max()) + 1
    network = GraphNetwork(model, data, units, classes, rng)
    parts = {"outer": split.outer, "valid": split.valid, "train": split.train if evaluate_training else None}
    parts = {name: graphs for name, graphs in parts.items() if graphs is not None}
    curves: dict[str, list[float]] = {"loss": []} | {name: [] for name in parts}
    average, weights = WeightAverage(network, model.average), {}
    for epoch in range(epochs):
        loss = train_epoch(network, split.train, rng, model.lr * 0.5 ** (epoch // HALVE_EVERY))
        curves["loss"].append(finite(loss, epoch + 1, identity))
        average.update()
        with average.applied():
            for name, graphs in parts.items():
                curves[name].append(accuracy(network, graphs))
            if _kept(curves, epochs):
                weights = network.weights()
        if report:
            report(epoch + 1, loss=curves["loss"][-1], accuracy=curves["outer"][-1])
    return curves, weights


def _kept(curves: dict[str, list[float]], epochs: int) -> bool:
    """Whether the weights after the latest epoch are to be kept, in place of those before."""
    valid = curves.get("valid")
    return len(curves["outer"]) == epochs if valid is None else chosen_epoch(valid) == len(valid) - 1


def finite(loss: float, epoch: int, identity: tuple) -> float:
    """The loss of an epoch; NaN logits would pass for the accuracy of the first class.

    Raises:
        DivergedError: it is NaN or infinite.
    """
    if not np.isfinite(loss):
        run = " ".join(map(str, identity))
        raise DivergedError(f"the loss of epoch {epoch} is {loss}", where=run, fix="lower the learning rate (lr)")
    return loss


def train_epoch(network: GraphNetwork, train: np.ndarray, rng: np.random.Generator, lr: float) -> float:
    """One pass over reshuffled training graphs; returns the mean loss over graphs."""
    order, model, total = rng.permutation(train), network.model, 0.0
    for start in range(0, order.size, model.batch):
        batch = order[start : start + model.batch]
        mask = None
        if model.dropout:
            mask = rng.random((batch.size, network.p["bias"].size), dtype=network.dtype.type)
            drop(mask, 1 - model.dropout)
        total += network.train_step(batch, lr, mask) * batch.size
    return total / order.size


def accuracy(network: GraphNetwork, graphs: np.ndarray) -> float:
    """Share of graphs whose largest logit is that of their class."""
    return float((network.logits(graphs).argmax(1) == network.data.labels[graphs]).mean())


def chosen_epoch(curve: list[float]) -> int:
    """Index of the first largest value."""
    return int(np.argmax(curve))


def gin_rule(outer_curves: list[list[float]]) -> tuple[float, float, int]:
    """Mean and standard deviation (ddof 0) over folds, in percent, at the epoch (from 1) with the best fold average."""
    curves = 100 * np.array(outer_curves)
    epoch = chosen_epoch(curves.mean(0).round(9).tolist())  # equal averages may differ in their last bits
    return float(curves[:, epoch].mean()), float(curves[:, epoch].std()), epoch + 1


def honest_rule(folds: list[dict[str, Any]]) -> tuple[float, float]:
    """Mean and standard deviation (ddof 0) over folds, in percent, each scored at the epoch its inner fold chose."""
    scores = [100 * fold["outer"][chosen_epoch(fold["valid"])] for fold in folds]
    return float(np.mean(scores)), float(np.std(scores))
