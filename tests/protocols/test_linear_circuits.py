import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.protocols import linear_circuits as circuits
from qcomm.protocols.linear import random_pairs
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test
from qcomm.theory import success


def pair(gamma, dimension=4, seed=0):
    x, y = random_pairs(abs(gamma), dimension, 2, np.random.default_rng(seed))
    return (x[0], y[0]) if gamma > 0 else (x[1], y[1])


@pytest.mark.parametrize("gamma", [0.3, -0.7])
def test_hadamard_and_swap_circuits_have_the_stated_probabilities(gamma):
    x, y = pair(gamma)
    found = circuits.outcome_probabilities(circuits.hadamard_test_circuit(x, y), "control")[0]
    assert found == pytest.approx((1 + gamma) / 2, abs=1e-12)
    found = circuits.outcome_probabilities(circuits.swap_test_circuit(x, y), "ancilla")[0]
    assert found == pytest.approx(success.swap_test_rates(abs(gamma))[0 if gamma > 0 else 1], abs=1e-12)


@pytest.mark.parametrize("calls", [2, 4, 8, 16])
@pytest.mark.parametrize("gamma", [0.2, -0.35])
def test_estimation_circuit_has_the_exact_outcome_distribution(calls, gamma):
    x, y = pair(gamma)
    found = circuits.outcome_probabilities(circuits.amplitude_estimation_circuit(x, y, calls), "clock")
    np.testing.assert_allclose(found, success.outcome_distribution(calls, gamma), atol=1e-10)


def test_success_of_circuits_and_of_runs_over_the_channel_agree():
    x, y = pair(0.25, 8)
    exact = circuits.estimation_success(x, y, 8)
    run = amplitude_estimation(x[None], y[None], 8, seed=1, repeats=4000)
    assert abs(run.success - exact) < 4 * np.sqrt(exact * (1 - exact) / 4000)


def test_owners_change_as_often_as_messages_are_sent():
    x, y = pair(0.25)
    for calls in (2, 4, 8):
        changes = circuits.owner_changes(circuits.amplitude_estimation_circuit(x, y, calls))
        assert changes == amplitude_estimation(x[None], y[None], calls, seed=1).ledger.messages
    run = hadamard_test(x[None], y[None], 1, seed=1)
    assert circuits.owner_changes(circuits.hadamard_test_circuit(x, y)) == run.ledger.messages == 1


def test_circuit_rows():
    rows = {row["protocol"]: row for row in circuits.circuit_rows(0.2, 4, 2 / 3, np.random.default_rng(0))}
    calls = rows["amplitude estimation"]
    assert calls["success"] == pytest.approx(success.amplitude_estimation(calls["resource"], 0.2), abs=1e-9)
    assert calls["success"] > 2 / 3 > success.amplitude_estimation(calls["resource"] // 2, 0.2)
    assert calls["cost"] == 2 * (calls["resource"] - 1) * 4
    for name, exact in (("Hadamard test", success.hadamard_test), ("swap test", success.swap_test)):
        copies = rows[name]["resource"]
        assert rows[name]["success"] == pytest.approx(exact(copies, 0.2), abs=1e-9)
        assert exact(copies, 0.2) >= 2 / 3 > exact(copies - 1, 0.2)
        assert rows[name]["cost"] == 3 * copies


def test_vectors_are_padded_and_bad_sizes_refused():
    x, y = pair(0.3, 3)
    found = circuits.outcome_probabilities(circuits.hadamard_test_circuit(x, y), "control")[0]
    assert found == pytest.approx(0.65, abs=1e-12)
    with pytest.raises(ProtocolError, match="no circuit"):
        circuits.amplitude_estimation_circuit(x, y, 6)
    with pytest.raises(ProtocolError, match="no circuit"):
        circuits.amplitude_estimation_circuit(*pair(0.3, 64), 128)
    with pytest.raises(ProtocolError):
        circuits.hadamard_test_circuit(x, np.ones(9))
