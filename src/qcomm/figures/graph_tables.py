"""Tables 1 to 5 as tidy frames: ours beside the published numbers, "not run" where nothing was run."""

from __future__ import annotations

import pandas as pd

from qcomm.figures.tables import NOT_RUN, mean_std
from qcomm.graphs.results import over_seeds

NODE_SETS = ("Cora", "CiteSeer", "PubMed", "Reddit", "ogbn-products")
GRAPH_SETS = ("MUTAG", "PTC", "NCI1", "PROTEINS", "COLLAB", "IMDB-B", "IMDB-M", "REDDIT-B", "REDDIT-M5K")
ACTIVATIONS = {"SIGN-prelu": "prelu", "SIGN-poly": "poly", "SIGN-identity": "identity"}
AUTHORS = "SIGN-poly (authors)"
NOT_KNOWN = "not at hand"
OURS = [
    *((method, protocol) for protocol in ("gin", "honest") for method in ("SIGN-poly", "SIGN-prelu", "SIGN-identity")),
    *(("SIGN-poly-bn", "gin"), ("SIGN-poly-bn", "honest"), ("SIGN-poly-tuned", "honest")),
    *((method, "honest") for method in ("GIN", "GCN", "logreg", "moments")),
]


def table1(nodes: pd.DataFrame, published: pd.DataFrame, paper_epochs: int) -> pd.DataFrame:
    """Node classification and decision problem per data set and activation; mean and deviation (ddof 0) over seeds."""
    rows = []
    for dataset in _with_own(NODE_SETS, nodes):
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


def _with_own(known: tuple[str, ...], frame: pd.DataFrame) -> list[str]:
    """The paper's data sets, then the user's own ones."""
    return [*known, *(name for name in frame.dataset.unique() if name not in known)]


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


def table5(graphs: pd.DataFrame, published: pd.DataFrame, lengths: dict[str, int]) -> pd.DataFrame:
    """Graph classification: every method of ours under its rules, the authors' numbers, the published models.

    Args:
        graphs: `graph_frame` of all jobs.
        published: data/published.tsv.
        lengths: full number of epochs per method ("default" for the paper's models).
    """
    merged, rows = over_seeds(graphs), []
    for dataset in _with_own(GRAPH_SETS, graphs):
        for method, protocol in OURS:
            runs = merged[(merged.dataset == dataset) & (merged.method == method) & (merged.protocol == protocol)]
            rows.append(
                {"dataset": dataset, "method": method, "protocol": protocol} | _graph_row(runs, method, lengths)
            )
        for row in published[published.dataset == dataset].itertuples():
            rows.append(_published_row(row))
    columns = ["dataset", "method", "protocol", "norm", "epochs", "seeds", "mean", "std", "folds", "source"]
    return pd.DataFrame(rows)[columns]


def _graph_row(runs: pd.DataFrame, method: str, lengths: dict[str, int]) -> dict:
    if runs.empty:
        blank = dict.fromkeys(("norm", "epochs", "mean", "std"), NOT_RUN)
        return blank | {"seeds": 0, "folds": 0, "source": "measured"}
    (row,) = runs.itertuples()
    epochs = "convex" if pd.isna(row.epochs) else length(int(row.epochs), lengths.get(method, lengths["default"]))
    facts = {"norm": row.norm, "epochs": epochs, "seeds": row.seeds, "mean": row.mean, "std": row.std}
    return facts | {"folds": row.folds, "source": "measured"}


def _published_row(row) -> dict:
    gin = row.protocol.startswith("10 folds, one epoch")
    facts = {"dataset": row.dataset, "method": row.method, "protocol": "gin" if gin else row.protocol}
    unknown = dict.fromkeys(("norm", "epochs", "seeds", "folds"), NOT_KNOWN)
    std = row.std_percent if pd.notna(row.std_percent) else NOT_KNOWN
    source = f"{row.paper} (seen in: {row.seen_in})"
    return facts | unknown | {"mean": row.mean_percent, "std": std, "source": source}


def length(epochs: int, full: int) -> str:
    """``"150 of 350"`` for a shortened run, ``"350"`` for a full one."""
    return f"{epochs}" if epochs >= full else f"{epochs} of {full}"


def table2(table: pd.DataFrame, sets: list[str], methods: list[str]) -> pd.DataFrame:
    """The rows of Table 5 for the main sets and methods."""
    return table[table.dataset.isin(sets) & table.method.isin(methods)].reset_index(drop=True)


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """Table 5 for reading: a line per method and protocol, a column per data set."""
    cells = table.assign(
        value=[_cell(mean, std) for mean, std in zip(table["mean"], table["std"], strict=True)],
        kind=["ours" if source == "measured" else "published" for source in table.source],
        epochs=[
            epochs if source == "measured" else "" for epochs, source in zip(table.epochs, table.source, strict=True)
        ],
    )
    lines = {}
    for row in cells.itertuples():
        line = lines.setdefault((row.kind, row.method, row.protocol), {})
        line[row.dataset] = row.value
        if row.epochs not in ("", NOT_RUN):
            line["epochs"] = row.epochs
    sets = list(dict.fromkeys(table.dataset))
    rows = [
        {
            "": kind,
            "method": method,
            "protocol": protocol,
            "epochs": line.get("epochs", ""),
            **{s: line.get(s, "") for s in sets},
        }
        for (kind, method, protocol), line in lines.items()
        if any(line.get(s, NOT_RUN) != NOT_RUN for s in sets)
    ]
    return pd.DataFrame(rows)


def _cell(mean, std) -> str:
    return NOT_RUN if mean == NOT_RUN else mean_std(mean, None if isinstance(std, str) else std)


def table3(models: dict, nodes: dict) -> pd.DataFrame:
    """Hyper-parameters, from the configuration."""
    node = nodes["model"]
    first = {
        "dataset": "all node sets",
        "hidden": node["hidden"],
        "norm": "none",
        "gcn": 0,
        "ppr": 0,
        "raw": 0,
        "rw": 0,
    }
    first |= {"sign": nodes["hops"], "dropout": f"{node['input_dropout']}, {node['hidden_dropout']}"}
    first |= {
        "batch": f"chunks of {node['chunk']}",
        "lr": node["lr"],
        "weight_decay": 0.0,
        "degree": False,
        "seed": "each",
    }
    first["epochs"] = nodes["paper_epochs"]
    rows = [
        {"dataset": name, **row, "sign": 0, "epochs": models["paper_epochs"]} for name, row in models["models"].items()
    ]
    return pd.DataFrame([first, *rows])


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
