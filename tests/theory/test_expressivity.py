import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.theory import fit
from qcomm.theory.recorded_rank import recorded_rank
from qcomm.theory.reupload import (
    Reupload,
    amplitude_spectrum,
    diagonal_encoding,
    frequencies,
    loss_spectrum,
    qubit_encoding,
    random_model,
)
from qcomm.theory.separation import EXPECTED, decide, fourier_support, rank_of_spectrum, rank_on_grid, recalled_formula


def encodings(kind, features):
    if kind == "qubit":
        return [qubit_encoding(features)]
    return [diagonal_encoding(dimension, features) for dimension in (features, 2 * features)]


@pytest.mark.parametrize("case", EXPECTED, ids=str)
def test_every_known_rank_is_reproduced(case):
    kind, features, choice = case
    for encoding in encodings(kind, features):
        for layers, rank in enumerate(EXPECTED[case], start=1):
            model = random_model(encoding, frequencies(choice, layers), np.random.default_rng(layers))
            found = rank_of_spectrum(model)
            assert found.count == rank
            assert found.gap > 1e4


@pytest.mark.parametrize(("features", "choice", "layers"), [(2, "3^(l-1)", 3), (2, "1", 4), (4, "2^(l-1)", 2)])
def test_grid_and_spectrum_agree_and_the_grid_is_fine_enough(features, choice, layers):
    model = random_model(diagonal_encoding(4, features), frequencies(choice, layers), np.random.default_rng(5))
    assert rank_on_grid(model).count == rank_of_spectrum(model).count
    if features == 2:
        assert rank_on_grid(model, oversampling=2).count == rank_of_spectrum(model).count


def test_spectrum_reproduces_the_loss():
    rng = np.random.default_rng(7)
    model = random_model(qubit_encoding(3), frequencies("2^(l-1)", 2), rng)
    x = rng.uniform(0, 2 * np.pi, size=(20, 3))
    vectors, values = loss_spectrum(model)
    np.testing.assert_allclose((np.exp(1j * x @ vectors.T) @ values).real, model.loss(x), atol=1e-12)
    waves, amplitudes = amplitude_spectrum(model)
    np.testing.assert_allclose(np.exp(1j * x @ waves.T) @ amplitudes, model.states(x), atol=1e-12)


def test_loss_equals_a_circuit_by_hand():
    model = random_model(diagonal_encoding(4, 2), (1, 3), np.random.default_rng(0))
    x = np.array([0.3, 2.0])
    state = model.start
    for unitary, scale in zip(model.unitaries, (1, 3), strict=True):
        state = unitary @ (np.diag(np.exp(1j * scale * np.array([0.3, 2.0, 0, 0]))) @ state)
    assert model.loss(x[None])[0] == pytest.approx((state.conj() @ model.observable @ state).real)


def test_fourier_support():
    model = random_model(diagonal_encoding(2, 2), frequencies("3^(l-1)", 3), np.random.default_rng(0))
    assert fourier_support(model).count == 27  # only x_1 - x_2 matters when N = N' = 2
    model = random_model(qubit_encoding(2), frequencies("2^(l-1)", 3), np.random.default_rng(0))
    assert fourier_support(model).count == 15**2


def test_recalled_formula_fails():
    assert recalled_formula(1, 4, 4) == 8
    assert rank_of_spectrum(random_model(diagonal_encoding(4, 4), (1,), np.random.default_rng(0))).count == 6


def test_decision_needs_a_gap():
    assert decide(np.array([1.0, 1e-3, 1e-14])).count == 2
    assert decide(np.array([1.0, 1e-3, 1e-14])).gap == pytest.approx(1e11)
    with pytest.raises(ProtocolError, match="gap"):
        decide(np.array([1.0, 2e-9, 0.5e-9]))
    assert decide(np.array([1.0, 2e-9, 0.5e-9]), least_gap=0).count == 2
    with pytest.raises(ProtocolError, match="above 1e-10"):  # a wide gap between two groups of true values
        decide(np.array([1.0, 1e-2, 1e-10, 1e-10]))
    with pytest.raises(ProtocolError):
        decide(np.array([np.nan]))


def test_recorded_rank_never_exceeds_the_rank_and_grows_with_shots():
    model = random_model(diagonal_encoding(4, 2), frequencies("3^(l-1)", 2), np.random.default_rng(4))
    few = [recorded_rank(model, 20, np.random.default_rng(seed)) for seed in range(10)]
    many = [recorded_rank(model, 10**8, np.random.default_rng(seed)) for seed in range(10)]
    assert max(few) <= 9
    assert set(many) == {9}
    assert np.mean(few) < 9
    assert recorded_rank(model, 20, np.random.default_rng(0)) == few[0]


def test_shot_noise_is_not_taken_for_rank():
    identity = np.broadcast_to(np.eye(4), (3, 4, 4))  # a loss that no feature enters: rank 1
    model = Reupload(np.full(4, 0.5), identity, np.diag([1.0, -1, 0.5, 0.3]), diagonal_encoding(4, 2), (1, 2, 4))
    found = [recorded_rank(model, 30, np.random.default_rng(seed)) for seed in range(60)]
    assert np.mean(np.array(found) <= 1) > 0.94


def test_deeper_models_fit_better_and_linear_models_do_not():
    rng = np.random.default_rng(0)
    points = {"train_x": fit.sample_points(200, rng), "test_x": fit.sample_points(300, rng)}
    options = {"seed": 1, "iterations": 80, **points}
    shallow, deep = (fit.train(qubit_encoding(2), frequencies("2^(l-1)", layers), **options) for layers in (1, 3))
    assert fit.linear_r_squared(**points) < 0.1
    assert shallow.r_squared < 0.3
    assert deep.r_squared > 0.6
    again = fit.train(qubit_encoding(2), frequencies("2^(l-1)", 3), **options)
    assert again.r_squared == deep.r_squared
    assert fit.train(qubit_encoding(2), frequencies("2^(l-1)", 3), **{**options, "seed": 2}).r_squared != deep.r_squared
    measured = fit.recorded_r_squared(deep, points["test_x"], 10**6, rng)
    assert measured == pytest.approx(deep.r_squared, abs=0.005)
    assert fit.recorded_r_squared(deep, points["test_x"], 50, rng) < deep.r_squared


def test_linear_model_with_harmonics_is_exact_on_its_own_span(monkeypatch):
    monkeypatch.setattr(fit, "target_function", lambda x: 1 + np.cos(2 * x[:, 0]) - np.sin(x[:, 1]))
    rng = np.random.default_rng(0)
    train_x, test_x = fit.sample_points(50, rng), fit.sample_points(50, rng)
    assert fit.linear_r_squared(train_x, test_x, harmonics=2) == pytest.approx(1)
    assert fit.linear_r_squared(train_x, test_x, harmonics=1) < 0.9


@pytest.mark.parametrize(
    "call", [lambda: frequencies("5", 2), lambda: diagonal_encoding(2, 3), lambda: qubit_encoding(0)]
)
def test_bad_input(call):
    with pytest.raises(ProtocolError):
        call()
