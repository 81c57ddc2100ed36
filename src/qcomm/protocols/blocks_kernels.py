"""Compiled Walsh-Hadamard transform."""

from __future__ import annotations

import numpy as np

from qcomm.kernels_jit import kernel


@kernel
def transform_rows(rows: np.ndarray) -> None:
    """Orthonormal Walsh-Hadamard transform of every row of an array (T, 2^n), in place; two qubits a pass."""
    size = rows.shape[1]
    scale = 1.0 / np.sqrt(size)
    for t in range(rows.shape[0]):
        v, h = rows[t], 1
        while 4 * h <= size:
            for start in range(0, size, 4 * h):
                for i in range(start, start + h):
                    a, b, c, d = v[i], v[i + h], v[i + 2 * h], v[i + 3 * h]
                    v[i], v[i + h] = (a + b) + (c + d), (a - b) + (c - d)
                    v[i + 2 * h], v[i + 3 * h] = (a + b) - (c + d), (a - b) - (c - d)
            h *= 4
        if h < size:
            for i in range(h):
                a, b = v[i], v[i + h]
                v[i], v[i + h] = a + b, a - b
        for i in range(size):
            v[i] *= scale
