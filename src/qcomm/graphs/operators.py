"""Diffusion operators of a graph as sparse matrices, after the experiments of the paper (graph part).

All operators keep the sparsity pattern of the adjacency. Degrees and their powers are computed in float64, entries are
rounded once to the requested dtype. Nodes without edges keep a zero row: they receive nothing.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from qcomm.errors import ConfigError, DataError

PAGERANK_TELEPORT = 0.2  # share of the start features that each personalised PageRank step mixes in


def with_self_loops(adjacency: sparse.csr_array) -> sparse.csr_array:
    """The adjacency with every diagonal entry equal to 1, whether it was there before or not."""
    adjacency = checked(adjacency)
    missing = 1.0 - adjacency.diagonal()
    return sparse.csr_array(adjacency + sparse.diags_array(missing, dtype=np.float64))


def operator(name: str, adjacency: sparse.csr_array, dtype=np.float32) -> sparse.csr_array:
    """One diffusion operator [N, N] by its name.

    Args:
        name: ``raw`` (A), ``rw`` (D^-1 A), ``gcn`` (D^-1/2 A D^-1/2), or ``sign`` (its rows scaled to sum 1).
        adjacency: symmetric or directed, non-negative weights [N, N].
        dtype: of the entries.

    Raises:
        ConfigError: the name is unknown.
        DataError: the adjacency is not square, or holds negative or non-finite weights.
    """
    if name not in OPERATORS:
        raise ConfigError(f"unknown operator {name!r}", fix=f"known are {', '.join(OPERATORS)}")
    return OPERATORS[name](checked(adjacency)).astype(dtype)


def checked(adjacency: sparse.csr_array) -> sparse.csr_array:
    """The adjacency as a float64 `csr_array`.

    Raises:
        DataError: it is not square, or holds negative or non-finite weights.
    """
    adjacency = sparse.csr_array(adjacency, dtype=np.float64)
    if adjacency.shape[0] != adjacency.shape[1]:
        raise DataError(f"an adjacency must be square, this one has shape {adjacency.shape}")
    if not np.isfinite(adjacency.data).all() or (adjacency.data < 0).any():
        raise DataError("an adjacency must hold finite, non-negative weights")
    return adjacency


def random_walk(adjacency: sparse.csr_array) -> sparse.csr_array:
    """D^-1 A: each node takes the mean of its neighbours."""
    return _scaled(adjacency, rows=_power(_row_sums(adjacency), -1.0))


def symmetric(adjacency: sparse.csr_array) -> sparse.csr_array:
    """D^-1/2 A D^-1/2 with D from the row sums."""
    root = _power(_row_sums(adjacency), -0.5)
    return _scaled(adjacency, rows=root, columns=root)


def row_normalised_symmetric(adjacency: sparse.csr_array) -> sparse.csr_array:
    """diag(B 1)^-1 B with B = D^-1/2 A D^-1/2: rows sum to 1, but neighbours of high degree count less."""
    return random_walk(symmetric(adjacency))


OPERATORS = {
    "raw": lambda adjacency: adjacency,
    "rw": random_walk,
    "gcn": symmetric,
    "sign": row_normalised_symmetric,
}


def _row_sums(matrix: sparse.csr_array) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1)).ravel()


def _power(values: np.ndarray, exponent: float) -> np.ndarray:
    """``values**exponent``, 0 where the value is 0."""
    return np.power(values, exponent, out=np.zeros_like(values), where=values > 0)


def _scaled(matrix: sparse.csr_array, rows: np.ndarray, columns: np.ndarray | None = None) -> sparse.csr_array:
    """diag(rows) M diag(columns) without forming the diagonal matrices."""
    data = matrix.data * np.repeat(rows, np.diff(matrix.indptr))
    if columns is not None:
        data *= columns[matrix.indices]
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
