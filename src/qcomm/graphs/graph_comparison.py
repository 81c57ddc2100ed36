"""Our graph training and the plain PyTorch network side by side: times in turns, accuracies over the same folds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qcomm.errors import ConfigError
from qcomm.graphs import graph_training
from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_features import load_features
from qcomm.graphs.graph_network import GraphNetwork, needs_moments
from qcomm.graphs.graph_plain import PlainTrainer
from qcomm.graphs.graph_settings import feature_blocks, graph_model
from qcomm.graphs.graph_training import FOLDS, HALVE_EVERY, Split, honest_rule, split_of, train_fold
from qcomm.graphs.kernels_head import drop
from qcomm.seeds import generator, seed_torch


class Pair:
    """Both networks for one graph set and method, with equal start weights.

    Args:
        path: hop features of a graph set.
        method: as in qcomm.graphs.graph_settings.
        row: hyper-parameters of the data set.

    Attributes:
        prepare_s: CPU seconds that each implementation spends once on the features, before all folds and epochs.

    Raises:
        ConfigError: the row asks for what the plain network does not do.
    """

    def __init__(self, path: str | Path, method: str, row: Mapping[str, Any]):
        features, self.offsets, self.labels = load_features(path)
        self.model = graph_model(method, row)
        if self.model.per_node or self.model.average:
            found = "the plain network neither scales its readout nor averages its weights"
            raise ConfigError(found, where="per_node, average", fix="leave both out to compare")
        hops = feature_blocks(row)
        options = {"hops": hops, "moments": needs_moments(self.model), "batch": self.model.batch}
        self.prepare_s, start = {}, time.process_time()
        self.data = prepare(features, self.offsets, self.labels, **options)
        self.prepare_s["qcomm"], start = time.process_time() - start, time.process_time()
        self.dense = np.asarray(features.toarray() if hasattr(features, "toarray") else features, np.float32)
        self.prepare_s["plain"] = time.process_time() - start
        self.units = self.model.hidden * hops

    def start(self, identity: tuple) -> tuple[GraphNetwork, PlainTrainer]:
        """Both networks before training."""
        classes = int(self.labels.max()) + 1
        network = GraphNetwork(self.model, self.data, self.units, classes, generator("comparison", *identity))
        seed_torch("comparison", *identity)
        return network, PlainTrainer(self.model, network.weights(), self.dense, self.offsets, self.labels)


def plain_epoch(trainer: PlainTrainer, train: np.ndarray, rng: np.random.Generator, lr: float, masks=None) -> float:
    """One pass of the plain network over reshuffled training graphs; returns the mean loss over graphs.

    Args:
        trainer, train, rng, lr: as in `qcomm.graphs.graph_training.train_epoch`.
        masks: called with the graphs of a batch for its dropout mask; torch draws it otherwise.
    """
    order, batch, total = rng.permutation(train), trainer.network.model.batch, 0.0
    for start in range(0, order.size, batch):
        graphs = order[start : start + batch]
        total += trainer.train_step(graphs, lr, masks(graphs) if masks else None) * graphs.size
    return total / order.size


def plain_accuracy(trainer: PlainTrainer, graphs: np.ndarray) -> float:
    """Share of graphs whose largest logit is that of their class."""
    return float((trainer.logits(graphs).argmax(1) == trainer.labels.numpy()[graphs]).mean())


def times(path, method: str, row: Mapping[str, Any], repeats: int, identity: tuple) -> Iterator[dict[str, Any]]:
    """CPU seconds per epoch of fold 0: an epoch and its evaluation of ours, then of plain's, and so on in turns.

    An epoch is one pass over the training graphs and the score of the outer fold, as the training stage does it under
    GIN's rule. The first turn of each is not counted.

    Yields:
        implementation, cpu_s_per_epoch_fold (median) with its low and high, the medians train_s and evaluate_s of its
        two parts, prepare_s (once for all folds and epochs), repeats.
    """
    pair = Pair(path, method, row)
    network, trainer = pair.start(identity)
    split, rng = split_of(pair.labels, 0, "gin"), generator("comparison order", *identity)
    lr = pair.model.lr
    parts = {
        ("qcomm", "train"): lambda: graph_training.train_epoch(network, split.train, rng, lr),
        ("qcomm", "evaluate"): lambda: graph_training.accuracy(network, split.outer),
        ("plain", "train"): lambda: plain_epoch(trainer, split.train, rng, lr),
        ("plain", "evaluate"): lambda: plain_accuracy(trainer, split.outer),
    }
    seconds: dict[tuple[str, str], list[float]] = {part: [] for part in parts}
    for _ in range(repeats + 1):
        for part, work in parts.items():
            start = time.process_time()
            work()
            seconds[part].append(time.process_time() - start)
    for name in ("qcomm", "plain"):
        train, evaluate = (np.array(seconds[name, part][1:]) for part in ("train", "evaluate"))
        epoch = train + evaluate
        yield {
            "implementation": name,
            "cpu_s_per_epoch_fold": float(np.median(epoch)),
            "low": float(epoch.min()),
            "high": float(epoch.max()),
            "train_s": float(np.median(train)),
            "evaluate_s": float(np.median(evaluate)),
            "prepare_s": pair.prepare_s[name],
            "repeats": repeats,
        }


def accuracies(path, method: str, row: Mapping[str, Any], epochs: int, identity: tuple) -> dict[str, Any]:
    """Accuracy in percent under the honest rule, mean and deviation over ten folds, of both implementations.

    Both start from the same weights and see the same order of graphs and the same dropout masks: they differ by
    rounding, which training then amplifies.

    Returns:
        epochs, folds, qcomm_mean, qcomm_std, plain_mean, plain_std, and within_one_sd: whether the means differ by no
        more than plain's deviation over folds.
    """
    pair, ours, plain = Pair(path, method, row), [], []
    for fold in range(FOLDS):
        split = split_of(pair.labels, fold, "honest")
        ours.append(train_fold(pair.data, split, pair.model, pair.units, epochs, (*identity, fold))[0])
        plain.append(_plain_fold(pair, split, epochs, (*identity, fold)))
    (mean, std), (plain_mean, plain_std) = honest_rule(ours), honest_rule(plain)
    found = {"qcomm_mean": mean, "qcomm_std": std, "plain_mean": plain_mean, "plain_std": plain_std}
    return {"epochs": epochs, "folds": FOLDS, **found, "within_one_sd": abs(mean - plain_mean) <= plain_std}


def _plain_fold(pair: Pair, split: Split, epochs: int, identity: tuple) -> dict[str, list[float]]:
    """`train_fold` of the plain network, number for number where arithmetic is exact."""
    rng, model = generator("graph_fold", *identity), pair.model
    start = GraphNetwork(model, pair.data, pair.units, int(pair.labels.max()) + 1, rng).weights()
    trainer, curves = PlainTrainer(model, start, pair.dense, pair.offsets, pair.labels), {"valid": [], "outer": []}

    def masks(graphs: np.ndarray) -> np.ndarray:
        mask = rng.random((graphs.size, pair.units), dtype=np.float32)
        drop(mask, 1 - model.dropout)
        return mask

    for epoch in range(epochs):
        lr = model.lr * 0.5 ** (epoch // HALVE_EVERY)
        plain_epoch(trainer, split.train, rng, lr, masks if model.dropout else None)
        for name in curves:
            curves[name].append(plain_accuracy(trainer, getattr(split, name)))
    return curves
