import numpy as np
import pandas as pd
import pytest

from qcomm.audit.checks import collect
from qcomm.errors import DataError, ProtocolError
from qcomm.protocols import linear_data_tables as data_tables
from qcomm.protocols import linear_sweep as sweep
from qcomm.protocols import linear_tables as tables
from qcomm.protocols.linear_data import (
    LinearTask,
    data_rows,
    entries_listed,
    margin_row,
    train_task,
    with_constant,
)
from qcomm.protocols.linear_protocols import PROTOCOLS
from qcomm.protocols.linear_tables import constant_rows, slope_rows

SETTINGS = {
    "target": 2 / 3,
    "dimension": 256,
    "dimensions": [16, 256, 1024, 4096, 65536],
    "exact_gammas": [0.1, 0.05, 0.02, 0.01],
    "gamma": 0.1,
    "fit_gamma": 0.1,
    "unsaturated": 2.0,
    "tolerance": 0.15,
    "flat_tolerance": 0.05,
}
LADDERS = ["sign sketch", "best of 2^k", "Hadamard test", "swap test", "amplitude estimation"]


def exact_costs(gammas=(0.1, 0.05, 0.02, 0.01, 0.001)):
    points = [(g, n) for g in gammas for n in SETTINGS["dimensions"]]
    return [sweep.exact_row(name, *point, 2 / 3) for name in PROTOCOLS for point in points]


def exact_slopes(costs):
    return [row for row in slope_rows(costs, SETTINGS) if row["method"] == "exact"]


def test_exact_slopes_hold():
    rows = exact_slopes(pd.DataFrame(exact_costs()))
    found = {(row["protocol"], row["variable"]): row.get("slope") for row in rows}
    assert found["sign sketch", "gamma"] == pytest.approx(-2, abs=0.02)
    assert found["Hadamard test", "gamma"] == pytest.approx(-2, abs=0.05)
    assert found["best of 2^k", "gamma"] == pytest.approx(-2, abs=0.1)
    assert found["amplitude estimation", "gamma"] == pytest.approx(-1, abs=0.1)
    assert found["best of 2^k", "dimension"] == pytest.approx(0, abs=0.05)
    assert ("sign sketch", "dimension") not in found  # its need is no function of N: flat by definition
    assert all(row["holds"] for row in rows if "saturated" not in row["variable"])


def test_the_check_fails_when_a_protocol_gets_another_slope():
    costs = pd.DataFrame(exact_costs())
    worse = costs.protocol == "amplitude estimation"
    costs.loc[worse, "cost"] = costs[worse].cost / costs[worse].gamma
    checks = {row["name"]: row["ok"] for row in tables.slope_checks(exact_slopes(costs))}
    assert not checks["slope of amplitude estimation in gamma, exact"]
    assert checks["slope of Hadamard test in gamma, exact"]


def test_a_slope_that_was_not_run_is_listed_and_fails():
    rows = slope_rows(pd.DataFrame(exact_costs()).assign(sigma_log=np.nan), SETTINGS)
    missing = [row for row in rows if row["method"] == "executed"]
    assert {(row["protocol"], row["variable"]) for row in missing} == {
        (name, variable) for name in LADDERS for variable in ("gamma", "dimension")
    }
    assert all(row["reason"] == "not run: 0 points, 3 are needed" and not row["holds"] for row in missing)
    checks = list(tables.slope_checks(missing))
    assert len(checks) == 10
    assert not any(row["ok"] for row in checks)


def test_a_sampled_slope_that_holds_beside_its_claim_is_no_contradiction(tmp_path):
    facts = {
        "protocol": "sketch",
        "method": "executed",
        "variable": "gamma",
        "claimed_low": -0.05,
        "claimed_high": 0.05,
    }
    held = facts | {"slope": 0.06, "low": 0.025, "high": 0.095, "holds": True}
    lost = facts | {"slope": 0.09, "low": 0.055, "high": 0.125, "holds": False}
    wide = facts | {"slope": 0.0, "low": -0.06, "high": 0.06, "holds": False}
    for row in (held, lost, wide):
        checks = pd.DataFrame(tables.slope_checks([row]))
        checks.to_csv(tmp_path / "checks.csv", index=False)
        assert collect([tmp_path / "checks.csv"]).ok.all() == row["holds"]


def test_slope_in_n_counts_messages_and_leaves_the_span_out():
    sizes = np.array([16, 256, 4096, 65536])
    facts = {"gamma": 0.1, "target": 2 / 3, "resource": 19.0, "sigma_log": 0.05, "unit": "qubits"}
    rows = [
        facts | {"protocol": "Hadamard test", "dimension": n, "cost": 19.0 * (np.log2(n) + 1), "method": "executed"}
        for n in sizes
    ]
    rows += [row | {"cost": row["dimension"], "method": "executed in the span"} for row in rows]
    found = {(r["protocol"], r["variable"], r["method"]): r for r in slope_rows(pd.DataFrame(rows), SETTINGS)}
    row = found["Hadamard test", "dimension", "executed"]
    assert row["points"] == 4
    assert row["slope"] == pytest.approx(0, abs=1e-9)
    assert row["holds"]


def test_cheapest_protocols_saturate_at_the_dimension():
    best = pd.DataFrame(sweep.best_rows(exact_costs(gammas=(0.1, 0.001))))
    small = best[(best.gamma == 0.001) & (best.dimension == 16)].set_index("kind")
    assert small.loc["classical"].cost < 16 * 12
    assert small.loc["quantum"].cost == 144  # the quantised vector, a bit a qubit
    assert small.loc["quantum"].winner == sweep.IN_QUBITS
    assert (
        best[(best.dimension == 65536) & (best.gamma == 0.1) & (best.kind == "classical")].winner == "best of 2^k"
    ).all()


def test_saturated_needs_grow_as_the_dimension():
    points = [(0.001, n) for n in (16, 64, 256, 1024)]
    rows = [sweep.exact_row(name, *point, 2 / 3) for name in PROTOCOLS for point in points]
    costs = pd.DataFrame(rows + sweep.best_rows(rows))
    found = tables.saturated_rows(costs, SETTINGS | {"exact_gammas": [0.1, 0.001]})
    assert [row["protocol"] for row in found] == ["best classical", "best quantum"]
    assert all(row["points"] >= 3 and row["holds"] for row in found)


@pytest.mark.parametrize("name", LADDERS)
def test_executed_crossings_meet_the_law(name):
    row = sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=3)
    assert row["low"] < row["cost"] < row["high"]
    # against the crossing of the same ladder with exact probabilities; one failure in a thousand by chance
    assert abs(np.log(row["resource"] / row["expected"])) < 3.3 * row["sigma_log"]
    assert sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=3) == row
    assert sweep.executed_row(name, 0.1, 256, 2 / 3, 400, seed=4)["cost"] != row["cost"]


def test_intervals_of_crossings_cover_the_true_one():
    protocol, rng = PROTOCOLS["Hadamard test"], np.random.default_rng(0)
    rungs = np.array(sweep.ladder_of(protocol, protocol.need(0.05, 2 / 3, 256)), dtype=float)
    rates = np.array([protocol.success(int(rung), 0.05, 256) for rung in rungs])
    trials = np.full(len(rungs), 400)
    true = sweep.solve(rungs, rates, trials, 2 / 3)
    covered = 0
    for _ in range(200):
        _, low, high, _ = sweep.crossing(rungs, rng.binomial(trials, rates) / trials, trials, 2 / 3, rng)
        covered += low <= true <= high
    assert 0.91 <= covered / 200 <= 0.99


def test_executed_costs_come_from_the_ledger():
    row = sweep.executed_row("Hadamard test", 0.2, 256, 2 / 3, 100, seed=1)
    assert row["cost"] == pytest.approx(9 * row["resource"])
    assert sweep.executed_row("quantised vector", 0.05, 64, 2 / 3, 100, seed=1)["cost"] == 64
    assert sweep.executed_row("weights sent", 0.05, 64, 2 / 3, 200, seed=1)["cost"] == 64


def test_what_is_not_run_says_why():
    row = sweep.executed_row("sign sketch", 0.001, 16, 2 / 3, 100, seed=1)
    assert (row["method"], row["reason"]) == ("not run", "more than 32 bits a number: sending x is cheaper")
    row = sweep.executed_row("sign sketch", 0.002, 2**16, 2 / 3, 100, seed=1)
    assert row["reason"].endswith("trials are affordable, 100 are needed")
    assert sweep.executed_row("swap test", 0.01, 16, 2 / 3, 100, seed=1)["method"] == "executed"  # counts are binomial
    assert sweep.executed_row("sign sketch", 0.05, 256, 2 / 3, 200, 1, span=True)["method"] == "executed in the span"


def test_constants():
    rows = list(constant_rows([0.05, 0.03, 0.005], 1024))
    table = pd.DataFrame(rows)
    assert table[table.gamma < 0.05].query("dimension == inf").within.all()
    assert set(table[table.protocol == "amplitude estimation"].gamma) == {0.005}
    edge = table[(table.protocol == "best of 2^k") & (table.gamma == 0.05)].set_index("dimension").within
    assert (edge.loc[np.inf], edge.loc[1024]) == (False, True)
    checks = list(tables.constant_checks(rows))
    assert all(row["ok"] for row in checks)
    assert 0.04 < checks[0]["value"] < 0.05
    rows[0]["scaled"] *= 1.2
    assert [row["name"] for row in tables.constant_checks(rows) if not row["ok"]] == [
        "constant of sign sketch, success 0.667, gamma 0.05"
    ]


@pytest.fixture(scope="module")
def task():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=160)
    rows = (rng.random((160, 40)) < np.where(labels[:, None] == 1, 0.3, 0.15) * np.linspace(0.2, 2, 40)).astype(float)
    return train_task("toy", 1, with_constant(rows), labels, np.arange(100), np.arange(100, 160))


def test_trained_classifier_and_margins(task):
    assert task.accuracy > 0.6
    assert np.linalg.norm(task.y) == pytest.approx(1)
    row = margin_row(task, seed=0)
    assert row["margin_10"] < row["margin_median"] < row["margin_90"] < 1
    for name in ("accuracy", "margin_10", "margin_median", "margin_90"):
        assert 0 <= row[f"{name}_low"] < row[name] < row[f"{name}_high"] <= 1


def test_a_sample_of_inputs_is_random_and_repeatable(task):
    one, again, other = task.sample(20, 1), task.sample(20, 1), task.sample(20, 2)
    np.testing.assert_array_equal(one.x, again.x)
    assert (one.x != other.x).any()
    assert not np.array_equal(one.x, task.x[:20])
    assert len(one.labels) == 20


def test_protocols_on_a_classifier(task):
    sample = task.sample(15, 1)
    rows = pd.DataFrame(data_rows(sample, 0.9, seed=1, span=True)).set_index("protocol")
    assert (rows.expected >= 0.9).all()
    assert ((rows.low <= rows.expected) & (rows.expected <= rows.high)).mean() > 0.8
    assert rows.loc["entries listed", "agreement"] == 1
    assert rows.loc["sign sketch", "cost"] == rows.loc["sign sketch", "resource"]
    assert rows.loc["sign sketch", "method"] == "executed in the span"
    assert rows.loc["Hadamard test", "cost"] == 7 * rows.loc["Hadamard test", "resource"]
    assert rows.loc["weights sent", "cost"] < rows.loc["quantised vector", "cost"]
    full = list(data_rows(sample, 0.9, seed=1, span=False, protocols=("sign sketch",), listed=False))
    assert [row["method"] for row in full] == ["executed"]


def test_agreement_that_is_not_the_expected_one_fails_the_check(task):
    runs = pd.DataFrame(data_rows(task.sample(15, 1), 0.9, seed=1, span=True))
    assert all(row["ok"] for row in data_tables.data_checks(runs))
    wrong = runs.assign(agreement=runs.agreement - 0.35, low=runs.low - 0.35, high=runs.high - 0.35)
    found = list(data_tables.data_checks(wrong))
    assert not found[0]["ok"]
    assert sum(not row["ok"] for row in found) >= 5


def test_needs_against_the_measured_margin():
    rng = np.random.default_rng(0)
    margins = np.geomspace(0.05, 0.3, 12) * np.where(np.arange(12) % 2, 1, -1)
    rest = rng.normal(size=(12, 16)) * (np.arange(16) > 0)
    rest *= np.sqrt(1 - margins**2)[:, None] / np.linalg.norm(rest, axis=1, keepdims=True)
    task = LinearTask("toy", 0, rest + margins[:, None] * np.eye(16)[0], np.eye(16)[0], np.sign(margins))
    settings = {"margin_groups": 3, "margin_inputs": 2, "margin_repeats": 200}
    needs = pd.DataFrame(data_tables.margin_rows([task], settings, 2 / 3, seed=0))
    assert set(needs.columns) == set(data_tables.NEED_COLUMNS)
    assert len(needs) == 3 * 3
    assert ((needs.margin_low <= needs.margin) & (needs.margin <= needs.margin_high)).all()
    slopes = {row["protocol"]: row for row in data_tables.margin_slopes(needs, 0.6)}
    assert slopes["Hadamard test"]["holds"]
    assert slopes["amplitude estimation"]["holds"]
    swapped = needs.assign(resource=1 / needs.resource)
    assert not any(row["holds"] for row in data_tables.margin_slopes(swapped, 0.6))


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
