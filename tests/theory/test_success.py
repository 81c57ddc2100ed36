import numpy as np
import pytest
from scipy.special import ndtr

from qcomm.errors import ProtocolError
from qcomm.theory import needed, success


def unit_pair(rng, gamma, dimension, trials):
    x = rng.normal(size=(trials, dimension))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    w = rng.normal(size=(trials, dimension))
    w -= (w * x).sum(1, keepdims=True) * x
    w /= np.linalg.norm(w, axis=1, keepdims=True)
    return x, gamma * x + np.sqrt(1 - gamma**2) * w


def test_one_bit_of_sign_sketch_has_the_arcsine_law():
    for gamma in (0.01, 0.3, 0.9, 0.99, 0.999999):
        assert success.sign_sketch(1, gamma) == pytest.approx(0.5 + np.arcsin(gamma) / np.pi, abs=1e-9)


@pytest.mark.parametrize("gamma", [0.001, 0.1, 0.7, 0.9, 0.99, 0.999999])
def test_sign_sketch_is_resolved_at_any_number_of_bits(gamma, monkeypatch):
    bits = np.unique(np.geomspace(1, 1e7, 60).astype(int))
    coarse = [success.sign_sketch(int(k), gamma) for k in bits]
    assert np.all(np.diff(coarse) > -1e-12)  # more bits never hurt, and nothing exceeds certainty
    assert max(coarse) <= 1 + 1e-12
    quadrature = success._quadrature
    monkeypatch.setattr(success, "_quadrature", lambda low, high, points: quadrature(low, high, 5 * points))
    np.testing.assert_allclose(coarse, [success.sign_sketch(int(k), gamma) for k in bits], rtol=0, atol=1e-9)


def test_sign_sketch_of_many_bits_follows_the_normal_law():
    bits, gamma = 10**6, 0.002
    z = gamma * np.sqrt(bits * 2 / np.pi) / np.sqrt(1 - 2 * gamma**2 / np.pi)
    assert success.sign_sketch(bits, gamma) == pytest.approx(ndtr(z), abs=1e-5)


def test_quantiser_steps_shrink_up_to_the_most_bits(monkeypatch):
    steps = [success.quantiser_step(bits) for bits in range(2, 17)]
    ratios = np.array(steps[1:]) / steps[:-1]
    assert ((ratios > 0.5) & (ratios < 0.62)).all()
    parallel, power = success.quantiser_moments(16)
    assert 1 - parallel**2 / power < 1e-8  # four more bits than at 12, 2^-8 of its distortion
    with pytest.raises(ProtocolError, match="more than a float32 holds"):
        success.quantiser_step(success.MOST_BITS + 1)
    monkeypatch.setattr(success, "MOST_BITS", 10)
    assert needed.quantised_bits(0.01, 0.9, 16) == 16 * 7
    with pytest.raises(ProtocolError, match="no resource up to 10 reaches"):
        needed.quantised_bits(1e-4, 0.9, 16)


def test_sign_sketch_against_simulation():
    rng = np.random.default_rng(1)
    x, y = unit_pair(rng, 0.3, 8, 20000)
    g = rng.normal(size=(20000, 7, 8))
    votes = (np.sign(np.einsum("tkn,tn->tk", g, x)) * np.einsum("tkn,tn->tk", g, y)).sum(1) > 0
    exact = success.sign_sketch(7, 0.3)
    assert abs(votes.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 20000)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_best_shared_against_literal_codebook(bits):
    rng, trials, gamma, dimension = np.random.default_rng(2), 4000, 0.4, 12
    x, y = unit_pair(rng, gamma, dimension, trials)
    right = 0
    for one, other in zip(x, y, strict=True):
        u = rng.normal(size=(2**bits, dimension))
        u /= np.linalg.norm(u, axis=1, keepdims=True)
        right += u[np.argmax(u @ one)] @ other > 0
    exact = success.best_shared(bits, gamma, dimension)
    assert abs(right / trials - exact) < 4 * np.sqrt(exact * (1 - exact) / trials)


def test_best_shared_grows_through_the_range_where_tails_underflow():
    values = [success.best_shared(bits, 0.01, 2**12) for bits in (10, 300, 600, 1000, 1500, 3000, 20000)]
    assert np.all(np.diff(values) > 0)
    assert success.best_shared(600, 0.01, 2**22) == pytest.approx(success.best_shared(600, 0.01), abs=1e-4)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_quantised_against_simulation(bits):
    rng, trials, gamma, dimension = np.random.default_rng(3), 20000, 0.05, 64
    x, y = unit_pair(rng, gamma, dimension, trials)  # x is uniform on the sphere: the rotation is in the sampling
    step = success.quantiser_step(bits)
    cell = np.clip(np.floor(x * np.sqrt(dimension) / step), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    right = (((cell + 0.5) * y).sum(1) > 0).mean()
    exact = success.quantised(bits, gamma, dimension)
    assert abs(right - exact) < 4 * np.sqrt(exact * (1 - exact) / trials) + 0.002


def test_hadamard_and_swap_tests_against_direct_sums():
    from scipy.stats import binom

    for copies in (1, 5, 6, 41):
        p = binom.pmf(np.arange(copies + 1), copies, 0.55)
        heads = np.arange(copies + 1) * 2
        direct = p[heads > copies].sum() + p[heads == copies].sum() / 2
        assert success.hadamard_test(copies, 0.1) == pytest.approx(direct, abs=1e-12)
    plus, minus = success.swap_test_rates(0.2)
    threshold = success.swap_test_threshold(50, 0.2)
    direct = min(binom.sf(threshold - 1, 50, plus), binom.cdf(threshold - 1, 50, minus))
    assert success.swap_test(50, 0.2) == pytest.approx(direct, abs=1e-12)


def test_amplitude_estimation_distribution_is_that_of_phase_estimation():
    calls, overlap = 8, 0.23
    phase = np.arcsin(np.sqrt((1 + overlap) / 2))
    clock = np.exp(2j * np.outer([phase, -phase], np.arange(calls)) - 1j * np.pi * np.arange(calls) / calls)
    direct = (np.abs(np.fft.fft(clock, axis=1) / calls) ** 2).mean(0)
    np.testing.assert_allclose(success.outcome_distribution(calls, overlap), direct, atol=1e-12)
    assert success.outcome_distribution(7, -0.6).sum() == pytest.approx(1)


def test_unshifted_grid_ties_and_loses():
    assert success.amplitude_estimation(64, 0.01) > 2 / 3
    assert success.amplitude_estimation(64, 0.01, shifted=False) < 0.6


@pytest.mark.parametrize("gamma", [0.04, 0.03, 0.02, 0.01, 0.003, 0.001])
def test_constants_within_five_percent(gamma):
    assert needed.sign_sketch_bits(gamma, 2 / 3) * gamma**2 == pytest.approx(0.29, rel=0.05)
    assert needed.sign_sketch_bits(gamma, 0.9) * gamma**2 == pytest.approx(2.58, rel=0.05)
    assert needed.hadamard_copies(gamma, 2 / 3) * gamma**2 == pytest.approx(0.186, rel=0.05)
    assert needed.best_shared_bits(gamma, 2 / 3) * gamma**2 == pytest.approx(0.134, rel=0.05)
    half = needed.best_shared_bits(gamma, 2 / 3) / needed.sign_sketch_bits(gamma, 2 / 3)
    assert half == pytest.approx(0.46, rel=0.05)


def test_constants_at_the_edge_of_the_asymptotic_range():
    assert needed.sign_sketch_bits(0.05, 2 / 3) * 0.05**2 == pytest.approx(0.29, rel=0.05)
    assert needed.sign_sketch_bits(0.05, 0.9) * 0.05**2 == pytest.approx(2.58, rel=0.05)
    assert needed.hadamard_copies(0.05, 2 / 3) * 0.05**2 == pytest.approx(0.186, rel=0.05)
    # the codebook's maximum is still 6% below its asymptote here for large N, and 3% at N = 1024
    assert needed.best_shared_bits(0.05, 2 / 3) * 0.05**2 == pytest.approx(0.1426, rel=0.005)
    assert needed.best_shared_bits(0.05, 2 / 3, 1024) * 0.05**2 == pytest.approx(0.134, rel=0.05)


@pytest.mark.parametrize("gamma", [0.01, 0.005, 0.003, 0.001])
def test_amplitude_estimation_constant(gamma):
    assert needed.estimation_calls(gamma, 2 / 3) * gamma == pytest.approx(0.63, abs=0.03)


def test_classical_bits_saturate_at_the_dimension():
    capacity = 128 * np.log2(1 + 0.1855 / (0.001**2 * 256))
    assert needed.best_shared_bits(0.001, 2 / 3, 256) == pytest.approx(capacity, rel=0.03)
    assert needed.quantised_bits(0.05, 2 / 3, 256) == 256
    assert needed.quantised_bits(0.001, 2 / 3, 256) == 256 * 6  # 0.1855/(N gamma^2) = 725 > 1/D(5 bits)


def test_message_sizes():
    assert needed.qubits(1000) == 10
    assert needed.qubits_of_copies(7, 16) == 35
    assert needed.qubits_of_calls(3, 16) == 4 * 6


@pytest.mark.parametrize(
    "call",
    [
        lambda: success.sign_sketch(-1, 0.1),
        lambda: success.sign_sketch(2, 1.1),
        lambda: success.best_shared(float("nan"), 0.1),
        lambda: success.hadamard_test(2.5, 0.1),
        lambda: success.outcome_distribution(0, 0.1),
        lambda: needed.sign_sketch_bits(0, 2 / 3),
        lambda: needed.sign_sketch_bits(0.1, 0.5),
        lambda: needed.qubits(1),
    ],
)
def test_bad_input_is_named(call):
    with pytest.raises(ProtocolError):
        call()
