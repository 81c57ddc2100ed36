import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ProtocolError
from qcomm.protocols import communication_sweep as sweep
from qcomm.protocols import communication_tables as tables
from qcomm.protocols import noise, noise_sweep, rivals_law
from qcomm.protocols.sampling import visibility

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
    "noise": {
        "probabilities": [0.0, 0.05],
        "qubits": [4, 16],
        "messages": [1, 2],
        "executed": [4, 12],
        "trials": 200,
        "visibility_qubits": [5],
        "visibility_noise": [0.1],
    },
}


@pytest.fixture(scope="module")
def costs():
    return pd.concat([sweep.decision_rows(SETTINGS, 0), sweep.estimate_rows(SETTINGS, 0)], ignore_index=True)


@pytest.fixture(scope="module")
def exponents(costs):
    return tables.exponent_rows(costs, SETTINGS["fit_from"])


def cost_of(costs, protocol, size, task="subspace", method="executed"):
    mine = costs[(costs.protocol == protocol) & (costs.dimension == size) & (costs.task == task)]
    return float(mine[mine.method == method].cost.iloc[0])


def test_all_checks_of_the_claim_hold(costs, exponents):
    checks = pd.DataFrame(tables.check_rows(costs, exponents, SETTINGS))
    assert len(checks) > 10
    assert checks.ok.all(), checks[~checks.ok]


def test_checks_notice_wrong_costs(costs, exponents):
    bad = costs.assign(cost=costs.cost.where(costs.protocol != "best of 2^k", costs.cost * 1.2), deviation=1e-3)
    bad_checks = pd.DataFrame(tables.check_rows(bad, exponents, SETTINGS)).set_index("name")
    assert not bad_checks.ok["largest distance of an exact P0 from 0 or 1"]
    assert not bad_checks.ok["best of 2^k, executed, N = 4096: bits over 32.2"]


def test_quantum_is_n_qubits_and_no_rival_falls_below_the_codebook(costs):
    for n in SETTINGS["qubits"]:
        assert cost_of(costs, "one copy", 2**n) == n
        best = cost_of(costs, "best of 2^k", 2**n)
        assert best == pytest.approx(rivals_law.best_bits(2**n), rel=0.08)
        for name in ("top-q", "random projection", "send everything"):
            assert cost_of(costs, name, 2**n) > 0.93 * best
    assert cost_of(costs, "Bob's parameters", 256, method="count") == 32 * 128 * 128


def test_estimates_cost_what_was_promised(costs):
    assert cost_of(costs, "quantum sampling", 4096, "estimate") == 12 * 25
    assert cost_of(costs, "Bob's parameters", 4096, "estimate") == 32 * 4 * 12
    assert cost_of(costs, "best of 2^k", 4096, "estimate") == pytest.approx(336, rel=0.06)
    assert cost_of(costs, "quantum sampling", 4096, "estimate") < cost_of(costs, "best of 2^k", 4096, "estimate")
    assert cost_of(costs, "quantum sampling", 256, "estimate") > cost_of(costs, "best of 2^k", 256, "estimate")


def test_an_estimate_at_the_cost_found_keeps_its_promise(costs):
    from qcomm.protocols.communication_costs import RIVALS

    part = costs[(costs.task == "estimate") & (costs.dimension == 1024)].set_index("protocol")
    for name in ("best of 2^k", "top-q", "random projection"):
        resource = part.resource[name]
        for factor, above in ((1.15, True), (0.85, False)):
            batch = RIVALS[name].run(np.full(3000, part.loss[name]), 1024, round(factor * resource), 7)
            assert (batch.within(0.1).mean() > 2 / 3) == above


def test_break_even_counts_every_rival(costs):
    table = tables.break_even_rows(costs, SETTINGS)
    clean = table[table.noise == 0].set_index("Bob's block")
    assert clean["N from"]["any W"] in ("2^6", "2^7")
    assert clean["N from"]["no short description of B_1"] in ("2^11", "2^12")
    assert clean["best rival"]["no short description of B_1"] == "best of 2^k"
    dear = costs.assign(cost=costs.cost.where(costs.protocol != "Bob's parameters", 10.0))
    found = tables.break_even_rows(dear, SETTINGS).set_index("Bob's block")
    assert set(found.loc["ansatz of P = O(n) angles", "N from"]) == {"none"}
    assert "none" not in set(found.loc["any W", "N from"])


def test_subspace_curve_has_both_kinds(costs):
    curve = tables.subspace_curve(costs)
    assert list(curve.columns) == ["dimension", "kind", "cost"]
    assert set(curve.kind) == {"classical", "quantum"}
    assert (curve[curve.kind == "quantum"].cost == np.log2(curve[curve.kind == "quantum"].dimension)).all()


def test_same_seed_same_costs_another_seed_others():
    small = {**SETTINGS, "qubits": [4, 6], "trials": 400}
    runs = [sweep.decision_rows(small, seed) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(runs[0], runs[1])
    assert (runs[0].cost != runs[2].cost).any()


def test_noise_thresholds_are_where_the_costs_meet(costs):
    table = noise_sweep.noise_rows(costs, SETTINGS["noise"], 2 / 3, 0)
    checks = pd.DataFrame(noise_sweep.check_rows(table))
    assert checks.ok.all(), checks
    ran = table[(table.method == "executed") & (table.quantity == "depolarising")]
    assert list(ran.dimension) == [4096]  # no advantage at N = 16, so nothing to execute there
    one = table[(table.task == "subspace") & (table.quantity == "depolarising") & (table.method == "computed")]
    p = float(one[(one.dimension == 4096) & (one.messages == 1)].value.iloc[0])
    assert noise.decision_qubits(p * 0.999, 12, 2 / 3) < 32.5
    assert noise.decision_qubits(p * 1.001, 12, 2 / 3) > 30
    assert float(one[(one.dimension == 4096) & (one.messages == 2)].value.iloc[0]) < p


def test_thresholds_tend_to_a_constant():
    ideal = [noise.threshold(lambda p, n=n: noise.decision_qubits(p, n, 2 / 3), 2 ** (n / 2)) for n in (20, 40)]
    assert ideal[0] < ideal[1] < noise.limit()
    assert noise.limit() == pytest.approx(0.2121, abs=1e-4)
    assert (1 - 0.75 * noise.limit(3)) ** 6 == pytest.approx(2**-0.5)
    assert noise.threshold(lambda p: 5.0, 4.0) == 0
    assert noise.threshold(lambda p: 3.0, 4.0) == noise.LARGEST_NOISE
    assert noise.decision_qubits_lossy(0.1, 10) == pytest.approx(10 / 0.9**10)


def test_copies_under_noise():
    assert noise.decision_copies(1.0, 2 / 3) == 1
    assert noise.decision_copies(0.34, 2 / 3) == 1
    assert noise.decision_copies(0.32, 2 / 3) == 3
    calm, rough = (noise.estimate_qubits(p, 8, 0.1, 1 / 3) for p in (0.0, 0.05))
    assert rough / calm == pytest.approx(visibility(0.05, 8, 1) ** -2, rel=0.03)


def test_crossing_of_a_known_line():
    p = np.linspace(0.1, 0.3, 5)
    value, error = noise_sweep.crossing(np.stack([p, 0.9 - p], axis=1), 2 / 3, 400)
    assert value == pytest.approx(0.9 - 2 / 3, abs=1e-4)
    assert 0.005 < error < 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda: noise.threshold(lambda p: p, -1),
        lambda: noise.decision_copies(0.0, 2 / 3),
        lambda: noise.decision_qubits_lossy(1.0, 4),
        lambda: noise.limit(0),
        lambda: noise.measured_visibility(1, 0),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()
