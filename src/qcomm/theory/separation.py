"""Separation rank and Fourier support of a loss, decided by a stated gap in the singular values or coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.theory.reupload import Reupload, loss_spectrum

TOLERANCE = 1e-9  # of the largest; the spec's rule
LEAST_GAP = 1e3  # ratio between the last value that counts and the first that does not
ROUND_OFF = 1e-12  # what does not count must be as small as this: a gap alone can lie between two groups of true values


@dataclass(frozen=True)
class Decided:
    """A count of values above TOLERANCE times the largest, and what the decision rests on.

    kept: the smallest value that counts, relative to the largest. dropped: the largest that does not (or double
    precision's epsilon where none is left over). gap = kept/dropped.
    """

    count: int
    kept: float
    dropped: float

    @property
    def gap(self) -> float:
        return self.kept / self.dropped


def decide(values: np.ndarray, least_gap: float = LEAST_GAP) -> Decided:
    """Count the values above TOLERANCE relative to the largest.

    Raises:
        ProtocolError: no finite positive value, a gap below `least_gap`, or dropped values above round-off: then the
            count means nothing. `least_gap` = 0 asks for the count all the same.
    """
    ordered = np.sort(np.abs(np.asarray(values, dtype=float)).ravel())[::-1]
    if ordered.size == 0 or not np.isfinite(ordered).all() or ordered[0] == 0:
        raise ProtocolError("there is no finite non-zero value to count", where="decide")
    relative = ordered / ordered[0]
    count = int((relative > TOLERANCE).sum())
    dropped = max(relative[count], np.finfo(float).eps) if count < relative.size else np.finfo(float).eps
    decided = Decided(count, float(relative[count - 1]), float(dropped))
    if least_gap > 0 and (decided.gap < least_gap or decided.dropped > ROUND_OFF):
        raise ProtocolError(
            f"count {count} rests on a gap of {decided.gap:.3g} above {decided.dropped:.3g}", where="decide"
        )
    return decided


def grid(model: Reupload, oversampling: int = 1) -> np.ndarray:
    """Equispaced points of [0, 2 pi): 2 sum(lambda) + 1 of them, times `oversampling`."""
    points = (2 * sum(model.frequencies) + 1) * oversampling
    return np.arange(points) * 2 * np.pi / points


def grid_matrix(model: Reupload, axis: np.ndarray) -> np.ndarray:
    """Loss on (grid of the first half of the features) x (grid of the second half)."""
    left, right = product_points(model, axis)
    x = np.hstack([np.repeat(left, len(right), axis=0), np.tile(right, (len(left), 1))])
    rows = [model.loss(block) for block in np.array_split(x, max(1, len(x) // 65536))]
    return np.concatenate(rows).reshape(len(left), len(right))


def product_points(model: Reupload, axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All grid points of the first half of the features, and of the second half."""
    half = model.features // 2
    return _product_grid(axis, half), _product_grid(axis, model.features - half)


def _product_grid(axis: np.ndarray, features: int) -> np.ndarray:
    return np.stack(np.meshgrid(*[axis] * features, indexing="ij"), axis=-1).reshape(-1, features)


def rank_on_grid(model: Reupload, oversampling: int = 1, least_gap: float = LEAST_GAP) -> Decided:
    """Separation rank (first half of the features against the second) from the singular values on the grid.

    With N > N' small singular values may sit at the tolerance; `least_gap` = 0 reports such a count with its gap.
    """
    return decide(np.linalg.svd(grid_matrix(model, grid(model, oversampling)), compute_uv=False), least_gap)


def rank_of_spectrum(model: Reupload) -> Decided:
    """The same rank from the Fourier coefficients, matrix (frequencies of group 1) x (frequencies of group 2).

    A discrete Fourier transform of the grid is unitary up to scale, so the rank is that of `rank_on_grid` and the
    matrix is far smaller. Rows and columns are scaled to equal norms first: that leaves the rank alone and widens the
    gap from as little as 2 (four features, N = 8) to 1e9 and more.
    """
    return decide(np.linalg.svd(_equilibrated(spectrum_matrix(model)), compute_uv=False))


def spectrum_matrix(model: Reupload) -> np.ndarray:
    """Real Fourier coefficients (waves of the first half of the features, waves of the second half)."""
    vectors, values = loss_spectrum(model)
    half = model.features // 2
    _, rows = np.unique(vectors[:, :half], axis=0, return_inverse=True)
    _, columns = np.unique(vectors[:, half:], axis=0, return_inverse=True)
    matrix = np.zeros((rows.max() + 1, columns.max() + 1), dtype=complex)
    matrix[rows.ravel(), columns.ravel()] = values
    return _waves(_waves(matrix).T).T.real


def _waves(matrix: np.ndarray) -> np.ndarray:
    """Rows of exponentials to rows of cosines and sines: a unitary map that makes the matrix of a real loss real.

    Rows are sorted by frequency, so the row of -f is the mirror image of the row of f.
    """
    half = len(matrix) // 2
    below, middle, above = matrix[:half], matrix[half : half + 1], matrix[half + 1 :][::-1]
    return np.vstack([(above + below) / np.sqrt(2), middle, 1j * (above - below) / np.sqrt(2)])


def _equilibrated(matrix: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Rows and columns scaled alternately to unit norm. Few rounds: to the limit, entries of sparse matrices vanish."""
    for axis in (1, 0) * rounds:
        matrix = matrix / np.maximum(np.linalg.norm(matrix, axis=axis, keepdims=True), np.finfo(float).tiny)
    return matrix


def fourier_support(model: Reupload) -> Decided:
    """Number of frequency vectors with a non-zero coefficient in the loss."""
    return decide(np.abs(loss_spectrum(model)[1]))


def recalled_formula(layers: int, dimension: int, features: int) -> int:
    """2^(L min(N, N') - 1), recalled from the paper; it fails for these encodings (8, not 6, at L=1, N=N'=4)."""
    return 2 ** (layers * min(dimension, features) - 1)


# Ranks that were known before this code was written: (encoding, N', frequencies) -> ranks for L = 1, 2, ..
EXPECTED = {
    ("diagonal", 2, "3^(l-1)"): (3, 9, 27, 81),
    ("diagonal", 2, "2^(l-1)"): (3, 7, 15, 31),
    ("diagonal", 2, "1"): (3, 5, 7, 9),
    ("diagonal", 4, "3^(l-1)"): (6, 34, 210),
    ("diagonal", 4, "2^(l-1)"): (6, 30, 150),
    ("diagonal", 4, "1"): (6, 16, 32, 54),
    ("qubit", 2, "2^(l-1)"): (3, 7, 15, 31),
    ("qubit", 4, "2^(l-1)"): (9, 49, 225),
    ("qubit", 4, "3^(l-1)"): (9, 81),
    ("qubit", 4, "1"): (9, 25, 49),
}
