"""Node features of a graph set in the cheapest exact form: identical rows merged, low rank split off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RANK_CUTOFF = 1e-6  # of the largest singular value; float32 features carry no more


@dataclass(frozen=True)
class Rows:
    """Features of all nodes: ``weights[i]`` identical nodes of one graph share the row ``rows[i] @ basis``.

    Attributes:
        rows: [M, r], C-contiguous.
        basis: [r, K], or None where rows are the features themselves (r = K).
        weights: [M], number of merged nodes.
        offsets: int64 [G + 1]; graph g has the rows offsets[g] .. offsets[g + 1] - 1.
        labels: int64 [G].
    """

    rows: np.ndarray
    basis: np.ndarray | None
    weights: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray

    @property
    def width(self) -> int:
        """Number of features K."""
        return self.rows.shape[1] if self.basis is None else self.basis.shape[1]

    def take(self, graphs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows, weights and offsets of some graphs, in the given order."""
        starts, sizes = self.offsets[graphs], np.diff(self.offsets)[graphs]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        index = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
        return self.rows[index], self.weights[index], offsets


def low_rank_pays(rows: float, rank: int, width: int) -> bool:
    """Whether a step on `rows` rows needs fewer multiplications through a basis of `rank` than on all `width` features.

    Forward and backward pass each multiply rows x features x units; through the basis they multiply rows x rank x units
    and, once per step, rank x features x units to fold the basis into the weights.
    """
    return rank * (rows + width) < rows * width


def prepare(
    features: np.ndarray, offsets: np.ndarray, labels: np.ndarray, dtype=np.float32, batch: int | None = None
) -> Rows:
    """Merge identical rows within each graph and split off a low rank where that is cheaper. Exact up to rounding.

    Args:
        features: [N, K].
        offsets: int64 [G + 1].
        labels: int64 [G].
        dtype: of the training.
        batch: graphs per step, which decides whether a basis pays; all graphs by default.
    """
    merged, weights, merged_offsets = merge_rows(features, offsets)
    basis, rows_per_step = None, merged.shape[0] * min(1.0, (batch or labels.size) / labels.size)
    _, singular, right = np.linalg.svd(_triangle(merged.astype(np.float64)), full_matrices=False)
    rank = int((singular > RANK_CUTOFF * singular[0]).sum())
    if low_rank_pays(rows_per_step, rank, features.shape[1]):
        basis = right[:rank]
        merged = merged.astype(np.float64) @ basis.T
        basis = np.ascontiguousarray(basis, dtype)
    return Rows(np.ascontiguousarray(merged, dtype), basis, weights.astype(dtype), merged_offsets, labels)


def _triangle(matrix: np.ndarray) -> np.ndarray:
    """R of a QR decomposition: the same right singular vectors from a small matrix."""
    return np.linalg.qr(matrix, mode="r")


def merge_rows(features: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows per graph in order of first appearance, their multiplicities, and the new offsets."""
    graph_of = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    features = np.ascontiguousarray(features)
    bytes_of_row = features.view(np.dtype((np.void, features.itemsize * features.shape[1]))).ravel()
    _, code = np.unique(bytes_of_row, return_inverse=True)  # compares bytes: much faster than axis=0
    keys = graph_of * (int(code.max()) + 1) + code.ravel()
    _, first, counts = np.unique(keys, return_index=True, return_counts=True)
    order = np.argsort(first)
    first, counts = first[order], counts[order]
    sizes = np.bincount(graph_of[first], minlength=offsets.size - 1)
    return features[first], counts, np.concatenate([[0], np.cumsum(sizes)])
