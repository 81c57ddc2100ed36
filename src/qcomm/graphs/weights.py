"""Trained weights as safetensors: named arrays, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from qcomm.files import atomic_path


def write_weights(path: str | Path, weights: Mapping[str, np.ndarray]) -> None:
    """Write named arrays atomically, sorted by name, so that equal weights are equal bytes."""
    from safetensors.numpy import save_file

    with atomic_path(path) as part:
        save_file({name: np.ascontiguousarray(weights[name]) for name in sorted(weights)}, part)


def read_weights(path: str | Path) -> dict[str, np.ndarray]:
    """Named arrays of a safetensors file."""
    from safetensors.numpy import load_file

    return load_file(path)
