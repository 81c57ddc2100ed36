"""Hop features: node features carried along the edges of a graph, one block of columns per diffusion step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from qcomm.errors import ConfigError, DataError
from qcomm.graphs.diffusion import diffusion, steps
from qcomm.graphs.operators import PAGERANK_TELEPORT, operator, with_self_loops

Matrix = np.ndarray | sparse.csr_array

# A float32 CSR entry costs 8 bytes against 4 of a dense one: above half full, dense is smaller and faster.
DENSE_ABOVE = 0.5


def as_features(features, dtype=np.float32) -> Matrix:
    """Features [N, D] as a dense array or a `csr_array`, whichever was given.

    Raises:
        DataError: they are not a finite matrix.
    """
    if sparse.issparse(features):
        features = sparse.csr_array(features, dtype=dtype)
        values = features.data
    else:
        features = values = np.asarray(features, dtype=dtype)
    if features.ndim != 2 or not np.isfinite(values).all():
        raise DataError(f"features must be a finite matrix [nodes, columns], not {features.ndim}-dimensional or NaN")
    return features


def compact(matrix: Matrix, dense_above: float = DENSE_ABOVE) -> Matrix:
    """The same matrix, dense if more than the share `dense_above` of its entries is stored. Dense stays dense."""
    if sparse.issparse(matrix) and matrix.nnz > dense_above * np.prod(matrix.shape, dtype=np.float64):
        return matrix.toarray()
    return matrix


def rows_to_sum_one(features: Matrix) -> Matrix:
    """Each row divided by its sum; rows of sum zero stay as they are."""
    sums = np.asarray(features.sum(axis=1, dtype=np.float64)).ravel()
    scale = np.divide(1.0, sums, out=np.ones_like(sums), where=sums != 0)
    if not sparse.issparse(features):
        return (features * scale[:, None]).astype(features.dtype)
    data = features.data * np.repeat(scale, np.diff(features.indptr))
    return sparse.csr_array((data.astype(features.dtype), features.indices, features.indptr), shape=features.shape)


def powers(step: sparse.csr_array, features: Matrix, count: int) -> Iterator[Matrix]:
    """Yield S X, S^2 X, .., S^count X [N, D] each, sparse until they fill up."""
    for _ in range(count):
        features = compact(step @ features)
        yield features


def pagerank_steps(step: sparse.csr_array, features: Matrix, count: int) -> Iterator[Matrix]:
    """Yield `count` steps of H <- 0.8 S H + 0.2 X from H = X: personalised PageRank cut off early."""
    start = PAGERANK_TELEPORT * features
    current = features
    for _ in range(count):
        carried = (1 - PAGERANK_TELEPORT) * (step @ current)
        if sparse.issparse(carried):
            carried = carried + start
        elif sparse.issparse(start):
            carried = carried + start.toarray()
        else:
            carried += start
        current = compact(carried.astype(features.dtype, copy=False))
        yield current


def node_hops(
    adjacency: sparse.csr_array,
    features: Matrix,
    hops: int,
    *,
    row_normalised: bool = False,
    self_loops: bool = False,
    dtype=np.float32,
    threads: int = 1,
) -> Iterator[Matrix]:
    """Yield X, S X, .., S^hops X of node classification, S the row-normalised symmetric operator.

    Args:
        adjacency: [N, N].
        features: [N, D], dense or sparse.
        hops: number of diffusion steps, >= 0.
        row_normalised: divide the rows of X by their sums first. Hop features are never normalised again.
        self_loops: add self-loops to the adjacency first.
        dtype: of operator and features.
        threads: of the diffusion of dense features; they do not change the result.

    Raises:
        ConfigError: `hops` is negative.
        DataError: sizes disagree, or values are not finite.
    """
    if hops < 0:
        raise ConfigError(f"{hops} hops are not possible", fix="give 0 or more")
    features = as_features(features, dtype)
    _same_nodes(adjacency, features)
    current, done = compact(rows_to_sum_one(features) if row_normalised else features), 0
    yield current
    if sparse.issparse(current):
        step = operator("sign", with_self_loops(adjacency) if self_loops else adjacency, dtype)
        while sparse.issparse(current) and done < hops:
            current, done = compact(step @ current), done + 1
            yield current
    if done < hops:
        yield from steps(diffusion(adjacency, self_loops=self_loops, dtype=dtype), current, hops - done, threads)


def one_hot(tags: np.ndarray, dtype=np.float32) -> sparse.csr_array:
    """One-hot rows [N, number of distinct tags], columns in ascending order of the tags."""
    values, columns = np.unique(np.asarray(tags), return_inverse=True)
    count = len(columns)
    return sparse.csr_array((np.ones(count, dtype), columns, np.arange(count + 1)), shape=(count, len(values)))


def graph_features(
    adjacency: sparse.csr_array,
    features: Matrix,
    *,
    raw: int = 0,
    rw: int = 0,
    gcn: int = 0,
    ppr: int = 0,
    dtype=np.float32,
) -> Matrix:
    """Hop features of a graph set: [X | A^k X, k=1..raw | (D^-1 A)^k X | (D^-1/2 A D^-1/2)^k X | PageRank steps].

    Args:
        adjacency: block-diagonal adjacency of all graphs [N, N]; self-loops are added here.
        features: X [N, D].
        raw, rw, gcn, ppr: number of steps of each kind.
        dtype: of operators and features.

    Returns:
        [N, D (1 + raw + rw + gcn + ppr)], dense if more than half full, else a `csr_array`.

    Raises:
        ConfigError: a count is negative.
        DataError: sizes disagree, or values are not finite.
    """
    for name, count in (("raw", raw), ("rw", rw), ("gcn", gcn), ("ppr", ppr)):
        if count < 0:
            raise ConfigError(f"{count} steps are not possible", where=name, fix="give 0 or more")
    looped = with_self_loops(adjacency)
    start = as_features(features, dtype)
    _same_nodes(adjacency, start)
    blocks = [start]
    for name, count in (("raw", raw), ("rw", rw), ("gcn", gcn)):
        blocks += powers(operator(name, looped, dtype), start, count)
    blocks += pagerank_steps(operator("gcn", looped, dtype), start, ppr)
    return side_by_side(blocks)


def side_by_side(blocks: list[Matrix]) -> Matrix:
    """Blocks of columns joined, dense or sparse by the share of stored entries of the whole."""
    stored = sum(block.nnz if sparse.issparse(block) else block.size for block in blocks)
    size = sum(np.prod(block.shape, dtype=np.float64) for block in blocks)
    if stored > DENSE_ABOVE * size:
        return np.concatenate([block.toarray() if sparse.issparse(block) else block for block in blocks], axis=1)
    return sparse.csr_array(sparse.hstack([sparse.csr_array(block) for block in blocks], format="csr"))


def _same_nodes(adjacency: sparse.csr_array, features: Matrix) -> None:
    if adjacency.shape[0] != features.shape[0]:
        raise DataError(f"the adjacency has {adjacency.shape[0]} nodes, the features have {features.shape[0]} rows")
