"""Node features of a graph set in the cheapest exact form for training: few rows per graph, over few columns.

Three exact reductions, none of which changes the network's function beyond float rounding:

- a graph sees few of the columns (one-hot tags and degrees that occur in it, times the hops): only these are stored;
- identical nodes of a graph are one row with a multiplicity; where sum pooling follows a polynomial of degree 2 and
  BatchNorm, a graph is only its mean row and a square root of its centred second moments, with as many rows as rank;
- the hops of one tag (a channel) are nearly dependent: a basis per channel, found once by SVD in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from qcomm.errors import DataError

# Largest rounding that a reduction may cause, relative to the largest value of a column: that of the arithmetic itself.
TOLERANCE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-13}

Blocks = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class GraphBlocks:
    """A graph set prepared for training.

    Attributes:
        blocks: (row_ptr, col_ptr, cols, value_ptr, values): graph g has the dense block of rows row_ptr[g]..,
            columns cols[col_ptr[g]:col_ptr[g + 1]], stored row by row from values[value_ptr[g]].
        moments: whether rows are mean and deviations (else distinct nodes).
        multiplicity: [rows], nodes behind each row; of no meaning with `moments`.
        nodes: [G], nodes per graph, in the dtype of training.
        basis: blocks of one row set per channel that map features [K] to the columns of `blocks` [rank], or None.
        rank: number of columns that `blocks` refers to: K, or that of the basis.
        width: number of features K.
        labels: int64 [G].
    """

    blocks: Blocks
    moments: bool
    multiplicity: np.ndarray
    nodes: np.ndarray
    basis: Blocks | None
    rank: int
    width: int
    labels: np.ndarray

    def starts(self, graphs: np.ndarray) -> np.ndarray:
        """First row of each graph of a batch, and the number of rows of the batch."""
        row_ptr = self.blocks[0]
        out = np.zeros(graphs.size + 1, np.int64)
        np.cumsum(row_ptr[graphs + 1] - row_ptr[graphs], out=out[1:])
        return out

    def most_rows(self, batch: int) -> int:
        """Rows of the largest possible batch."""
        return int(np.sort(np.diff(self.blocks[0]))[-batch:].sum())

    def multiply_adds(self, batch: int) -> float:
        """Multiplications of a forward pass per hidden unit and batch, the basis included: what `prepare` minimises."""
        share = min(1.0, batch / self.labels.size)
        return share * self.blocks[4].size + (0 if self.basis is None else self.basis[4].size)


def prepare(
    features: np.ndarray | sp.csr_array,
    offsets: np.ndarray,
    labels: np.ndarray,
    *,
    hops: int,
    moments: bool,
    batch: int,
    dtype=np.float32,
) -> GraphBlocks:
    """Reduce a graph set to blocks; take a basis per channel where `GraphBlocks.multiply_adds` says that it pays.

    Args:
        features: [N, K], K = channels * hops; column hop * channels + channel.
        offsets: int64 [G + 1], first node of each graph.
        labels: int64 [G].
        hops: blocks of features, the undiffused one included.
        moments: reduce nodes to moments (polynomial or identity after BatchNorm) instead of distinct nodes.
        batch: graphs per step.
        dtype: of training.

    Raises:
        DataError: sizes disagree, or values are not finite or all zero.
    """
    width = features.shape[1]
    if width % hops or offsets[-1] != features.shape[0] or labels.size != offsets.size - 1:
        raise DataError(
            f"features {features.shape}, {hops} hops, {labels.size} labels and {offsets[-1]} nodes disagree"
        )
    values = features.data if sp.issparse(features) else features
    if not np.isfinite(values).all():
        raise DataError("features are NaN or infinite", fix="mend the raw data")
    if not values.any():
        raise DataError("all features are zero", fix="mend the raw data, or start from degrees (degree: true)")
    scale, tolerance = _column_scale(features), TOLERANCE[np.dtype(dtype)]
    graphs = [_reduce(*_present(features, a, b, hops, scale), moments, tolerance) for a, b in _ranges(offsets)]
    nodes = np.diff(offsets).astype(dtype)
    direct = _assemble([(rows * scale[cols], cols, count) for rows, cols, count in graphs], dtype)
    plain = GraphBlocks(direct[0], moments, direct[1], nodes, None, width, width, labels)
    maps = _channel_bases(graphs, width, hops, tolerance)
    reduced = _assemble([_in_basis(graph, maps, width // hops) for graph in graphs], dtype)
    basis = _assemble(
        [(right * scale[cols], cols, np.ones(len(right))) for _, cols, right in maps if len(right)], dtype
    )
    rank = sum(len(right) for _, _, right in maps)
    small = GraphBlocks(reduced[0], moments, reduced[1], nodes, basis[0], rank, width, labels)
    return small if small.multiply_adds(batch) < plain.multiply_adds(batch) else plain


def _ranges(offsets: np.ndarray):
    return zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)


def _column_scale(features: np.ndarray | sp.csr_array) -> np.ndarray:
    top = abs(features).max(axis=0)
    top = (top.toarray() if sp.issparse(top) else np.asarray(top)).ravel().astype(np.float64)
    return np.where(top > 0, top, 1.0)


def _present(features, first: int, last: int, hops: int, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scaled rows of one graph over the columns of its channels, and these columns, channel by channel."""
    channels = features.shape[1] // hops
    if sp.issparse(features):
        low, high = features.indptr[first], features.indptr[last]
        indices, count = features.indices[low:high], np.diff(features.indptr[first : last + 1])
        seen = np.unique(indices % channels)
        place = np.searchsorted(seen, indices % channels) * hops + indices // channels
        rows = np.zeros((last - first, seen.size * hops))
        rows[np.repeat(np.arange(last - first), count), place] = features.data[low:high]
    else:
        cube = features[first:last].reshape(last - first, hops, channels)
        seen = np.flatnonzero(cube.any((0, 1)))
        rows = cube[:, :, seen].transpose(0, 2, 1).reshape(last - first, -1).astype(np.float64)
    cols = (seen[:, None] + channels * np.arange(hops)).ravel()
    return rows / scale[cols], cols


def _reduce(rows: np.ndarray, cols: np.ndarray, moments: bool, tolerance: float) -> tuple[np.ndarray, ...]:
    """(rows, columns, multiplicities) after merging nodes that agree within rounding, or as mean and deviations."""
    _, code, count = np.unique(np.round(rows / tolerance), axis=0, return_inverse=True, return_counts=True)
    merged = np.zeros((count.size, cols.size))
    np.add.at(merged, code.ravel(), rows)
    merged /= count[:, None]
    if not moments:
        return merged, cols, count
    mean = count @ merged / count.sum()
    _, singular, right = np.linalg.svd(np.sqrt(count)[:, None] * (merged - mean), full_matrices=False)
    kept = singular > tolerance * np.sqrt(count.sum())
    rows = np.vstack([mean, singular[kept, None] * right[kept]])
    return rows, cols, np.ones(len(rows))


def _channel_bases(graphs, width: int, hops: int, tolerance: float) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Per channel: its first column in the basis, its columns among the features, and the basis [rank, hops]."""
    channels, first, maps = width // hops, 0, []
    parts: list[list[np.ndarray]] = [[] for _ in range(channels)]
    for rows, cols, _ in graphs:
        for at, channel in enumerate(cols[::hops]):
            parts[channel].append(rows[:, at * hops : (at + 1) * hops])
    for channel, seen in enumerate(parts):
        cols = channel + channels * np.arange(hops)
        right = np.zeros((0, hops))
        if seen:
            stacked = np.vstack(seen)
            _, singular, right = np.linalg.svd(np.linalg.qr(stacked, mode="r"), full_matrices=False)
            right = right[singular > tolerance * np.sqrt(len(stacked))]
        maps.append((first, cols, right))
        first += len(right)
    return maps


def _in_basis(graph, maps, channels: int) -> tuple[np.ndarray, ...]:
    """Rows of a graph in the coordinates of the bases."""
    rows, cols, count = graph
    hops = len(maps[0][1])
    used = [maps[channel] for channel in cols[::hops]]
    pieces = [rows[:, i * hops : (i + 1) * hops] @ right.T for i, (_, _, right) in enumerate(used)]
    columns = [first + np.arange(len(right)) for first, _, right in used]
    # a graph without any feature has no piece
    return np.hstack([rows[:, :0], *pieces]), np.concatenate([np.zeros(0, np.int64), *columns]), count


def _assemble(graphs: list[tuple[np.ndarray, ...]], dtype) -> tuple[Blocks, np.ndarray]:
    def pointer(sizes) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    rows = pointer([len(part) for part, _, _ in graphs])
    columns = pointer([cols.size for _, cols, _ in graphs])
    values = pointer([part.size for part, _, _ in graphs])
    flat = np.concatenate([part.ravel() for part, _, _ in graphs]).astype(dtype)
    cols = np.concatenate([cols for _, cols, _ in graphs]).astype(np.int64)
    counts = np.concatenate([count for _, _, count in graphs]).astype(dtype)
    return (rows, columns, cols, values, flat), counts
