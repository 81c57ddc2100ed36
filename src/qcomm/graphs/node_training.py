"""Training of node networks, selection of epochs, and the linear baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from qcomm.graphs.decision import decision_score
from qcomm.graphs.diffusion import row_blocks
from qcomm.graphs.graph_training import finite
from qcomm.graphs.node_features import Matrix, NodeData, Rows
from qcomm.graphs.node_network import NodeNetwork
from qcomm.graphs.node_settings import NodeModel
from qcomm.seeds import generator

# ASSUME: penalties of logistic regression tried on the validation nodes
STRENGTHS = (1e-2, 1e-1, 1.0, 10.0, 100.0, 1e3)
BLOCK = 1 << 14  # rows that are scored together


def train(data: NodeData, model: NodeModel, epochs: int, identity: tuple, *, dtype=np.float32, report=None):
    """Train for `epochs`, evaluating after every ``evaluate_every``-th, counted from 1.

    Returns:
        The curve (a list of rows with epoch, loss, valid and test accuracy, valid and test decision score) and the
        weights at the first epoch with the best validation accuracy.

    Raises:
        DivergedError: the loss of an epoch is not finite.
    """
    network = NodeNetwork(model, data, generator("node", *identity), dtype)
    curve: list[dict[str, Any]] = []
    best, weights = -1.0, {}
    for epoch in range(1, epochs + 1):
        loss = finite(network.train_epoch(), epoch, identity)
        if epoch % model.evaluate_every:
            continue
        curve.append({"epoch": epoch, "loss": loss, **scores(network.logits(), data)})
        if curve[-1]["valid"] > best:  # strictly better only
            best, weights = curve[-1]["valid"], network.weights()
        if report:
            report(epoch, loss=loss, valid=curve[-1]["valid"], test=curve[-1]["test"])
    return curve, weights


def scores(logits: dict[str, np.ndarray], data: NodeData) -> dict[str, float]:
    """Accuracy and decision score of validation and test nodes."""
    found = {}
    for split in ("valid", "test"):
        labels = data.labels[split]
        found[split] = float((logits[split].argmax(1) == labels).mean())
        found[f"{split}_decision"] = decision_score(logits[split], labels, data.classes)
    return found


def selected(curve: list[dict[str, Any]]) -> dict[str, Any]:
    """Test figures at the first epoch of best validation accuracy, and of best validation decision score."""
    by_accuracy = max(curve, key=lambda row: row["valid"])
    by_decision = max(curve, key=lambda row: row["valid_decision"])
    return {
        "accuracy_epoch": by_accuracy["epoch"],
        "decision_epoch": by_decision["epoch"],
        "test": by_accuracy["test"],
        "decision_at_accuracy": by_accuracy["test_decision"],
        "decision": by_decision["test_decision"],
    }


def logistic_regression(data: NodeData) -> list[dict[str, Any]]:
    """Multinomial logistic regression on all hop features joined; one row per penalty, in place of epochs.

    Only the training rows are in memory together, dense where every hop is; other nodes are scored in blocks.
    """
    from sklearn.linear_model import LogisticRegression

    sides = [[hop.train for hop in data.hops], [hop.held_out for hop in data.hops]]
    dense = not any(sp.issparse(rows.matrix) for side in sides for rows in side)
    train, valid, rows = _joined(sides[0], 0, len(sides[0][0]), dense), data.labels["valid"].size, []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=1000).fit(train, data.labels["train"])
        blocks = (_joined(sides[1], start, stop, dense) for start, stop in row_blocks(len(sides[1][0]), BLOCK))
        logits = np.concatenate([_logits(model, block, data.classes) for block in blocks])
        found = scores({"valid": logits[:valid], "test": logits[valid:]}, data)
        rows.append({"epoch": strength, **found})
    return rows


def _joined(parts: list[Rows], start: int, stop: int, dense: bool) -> Matrix:
    """Rows start .. stop - 1 of all hops side by side."""
    blocks = [rows.block(start, stop) for rows in parts]
    return np.hstack(blocks) if dense else sp.hstack([sp.csr_array(block) for block in blocks], format="csr")


def _logits(model, inputs: Matrix, classes: int) -> np.ndarray:
    """Margins [n, classes]; -inf for classes without a training node."""
    logits = np.full((inputs.shape[0], classes), -np.inf)
    margin = model.decision_function(inputs)  # one column for two classes
    logits[:, model.classes_] = margin if margin.ndim == 2 else np.stack([-margin, margin], 1)
    return logits
