"""Seeds follow the identity."""

import torch

from qcomm.seeds import generator, seed_for, seed_torch


def test_parts_are_kept_apart():
    seeds = {seed_for("a", "bc"), seed_for("ab", "c"), seed_for("a", "b", "c"), seed_for(1), seed_for("1")}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_same_identity_same_numbers():
    assert generator("x", 1).integers(1 << 40) == generator("x", 1).integers(1 << 40)
    assert generator("x", 1).integers(1 << 40) != generator("x", 2).integers(1 << 40)


def test_torch_follows():
    draws = []
    for seed in (1, 1, 2):
        seed_torch("x", seed)
        draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[1] != draws[2]
