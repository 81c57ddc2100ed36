"""LINQS Cora (cora.content, cora.cites), put into Planetoid's node order, so that the public split applies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp

from qcomm.data.bundle import Bundle
from qcomm.data.values import Graph, symmetric_adjacency
from qcomm.errors import DataError

CLASSES = (
    "Theory",
    "Reinforcement_Learning",
    "Genetic_Algorithms",
    "Neural_Networks",
    "Probabilistic_Methods",
    "Case_Based",
    "Rule_Learning",
)
SPLIT_ENDS = {"train": (0, 140), "valid": (140, 640), "test": (1708, 2708)}


def read(bundle: Bundle, order_file: Path) -> Graph:
    """Cora from its LINQS files; `order_file` lists the paper ids in Planetoid's order.

    Raises:
        DataError: a line is malformed, or the papers are not those of the order file.
    """
    order = [int(line) for line in order_file.read_text().split()]
    position = {paper: row for row, paper in enumerate(order)}
    lines = bundle.text("cora.content").splitlines()
    width = len(lines[0].split()) - 2
    features = np.zeros((len(order), width), np.float32)
    labels = np.full(len(order), -1, np.int64)
    for number, line in enumerate(lines, start=1):
        cells = line.split()
        if len(cells) != width + 2 or cells[-1] not in CLASSES or int(cells[0]) not in position:
            raise DataError("not `paper words class` of a known paper", where=f"cora.content, line {number}")
        row = position[int(cells[0])]
        features[row] = np.array(cells[1:-1], np.float32)
        labels[row] = CLASSES.index(cells[-1])
    ends = []
    for number, line in enumerate(bundle.text("cora.cites").splitlines(), start=1):
        try:
            cited, citing = (position[int(cell)] for cell in line.split())
        except (KeyError, ValueError) as error:
            raise DataError(f"not a pair of known papers: {error}", where=f"cora.cites, line {number}") from error
        ends.append((cited, citing))
    rows, columns = np.array(ends, np.int64).T
    adjacency = symmetric_adjacency(rows, columns, len(order), "cora.cites")
    splits = {name: np.arange(*ends_) for name, ends_ in SPLIT_ENDS.items()}
    return Graph("Cora", adjacency, sp.csr_array(features), labels, splits, bundle.description)
