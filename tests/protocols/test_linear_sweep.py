import numpy as np
import pandas as pd
import pytest

from qcomm.errors import DataError, ProtocolError
from qcomm.protocols import linear_sweep as sweep
from qcomm.protocols.linear_data import (
    data_rows,
    entries_listed,
    margin_row,
    train_task,
    with_constant,
)
from qcomm.protocols.linear_tables import constant_rows, require_slopes, slope_rows

SETTINGS = {
    "target": 2 / 3,
    "dimension": 256,
    "dimensions": [16, 256, 4096, 65536],
    "gamma": 0.1,
    "fit_gamma": 0.1,
    "unsaturated": 2.0,
    "tolerance": 0.15,
    "flat_tolerance": 0.05,
}


def exact_costs(gammas=(0.1, 0.05, 0.02, 0.01)):
    points = [(g, n) for g in gammas for n in SETTINGS["dimensions"]]
    return [sweep.exact_row(name, *point, 2 / 3) for name in sweep.PROTOCOLS for point in points]


def test_exact_slopes_hold():
    rows = slope_rows(pd.DataFrame(exact_costs()), SETTINGS)
    found = {(row["protocol"], row["variable"]): row["slope"] for row in rows}
    assert found["sign sketch", "gamma"] == pytest.approx(-2, abs=0.02)
    assert found["Hadamard test", "gamma"] == pytest.approx(-2, abs=0.05)
    assert found["best of 2^k", "gamma"] == pytest.approx(-2, abs=0.1)
    assert found["amplitude estimation", "gamma"] == pytest.approx(-1, abs=0.1)
    assert found["sign sketch", "dimension"] == pytest.approx(0, abs=1e-9)
    require_slopes(rows)


def test_the_check_fails_when_a_protocol_gets_another_slope():
    costs = pd.DataFrame(exact_costs())
    worse = costs.protocol == "amplitude estimation"
    costs.loc[worse, "cost"] = costs[worse].cost / costs[worse].gamma
    with pytest.raises(DataError, match="amplitude estimation against gamma, exact"):
        require_slopes(slope_rows(costs, SETTINGS))


def test_cheapest_protocols_saturate_at_the_dimension():
    best = pd.DataFrame(sweep.best_rows(exact_costs(gammas=(0.1, 0.001))))
    small = best[(best.gamma == 0.001) & (best.dimension == 16) & (best.kind == "classical")].iloc[0]
    assert small.cost < 16 * 12
    assert (
        best[(best.dimension == 65536) & (best.gamma == 0.1) & (best.kind == "classical")].winner == "best of 2^k"
    ).all()


@pytest.mark.parametrize("name", ["sign sketch", "best of 2^k", "Hadamard test", "amplitude estimation"])
def test_executed_crossings_meet_the_exact_need(name):
    row = sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=3)
    exact = sweep.exact_row(name, 0.1, 256, 2 / 3)
    assert row["low"] < row["cost"] < row["high"]
    assert row["low"] / 1.25 < exact["cost"] < row["high"] * 1.5  # whole numbers and the clock's grid are coarse here
    assert sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=3) == row
    assert sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=4)["cost"] != row["cost"]


def test_executed_costs_come_from_the_ledger(monkeypatch):
    row = sweep.executed_row("Hadamard test", 0.2, 256, 2 / 3, 100, seed=1)
    assert row["cost"] == pytest.approx(9 * row["resource"])
    assert sweep.executed_row("quantised vector", 0.05, 64, 2 / 3, 100, seed=1)["cost"] == 64
    assert sweep.executed_row("weights sent", 0.05, 64, 2 / 3, 100, seed=1)["cost"] == 64
    assert sweep.executed_row("sign sketch", 0.001, 16, 2 / 3, 100, seed=1) is None


def test_constants():
    rows = pd.DataFrame(constant_rows([0.03, 0.005]))
    assert rows.within.all()
    assert set(rows[rows.protocol == "amplitude estimation"].gamma) == {0.005}
    assert not pd.DataFrame(constant_rows([0.05])).query("protocol == 'best of 2^k'").within.any()


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=160)
    rows = (rng.random((160, 40)) < np.where(labels[:, None] == 1, 0.3, 0.15) * np.linspace(0.2, 2, 40)).astype(float)
    return train_task("toy", 1, with_constant(rows), labels, np.arange(100), np.arange(100, 160))


def test_trained_classifier_and_margins(task):
    assert task.accuracy > 0.6
    assert np.linalg.norm(task.y) == pytest.approx(1)
    row = margin_row(task)
    assert row["margin_10"] < row["margin_median"] < row["margin_90"] < 1
    assert row["accuracy_low"] < row["accuracy"] < row["accuracy_high"]


def test_protocols_on_a_classifier(task):
    rows = pd.DataFrame(data_rows(task, 0.9, 60, seed=1)).set_index("protocol")
    assert (rows.expected >= 0.9).all()
    assert (rows.high > 0.85).all()
    assert rows.loc["entries listed", "agreement"] == 1
    assert rows.loc["sign sketch", "cost"] == rows.loc["sign sketch", "resource"]
    assert rows.loc["Hadamard test", "cost"] == 7 * rows.loc["Hadamard test", "resource"]
    assert rows.loc["weights sent", "cost"] < rows.loc["quantised vector", "cost"]


def test_entries_listed_is_exact_and_refuses_unequal_entries(task):
    run = entries_listed(task.x, task.y, 0)
    assert run.success == 1
    assert run.ledger.bits < 60 * 40
    with pytest.raises(ProtocolError, match="differ"):
        entries_listed(task.x * np.linspace(1, 2, 41), task.y, 0)


def test_one_sided_classes_are_refused():
    rows = with_constant(np.eye(4))
    with pytest.raises(DataError, match="one-sided"):
        train_task("toy", 1, rows, np.array([0, 0, 1, 1]), np.array([0, 1]), np.array([2, 3]))


def test_constant_coordinate():
    rows = with_constant(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(rows, [[0.6 / np.sqrt(2), 0.8 / np.sqrt(2), 1 / np.sqrt(2)], [0, 0, 1]])
