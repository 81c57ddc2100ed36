"""Convex baselines on the paper's folds: logistic regression on pooled features, and on their pooled second moments."""

from __future__ import annotations

import numpy as np

from qcomm.graphs.graph_training import FOLDS, split_of

# ASSUME: strengths of the L2 penalty tried; the inner fold picks one per outer fold.
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
MOMENT_RANK = 40  # ASSUME: leading principal directions kept before squaring, 40 * 41 / 2 second moments at most


def pooled(features: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Sum over the nodes of each graph, [G, K]."""
    return np.add.reduceat(features.astype(np.float64), offsets[:-1], axis=0)


def pooled_moments(features: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Number of nodes, sums of g and sums of g_i g_j over the nodes of each graph.

    A sum-pooled network of degree 2 is linear in these, so a linear classifier on them is its convex counterpart.
    Features are standardised and, where there are more, projected to their leading `MOMENT_RANK` principal directions.
    No labels are used, so all graphs may enter the projection.
    """
    values = features.astype(np.float64)
    spread = values.std(0)
    values = (values - values.mean(0)) / np.where(spread > 0, spread, 1.0)
    if values.shape[1] > MOMENT_RANK:
        _, directions = np.linalg.eigh(values.T @ values)
        values = values @ directions[:, ::-1][:, :MOMENT_RANK]
    upper = np.triu_indices(values.shape[1])
    second = [(values[a:b].T @ values[a:b])[upper] for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    sizes = np.diff(offsets)[:, None].astype(np.float64)
    return np.hstack([sizes, pooled(values, offsets), np.array(second)])


def linear_folds(inputs: np.ndarray, labels: np.ndarray) -> list[dict]:
    """Accuracy of logistic regression on each outer fold; the inner fold chooses the penalty, strictly better only."""
    results = []
    for fold in range(FOLDS):
        split = split_of(labels, fold, "honest")
        scores = [_fit(inputs, labels, split.train, strength) for strength in STRENGTHS]
        valid = [float((predict(inputs[split.valid]) == labels[split.valid]).mean()) for predict in scores]
        best = int(np.argmax(valid))
        outer = float((scores[best](inputs[split.outer]) == labels[split.outer]).mean())
        results.append({"fold": fold, "penalty": STRENGTHS[best], "valid": [valid[best]], "outer": [outer]})
    return results


def _fit(inputs: np.ndarray, labels: np.ndarray, train: np.ndarray, strength: float):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))
    return model.fit(inputs[train], labels[train]).predict
