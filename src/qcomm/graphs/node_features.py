"""Hop features of a node set as training needs them: rows that train, rows that are evaluated, columns that learn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import SPLITS, unpack_matrix
from qcomm.errors import DataError
from qcomm.files import read_npz

Matrix = np.ndarray | sp.csr_array
DENSE_ABOVE = 0.04  # share of non-zeros above which BLAS on a dense block beats a sparse product (512 columns)


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

    train: Matrix
    active: np.ndarray
    held_out: Matrix
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
    """Read the features stage's file; only the first `hops` hops where given.

    Raises:
        DataError: the file holds something else.
    """
    arrays = read_npz(path)
    if "hops" not in arrays:
        raise DataError("no hop features of a node set", where=str(path))
    splits = {name: arrays[f"split_{name}"] for name in SPLITS}
    count = int(arrays["hops"]) if hops is None else hops
    matrices = (unpack_matrix(f"hop{hop}", arrays) for hop in range(count))
    labels = arrays["labels"]
    return NodeData(
        tuple(cut(matrix, splits) for matrix in matrices),
        {name: labels[index] for name, index in splits.items()},
        int(labels.max()) + 1,
    )


def cut(features: Matrix, splits: dict[str, np.ndarray]) -> Hop:
    """Rows and columns of one hop as training and evaluation need them."""
    train = features[splits["train"]]
    used = np.asarray((train != 0).sum(0)).ravel() > 0
    active, idle = np.flatnonzero(used), np.flatnonzero(~used)
    held_out = features[np.concatenate([splits["valid"], splits["test"]])]
    parts = (train[:, active], held_out[:, active], held_out[:, idle])
    train, evaluated, rest = (_form(part) for part in parts)
    return Hop(train, active, evaluated, rest, features.shape[1])


def _form(matrix: Matrix) -> Matrix:
    """Dense or sparse, whichever multiplies faster."""
    if matrix.size == 0 or not sp.issparse(matrix):
        dense = matrix.toarray() if sp.issparse(matrix) else matrix
        filled = np.count_nonzero(dense) / max(dense.size, 1)
        return np.ascontiguousarray(dense) if filled > DENSE_ABOVE or dense.size == 0 else sp.csr_array(dense)
    return matrix.toarray() if matrix.nnz > DENSE_ABOVE * np.prod(matrix.shape) else sp.csr_array(matrix)
