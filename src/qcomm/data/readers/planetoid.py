"""Planetoid's files: Python-2 pickles of scipy matrices, opened only by an unpickler that knows just these classes."""

from __future__ import annotations

import pickle
from collections import defaultdict
from typing import IO, Any

import numpy as np
import scipy.sparse as sp

from qcomm.data.bundle import Bundle
from qcomm.data.values import Graph, symmetric_adjacency
from qcomm.errors import DataError

VALID_NODES = 500  # the public split: all of x trains, the next 500 nodes validate, test.index tests


class RestrictedUnpickler(pickle.Unpickler):
    """Unpickles arrays, scipy matrices and plain containers; anything else raises `DataError` before it runs."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
        ("scipy.sparse.csr", "csr_matrix"): sp.csr_matrix,
        ("collections", "defaultdict"): defaultdict,
        ("__builtin__", "list"): list,
        ("builtins", "list"): list,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise DataError(
                f"the pickle asks for {module}.{name}, which no Planetoid file needs", where="Planetoid file"
            ) from None


def unpickle(stream: IO[bytes], where: str) -> Any:
    """One restricted unpickled object.

    Raises:
        DataError: not a pickle, or one that asks for other classes.
    """
    try:
        return RestrictedUnpickler(stream, encoding="latin1").load()
    except DataError:
        raise
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise DataError(f"not a Planetoid pickle: {error}", where=where) from error


def read(bundle: Bundle) -> Graph:
    """Cora, CiteSeer or PubMed from ``ind.NAME.{x,y,tx,ty,allx,ally,graph,test.index}``, with the public split.

    CiteSeer lacks 15 of its test ids: these nodes have no features and class 0, as in Planetoid's own code.
    """
    parts = {}
    for part in ("x", "tx", "ty", "allx", "ally", "graph"):
        name = bundle.find(f".{part}")
        if name is None:
            raise DataError(f"no member ends in .{part}", where=str(bundle.path))
        with bundle.open(name) as stream:
            parts[part] = unpickle(stream, name)
    test = _test_index(bundle)
    nodes = int(test.max()) + 1
    features = sp.lil_matrix((nodes, parts["allx"].shape[1]), dtype=np.float32)
    one_hot = np.zeros((nodes, parts["ally"].shape[1]), np.int64)
    known = parts["allx"].shape[0]
    features[:known], one_hot[:known] = parts["allx"], parts["ally"]
    features[test], one_hot[test] = parts["tx"], parts["ty"]
    rows = np.repeat(list(parts["graph"]), [len(near) for near in parts["graph"].values()])
    columns = np.concatenate([np.asarray(near, np.int64) for near in parts["graph"].values()])
    trained = parts["x"].shape[0]
    splits = {
        "train": np.arange(trained),
        "valid": np.arange(trained, trained + VALID_NODES),
        "test": np.sort(test),
    }
    adjacency = symmetric_adjacency(rows, columns, nodes, str(bundle.find(".graph")))
    csr = sp.csr_array(features.tocsr())
    csr.sort_indices()
    return Graph(bundle.description["dataset"], adjacency, csr, one_hot.argmax(1), splits, bundle.description)


def _test_index(bundle: Bundle) -> np.ndarray:
    name = bundle.find(".test.index")
    if name is None:
        raise DataError("no member ends in .test.index", where=str(bundle.path))
    try:
        return np.array([int(line) for line in bundle.text(name).split()], np.int64)
    except ValueError as error:
        raise DataError(f"not a list of node numbers: {error}", where=name) from error
