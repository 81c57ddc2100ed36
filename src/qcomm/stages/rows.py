"""How stages of graph classification are told their hyper-parameters: as json, or as the file that tuning wrote."""

from __future__ import annotations

from typing import Any

from qcomm.errors import ConfigError
from qcomm.files import read_json
from qcomm.stages.frame import StageParser


def add_row(parser: StageParser) -> None:
    """Declare ``--model`` and ``--tuned``, one of which is given."""
    parser.add_settings("--model", help="row of hyper-parameters as json (see config/hyperparameters.yaml)")
    parser.add_input("--tuned", required=False, help="json of tune_graphs: its row is taken instead of --model")


def row_of(args) -> dict[str, Any]:
    """The row of hyper-parameters.

    Raises:
        ConfigError: both were given, or neither.
    """
    if (args.model is None) == (args.tuned is None):
        raise ConfigError("one row of hyper-parameters is needed", where="--model, --tuned", fix="give one of the two")
    return read_json(args.tuned) if args.model is None else args.model
