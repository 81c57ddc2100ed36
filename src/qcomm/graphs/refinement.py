"""Node tags that tell neighbourhoods apart: rounds of Weisfeiler-Lehman refinement (Shervashidze et al., JMLR 2011)."""

from __future__ import annotations

from collections import Counter

import numpy as np
import scipy.sparse as sp

from qcomm.graphs.hops import one_hot

RARE = 10  # ASSUME: nodes of a new tag, at least; one-hot columns of rarer ones would only be learnt by heart


def refined_tags(adjacency: sp.csr_array, tags: np.ndarray, rounds: int) -> np.ndarray:
    """Tags after some rounds in which each node's tag becomes (its tag, how many neighbours have each tag).

    Labels are not used, so all graphs of a set are refined together. New tags of fewer than `RARE` nodes become one.

    Args:
        adjacency: [N, N] without self-loops, entries 1.
        tags: integers [N].
        rounds: number of rounds, >= 0.

    Returns:
        int64 [N], 0, 1, ..
    """
    _, tags = np.unique(tags, return_inverse=True)
    for _ in range(rounds):
        seen = _neighbourhoods(adjacency, tags)
        common = sorted(neighbourhood for neighbourhood, nodes in Counter(seen).items() if nodes >= RARE)
        numbers = dict(zip(common, range(len(common)), strict=True))
        tags = np.array([numbers.get(neighbourhood, len(common)) for neighbourhood in seen])
    return tags.astype(np.int64)


def _neighbourhoods(adjacency: sp.csr_array, tags: np.ndarray) -> list[tuple[int, ...]]:
    """(tag, -neighbours' tag, its count, -next, its count, ..) of each node, tags ascending.

    Dense rows of counts would grow with nodes times tags. Negative tags let tuples sort as such rows would.
    """
    counts = sp.csr_array(adjacency @ one_hot(tags))
    counts.sort_indices()
    pairs = np.column_stack([-counts.indices.astype(np.int64), counts.data.astype(np.int64)]).ravel().tolist()
    ends = (2 * counts.indptr).tolist()
    return [(tag, *pairs[a:b]) for tag, a, b in zip(tags.tolist(), ends, ends[1:], strict=False)]
