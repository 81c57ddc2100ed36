import numpy as np
import pandas as pd
import pytest

from qcomm.errors import DataError, ProtocolError
from qcomm.network.ledger import circuit_traffic
from qcomm.protocols import inference_exact as exact
from qcomm.protocols import inference_runs as runs
from qcomm.protocols import inference_sweep as sweep
from qcomm.protocols.task import copies_needed
from qcomm.seeds import generator

SETTINGS = {
    "qubits": [4, 6],
    "layers": [1, 2],
    "losses": [0.05, 0.5, 0.8],
    "copies": [16, 64, 256],
    "trials": 300,
    "eps": 0.1,
    "delta": 1 / 3,
    "phases": [8, 16, 32, 64],
    "amplitude_trials": 200,
}


@pytest.fixture(scope="module")
def tables():
    sampled, grover = sweep.sampling_rows(SETTINGS, 0), sweep.estimation_rows(SETTINGS, 0)
    return sampled, sweep.slope_rows(sampled), sweep.failure_rows(sampled), grover


def test_exact_tail_against_enumeration():
    k, p, eps = 20, 0.3, 0.1
    z = np.arange(k + 1)
    from scipy.stats import binom

    outside = np.abs(z / k - p) > eps + 1e-12
    assert exact.failure_at(p, k, eps) == pytest.approx(binom.pmf(z[outside], k, p).sum(), rel=1e-12)
    assert binom.pmf(z[outside], k, p).sum() < binom.pmf(z[np.abs(z / k - p) >= eps - 1e-12], k, p).sum()


@pytest.mark.parametrize(("eps", "delta"), [(0.1, 1 / 3), (0.1, 0.05), (0.05, 0.1)])
def test_fewest_copies_keep_the_promise_everywhere_and_one_less_does_not(eps, delta):
    k = exact.fewest_copies(eps, delta)
    assert exact.failure_at(generator("p").uniform(size=2000), k, eps).max() <= delta
    assert exact.worst_failure(k - 1, eps) > delta
    assert 0.2 * copies_needed(eps, delta) < k < copies_needed(eps, delta)


def test_repeats_are_what_single_runs_give():
    task = runs.tasks_with_losses(16, 2, [0.2], generator("r"), 0.1, 1 / 3)[0]
    found = runs.repeated_sampling(task, [25, 100], 3000, seed=1)
    assert found.ledger == circuit_traffic(task.owners, 4, 3000 * 125)
    assert found.qubits_per_run == 2 * 2 * 4
    for k, values in found.values.items():
        assert values.mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / k / 3000))
        assert values.var() == pytest.approx(0.16 / k, rel=4 * np.sqrt(2 / 3000))
        np.testing.assert_allclose(values * k, np.round(values * k), atol=1e-9)
    again, other = (runs.repeated_sampling(task, [25, 100], 3000, seed=s) for s in (1, 2))
    np.testing.assert_array_equal(again.values[25], found.values[25])
    assert (other.values[25] != found.values[25]).any()


def test_all_checks_of_the_claim_hold(tables):
    checks = pd.DataFrame(sweep.check_rows(*tables))
    assert len(checks) == 8 + 9
    assert checks.ok.all(), checks[~checks.ok]


def test_checks_notice_a_wrong_exponent_and_a_wrong_tail(tables):
    sampled, _, _, grover = tables
    bad = sampled.assign(rmse=sampled.rmse * sampled.copies**0.05, failures=sampled.failures + 12)
    found = pd.DataFrame(sweep.check_rows(bad, sweep.slope_rows(bad), sweep.failure_rows(bad), grover))
    wrong = set(found.name[~found.ok])
    assert "rmse slope in k, all" in wrong
    assert sum("failure rate" in name for name in wrong) > 5


def test_a_circuit_that_skips_a_block_is_noticed(monkeypatch):
    from qcomm.protocols.relay import relay

    def forgetful(me, owners, register, **options):
        return (yield from relay(me, (*owners[:3], owners[-1]), register, **options))

    monkeypatch.setattr(runs, "relay", forgetful)
    with pytest.raises(DataError, match="counted something else"):
        sweep.sampling_rows({**SETTINGS, "layers": [2], "qubits": [4]}, 0)


def test_parameters_cost_the_same_at_every_size_up_to_n():
    assert sweep.parameter_bits(256, 3, 4) == 32 * 3 * 4 * 8
    k = 65  # above 16 angles_per_qubit copies sampling sends more than 32 P bits a layer
    assert 2 * 3 * k * 8 > sweep.parameter_bits(256, 3, 4) > 2 * 3 * 63 * 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: exact.failure_at(1.2, 10, 0.1),
        lambda: exact.failure_at(0.2, -1, 0.1),
        lambda: exact.fewest_copies(0.0, 0.1),
        lambda: exact.fewest_copies(0.1, 1.0),
        lambda: runs.repeated_sampling(runs.tasks_with_losses(8, 1, [0.2], generator("b"), 0.1, 0.1)[0], [-5], 3, 1),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()
