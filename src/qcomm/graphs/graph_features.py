"""Reading hop features of a graph set from the features stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from qcomm.data.values import unpack_matrix
from qcomm.errors import DataError
from qcomm.files import read_npz


def load_features(path: str | Path, *, dense: bool = True) -> tuple[np.ndarray | sp.csr_array, np.ndarray, np.ndarray]:
    """Features [N, K] (dense, or as they are stored), offsets [G + 1] and labels [G].

    Raises:
        DataError: the file holds something else.
    """
    arrays = read_npz(path)
    if "offsets" not in arrays or "labels" not in arrays:
        raise DataError("no features of a graph set", where=str(path))
    features = unpack_matrix("features", arrays)
    if dense and sp.issparse(features):
        features = features.toarray()
    return features, arrays["offsets"], arrays["labels"]
