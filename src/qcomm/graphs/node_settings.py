"""Settings of node classification as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from qcomm.errors import ConfigError

# method -> (activation, whether all hops are used)
METHODS = {
    "SIGN-poly": ("poly", True),
    "SIGN-prelu": ("prelu", True),
    "SIGN-identity": ("identity", True),
    "MLP": ("prelu", False),
}


@dataclass(frozen=True)
class NodeModel:
    """The paper's node network: per hop dropout, Linear(D, hidden), activation; joined, dropout, Linear.

    Attributes:
        activation: poly (coefficients per hop), prelu (a slope per hop) or identity.
        hidden: units per hop.
        input_dropout, hidden_dropout: rates.
        lr: learning rate of Adam, without weight decay.
        chunk: training nodes per chunk; gradients of the chunks are summed for one step per epoch.
        evaluate_every: epochs between evaluations.
    """

    activation: str
    hidden: int = 512
    input_dropout: float = 0.3
    hidden_dropout: float = 0.4
    lr: float = 1e-3
    chunk: int = 1000
    evaluate_every: int = 10


def node_model(method: str, settings: dict) -> tuple[NodeModel, bool]:
    """The model of a method and whether it sees all hops (the MLP sees the node's own features only).

    Raises:
        ConfigError: unknown method.
    """
    if method not in METHODS:
        raise ConfigError(f"unknown method {method!r}", where="--method", fix=f"one of {', '.join(METHODS)}")
    activation, all_hops = METHODS[method]
    return NodeModel(activation=activation, **settings), all_hops
