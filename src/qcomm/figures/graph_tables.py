"""Tables 2 and 5: graph classification, ours beside the published numbers, "not run" where nothing was run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from qcomm.figures.table_sets import GRAPH_SETS, NOT_KNOWN, length, with_own
from qcomm.figures.tables import NOT_RUN, mean_std
from qcomm.graphs.results import over_seeds

OURS = [
    *((method, protocol) for protocol in ("gin", "honest") for method in ("SIGN-poly", "SIGN-prelu", "SIGN-identity")),
    *(("SIGN-poly-bn", "gin"), ("SIGN-poly-bn", "honest"), ("SIGN-poly-tuned", "honest")),
    *((method, "honest") for method in ("GIN", "GCN", "logreg", "moments")),
]


def table5(graphs: pd.DataFrame, published: pd.DataFrame, lengths: Mapping[str, int]) -> pd.DataFrame:
    """Graph classification: every method of ours under its rules, the authors' numbers, the published models.

    Args:
        graphs: `graph_frame` of all jobs.
        published: data/published.tsv.
        lengths: full number of epochs per method ("default" for the paper's models).
    """
    merged, rows = over_seeds(graphs), []
    for dataset in with_own(GRAPH_SETS, graphs):
        for method, protocol in OURS:
            runs = merged[(merged.dataset == dataset) & (merged.method == method) & (merged.protocol == protocol)]
            rows.append({"dataset": dataset, "method": method, "protocol": protocol} | _graph_row(runs, lengths))
        for row in published[published.dataset == dataset].itertuples():
            rows.append(_published_row(row))
    columns = ["dataset", "method", "protocol", "norm", "epochs", "seeds", "mean", "std", "folds", "source"]
    return pd.DataFrame(rows)[columns]


def _graph_row(runs: pd.DataFrame, lengths: Mapping[str, int]) -> dict:
    if runs.empty:
        blank = dict.fromkeys(("norm", "epochs", "mean", "std"), NOT_RUN)
        return blank | {"seeds": 0, "folds": 0, "source": "measured"}
    (row,) = runs.itertuples()
    facts = {"norm": row.norm, "epochs": _epochs(row, lengths), "seeds": row.seeds, "mean": row.mean, "std": row.std}
    return facts | {"folds": row.folds, "source": "measured"}


def _epochs(row, lengths: Mapping[str, int]) -> str:
    if pd.isna(row.epochs):
        return "convex"
    return length(int(row.epochs), lengths.get(row.method, lengths["default"]))


def _published_row(row) -> dict:
    gin = row.protocol.startswith("10 folds, one epoch")
    facts = {"dataset": row.dataset, "method": row.method, "protocol": "gin" if gin else row.protocol}
    unknown = dict.fromkeys(("norm", "epochs", "seeds", "folds"), NOT_KNOWN)
    std = row.std_percent if pd.notna(row.std_percent) else NOT_KNOWN
    source = f"{row.paper} (seen in: {row.seen_in})"
    return facts | unknown | {"mean": row.mean_percent, "std": std, "source": source}


def table2(table: pd.DataFrame, sets: list[str], methods: list[str]) -> pd.DataFrame:
    """The rows of Table 5 for the main sets and methods."""
    return table[table.dataset.isin(sets) & table.method.isin(methods)].reset_index(drop=True)


def table5_seeds(graphs: pd.DataFrame, lengths: Mapping[str, int]) -> pd.DataFrame:
    """Every run of ours by seed: what Table 5 averages over, so that the spread over seeds can be seen."""
    rows = [
        {"dataset": row.dataset, "method": row.method, "protocol": row.protocol, "seed": row.seed}
        | {"epochs": _epochs(row, lengths), "mean": row.mean, "std": row.std, "folds": row.folds}
        for row in graphs.sort_values(["dataset", "method", "protocol", "seed"]).itertuples()
    ]
    return pd.DataFrame(rows, columns=["dataset", "method", "protocol", "seed", "epochs", "mean", "std", "folds"])


MIXED = "see cells"  # in the column epochs of a line whose data sets were trained for different lengths


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """Table 5 for reading: a line per method and protocol, a column per data set.

    Where the data sets of a line were trained for different lengths, each cell says its own.
    """
    ours = table.source == "measured"
    cells = table.assign(
        value=[_cell(mean, std) for mean, std in zip(table["mean"], table["std"], strict=True)],
        kind=np.where(ours, "ours", "published"),
        epochs=table.epochs.where(ours, ""),
    )
    sets, rows = list(dict.fromkeys(table.dataset)), []
    for (kind, method, protocol), line in cells.groupby(["kind", "method", "protocol"], sort=False):
        if (line.value == NOT_RUN).all():
            continue
        lengths = set(line.epochs) - {NOT_RUN}
        values = dict(zip(line.dataset, line.value, strict=True))
        if len(lengths) > 1:
            values = {row.dataset: _with_length(row) for row in line.itertuples()}
        facts = {"": kind, "method": method, "protocol": protocol}
        facts["epochs"] = lengths.pop() if len(lengths) == 1 else MIXED
        rows.append(facts | {name: values.get(name, "") for name in sets})
    return pd.DataFrame(rows, columns=["", "method", "protocol", "epochs", *sets])


def _with_length(row) -> str:
    return row.value if row.value == NOT_RUN else f"{row.value} ({row.epochs} epochs)"


def _cell(mean, std) -> str:
    return NOT_RUN if mean == NOT_RUN else mean_std(mean, None if isinstance(std, str) else std)
