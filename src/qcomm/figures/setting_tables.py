"""Tables 3 and 4: hyper-parameters and data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from qcomm.figures.table_sets import GRAPH_SETS, NODE_SETS
from qcomm.figures.tables import NOT_RUN


def table3(graphs: Mapping[str, Any], nodes: Mapping[str, Any], tuned: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Hyper-parameters of the full protocol.

    Args:
        graphs, nodes: sections of the configuration.
        tuned: what tuning chose, a row with ``dataset`` each.
    """
    model = nodes["model"]
    none = {"norm": "none", "gcn": 0, "ppr": 0, "raw": 0, "rw": 0, "sign": nodes["hops"], "degree": "no", "refine": 0}
    none |= {"readout": "-", "weights": "last"}
    first = {"dataset": "all node sets", "hidden": model["hidden"], **none, "epochs": nodes["paper_epochs"]}
    first |= {"dropout": f"{model['input_dropout']}, {model['hidden_dropout']}", "batch": f"chunks of {model['chunk']}"}
    first |= {"lr": model["lr"], "weight_decay": 0.0, "seed": "each"}
    models = graphs["models"]
    names = [*(name for name in GRAPH_SETS if name in models), *(name for name in models if name not in GRAPH_SETS)]
    rows = [{"dataset": name} | _graph_row(models[name], graphs["paper_epochs"]) for name in names]
    rows += [_graph_row(row, graphs["paper_epochs"]) | {"dataset": f"{row['dataset']} (tuned)"} for row in tuned]
    columns = ["dataset", "hidden", "norm", "gcn", "ppr", "raw", "rw", "sign", "dropout", "batch", "lr", "weight_decay"]
    columns += ["degree", "refine", "readout", "weights", "seed", "epochs"]
    return pd.DataFrame([first, *rows])[columns]


def _graph_row(row: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    bins = f"{row['degree_bins']} bins per doubling" if row.get("degree_bins") else "one-hot"
    degree = bins if row["degree"] else "no"
    found = {**row, "sign": 0, "degree": degree, "refine": row.get("refine", 0), "epochs": epochs}
    weights = f"averages, memory {row['average']}" if row.get("average") else "last"
    return found | {"readout": "scaled sums" if row.get("per_node") else "sums", "weights": weights}


def table4(statistics: list[dict]) -> pd.DataFrame:
    """Sizes of the data sets as loaded; the others of the paper read "not run"."""
    columns = ["dataset", "kind", "source", "graphs", "nodes", "edges", "mean_nodes", "mean_edges", "features", "tags"]
    columns += ["classes", "isolated", "train", "valid", "test"]
    found = {row["dataset"]: row for row in statistics}
    names = [*NODE_SETS, *GRAPH_SETS, *(name for name in found if name not in NODE_SETS + GRAPH_SETS)]
    rows = []
    for name in names:
        kind = "nodes" if name in NODE_SETS else "graphs"
        row = found.get(name, {"dataset": name, "kind": kind} | dict.fromkeys(columns[2:], NOT_RUN))
        rows.append([row.get(column, "-") for column in columns])
    return pd.DataFrame(rows, columns=columns)
