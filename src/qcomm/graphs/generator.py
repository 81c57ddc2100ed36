"""Large random graphs with known structure: a degree-corrected block model with planted features.

Every node belongs to one block and has a given number of stubs. A share of them joins stubs of the same block, the rest
joins stubs of any block, each in uniformly random pairs (the degree-corrected stochastic block model of Karrer and
Newman, 2011, with fixed degrees). Loops and repeated edges are dropped, so degrees lie a little below the given ones.
Nodes are in random order with respect to blocks: diffusion gets no help from the numbering.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qcomm.errors import ConfigError
from qcomm.graphs import generator_kernels as kernels
from qcomm.seeds import generator, seed_for

FEATURE_ROWS = 1 << 15  # rows of features drawn at a time


@dataclass(frozen=True)
class BlockModel:
    """A degree-corrected block model with planted features.

    Attributes:
        nodes: N.
        mean_degree: mean number of stubs per node.
        exponent: degrees have density ~ d^-exponent, > 2.
        largest: cut-off of the degrees, as a multiple of their mean.
        blocks: number of blocks, which are the classes.
        within: share of stubs that stay inside their block.
        features: D.
        signal: length of the blocks' mean feature vectors, where the noise has standard deviation 1 per column.
        train, valid: shares of nodes that train and validate; the others test.
        seed: of everything.
    """

    nodes: int
    mean_degree: float = 50.0
    exponent: float = 2.5
    largest: float = 300.0
    blocks: int = 47
    within: float = 0.6
    features: int = 100
    signal: float = 0.5
    train: float = 0.08
    valid: float = 0.016
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.within, self.train, self.valid, 1 - self.train - self.valid)
        sizes = min(self.nodes - self.blocks, self.blocks - 1, self.features)
        if sizes < 1 or not all(0 <= share <= 1 for share in shares):
            raise ConfigError(f"not a block model: {self}", fix="nodes > blocks > 1, shares within 0 .. 1")
        if self.exponent <= 2 or self.mean_degree <= 0 or self.largest <= 1:
            raise ConfigError("degrees have no such distribution", fix="exponent > 2, mean degree > 0, largest > 1")
        if self.nodes * self.mean_degree >= 2**31:
            raise ConfigError("more than 2^31 directed edges are not possible", fix="lower the mean degree")

    def rng(self, part: str) -> np.random.Generator:
        return generator("block model", part, self.seed)


def degrees_of(model: BlockModel) -> np.ndarray:
    """Numbers of stubs [N] int32: a power law, cut off above, scaled to the mean and rounded at random."""
    rng = model.rng("degrees")
    weight = (1 - rng.random(model.nodes)) ** (-1 / (model.exponent - 1))
    for _ in range(50):  # cutting lowers the mean: scale and cut until both hold
        weight = np.minimum(weight * (model.mean_degree / weight.mean()), model.largest * model.mean_degree)
    return np.floor(weight + rng.random(model.nodes)).astype(np.int32)


def degrees_from(model: BlockModel, degrees: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Numbers of stubs [N] int32, drawn independently from a given distribution instead of the model's power law.

    Args:
        model: its number of nodes and seed are used.
        degrees: whole numbers [k].
        weights: of each of them, not normalised [k].

    Raises:
        ConfigError: that is no distribution of degrees, or there would be more than 2^31 directed edges.
    """
    degrees, weights = np.asarray(degrees, np.float64), np.asarray(weights, np.float64)
    whole = degrees.size and (degrees >= 0).all() and (degrees % 1 == 0).all()
    if not whole or degrees.shape != weights.shape or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ConfigError("not a distribution of degrees", fix="whole numbers >= 0 with weights >= 0, not all zero")
    shares = weights / weights.sum()
    if model.nodes * (shares @ degrees) >= 2**31:
        raise ConfigError("more than 2^31 directed edges are not possible", fix="lower the degrees")
    return model.rng("degrees").choice(degrees.astype(np.int32), model.nodes, p=shares)


def blocks_of(model: BlockModel) -> np.ndarray:
    """Block of each node [N] int64: sizes as equal as can be, order random."""
    return model.rng("blocks").permutation(np.arange(model.nodes) % model.blocks)


def edges_of(model: BlockModel, blocks: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CSR structure of the adjacency: indptr [N + 1] int64 and sorted indices int32, both directions of each edge.

    Memory: 8 bytes per directed edge at most, 40 per node.
    """
    inside = model.rng("inside").binomial(degrees, model.within).astype(np.int32)
    sizes = np.bincount(blocks, inside, model.blocks).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes), [degrees.sum(dtype=np.int64)]])
    stubs = np.empty(starts[-1], np.int32)
    kernels.list_stubs(blocks, inside, degrees, starts, stubs)
    counts = np.zeros(model.nodes, np.int64)
    segments = [stubs[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    for number, segment in enumerate(segments):
        kernels.shuffle(segment, np.uint64(seed_for("block model", "pairs", model.seed, number)))
        kernels.count_ends(segment, counts)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    indices = np.empty(indptr[-1], np.int32)
    place = indptr[:-1].copy()
    for segment in segments:
        kernels.place_ends(segment, place, indices)
    kept = kernels.sort_and_merge(indptr, indices)
    return indptr, indices[:kept]


def features_of(model: BlockModel, blocks: np.ndarray) -> Iterator[np.ndarray]:
    """Yield features float32 [rows, D] in the order of the nodes: the block's mean vector plus normal noise."""
    directions = model.rng("means").standard_normal((model.blocks, model.features))
    directions *= model.signal / np.linalg.norm(directions, axis=1, keepdims=True)
    means, rng = directions.astype(np.float32), model.rng("noise")
    for start in range(0, model.nodes, FEATURE_ROWS):
        home = blocks[start : start + FEATURE_ROWS]
        noise = rng.standard_normal((home.size, model.features), np.float32)
        noise += means[home]
        yield noise


def splits_of(model: BlockModel) -> dict[str, np.ndarray]:
    """Sorted int64 node numbers under train, valid and test."""
    order = model.rng("splits").permutation(model.nodes)
    train, valid = round(model.train * model.nodes), round((model.train + model.valid) * model.nodes)
    parts = {"train": order[:train], "valid": order[train:valid], "test": order[valid:]}
    return {name: np.sort(part) for name, part in parts.items()}
