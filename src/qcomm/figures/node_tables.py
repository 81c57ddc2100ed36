"""Table 1: node classification and the decision problem, and what it is compared with."""

from __future__ import annotations

import pandas as pd

from qcomm.figures.table_sets import AUTHORS, NODE_SETS, NOT_KNOWN, length, with_own
from qcomm.figures.tables import NOT_RUN

ACTIVATIONS = {"SIGN-prelu": "prelu", "SIGN-poly": "poly", "SIGN-identity": "identity"}
BASELINES = ("MLP", "logreg")


def table1(nodes: pd.DataFrame, published: pd.DataFrame, paper_epochs: int) -> pd.DataFrame:
    """Node classification and decision problem per data set and activation; mean and deviation (ddof 0) over seeds."""
    rows = []
    for dataset in with_own(NODE_SETS, nodes):
        for task, selection, value in (
            ("node", "validation accuracy", "test"),
            ("decision", "validation decision", "decision"),
            ("decision", "validation accuracy", "decision_at_accuracy"),
        ):
            for method, activation in ACTIVATIONS.items():
                runs = nodes[(nodes.dataset == dataset) & (nodes.method == method)]
                facts = {"dataset": dataset, "task": task, "activation": activation, "selection": selection}
                rows.append(facts | _measured(runs, value) | _reference(facts, runs, published, paper_epochs))
    columns = ["dataset", "task", "activation", "mean", "std", "seeds", "selection"]
    return pd.DataFrame(rows)[[*columns, "reference_mean", "reference_std", "reference_source"]]


def _measured(runs: pd.DataFrame, value: str) -> dict:
    if runs.empty:
        return {"mean": NOT_RUN, "std": NOT_RUN, "seeds": 0}
    return {"mean": float(runs[value].mean()), "std": float(runs[value].std(ddof=0)), "seeds": len(runs)}


def _reference(facts: dict, runs: pd.DataFrame, published: pd.DataFrame, paper_epochs: int) -> dict:
    """The authors' number; a shorter run says in the source column that it must not be compared."""
    known = published[(published.method == AUTHORS) & (published.dataset == facts["dataset"])]
    if known.empty or facts["task"] != "node" or facts["activation"] != "poly":
        return {"reference_mean": NOT_KNOWN, "reference_std": NOT_KNOWN, "reference_source": NOT_KNOWN}
    (row,) = known.itertuples()
    epochs = int(runs.epochs.max()) if len(runs) else paper_epochs
    length = "" if epochs >= paper_epochs else f"; {paper_epochs} epochs, not comparable with our {epochs}"
    mean, std = row.mean_percent, row.std_percent
    return {"reference_mean": mean, "reference_std": std, "reference_source": row.paper + length}


def table1_others(nodes: pd.DataFrame, published: pd.DataFrame, paper_epochs: int) -> pd.DataFrame:
    """Our node baselines and the published models on the node sets of Table 1.

    Args:
        nodes: `node_frame` of all jobs.
        published: data/published.tsv.
        paper_epochs: epochs of the full-length protocol.
    """
    rows = []
    for dataset in with_own(NODE_SETS, nodes):
        for method in BASELINES:
            runs = nodes[(nodes.dataset == dataset) & (nodes.method == method)]
            facts = {"dataset": dataset, "method": method, "metric": "accuracy", "protocol": "validation accuracy"}
            rows.append(facts | {"epochs": _epochs(runs, paper_epochs)} | _measured(runs, "test"))
            rows[-1]["source"] = "measured"
        for row in published[published.dataset == dataset].itertuples():
            facts = {"dataset": dataset, "method": row.method, "metric": row.metric, "protocol": row.protocol}
            facts |= {"epochs": NOT_KNOWN, "mean": row.mean_percent, "seeds": NOT_KNOWN}
            facts |= {"std": row.std_percent if pd.notna(row.std_percent) else NOT_KNOWN}
            rows.append(facts | {"source": f"{row.paper} (seen in: {row.seen_in})"})
    columns = ["dataset", "method", "metric", "mean", "std", "seeds", "epochs", "protocol", "source"]
    return pd.DataFrame(rows)[columns]


def _epochs(runs: pd.DataFrame, paper_epochs: int) -> str:
    if runs.empty:
        return NOT_RUN
    return "convex" if runs.epochs.isna().all() else length(int(runs.epochs.max()), paper_epochs)
