"""Settings of graph classification as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from qcomm.errors import ConfigError

ACTIVATIONS = {
    "SIGN-poly": "poly",
    "SIGN-poly-bn": "poly",
    "SIGN-poly-tuned": "poly",
    "SIGN-prelu": "prelu",
    "SIGN-identity": "identity",
}

STEPS = ("raw", "rw", "gcn", "ppr")  # kinds of diffusion steps; a row of hyper-parameters holds how many of each
FEATURE_KEYS = (*STEPS, "degree", "degree_bins", "refine")  # what of a row the hop features depend on

# Start of the trainable polynomial c0 + c1 z + c2 z^2 (values of the authors' released code).
POLY_START = (0.0169394634313126, 0.5, 0.3078363963999393)
PRELU_START = 0.25  # PyTorch's default slope


@dataclass(frozen=True)
class GraphModel:
    """Hyper-parameters of one graph network on one data set (a row of Table 3).

    Attributes:
        activation: poly, prelu or identity; one shared set of coefficients.
        hidden: hidden units per block of features; the layer has hidden * blocks units.
        norm: batch or layer.
        dropout: rate on the pooled features.
        batch: graphs per step; a short last batch is kept.
        lr: first learning rate, halved every 50 epochs.
        weight_decay: added to the gradient of every parameter, as torch.optim.Adam does.
        per_node: the readout trains on pooled sums divided by one constant, the mean number of nodes of all graphs of
            the set, which lets the optimiser move it as gently as the other weights. The trained network is one of
            plain sums again: the constant goes into its readout.
        average: what is scored and kept are exponential averages of the weights over epochs with this much memory; 0
            for the weights themselves.
    """

    activation: str
    hidden: int
    norm: str
    dropout: float
    batch: int
    lr: float
    weight_decay: float
    per_node: bool = False
    average: float = 0.0


def feature_blocks(row: Mapping[str, Any]) -> int:
    """Blocks of hop features: the undiffused one and one per step."""
    return 1 + sum(row[kind] for kind in STEPS)


def graph_model(method: str, row: Mapping[str, Any]) -> GraphModel:
    """The model of a method for a data set's row of hyper-parameters; ``-bn`` replaces the norm by BatchNorm.

    Raises:
        ConfigError: unknown method.
    """
    if method not in ACTIVATIONS:
        raise ConfigError(f"unknown method {method!r}", where="--method", fix=f"one of {', '.join(ACTIVATIONS)}")
    settings = [field for field in fields(GraphModel) if field.name != "activation"]
    chosen = {field.name: row[field.name] for field in settings if field.name in row or field.default is MISSING}
    if method.endswith("-bn"):
        chosen["norm"] = "batch"
    return GraphModel(activation=ACTIVATIONS[method], **chosen)
