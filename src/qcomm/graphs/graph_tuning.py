"""A small search for better hyper-parameters that never sees the graphs by which fold 0 is scored.

Candidates are trained on the training part of fold 0 and compared on its inner validation fold. The folds of the final
ten-fold run stay as they are. The inner fold's graphs are test graphs of other folds: the choice among at most twelve
candidates has seen them once, which a nested search per fold would avoid at ten times the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qcomm.graphs.graph_blocks import prepare
from qcomm.graphs.graph_features import load_features
from qcomm.graphs.graph_network import needs_moments
from qcomm.graphs.graph_settings import graph_model
from qcomm.graphs.graph_training import split_of, train_fold

METHOD = "SIGN-poly-tuned"
SMOOTH = 10  # epochs averaged: one lucky epoch of a small fold must not decide
# ASSUME: what is varied; BatchNorm everywhere, since only that is quantum-realisable. Features stay the paper's.
LEARNING_RATES = (1.0, 0.3)  # times the paper's
DROPOUTS = (0.0, 0.3, 0.5)
WEIGHT_DECAYS = (0.0, 1e-3)


def candidates(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """At most twelve rows of hyper-parameters, the paper's first."""
    found = [dict(row)]
    for dropout in DROPOUTS:
        for rate in LEARNING_RATES:
            for decay in WEIGHT_DECAYS:
                changed = {"norm": "batch", "dropout": dropout, "lr": row["lr"] * rate, "weight_decay": decay}
                if dict(row) | changed not in found:
                    found.append(dict(row) | changed)
    return found[:12]


def inner_score(path: str | Path, row: Mapping[str, Any], epochs: int, identity: tuple) -> tuple[float, int]:
    """Best moving average of the accuracy on the inner fold of fold 0, and the epoch (from 1) where it ends."""
    features, offsets, labels = load_features(path, dense=False)
    model, hops = graph_model(METHOD, row), 1 + sum(row[kind] for kind in ("raw", "rw", "gcn", "ppr"))
    options = {"hops": hops, "moments": needs_moments(model), "batch": model.batch}
    data = prepare(features, offsets, labels, **options)
    split = split_of(labels, 0, "honest")
    curves, _ = train_fold(data, split, model, model.hidden * hops, epochs, ("tuning", *identity))
    window = min(SMOOTH, epochs)
    smooth = np.convolve(curves["valid"], np.ones(window) / window, "valid")
    return float(smooth.max()), int(smooth.argmax()) + window
