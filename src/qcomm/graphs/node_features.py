"""Hop features of a node set as training needs them: rows that train, rows that are evaluated, columns that learn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import SPLITS, unpack_matrix
from qcomm.errors import DataError
from qcomm.graphs.bfloat import Bfloat16
from qcomm.graphs.diffusion_store import drop_pages
from qcomm.graphs.mapped import map_npz

Matrix = np.ndarray | sp.csr_array | Bfloat16
DENSE_ABOVE = 0.3  # share of non-zeros above which BLAS on a dense block beats our sparse product (512 units)
IN_MEMORY = 1 << 27  # bytes per hop; more evaluated rows than this, or four times the training rows, stay in the file


@dataclass(frozen=True)
class Rows:
    """Rows of a matrix: in memory (`index` is None) or picked from a mapped file when they are asked for.

    Attributes:
        matrix: where the rows are.
        index: row numbers; None for all rows in order.
    """

    matrix: Matrix
    index: np.ndarray | None = None

    def __len__(self) -> int:
        return self.matrix.shape[0] if self.index is None else self.index.size

    def block(self, start: int, stop: int) -> Matrix:
        """Rows start .. stop - 1."""
        if self.index is None:
            return self.matrix[start:stop]
        rows = np.asarray(self.matrix[self.index[start:stop]])
        drop_pages(self.matrix.bits if isinstance(self.matrix, Bfloat16) else self.matrix)
        return rows


@dataclass(frozen=True)
class Hop:
    """One hop's features.

    Attributes:
        train: rows of training nodes [n, active], only columns with a non-zero in them.
        active: indices of these columns. The others never get a gradient (no weight decay), so their weights stay as
            they were drawn and add a constant in evaluation.
        held_out: rows of validation, then test nodes, active columns [m, active].
        rest: the same rows, other columns [m, D - active].
        width: D.
    """

    train: Rows
    active: np.ndarray
    held_out: Rows
    rest: Matrix
    width: int


@dataclass(frozen=True)
class NodeData:
    """Features and labels of a node set, cut into splits.

    Attributes:
        hops: one `Hop` per diffusion step.
        labels: split -> int64 labels.
        classes: number of classes.
    """

    hops: tuple[Hop, ...]
    labels: dict[str, np.ndarray]
    classes: int


def load_node_data(path: str | Path, hops: int | None = None) -> NodeData:
    """Read the features stage's file; only the first `hops` hops where given. Large dense hops stay in the file.

    Raises:
        DataError: the file holds something else.
    """
    arrays = map_npz(path)
    if "hops" not in arrays:
        raise DataError("no hop features of a node set", where=str(path))
    splits = {name: np.array(arrays[f"split_{name}"]) for name in SPLITS}
    count = int(arrays["hops"]) if hops is None else hops
    matrices = (_matrix(f"hop{hop}", arrays) for hop in range(count))
    labels = np.array(arrays["labels"])
    return NodeData(
        tuple(cut(matrix, splits) for matrix in matrices),
        {name: labels[index] for name, index in splits.items()},
        int(labels.max()) + 1,
    )


def _matrix(name: str, arrays: dict[str, np.ndarray]) -> Matrix:
    bits = arrays.get(f"{name}_bfloat16")
    return unpack_matrix(name, arrays) if bits is None else Bfloat16(bits)


def cut(features: Matrix, splits: dict[str, np.ndarray]) -> Hop:
    """Rows and columns of one hop as training and evaluation need them."""
    width, held_out = features.shape[1], np.concatenate([splits["valid"], splits["test"]])
    row = width * features.dtype.itemsize
    fits = splits["train"].size * row <= 4 * IN_MEMORY, held_out.size * row <= IN_MEMORY
    if not sp.issparse(features) and not all(fits):
        # columns without gradient are not worth finding here: Adam leaves them where they are
        nothing = np.empty((held_out.size, 0), features.dtype)
        rows = [Rows(features, splits["train"]), Rows(features, held_out)]
        # what fits is read once, not every epoch
        train, rest = (Rows(part.block(0, len(part))) if fit else part for part, fit in zip(rows, fits, strict=True))
        return Hop(train, np.arange(width), rest, nothing, width)
    train = features[splits["train"]]
    used = np.asarray((train != 0).sum(0)).ravel() > 0
    active, idle = np.flatnonzero(used), np.flatnonzero(~used)
    evaluated = features[held_out]
    parts = [_form(part) for part in (train[:, active], evaluated[:, active], evaluated[:, idle])]
    return Hop(Rows(parts[0]), active, Rows(parts[1]), parts[2], width)


def _form(matrix: Matrix) -> Matrix:
    """Dense or sparse, whichever multiplies faster."""
    stored = matrix.nnz if sp.issparse(matrix) else np.count_nonzero(matrix)
    dense = stored >= DENSE_ABOVE * np.prod(matrix.shape, dtype=np.float64)
    if not sp.issparse(matrix):
        return np.ascontiguousarray(matrix) if dense else sp.csr_array(matrix)
    return matrix.toarray() if dense else sp.csr_array(matrix)
