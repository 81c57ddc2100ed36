import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.protocols.linear import (
    checked_pairs,
    hadamard,
    in_span,
    quantised_vector,
    random_pairs,
    rotate,
    sign_sketch,
    weights_sent,
)
from qcomm.protocols.linear_codebook import LazyCodebooks, best_shared
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test, swap_test
from qcomm.theory import success


def pairs(gamma, dimension, count, seed=0):
    return random_pairs(gamma, dimension, count, np.random.default_rng(seed))


def agrees(run, exact, slack=0.0):
    """The success rate within 3.5 standard errors of the exact one."""
    sigma = np.sqrt(exact * (1 - exact) / len(run.right))
    return abs(run.success - exact) < 3.5 * sigma + slack


def test_pairs_have_the_margin_and_both_signs():
    x, y = pairs(0.2, 10, 6)
    np.testing.assert_allclose((x * y).sum(1), [0.2, -0.2] * 3, atol=1e-12)
    _, _, signs = checked_pairs(x, y)
    np.testing.assert_array_equal(signs, [1, -1] * 3)


def test_sign_sketch_counts_its_bits_and_meets_the_exact_success():
    run = sign_sketch(*pairs(0.3, 8, 1500), 5, seed=1)
    assert agrees(run, success.sign_sketch(5, 0.3))
    assert run.ledger.bits == 1500 * 5
    assert run.bits == 5
    assert run.qubits == 0
    assert run.ledger.total("bits", "Bob") == 0


def test_sketch_in_the_span_has_the_same_law():
    x, y = pairs(0.3, 8, 1500)
    plane = in_span(x, y)
    np.testing.assert_allclose((plane[0] * plane[1]).sum(1), (x * y).sum(1), atol=1e-12)
    assert agrees(sign_sketch(*plane, 5, seed=1), success.sign_sketch(5, 0.3))


def test_sketch_in_blocks_has_the_same_law_and_draws_in_chunks(monkeypatch):
    from qcomm.protocols import linear as module

    x, y = pairs(0.2, 64, 1200)
    run = sign_sketch(x, y, 9, seed=1, block=100)
    assert agrees(run, success.sign_sketch(9, 0.2))
    assert run.ledger.bits == 1200 * 9
    monkeypatch.setattr(module, "CHUNK_NUMBERS", 64 * 2)  # the shared vectors come two at a time, the same ones
    np.testing.assert_array_equal(sign_sketch(x, y, 9, seed=1, block=100).votes, run.votes)


@pytest.mark.parametrize(("bits", "slack"), [(1, 0.0), (3, 0.0)])
def test_quantised_vector(bits, slack):
    run = quantised_vector(*pairs(0.04, 64, 1500), bits, seed=1)
    assert agrees(run, success.quantised(bits, 0.04, 64), slack + 0.005)
    assert run.bits == 64 * bits


def test_rotation_is_orthogonal_for_any_length_and_spreads_a_spike():
    for size in (8, 13, 100):
        basis = np.array([rotate(row, np.random.default_rng(3)) for row in np.eye(size)])
        np.testing.assert_allclose(basis @ basis.T, np.eye(size), atol=1e-12)
    spread = rotate(np.eye(256)[0], np.random.default_rng(0))
    assert np.abs(spread).max() < 5 / 16
    np.testing.assert_allclose(hadamard(hadamard(np.arange(8.0))), np.arange(8.0), atol=1e-12)


def test_weights_are_sent_once():
    x, y = pairs(0.3, 32, 200)
    run = weights_sent(
        np.where(np.arange(200)[:, None] % 2, -1, 1) * (x - x @ y[0][:, None] * y[0] + 0.5 * y[0]), y[0], 8, 1
    )
    assert run.success == 1
    assert run.ledger.bits == 32 * 8
    assert run.ledger.messages == 1
    assert run.ledger.total("bits", "Alice") == 0
    with pytest.raises(ProtocolError, match="one vector of weights"):
        weights_sent(x, y, 8, 1)


@pytest.mark.parametrize("literal", [True, False])
def test_best_of_shared_vectors_literal_and_lazy(literal):
    run = best_shared(*pairs(0.4, 12, 1500), 7, seed=1, literal=literal)
    assert agrees(run, success.best_shared(7, 0.4, 12))
    assert run.bits == 7


def test_lazy_codebook_at_large_sizes():
    run = best_shared(*pairs(0.03, 2**12, 300), 149, seed=1)
    assert agrees(run, success.best_shared(149, 0.03, 2**12))
    plane = in_span(*pairs(0.03, 2**12, 2000))
    flat = best_shared(*plane, 149, seed=1, dimension=2**12)
    assert agrees(flat, success.best_shared(149, 0.03, 2**12))
    repeated = best_shared(*pairs(0.03, 2**10, 2), 149, seed=1, repeats=1000)
    assert agrees(repeated, success.best_shared(149, 0.03, 2**10))
    assert len(repeated.signs) == 2000
    books = LazyCodebooks(2000, 64, 3, np.random.default_rng(0))
    unit = np.eye(64)[0]
    index = books.best(2, unit)
    found = books.vector(2, index)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert found[0] > 0.999
    with pytest.raises(KeyError):  # nothing but the best match can be looked up
        books.vector(1, index)


def test_codebooks_are_given_to_both_parties_and_programs_share_nothing_else():
    from qcomm.protocols import linear_codebook as module

    for program in (module._alice, module._bob, module._literal_alice, module._literal_bob):
        assert program.__closure__ is None


def test_hadamard_test():
    run = hadamard_test(*pairs(0.2, 8, 40), 9, seed=1, repeats=50)
    assert agrees(run, success.hadamard_test(9, 0.2))
    assert run.ledger.qubits == 40 * 50 * 9 * 4
    assert run.ledger.bits == 0
    assert hadamard_test(*pairs(0.2, 9, 2), 3, seed=1).ledger.qubits == 2 * 3 * 5  # 9 numbers are padded to 16


def test_swap_test():
    x, y = pairs(0.3, 8, 40)
    run = swap_test(x, y, 21, 0.3, seed=1, repeats=50)
    threshold = success.swap_test_threshold(21, 0.3)
    from scipy.stats import binom

    plus, minus = success.swap_test_rates(0.3)
    exact = (binom.sf(threshold - 1, 21, plus) + binom.cdf(threshold - 1, 21, minus)) / 2
    assert agrees(run, exact)
    assert run.qubits == 21 * 4


@pytest.mark.parametrize("clocked", [True, False])
@pytest.mark.parametrize("calls", [5, 8])
def test_amplitude_estimation_has_the_exact_success(calls, clocked):
    run = amplitude_estimation(*pairs(0.15, 8, 2), calls, seed=1, repeats=2000, clocked=clocked)
    exact = success.amplitude_estimation(calls, 0.15)
    worse = min(run.right[run.signs == sign].mean() for sign in (1, -1))
    assert abs(worse - exact) < 3.5 * np.sqrt(exact * (1 - exact) / 2000)
    assert run.qubits == 2 * (calls - 1) * 5
    assert run.ledger.messages == 4000 * 2 * (calls - 1)


@pytest.mark.parametrize("calls", [2, 5, 8])
def test_both_simulations_give_the_exact_outcome_distribution(calls, monkeypatch):
    from qcomm.protocols import linear_estimation as module

    seen = {}
    for kind in ("_Clock", "_Branch"):
        original = getattr(module, kind).distribution
        keep = lambda self, kind=kind, original=original: seen.setdefault(kind, original(self))  # noqa: E731
        monkeypatch.setattr(getattr(module, kind), "distribution", keep)
        x, y = pairs(0.3, 8, 1)
        amplitude_estimation(x, y, calls, seed=1, clocked=kind == "_Clock")
        np.testing.assert_allclose(seen[kind], success.outcome_distribution(calls, 0.3), atol=1e-12)


def test_a_skipped_step_breaks_ledger_and_distribution(monkeypatch):
    from qcomm.protocols import linear_estimation as module

    x, y = pairs(0.3, 8, 1)
    whole = amplitude_estimation(x, y, 8, seed=1, repeats=4000)
    monkeypatch.setattr(module, "_alice_turn", lambda state, prepare: state)
    broken = amplitude_estimation(x, y, 8, seed=1, repeats=4000)
    assert abs(broken.success - whole.success) > 0.1
    monkeypatch.setattr(module, "_alice", lambda me, calls: None)
    with pytest.raises(ProtocolError, match="message is missing"):
        amplitude_estimation(x, y, 8, seed=1)


@pytest.mark.parametrize(
    "protocol",
    [
        lambda x, y, seed: sign_sketch(x, y, 4, seed),
        lambda x, y, seed: quantised_vector(x, y, 1, seed),
        lambda x, y, seed: best_shared(x, y, 3, seed),
        lambda x, y, seed: best_shared(x, y, 12, seed, literal=False),
        lambda x, y, seed: hadamard_test(x, y, 3, seed),
        lambda x, y, seed: swap_test(x, y, 5, 0.1, seed),
        lambda x, y, seed: amplitude_estimation(x, y, 3, seed),
    ],
)
def test_same_seed_same_votes_and_another_seed_others(protocol):
    x, y = pairs(0.1, 8, 60)
    first, again, other = protocol(x, y, 1), protocol(x, y, 1), protocol(x, y, 2)
    np.testing.assert_array_equal(first.right, again.right)
    assert first.ledger == again.ledger
    assert (first.right != other.right).any()


@pytest.mark.parametrize(
    "call",
    [
        lambda x, y: sign_sketch(x, y, 0, 0),
        lambda x, y: sign_sketch(x[:, :4], y, 3, 0),
        lambda x, y: sign_sketch(x * np.nan, y, 3, 0),
        lambda x, y: sign_sketch(x * 0, y, 3, 0),
        lambda x, y: sign_sketch(np.eye(8)[:1], np.eye(8)[1:2], 3, 0),
        lambda x, y: quantised_vector(x, y, 40, 0),
        lambda x, y: hadamard_test(x, y, -2, 0),
        lambda x, y: amplitude_estimation(x, y, 1, 0),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ProtocolError):
        call(*pairs(0.1, 8, 3))
