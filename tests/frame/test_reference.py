"""The committed reference tables are what their stamps say, and agree with the authors' as far as they should."""

import csv
from pathlib import Path

import pytest

from qcomm.audit.stamps import read_stamp
from qcomm.files import sha256_of

REFERENCE = Path(__file__).resolve().parents[2] / "reference"


def rows(table, **wanted):
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8") as stream:
        return [row for row in csv.DictReader(stream) if all(row[key] == value for key, value in wanted.items())]


@pytest.mark.parametrize("path", sorted(REFERENCE.rglob("*.csv")), ids=lambda path: path.name)
def test_tables_have_the_hash_of_their_stamp(path):
    stamp = read_stamp(path)
    assert stamp["sha256"] == sha256_of(path)
    assert {"stage", "parameters", "git", "packages", "threads"} <= stamp.keys()


def test_cora_is_the_authors_within_half_a_point():
    (row,) = rows("table1", dataset="Cora", task="node", activation="poly")
    assert row["seeds"] == "10"
    assert float(row["mean"]) == pytest.approx(float(row["reference_mean"]), abs=0.5)


# The authors' numbers under the same rule; MUTAG and PTC are small, their folds scatter by more.
AUTHORS = {
    "MUTAG": (92.0, 3.5),
    "PTC": (68.0, 3.5),
    "NCI1": (77.2, 2.5),
    "PROTEINS": (76.7, 2.5),
    "IMDB-B": (76.0, 2.5),
    "IMDB-M": (53.1, 2.5),
    "REDDIT-B": (78.9, 2.5),
}


def test_collab_is_near_the_authors_after_a_sixth_of_the_epochs_and_marked_so():
    (row,) = rows("table5", dataset="COLLAB", method="SIGN-poly", protocol="gin")
    assert (row["epochs"], row["folds"], row["source"]) == ("60 of 350", "10", "measured")
    assert float(row["mean"]) == pytest.approx(81.8, abs=2.5)


@pytest.mark.parametrize(("dataset", "authors", "within"), [(name, *facts) for name, facts in AUTHORS.items()])
def test_graph_sets_are_the_authors_within_their_scatter(dataset, authors, within):
    (row,) = rows("table5", dataset=dataset, method="SIGN-poly", protocol="gin")
    assert (row["epochs"], row["folds"], row["source"]) == ("350", "10", "measured")
    assert float(row["mean"]) == pytest.approx(authors, abs=within)
