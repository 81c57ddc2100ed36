import dataclasses

import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ConfigError, DataError, ProtocolError
from qcomm.protocols import amplitude, communication_curves, rivals, rivals_law
from qcomm.protocols import communication_estimates as estimates
from qcomm.protocols import communication_ladders as ladders
from qcomm.protocols import communication_tables as tables
from qcomm.protocols.communication_checks import check_rows
from qcomm.protocols.communication_costs import RIVALS, Counted
from qcomm.protocols.communication_decisions import decision_rows

SETTINGS = {
    "qubits": [4, 8, 10, 12],
    "target": 2 / 3,
    "accuracies": [[0.1, 1 / 3]],
    "losses": [0.05, 0.5, 0.95],
    "fit_from": 256,
    "largest_haar": 64,
    "instances": 6,
    "wrong_trials": 40,
    "codebook_trials": 30,
    "trials": 8000,
    "estimate_trials": 600,
    "numbers": 6e5,
    "checks": 200,
    "angles_per_qubit": 4,
    "noise": {"probabilities": [0.0, 0.05], "qubits": [4, 16], "executed": [4, 12]},
}
EITHER = "best of 2^k, either sign"


@pytest.fixture(scope="module")
def costs():
    return pd.concat([decision_rows(SETTINGS, 0), estimates.estimate_rows(SETTINGS, 0)], ignore_index=True)


@pytest.fixture(scope="module")
def exponents(costs):
    return tables.exponent_rows(costs, SETTINGS["fit_from"])


def cost_of(costs, protocol, size, task="subspace"):
    mine = costs[(costs.protocol == protocol) & (costs.dimension == size) & (costs.task == task)]
    return float(mine[mine.method.isin(["executed", "sampled", "saturated"])].cost.iloc[0])


def test_all_checks_of_the_claim_hold(costs, exponents):
    checks = pd.DataFrame(check_rows(costs, exponents, SETTINGS))
    assert len(checks) > 20
    assert checks.ok.all(), checks[~checks.ok]


def test_checks_notice_wrong_costs(costs, exponents):
    bad = costs.assign(
        cost=costs.cost.where(costs.method.isin(["exact", "literal"]), costs.cost * 1.3),
        deviation=2e-3,
        success_expected=costs.success_expected - 0.4,
    )
    checks = pd.DataFrame(check_rows(bad, exponents, SETTINGS)).set_index("name").ok
    assert not checks["largest distance of an exact P0 from 0 or 1"]
    assert not checks["best of 2^k, sampled, N = 4096: bits over 32.2"]
    assert not checks["best of 2^k: largest |sampled bits / exact - 1| over 5% or four standard errors"]
    assert not checks["top-q, on full vectors, N = 4096: expected success in the 99.9% interval"]
    assert not checks["send x: largest error of the loss by rounding"]
    assert not checks["eps 0.1, delta 0.333: largest |qubits sent - qubits planned|"]


def test_quantum_is_n_qubits_and_no_rival_falls_below_the_codebook(costs):
    for n in SETTINGS["qubits"]:
        assert cost_of(costs, "one copy", 2**n) == n
        assert cost_of(costs, "best of 2^k", 2**n) == pytest.approx(rivals_law.best_bits(2**n), rel=0.08)
        best = cost_of(costs, EITHER, 2**n)
        assert best == pytest.approx(rivals_law.best_bits(2**n, either_sign=True), rel=0.08)
        for name in ("best of 2^k", "top-q", "random projection", "send everything"):
            assert cost_of(costs, name, 2**n) > 0.93 * best
        assert cost_of(costs, "send x", 2**n) == cost_of(costs, "shorter message", 2**n) == 32 * 2**n


def test_bob_sends_his_subspace_where_he_can_and_a_formula_stands_for_it_where_not(costs):
    mine = costs[(costs.protocol == "Bob's parameters") & (costs.task == "subspace")].set_index("dimension")
    assert dict(mine.method) == {16: "executed", 256: "formula", 1024: "formula", 4096: "formula"}
    assert (mine.cost == 8.0 * mine.index**2).all()  # largest_haar is 64 here


def test_top_q_is_executed_on_full_vectors_at_every_size(costs):
    literal = costs[(costs.protocol == "top-q") & (costs.method == "literal")].set_index("dimension")
    assert list(literal.index) == [16, 256, 1024, 4096]
    for size, row in literal.iterrows():
        assert row.cost == rivals.top_bits(int(row.resource), size)


def test_estimates_cost_what_was_promised(costs):
    assert cost_of(costs, "quantum sampling", 4096, "estimate") == 12 * 25
    assert cost_of(costs, "Bob's parameters", 4096, "estimate") == 32 * 4 * 12
    assert cost_of(costs, EITHER, 4096, "estimate") == pytest.approx(335, rel=0.06)
    assert cost_of(costs, "quantum sampling", 4096, "estimate") < cost_of(costs, EITHER, 4096, "estimate")
    assert cost_of(costs, "quantum sampling", 256, "estimate") > cost_of(costs, EITHER, 256, "estimate")
    runs = costs[(costs.protocol == amplitude.NAME) & (costs.task == "estimate")]
    assert (runs.trials == 200).all()
    assert set(runs.loss) == {0.05, 0.95, 0.5}
    assert runs.errors.sum() > 0  # some of 200 fail, at most a third is allowed
    assert (runs.rate_low <= 1 / 3).all()


def test_an_estimate_at_the_cost_found_keeps_its_promise(costs):
    part = costs[(costs.task == "estimate") & (costs.dimension == 1024)].set_index("protocol")
    for name in (EITHER, "top-q", "random projection"):
        resource = part.resource[name]
        for factor, above in ((1.15, True), (0.85, False)):
            batch = RIVALS[name].run(np.full(3000, part.loss[name]), 1024, round(factor * resource), 7)
            assert (batch.within(0.1).mean() > 2 / 3) == above


def test_bits_come_from_the_ledger_and_must_agree_with_the_formula():
    counted = Counted("top-q", RIVALS["top-q"], 256, 0)
    assert counted.bits(1) == 9
    assert counted.bits(1.5) == 13  # halfway to 15 bits for two of 256 positions and two signs
    assert counted.bits(0.3) == 9
    wrong = dataclasses.replace(RIVALS["top-q"], planned=lambda kept, size: rivals.top_bits(kept, size) - 1)
    with pytest.raises(ProtocolError, match="17 bits were sent where 16 are planned"):
        Counted("top-q", wrong, 256, 0).run([0.5], 2)


def test_a_rival_that_saturates_costs_as_much_as_everything(costs, monkeypatch):
    small = costs[(costs.task == "estimate") & (costs.dimension == 16)].set_index("protocol")
    assert small.method["random projection"] == "saturated"
    assert small.cost["random projection"] == small.cost["send everything"]

    def fails(losses, size, resource, seed):
        batch = rivals.top_batch(losses, size, resource, seed)
        return dataclasses.replace(batch, values=batch.losses + 0.5 * (1 - 2 * (batch.losses > 0.5)))

    monkeypatch.setitem(RIVALS, "top-q", dataclasses.replace(RIVALS["top-q"], run=fails))
    rows = pd.DataFrame(estimates._rivals(64, 0.1, 1 / 3, SETTINGS, 0)).set_index("protocol")
    assert rows.method["top-q"] == "saturated"


@pytest.mark.parametrize("target", [0.8, 0.9, 0.99])
def test_a_decision_that_a_rival_cannot_reach_costs_as_much_as_everything(target):
    """At N = 8 and 16 the signs of the largest entries, or a short sketch, never get there."""
    rows = decision_rows({**SETTINGS, "qubits": [3, 4], "trials": 2000, "target": target}, 0)
    sent = rows[rows.protocol == "send everything"].set_index("dimension")
    gone = rows[rows.method == "saturated"]
    assert len(gone)
    assert set(gone.protocol) <= {"top-q", "random projection"}
    assert gone.cost.tolist() == sent.cost[gone.dimension].tolist()
    assert (1 - sent.errors / sent.trials >= target).all()
    assert (sent.cost == sent.resource * sent.index).all()
    curves = communication_curves.best_rivals(rows)
    assert {"best of 2^k", EITHER, "top-q", "random projection", "send everything"} <= set(curves)


def test_a_ladder_that_goes_astray_below_what_a_rival_reaches_is_an_error(monkeypatch):
    def astray(*args, **options):
        raise DataError("no crossing", where="need_by_execution")

    monkeypatch.setattr(ladders, "need_by_execution", astray)
    with pytest.raises(DataError, match="no crossing"):
        decision_rows({**SETTINGS, "qubits": [8], "trials": 2000}, 0)


def test_a_rival_without_a_cost_at_some_size_is_an_error_and_no_advantage(costs):
    gone = costs[(costs.protocol != EITHER) | (costs.dimension != 4096)]
    with pytest.raises(DataError, match="4096"):
        communication_curves.best_rivals(gone[gone.task == "subspace"])


def test_break_even_counts_every_rival(costs):
    table = tables.break_even_rows(costs, SETTINGS)
    clean = table[table.noise == 0].set_index("Bob's block")
    assert clean["N from"]["any W"] == "2^8"
    assert clean.loc["any W", ["qubits", "quantum cost", "best rival", "bits", "rival's cost"]].tolist() == [
        8,
        "measured",
        EITHER,
        9,
        "measured",
    ]
    assert clean["N from"]["no short description of B_1"] in ("2^11", "2^12")
    assert clean["best rival"]["no short description of B_1"] == EITHER
    dear = costs.assign(whole=costs.whole.where(costs.protocol != "Bob's parameters", 10))
    dear["cost"] = dear.cost.where(dear.protocol != "Bob's parameters", 10.0)
    found = tables.break_even_rows(dear[dear.task == "estimate"], SETTINGS).set_index("Bob's block")
    assert found.loc["ansatz of P = O(n) angles", "N from"].tolist() == ["none", tables.NOT_RUN]
    assert "none" not in set(table[table["Bob's block"] == "any W"]["N from"])


def test_noise_is_charged_to_blocks_that_scramble_only(costs):
    """Nobody ran an ansatz over a noisy link: its row says so, whatever the formula of other blocks would give."""
    table = tables.break_even_rows(costs, SETTINGS)
    ansatz = table[table["Bob's block"] == "ansatz of P = O(n) angles"].set_index("noise")
    assert (ansatz["N from"][0.05], ansatz["N to"][0.05]) == (tables.NOT_RUN, "not run")
    assert pd.isna(ansatz.qubits[0.05])
    assert not ansatz["N from"][0.0].startswith("not run")
    assert not table[table["Bob's block"] == "no short description of B_1"]["N from"].str.startswith("not run").any()


def test_nothing_is_said_below_the_smallest_size_that_was_run(costs):
    """A constant left of the data would give a rival's cost at 2^8 to every smaller N, where one copy sends less."""
    large = costs[costs.dimension >= 256]
    curves = communication_curves.best_rivals(large[large.task == "subspace"])
    with pytest.raises(DataError, match=r"below N = 2\^8, asked for 2\^7"):
        communication_curves.cheapest(curves, 7)
    table = tables.break_even_rows(large, SETTINGS)
    starts = table["N from"][table["N from"].str.startswith("2^")].str[2:].astype(int)
    assert starts.min() == 8
    small = costs[(costs.dimension == 16) & (costs.task == "subspace")].assign(dimension=8)
    small["whole"] = small.whole.where(small.kind == "quantum", 1000)
    table = tables.break_even_rows(pd.concat([small, costs[costs.task == "subspace"]]), SETTINGS)
    assert table["N from"].iloc[0] == "2^3"


def test_bits_per_real_are_those_of_the_cost_row(costs):
    part = costs[costs.task == "estimate"]
    row = part[(part.protocol == "send everything") & (part.dimension == 16)].iloc[0]
    assert tables.bits_per_real(part, "send everything", 4, int(row.whole)) == row.resource
    changed = part.assign(resource=part.resource.where(part.protocol != "send everything", 7))
    assert tables.bits_per_real(changed, "send everything", 4, int(row.whole)) == 7
    assert tables.bits_per_real(part, "send everything", 5, 80) == 2.5
    assert tables.bits_per_real(part, "random projection", 4, 48) == 3.0  # saturated: it sends everything
    assert tables.bits_per_real(part, "random projection", 12, 500) == 1
    assert tables.bits_per_real(part, "Bob's parameters", 12, 500) == 32
    assert tables.bits_per_real(part, EITHER, 12, 500) == "no reals sent"


def test_costs_between_and_beyond_the_sizes_say_so(costs):
    curve = communication_curves.best_rivals(costs[costs.task == "subspace"])[EITHER]
    assert [curve.origin(n) for n in (8, 9, 12, 13)] == ["measured", "interpolated", "measured", "extrapolated"]
    assert curve.cost(8) < curve.bits(8) == 9
    assert curve.cost(9) < curve.bits(9) < curve.cost(9) + 1
    quantum = communication_curves.quantum_costs(costs[costs.task == "subspace"], 0.0, 2 / 3)["one copy"]
    assert (quantum(8), quantum(9)) == ((8, "measured"), (9, "computed"))


def test_executed_qubits_decide_the_break_even_where_there_are_any(costs):
    dear = costs.assign(whole=costs.whole.where(costs.protocol != "one copy", 1000))
    table = tables.break_even_rows(dear, SETTINGS)
    assert table[(table.noise == 0) & (table.task == "subspace")]["N from"].tolist() == ["2^9", "2^11", "2^13"]
    assert table[(table.noise == 0) & (table.task == "subspace")]["N to"].tolist() == ["2^9", "2^11", "2^60 and on"]


def test_subspace_curve_has_both_kinds(costs):
    curve = tables.subspace_curve(costs)
    assert list(curve.columns) == ["dimension", "kind", "cost", "low", "high"]
    assert ((curve.low <= curve.cost) & (curve.cost <= curve.high)).all()
    assert set(curve.kind) == {"classical", "quantum"}
    assert (curve[curve.kind == "quantum"].cost == np.log2(curve[curve.kind == "quantum"].dimension)).all()


def test_same_seed_same_costs_another_seed_others():
    small = {**SETTINGS, "qubits": [4, 6], "trials": 400}
    runs = [decision_rows(small, seed) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    assert (runs[0].cost != runs[2].cost).any()


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"qubits": [4, 6, 8], "fit_from": 256}, "communication.qubits"),
        ({"noise": {"qubits": [4, 16], "executed": [14]}}, "communication.noise.executed"),
        ({"noise": {"qubits": [10, 16], "executed": [8]}}, "communication.noise.executed"),
        ({"qubits": [8, 10, 12], "noise": {"qubits": [4, 16], "executed": [6]}}, "communication.noise.executed"),
        ({"noise": {"qubits": [16, 4], "executed": []}}, "communication.noise.qubits"),
    ],
)
def test_settings_that_would_fail_after_everything_was_computed_are_refused_before(change, key):
    tables.check_settings(SETTINGS)
    with pytest.raises(ConfigError) as error:
        tables.check_settings({**SETTINGS, **change})
    assert error.value.where == key
