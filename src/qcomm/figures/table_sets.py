"""What the paper's tables cover, and how the length of a run is told."""

from __future__ import annotations

import pandas as pd

NODE_SETS = ("Cora", "CiteSeer", "PubMed", "Reddit", "ogbn-products")
GRAPH_SETS = ("MUTAG", "PTC", "NCI1", "PROTEINS", "COLLAB", "IMDB-B", "IMDB-M", "REDDIT-B", "REDDIT-M5K")
AUTHORS = "SIGN-poly (authors)"
NOT_KNOWN = "not at hand"


def with_own(known: tuple[str, ...], frame: pd.DataFrame) -> list[str]:
    """The paper's data sets, then the user's own ones."""
    return [*known, *(name for name in frame.dataset.unique() if name not in known)]


def length(epochs: int, full: int) -> str:
    """``"150 of 350"`` for a shortened run, ``"350"`` for a full one."""
    return f"{epochs}" if epochs >= full else f"{epochs} of {full}"
