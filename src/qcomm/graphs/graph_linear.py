"""Convex baselines on the paper's folds: logistic regression on pooled features, and on their pooled second moments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from qcomm.graphs.graph_training import FOLDS, split_of
from qcomm.graphs.hops import Matrix

# ASSUME: strengths of the L2 penalty tried; the inner fold picks one per outer fold.
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
MOMENT_RANK = 40  # ASSUME: leading principal directions kept before squaring, 40 * 41 / 2 second moments at most
CONSTANT = 1e-6  # spread relative to the largest value, below which a column only varies by float32 rounding
BLOCK = 1 << 24  # values of a block of nodes, 128 MB


def pooled(features: Matrix, offsets: np.ndarray) -> np.ndarray:
    """Sum over the nodes of each graph, [G, K] float64; sparse features stay sparse until they are summed."""
    if not sp.issparse(features):
        return np.add.reduceat(features, offsets[:-1], axis=0, dtype=np.float64)
    nodes = np.arange(features.shape[0])
    members = sp.csr_array((np.ones(nodes.size), nodes, offsets), shape=(offsets.size - 1, nodes.size))
    return (members @ features).toarray()


def pooled_moments(features: Matrix, offsets: np.ndarray) -> np.ndarray:
    """Number of nodes, sums of g and sums of g_i g_j over the nodes of each graph.

    A sum-pooled network of degree 2 is linear in these, so a linear classifier on them is its convex counterpart.
    Features are standardised and, where there are more, projected to their leading `MOMENT_RANK` principal directions.
    No labels are used, so all graphs may enter the projection. Nodes pass through memory in blocks.
    """
    values = np.concatenate(list(_projected(features)))
    upper = np.triu_indices(values.shape[1])
    second = [(values[a:b].T @ values[a:b])[upper] for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    sizes = np.diff(offsets)[:, None].astype(np.float64)
    return np.hstack([sizes, pooled(values, offsets), np.array(second)])


def _projected(features: Matrix) -> Iterator[np.ndarray]:
    """Blocks of standardised features [rows, K], projected to [rows, MOMENT_RANK] where K is larger."""
    nodes, width = features.shape
    sums, tops = zip(*((block.sum(0), abs(block).max(0)) for block in _blocks(features)), strict=True)
    mean, largest = sum(sums) / nodes, np.max(tops, axis=0)
    spread = np.sqrt(sum(((block - mean) ** 2).sum(0) for block in _blocks(features)) / nodes)
    scale = np.where(spread > CONSTANT * largest, spread, np.inf)  # a constant column is 0, not noise of variance 1
    if width <= MOMENT_RANK:
        yield from ((block - mean) / scale for block in _blocks(features))
        return
    standard = ((block - mean) / scale for block in _blocks(features))
    _, directions = np.linalg.eigh(sum(block.T @ block for block in standard))
    leading = directions[:, ::-1][:, :MOMENT_RANK]
    yield from ((block - mean) / scale @ leading for block in _blocks(features))


def _blocks(features: Matrix) -> Iterator[np.ndarray]:
    """Consecutive rows as dense float64 blocks of at most `BLOCK` values."""
    rows = max(1, BLOCK // features.shape[1])
    for start in range(0, features.shape[0], rows):
        block = features[start : start + rows]
        yield (block.toarray() if sp.issparse(block) else block).astype(np.float64)


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
