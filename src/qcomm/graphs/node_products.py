"""Products of hop features with weights and with gradients, dense or sparse, each in its fastest form."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from qcomm.graphs.kernels_nodes import sparse_product
from qcomm.graphs.node_features import Matrix


def affine(inputs: Matrix, weight: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """``inputs @ weight + offset`` [n, hidden]; `offset` is [hidden] or [n, hidden]."""
    if not sp.issparse(inputs):
        return np.add(out := inputs @ weight, offset, out=out)
    out = np.empty((inputs.shape[0], weight.shape[1]), weight.dtype)
    out[:] = offset
    sparse_product(inputs.indptr, inputs.indices, inputs.data, weight, out)
    return out


def add_transposed(inputs: Matrix, upstream: np.ndarray, out: np.ndarray) -> None:
    """``out += inputs.T @ upstream`` [columns, hidden]."""
    if not sp.issparse(inputs):
        out += inputs.T @ upstream
        return
    columns = inputs.tocsc()
    sparse_product(columns.indptr, columns.indices, columns.data, upstream, out)


def thinned(inputs: Matrix, mask: np.ndarray) -> Matrix:
    """Inputs times a mask; of a sparse matrix, the mask of its stored entries."""
    if not sp.issparse(inputs):
        return inputs * mask
    return sp.csr_array((inputs.data * mask, inputs.indices, inputs.indptr), shape=inputs.shape)


def mask_shape(inputs: Matrix) -> tuple[int, ...]:
    """Shape of the mask that `thinned` takes: zeros stay zero, so a sparse matrix needs one for its entries only."""
    return inputs.data.shape if sp.issparse(inputs) else inputs.shape
