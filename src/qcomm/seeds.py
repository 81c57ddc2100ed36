"""Seeds that flow from a job's identity: the same identity gives the same numbers, in whatever order jobs run."""

from __future__ import annotations

import hashlib


def seed_for(*identity: str | int | float) -> int:
    """A 63-bit seed that depends on every part of the identity and on nothing else.

    Args:
        identity: what is computed, e.g. ``("train_graphs", "MUTAG", "SIGN-poly", 2, 7)``. Parts are kept apart, so
            ``("a", "bc")`` and ``("ab", "c")`` differ, and so do ``1`` and ``"1"``.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in identity)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(*identity: str | int | float):
    """A ``numpy.random.Generator`` seeded by `seed_for`."""
    import numpy as np

    return np.random.default_rng(seed_for(*identity))


def seed_torch(*identity: str | int | float) -> None:
    """Seed Python's, numpy's legacy and torch's global generators from one identity."""
    import random

    import numpy as np
    import torch

    seed = seed_for(*identity)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  libraries that we call may use the legacy generator
    torch.manual_seed(seed)
