"""Kernels of the graph generator: stubs are listed, shuffled, joined in pairs and turned into sorted CSR rows."""

from __future__ import annotations

import numpy as np

from qcomm.kernels_jit import kernel

TO_UNIT = 2.0**-53


@kernel
def list_stubs(blocks, inside, total, starts, stubs):
    """Write each node once per stub into the segment of its block, or into the last segment for stubs to anywhere.

    blocks [N]; inside, total [N]: stubs that stay in the block, and all; starts [blocks + 2]: segments of `stubs`.
    """
    place = starts.copy()
    anywhere = starts.size - 2
    for node in range(blocks.size):
        home = blocks[node]
        for _ in range(inside[node]):
            stubs[place[home]] = node
            place[home] += 1
        for _ in range(total[node] - inside[node]):
            stubs[place[anywhere]] = node
            place[anywhere] += 1


@kernel
def shuffle(stubs, seed):
    """Fisher-Yates in place; random numbers of SplitMix64 (Steele, Lea and Flood 2014) from a uint64 seed."""
    state = np.uint64(seed)
    for at in range(stubs.size - 1, 0, -1):
        state += np.uint64(0x9E3779B97F4A7C15)
        mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        other = np.intp(np.float64(mixed >> np.uint64(11)) * TO_UNIT * (at + 1))
        stubs[at], stubs[other] = stubs[other], stubs[at]


@kernel
def count_ends(stubs, counts):
    """counts[node] += edges at a node, for edges between neighbours 2k and 2k + 1 of `stubs`; loops are left out."""
    for at in range(0, stubs.size - 1, 2):
        if stubs[at] != stubs[at + 1]:
            counts[stubs[at]] += 1
            counts[stubs[at + 1]] += 1


@kernel
def place_ends(stubs, place, indices):
    """Both directions of these edges into the rows of a CSR structure; `place` [N] is the next free entry of a row."""
    for at in range(0, stubs.size - 1, 2):
        a, b = stubs[at], stubs[at + 1]
        if a != b:
            indices[place[a]] = b
            indices[place[b]] = a
            place[a] += 1
            place[b] += 1


@kernel
def sort_and_merge(indptr, indices):
    """Sort the rows of a CSR structure and drop repeated entries, in place; returns the number of entries kept."""
    kept, begin = 0, indptr[0]
    for row in range(indptr.size - 1):
        end = indptr[row + 1]
        indices[begin:end].sort()
        first = kept
        for at in range(begin, end):
            if kept == first or indices[at] != indices[kept - 1]:
                indices[kept] = indices[at]
                kept += 1
        indptr[row + 1] = kept
        begin = end
    return kept
