"""Our graph training and the plain PyTorch network side by side: times in turns, accuracies over the same folds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qcomm.graphs import graph_training
from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_features import load_features
from qcomm.graphs.graph_network import GraphNetwork, needs_moments
from qcomm.graphs.graph_plain import PlainTrainer
from qcomm.graphs.graph_settings import feature_blocks, graph_model
from qcomm.graphs.graph_training import FOLDS, HALVE_EVERY, honest_rule, split_of, train_fold
from qcomm.seeds import generator, seed_torch


class Pair:
    """Both networks for one graph set and method, with equal start weights.

    Args:
        path: hop features of a graph set.
        method: as in qcomm.graphs.graph_settings.
        row: hyper-parameters of the data set.
    """

    def __init__(self, path: str | Path, method: str, row: Mapping[str, Any]):
        features, self.offsets, self.labels = load_features(path)
        self.model = graph_model(method, row)
        hops = feature_blocks(row)
        options = {"hops": hops, "moments": needs_moments(self.model), "batch": self.model.batch}
        self.data = prepare(features, self.offsets, self.labels, **options)
        self.dense = np.asarray(features.toarray() if hasattr(features, "toarray") else features, np.float32)
        self.units = self.model.hidden * hops

    def start(self, identity: tuple) -> tuple[GraphNetwork, PlainTrainer]:
        """Both networks before training."""
        classes = int(self.labels.max()) + 1
        network = GraphNetwork(self.model, self.data, self.units, classes, generator("comparison", *identity))
        seed_torch("comparison", *identity)
        return network, PlainTrainer(self.model, network.weights(), self.dense, self.offsets, self.labels)


def plain_epoch(trainer: PlainTrainer, train: np.ndarray, rng: np.random.Generator, lr: float, batch: int) -> float:
    """One pass of the plain network over reshuffled training graphs; returns the mean loss over graphs."""
    order, total = rng.permutation(train), 0.0
    for start in range(0, order.size, batch):
        graphs = order[start : start + batch]
        total += trainer.train_step(graphs, lr) * graphs.size
    return total / order.size


def times(path, method: str, row: Mapping[str, Any], repeats: int, identity: tuple) -> Iterator[dict[str, Any]]:
    """CPU seconds per epoch of fold 0: one epoch of ours, one of plain's, and so on; the first of each is not counted.

    Yields:
        implementation, cpu_s_per_epoch_fold (median), low, high, repeats.
    """
    pair = Pair(path, method, row)
    network, trainer = pair.start(identity)
    train, rng = split_of(pair.labels, 0, "gin").train, generator("comparison order", *identity)
    turns = {
        "qcomm": lambda: graph_training.train_epoch(network, train, rng, pair.model.lr),
        "plain": lambda: plain_epoch(trainer, train, rng, pair.model.lr, pair.model.batch),
    }
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(repeats + 1):
        for name, turn in turns.items():
            start = time.process_time()
            turn()
            seconds[name].append(time.process_time() - start)
    for name, counted in seconds.items():
        counted = counted[1:]
        limits = {"low": min(counted), "high": max(counted), "repeats": repeats}
        yield {"implementation": name, "cpu_s_per_epoch_fold": float(np.median(counted)), **limits}


def accuracies(path, method: str, row: Mapping[str, Any], epochs: int, identity: tuple) -> Iterator[dict[str, Any]]:
    """Accuracy in percent under the honest rule, mean and deviation over ten folds, of both implementations."""
    pair, ours, plain = Pair(path, method, row), [], []
    for fold in range(FOLDS):
        split = split_of(pair.labels, fold, "honest")
        ours.append(train_fold(pair.data, split, pair.model, pair.units, epochs, (*identity, fold))[0])
        plain.append(_plain_fold(pair, split, epochs, (*identity, fold)))
    for name, folds in (("qcomm", ours), ("plain", plain)):
        mean, std = honest_rule(folds)
        yield {"implementation": name, "epochs": epochs, "folds": FOLDS, "mean": mean, "std": std}


def _plain_fold(pair: Pair, split, epochs: int, identity: tuple) -> dict[str, list[float]]:
    _, trainer = pair.start(identity)
    rng, curves = generator("plain fold", *identity), {"valid": [], "outer": []}
    for epoch in range(epochs):
        lr = pair.model.lr * 0.5 ** (epoch // HALVE_EVERY)
        plain_epoch(trainer, split.train, rng, lr, pair.model.batch)
        for name in curves:
            graphs = getattr(split, name)
            curves[name].append(float((trainer.logits(graphs).argmax(1) == pair.labels[graphs]).mean()))
    return curves
