import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ConfigError, ProtocolError
from qcomm.network import Link
from qcomm.protocols import noise, noise_runs, noise_sweep
from qcomm.protocols.rivals_law import best_bits
from qcomm.protocols.sampling import run_sampling, visibility
from qcomm.seeds import generator
from qcomm.theory.success import hadamard_test

SETTINGS = {
    "qubits": [4, 16],
    "messages": [1, 2],
    "executed": [4, 12],
    "trials": 200,
    "visibility_qubits": [5],
    "visibility_noise": [0.1],
    "estimate_qubits": [8],
    "estimate_noise": [0.05],
    "estimate_trials": 60,
    "link_losses": [0.03],
}


def made_costs():
    """A cost table with the law of the best shared vector, and Bob's parameters, at N = 2^4 .. 2^12."""
    rows = []
    for n in (4, 6, 8, 10, 12):
        size = 2**n
        bits = best_bits(size, either_sign=True)
        points = [
            ("subspace", "best", bits, np.nan, np.nan),
            ("estimate", "best", 40 * bits**0.9, 0.1, 1 / 3),
            ("estimate", "Bob's parameters", 128.0 * n, 0.1, 1 / 3),
        ]
        for task, name, cost, eps, delta in points:
            row = {"task": task, "dimension": size, "protocol": name, "kind": "classical", "method": "sampled"}
            rows.append({**row, "cost": cost, "whole": int(np.ceil(cost)), "eps": eps, "delta": delta})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def table():
    return noise_sweep.noise_rows(made_costs(), SETTINGS, 2 / 3, 0)


def test_all_checks_hold_and_notice_what_is_off(table):
    checks = pd.DataFrame(noise_sweep.check_rows(table))
    assert checks.ok.all(), checks
    assert len(checks) == 7
    off = table.assign(
        value=table.value.where(table.method != "executed", table.value + 5), sent=table.sent + 8, errors=1
    )
    off["low"] = table.low.where(table.quantity != "failure rate", 1.0)
    assert not pd.DataFrame(noise_sweep.check_rows(off)).ok.any()


def test_thresholds_are_where_the_costs_meet(table):
    ran = table[(table.method == "executed") & (table.quantity == "depolarising")]
    assert list(zip(ran.dimension, ran.messages, strict=True)) == [(4096, 1), (4096, 2)]  # none at N = 16
    one = table[(table.task == "subspace") & (table.quantity == "depolarising") & (table.method == "computed")]
    p = float(one[(one.dimension == 4096) & (one.messages == 1)].value.iloc[0])
    assert noise.decision_qubits(p * 0.999, 12, 2 / 3) < 31
    assert noise.decision_qubits(p * 1.001, 12, 2 / 3) >= 31
    assert float(one[(one.dimension == 4096) & (one.messages == 2)].value.iloc[0]) < p
    assert set(table[table.dimension > 4096].method) == {"extrapolated"}


def test_no_threshold_is_claimed_for_an_ansatz_or_below_the_measured_sizes(table):
    estimates = table[(table.task == "estimate") & (table.quantity == "depolarising")]
    assert set(estimates.rival) == {"best"}
    large = made_costs()[lambda costs: costs.dimension >= 256]
    found = pd.DataFrame(
        [*noise_sweep._decision_thresholds(large, SETTINGS, 2 / 3), *noise_sweep._estimate_thresholds(large, SETTINGS)]
    )
    assert found.dimension.min() == 256
    with pytest.raises(ConfigError, match=r"2\^4"):
        noise_sweep.noise_rows(large, SETTINGS, 2 / 3, 0)


def test_noisy_estimates_are_executed_and_lossy_links_too(table):
    estimates = table[table.quantity == "failure rate"]
    assert list(estimates.messages) == [1, 2]
    assert (estimates.sent == estimates.planned).all()
    assert (estimates.copies > noise.fewest_copies(0.1, 1 / 3)).all()
    lossy = table[table.quantity == "qubits and bits with loss"]
    assert list(lossy.messages) == [1, 2]
    assert (lossy.value > 8).all()
    assert (lossy.errors == 0).all()


@pytest.mark.parametrize("messages", [1, 2])
def test_cost_over_a_lossy_link_is_what_the_protocol_sends(messages):
    tasks = noise_runs.tasks_of(64, messages, (0.0, 1.0), 400, "test")
    runs = [run_sampling(task, seed, copies=1, link=Link(loss=0.05)) for seed, task in enumerate(tasks)]
    qubits, bits = (np.array([getattr(run.ledger, kind) for run in runs]) for kind in ("qubits", "bits"))
    assert qubits.mean() == pytest.approx(noise.qubits_lossy(0.05, 6, messages), abs=4 * qubits.std() / 20)
    assert bits.mean() == pytest.approx(0.95 ** (-6 * messages), abs=4 * bits.std() / 20)
    assert noise.decision_cost_lossy(0.05, 6, messages) == pytest.approx(
        noise.qubits_lossy(0.05, 6, messages) + 0.95 ** (-6 * messages)
    )
    assert noise.decision_cost_lossy(0.0, 6, messages) == 6 * messages


def test_an_estimate_that_is_not_divided_by_the_visibility_fails():
    tasks = noise_runs.tasks_of(256, 2, (0.0,), 40, "undivided")
    link = Link(depolarising=0.05)
    found = [run_sampling(task, seed, copies=400, link=link, seen=1.0).value for seed, task in enumerate(tasks)]
    assert np.mean(np.array(found) > 0.1) > 0.9


def test_thresholds_tend_to_a_constant():
    ideal = [noise.threshold(lambda p, n=n: noise.decision_qubits(p, n, 2 / 3), 2 ** (n / 2)) for n in (20, 40)]
    assert ideal[0] < ideal[1] < noise.limit()
    assert noise.limit() == pytest.approx(0.2121, abs=1e-4)
    assert (1 - 0.75 * noise.limit(3)) ** 6 == pytest.approx(2**-0.5)
    assert noise.threshold(lambda p: 5.0, 4.0) == 0
    assert noise.threshold(lambda p: 3.0, 4.0) == noise.LARGEST_NOISE
    assert noise.qubits_lossy(0.1, 10) == pytest.approx(10 / 0.9**10)


def test_copies_under_noise():
    assert noise.decision_copies(1.0, 2 / 3) == 1
    assert noise.decision_copies(0.34, 2 / 3) == 1
    assert noise.decision_copies(0.32, 2 / 3) == 3
    calm, rough = (noise.estimate_qubits(p, 8, 0.1, 1 / 3) for p in (0.0, 0.05))
    assert rough / calm == pytest.approx(visibility(0.05, 8, 1) ** -2, rel=0.03)


def test_crossing_of_a_known_line():
    p = np.linspace(0.1, 0.3, 5)
    value, error = noise_runs.crossing(np.stack([p, 0.9 - p], axis=1), 2 / 3, 400)
    assert value == pytest.approx(0.9 - 2 / 3, abs=1e-4)
    assert 0.005 < error < 0.05


def test_the_error_of_a_crossing_covers_it():
    """Exact decisions at few trials, many times: three standard errors miss in a few of 1000."""
    n, copies = 12, 1
    expected = noise.threshold(lambda p: noise.decision_qubits(p, n, 2 / 3), 31)
    p = np.array(noise_runs.FACTORS) * expected
    rates = [hadamard_test(copies, visibility(one, n, 1)) for one in p]
    shares = generator("crossing").binomial(200, rates, size=(1000, len(p))) / 200
    found = [noise_runs.crossing(np.stack([p, share], axis=1), 2 / 3, 200) for share in shares]
    off = np.array([(value - expected) / error for value, error in found])
    assert 0.8 < off.std() < 1.1
    assert (np.abs(off) > 3).mean() < 0.01


def test_sizes_without_a_threshold_are_refused_before_anything_runs():
    with pytest.raises(ConfigError, match=r"2\^14"):
        noise_sweep.noise_rows(made_costs(), {**SETTINGS, "executed": [14]}, 2 / 3, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: noise.threshold(lambda p: p, -1),
        lambda: noise.decision_copies(0.0, 2 / 3),
        lambda: noise.decision_cost_lossy(1.0, 4),
        lambda: noise.qubits_lossy(-0.1, 4),
        lambda: noise.limit(0),
        lambda: noise.measured_visibility(1, 0),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()
