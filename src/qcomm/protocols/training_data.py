"""Graphs as unit vectors for amplitude encoding, and the classical baselines on exactly these vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import DataError
from qcomm.graphs.graph_linear import CONSTANT
from qcomm.graphs.graph_linear import pooled as sum_pooled


@dataclass(frozen=True)
class EncodedGraphs:
    """Alice's inputs.

    Attributes:
        inputs: float64 [G, 2^n], rows of length 1: pooled features and a constant, zero-padded.
        labels: int64 [G], 0 or 1.
        width: coordinates before padding, the constant included.
    """

    inputs: np.ndarray
    labels: np.ndarray
    width: int

    @property
    def qubits(self) -> int:
        return self.inputs.shape[1].bit_length() - 1


def encode_graphs(features: np.ndarray, offsets: np.ndarray, labels: np.ndarray, train: np.ndarray) -> EncodedGraphs:
    """Sum-pool node features, standardise each column on the training graphs, append a constant, pad, normalise.

    ASSUME: the constant equals the root mean square length of the standardised rows, so that it carries about half of
    a state's weight; columns that are constant on the training graphs, but for rounding, are dropped from the vector
    (set to zero): divided by their spread, rounding would become noise of variance one.

    Args:
        features: [N, K] of all nodes.
        offsets: int [G + 1].
        labels: int [G], two classes.
        train: indices of training graphs; only they set the scale.

    Raises:
        DataError: not two classes, values that are not finite, or no column that varies on the training graphs.
    """
    if set(np.unique(labels)) != {0, 1}:
        raise DataError(f"a distributed classifier needs two classes, got {np.unique(labels).tolist()}")
    pooled = sum_pooled(features, offsets)
    if not np.isfinite(pooled).all():
        raise DataError("pooled features are NaN or infinite")
    spread = pooled[train].std(0)
    varies = spread > CONSTANT * np.abs(pooled[train]).max(0)
    if not varies.any():
        raise DataError(
            "no pooled feature varies among the training graphs",
            where="encode_graphs",
            fix="give features that differ from graph to graph",
        )
    rows = np.where(varies, (pooled - pooled[train].mean(0)) / np.where(varies, spread, 1), 0.0)
    constant = np.sqrt((rows[train] ** 2).sum(1).mean())
    rows = np.hstack([rows, np.full((len(rows), 1), constant)])
    padded = np.zeros((len(rows), 1 << max(1, (rows.shape[1] - 1).bit_length())))
    padded[:, : rows.shape[1]] = rows
    padded /= np.linalg.norm(padded, axis=1, keepdims=True)
    return EncodedGraphs(padded, labels, rows.shape[1])


def majority(labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """Accuracy on `test` of always answering the more frequent training class."""
    return float((labels[test] == np.bincount(labels[train]).argmax()).mean())


def logistic(data: EncodedGraphs, train: np.ndarray, test: np.ndarray) -> float:
    """Accuracy on `test` of logistic regression on the same unit vectors.

    ASSUME: penalty C = 100; the vectors are short (length 1), so the usual C = 1 would leave it under-fitted.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100.0, max_iter=5000).fit(data.inputs[train], data.labels[train])
    return float((model.predict(data.inputs[test]) == data.labels[test]).mean())
