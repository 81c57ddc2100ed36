"""Separation rank and Fourier support of a loss, decided by a stated gap in the singular values or coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.theory.reupload import Reupload, grid_axis, loss_spectrum

Spectrum = tuple[np.ndarray, np.ndarray]

TOLERANCE = 1e-9  # of the largest; the spec's rule
LEAST_GAP = 1e3  # ratio between the last value that counts and the first that does not
ROUND_OFF = 1e-12  # what does not count must be as small as this: a gap alone can lie between two groups of true values
ZERO, CLEAR = 1e-13, 1e-11  # Fourier coefficients, relative to the largest: round-off below, true values above


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

    @property
    def clear(self) -> bool:
        """Whether the gap is at least LEAST_GAP and what was dropped is round-off; else the count means nothing."""
        return self.gap >= LEAST_GAP and self.dropped <= ROUND_OFF


def decide(values: np.ndarray, *, strict: bool = True) -> Decided:
    """Count the values above TOLERANCE relative to the largest.

    Raises:
        ProtocolError: no finite positive value; or, where `strict`, a count that is not `Decided.clear`.
    """
    ordered = np.sort(np.abs(np.asarray(values, dtype=float)).ravel())[::-1]
    if ordered.size == 0 or not np.isfinite(ordered).all() or ordered[0] == 0:
        raise ProtocolError("there is no finite non-zero value to count", where="decide")
    relative = ordered / ordered[0]
    count = int((relative > TOLERANCE).sum())
    dropped = max(relative[count], np.finfo(float).eps) if count < relative.size else np.finfo(float).eps
    decided = Decided(count, float(relative[count - 1]), float(dropped))
    if strict and not decided.clear:
        raise ProtocolError(
            f"count {count} rests on a gap of {decided.gap:.3g} above {decided.dropped:.3g}", where="decide"
        )
    return decided


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


def rank_on_grid(model: Reupload, oversampling: int = 1, *, strict: bool = True) -> Decided:
    """Separation rank (first half of the features against the second) from the singular values on the grid.

    With N > N' small singular values may sit at the tolerance; without `strict` such a count comes back all the same,
    marked as not `clear`.
    """
    matrix = grid_matrix(model, grid_axis(model.frequencies, oversampling))
    return decide(np.linalg.svd(matrix, compute_uv=False), strict=strict)


def rank_of_spectrum(model: Reupload, spectrum: Spectrum | None = None) -> Decided:
    """The same rank from the Fourier coefficients, matrix (frequencies of group 1) x (frequencies of group 2).

    A discrete Fourier transform of the grid is unitary up to scale, so the rank is that of `rank_on_grid` and the
    matrix is far smaller. Round-off is set to zero, then rows and columns are scaled to equal norms: that leaves the
    rank alone and widens the gap from as little as 2 (four features, N = 8) to 1e9 and more.

    Args:
        spectrum: of `loss_spectrum`, where it is known already.

    Raises:
        ProtocolError: the count is not clear, or a coefficient may be round-off or not.
    """
    vectors, values = spectrum or loss_spectrum(model)
    values = np.where(round_off(np.abs(values)), 0, values)
    matrix = spectrum_matrix(vectors, values, model.features // 2)
    for axis in (1, 0):  # a wave whose phase is that of the cosine leaves a row of round-off for the sine
        matrix = np.where(round_off(np.linalg.norm(matrix, axis=axis, keepdims=True)), 0, matrix)
    return decide(np.linalg.svd(_equilibrated(matrix), compute_uv=False))


def round_off(sizes: np.ndarray) -> np.ndarray:
    """Which sizes are below ZERO times the largest: scaling rows to norm 1 would lift them to full weight.

    Raises:
        ProtocolError: one lies between ZERO and CLEAR: it cannot be told whether it is round-off.
    """
    relative = sizes / sizes.max()
    unclear = (relative >= ZERO) & (relative <= CLEAR)
    if unclear.any():
        raise ProtocolError(
            f"{int(unclear.sum())} coefficients between {ZERO:g} and {CLEAR:g} of the largest may be round-off",
            where="rank_of_spectrum",
            fix="take another random model, or fewer layers",
        )
    return relative < ZERO


def spectrum_matrix(vectors: np.ndarray, values: np.ndarray, half: int) -> np.ndarray:
    """Real Fourier coefficients (waves of the first `half` features, waves of the others), from `loss_spectrum`."""
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


def fourier_support(model: Reupload, spectrum: Spectrum | None = None, *, strict: bool = True) -> Decided:
    """Number of frequency vectors with a non-zero coefficient in the loss."""
    return decide(np.abs((spectrum or loss_spectrum(model))[1]), strict=strict)


def linear_rank(weights: np.ndarray, offset: float) -> int:
    """Separation rank of the linear model w.x + b on the same kind of grid: 2 unless a group or the sum vanishes."""
    points = np.stack(np.meshgrid(*[grid_axis((1,))] * len(weights), indexing="ij"), axis=-1)
    side = len(grid_axis((1,))) ** (len(weights) // 2)
    return decide(np.linalg.svd((points @ weights + offset).reshape(side, -1), compute_uv=False)).count


def recalled_formula(layers: int, dimension: int, features: int) -> int:
    """2^(L min(N, N') - 1), recalled from the paper; it fails for these encodings (8, not 6, at L=1, N=N'=4)."""
    return 2 ** (layers * min(dimension, features) - 1)


# Section 7 of the specification, known before this code was written: (encoding, N', frequencies) -> ranks, L = 1, 2, ..
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
