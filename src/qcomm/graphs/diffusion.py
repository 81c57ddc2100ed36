"""Diffusion of dense features over large graphs, without ever forming the operator.

The row-normalised symmetric operator is S = diag(r) A diag(c) with c = d^-1/2 (d the degrees) and r = 1 / (A c): two
numbers a node instead of one an edge. Edges of weight 1 need their column numbers only, 4 bytes each, and rows are
independent of each other, so that neither the number of threads nor the size of blocks changes a bit of the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from qcomm.errors import DataError
from qcomm.graphs.bfloat import narrow
from qcomm.graphs.diffusion_kernels import diagonal_of, diffuse, gathered_sums

BLOCK = 2048  # rows that a thread takes at a time


@dataclass(frozen=True)
class Diffusion:
    """The row-normalised symmetric operator of a graph.

    Attributes:
        indptr, indices: CSR structure of the adjacency [N, N], also as memory maps.
        weights: one per edge, empty where all are 1.
        loops: weight of the self-loop added to each node [N], empty for none.
        rows, columns: r and c above [N], in the dtype of the arithmetic.
    """

    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    loops: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    @property
    def nodes(self) -> int:
        return self.rows.size

    def block(self, source: np.ndarray, start: int, out: np.ndarray) -> None:
        """Rows start .. of S @ source into `out` [block, D]; bfloat16 bits (uint16) where `source` holds such."""
        edges = (self.indptr, self.indices, self.weights, self.loops, self.rows, self.columns)
        if out.dtype != np.uint16:
            diffuse(*edges, source, start, out)
            return
        exact = np.empty(out.shape, self.rows.dtype)
        diffuse(*edges, source, start, exact)
        narrow(exact.view(np.uint32).ravel(), out.reshape(-1))

    def rows_into(self, source: np.ndarray, start: int, out: np.ndarray, pool: ThreadPoolExecutor | None) -> None:
        """`block`, cut into pieces that the threads of `pool` share."""

        def piece(at: int) -> None:
            self.block(source, start + at, out[at : at + BLOCK])

        list((pool.map if pool else map)(piece, range(0, out.shape[0], BLOCK)))

    def step(self, source: np.ndarray, pool: ThreadPoolExecutor | None = None) -> np.ndarray:
        """S @ source [N, D], floats or bfloat16 bits as `source` is."""
        out = np.empty(source.shape, source.dtype)
        self.rows_into(source, 0, out, pool)
        return out


def diffusion(adjacency: sparse.csr_array, *, self_loops: bool = False, dtype=np.float32) -> Diffusion:
    """The operator of an adjacency [N, N], optionally with the missing self-loops added.

    Raises:
        DataError: the adjacency is not square, or holds negative or non-finite weights.
    """
    if adjacency.shape[0] != adjacency.shape[1]:
        raise DataError(f"an adjacency must be square, this one has shape {adjacency.shape}")
    weights = adjacency.data
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise DataError("an adjacency must hold finite, non-negative weights")
    if (weights == 1).all():
        weights = weights[:0]
    return from_edges(adjacency.indptr, adjacency.indices, weights, self_loops=self_loops, dtype=dtype)


def from_edges(indptr, indices, weights=None, *, self_loops: bool = False, dtype=np.float32) -> Diffusion:
    """The operator of a CSR structure whose edges all weigh 1 where `weights` is None; arrays may be memory maps."""
    nodes = indptr.size - 1
    weights = np.empty(0, dtype) if weights is None else weights.astype(dtype, copy=False)
    loops = np.zeros(nodes if self_loops else 0)
    if self_loops:
        diagonal_of(indptr, indices, weights, loops)
        loops = 1 - loops
    degrees = np.diff(indptr).astype(np.float64) if weights.size == 0 else np.zeros(nodes)
    if weights.size:
        gathered_sums(indptr, indices, weights, np.ones(nodes), degrees)
    degrees += loops if self_loops else 0
    columns = _inverse(np.sqrt(degrees))
    sums = loops * columns if self_loops else np.zeros(nodes)
    gathered_sums(indptr, indices, weights, columns, sums)
    return Diffusion(indptr, indices, weights, loops.astype(dtype), _inverse(sums).astype(dtype), columns.astype(dtype))


def _inverse(values: np.ndarray) -> np.ndarray:
    return np.divide(1.0, values, out=np.zeros_like(values), where=values > 0)


def steps(operator: Diffusion, source: np.ndarray, count: int, threads: int = 1) -> Iterator[np.ndarray]:
    """Yield S X, .., S^count X, each a new array; the caller holds what it wants to keep."""
    with workers(threads) as pool:
        for _ in range(count):
            source = operator.step(source, pool)
            yield source


class workers:
    """Context of a thread pool; None for one thread, which then is the caller's."""

    def __init__(self, threads: int):
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def __enter__(self) -> ThreadPoolExecutor | None:
        return self.pool

    def __exit__(self, *_) -> None:
        if self.pool:
            self.pool.shutdown()


def row_blocks(nodes: int, size: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of consecutive blocks of rows."""
    return ((start, min(start + size, nodes)) for start in range(0, nodes, size))
