"""Node tags that tell neighbourhoods apart: rounds of Weisfeiler-Lehman refinement (Shervashidze et al., JMLR 2011)."""

from __future__ import annotations

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
        neighbours = (adjacency @ one_hot(tags)).toarray()
        _, found, count = np.unique(
            np.column_stack([tags, neighbours]), axis=0, return_inverse=True, return_counts=True
        )
        common = count >= RARE
        tags = np.where(common, np.cumsum(common) - 1, common.sum())[found.ravel()]
    return tags.astype(np.int64)
