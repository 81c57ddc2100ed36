"""Tables of the graph experiments: every length is told, nothing that was not run has a number."""

import pandas as pd
import pytest

from qcomm.figures import accuracy, graph_tables, node_tables, setting_tables
from qcomm.figures.tables import NOT_RUN

PUBLISHED = pd.DataFrame(
    [["SIGN", "Reddit", "F1-micro", 96.8, 0.0, "inductive", "Frasca", "a README"]],
    columns=["method", "dataset", "metric", "mean_percent", "std_percent", "protocol", "paper", "seen_in"],
)
LENGTHS = {"default": 350, "GIN": 100}


def runs(*rows) -> pd.DataFrame:
    columns = ["dataset", "method", "protocol", "seed", "epochs", "mean"]
    return pd.DataFrame(rows, columns=columns).assign(norm="batch", std=1.0, folds=10)


def line(frame: pd.DataFrame, method: str) -> pd.Series:
    return frame[frame.method == method].iloc[0]


def test_one_length_stands_in_its_column_and_several_in_the_cells():
    rows = [("MUTAG", "SIGN-poly", "gin", 2, 350, 90.0), ("COLLAB", "SIGN-poly", "gin", 0, 50, 80.0)]
    frame = runs(*rows, ("MUTAG", "GIN", "honest", 2, 50, 85.0))
    shown = graph_tables.wide(graph_tables.table5(frame, PUBLISHED, LENGTHS))
    mixed = line(shown, "SIGN-poly")
    assert mixed.epochs == graph_tables.MIXED
    assert mixed.MUTAG == "90.0 ± 1.0 (350 epochs)"
    assert mixed.COLLAB == "80.0 ± 1.0 (50 of 350 epochs)"
    assert mixed.PTC == NOT_RUN
    assert line(shown, "GIN").epochs == "50 of 100"
    assert line(shown, "GIN").MUTAG == "85.0 ± 1.0"


def test_authors_stand_beside_runs_of_full_length_only():
    rows = [("MUTAG", "SIGN-poly", "gin", 2, 350, 90.0), ("COLLAB", "SIGN-poly", "gin", 0, 60, 80.0)]
    frame = runs(*rows, ("MUTAG", "GIN", "honest", 2, 100, 85.0), ("MUTAG", "logreg", "honest", 2, None, 85.0))
    settings = {"epochs": 350, "paper_epochs": 350, "baselines": ["GIN", "logreg"]}
    assert accuracy.full_length(frame, settings) == {"MUTAG"}
    assert accuracy.other_lengths(frame, settings) == {"COLLAB": 60, "GIN": 100}
    known = pd.DataFrame({"dataset": ["MUTAG", "COLLAB"], "mean": [92.0, 81.8], "std": [6.5, 1.4]})
    figure = accuracy.accuracy_figure({"graphs": frame}, known[known.dataset.isin(["MUTAG"])])
    stars = [bar for bar in figure.axes[0].containers if bar.get_label() == "authors (gin)"]
    assert [bar.lines[0].get_ydata().tolist() for bar in stars] == [[92.0]]


def test_the_spread_over_seeds_is_kept():
    frame = runs(*(("MUTAG", "SIGN-poly", "gin", seed, 350, 88.0 + seed) for seed in range(3)))
    table = graph_tables.table5(frame, PUBLISHED, LENGTHS).query("dataset == 'MUTAG' and protocol == 'gin'")
    assert line(table, "SIGN-poly")[["seeds", "mean"]].tolist() == [3, 89.0]
    seeds = graph_tables.table5_seeds(frame, LENGTHS)
    assert seeds["mean"].tolist() == [88.0, 89.0, 90.0]
    assert seeds.epochs.tolist() == ["350"] * 3


def test_node_baselines_stand_beside_published_models():
    nodes = pd.DataFrame(
        [["Cora", "MLP", 0, 150, 57.0, 0.0, 0.0], ["Cora", "MLP", 1, 150, 59.0, 0.0, 0.0]],
        columns=["dataset", "method", "seed", "epochs", "test", "decision", "decision_at_accuracy"],
    )
    table = node_tables.table1_others(nodes, PUBLISHED, 1000)
    measured = table.query("dataset == 'Cora' and method == 'MLP'").iloc[0]
    assert measured[["mean", "std", "seeds", "epochs"]].tolist() == [58.0, 1.0, 2, "150 of 1000"]
    assert table.query("dataset == 'Cora' and method == 'logreg'").iloc[0]["mean"] == NOT_RUN
    assert table.query("dataset == 'Reddit' and method == 'SIGN'").iloc[0]["mean"] == 96.8


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({}, "one-hot"),
        ({"degree_bins": 2}, "2 bins per doubling"),
        ({"refine": 1, "per_node": True, "average": 0.9}, "one-hot"),
    ],
)
def test_tuned_rows_follow_the_papers(extra, words):
    row = {"hidden": 8, "norm": "batch", "gcn": 1, "ppr": 0, "raw": 0, "rw": 2, "dropout": 0.0, "batch": 32, "lr": 0.01}
    row |= {"weight_decay": 0.0, "degree": True, "seed": 0}
    model = {"hidden": 512, "input_dropout": 0.3, "hidden_dropout": 0.4, "chunk": 1000, "lr": 0.001}
    graphs = {"models": {"IMDB-B": row, "MUTAG": row}, "paper_epochs": 350}
    table = setting_tables.table3(
        graphs, {"model": model, "hops": 5, "paper_epochs": 1000}, [{"dataset": "X", **row, **extra}]
    )
    assert table.dataset.tolist() == ["all node sets", "MUTAG", "IMDB-B", "X (tuned)"]
    assert table.degree.tolist() == ["no", "one-hot", "one-hot", words]
    assert table.refine.tolist() == [0, 0, 0, extra.get("refine", 0)]
    assert table.readout.tolist() == ["-", "sums", "sums", "scaled sums" if "per_node" in extra else "sums"]
    assert table.weights.tolist() == [*["last"] * 3, "averages, memory 0.9" if "average" in extra else "last"]
