from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ProtocolError
from qcomm.theory import expressivity, fit, fit_tables, growth
from qcomm.theory.recorded_rank import recorded_matrix, recorded_rank
from qcomm.theory.reupload import (
    FREQUENCIES,
    Reupload,
    amplitude_spectrum,
    diagonal_encoding,
    frequencies,
    grid_spectrum,
    loss_spectrum,
    product_spectrum,
    qubit_encoding,
    random_model,
)
from qcomm.theory.separation import (
    EXPECTED,
    Decided,
    decide,
    fourier_support,
    linear_rank,
    rank_of_spectrum,
    rank_on_grid,
    recalled_formula,
    round_off,
)
from qcomm.theory.targets import TARGETS

SETTINGS = {"layers": 2, "largest_spectrum": 10**6, "largest_matrix": 700, "instances": 2, "shots": 20}


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


@pytest.mark.parametrize("encoding", [diagonal_encoding(3, 2), qubit_encoding(3)], ids=("diagonal", "qubit"))
def test_both_ways_to_the_spectrum_agree(encoding):
    model = random_model(encoding, frequencies("3^(l-1)", 2), np.random.default_rng(3))
    found = [{tuple(v): c for v, c in zip(*way(model), strict=True)} for way in (product_spectrum, grid_spectrum)]
    for vector, value in found[1].items():
        assert found[0].get(vector, 0) == pytest.approx(value, abs=1e-14)
    assert set(found[0]) <= set(found[1])


def _model(observable, features=2):
    """One layer with a fixed random start state; the observable is seen through the layer's unitary."""
    drawn = random_model(diagonal_encoding(4, features), (1,), np.random.default_rng(11))
    unitary = drawn.unitaries[0]
    return Reupload(drawn.start, drawn.unitaries, unitary @ observable @ unitary.conj().T, drawn.encoding, (1,))


def test_round_off_is_not_taken_for_rank():
    constant = _model(np.diag([1.0, -0.3, 0.5, 0.2]))  # diagonal before the unitary: no feature enters the loss
    assert np.ptp(constant.loss(np.random.default_rng(0).uniform(0, 6, size=(50, 2)))) < 1e-14
    assert rank_of_spectrum(constant).count == rank_on_grid(constant).count == fourier_support(constant).count == 1
    one_wave = np.diag([1.0, -0.3, 0.5, 0.2]).astype(complex)
    one_wave[0, 1] = one_wave[1, 0] = 0.4  # and one interference: 1 + cos(x_1 - x_2 + phase), rank 3
    assert rank_of_spectrum(_model(one_wave)).count == rank_on_grid(_model(one_wave)).count == 3


def test_a_cosine_without_a_sine_has_no_row_of_round_off():
    unitary = np.broadcast_to(np.eye(2), (1, 2, 2))
    flip = np.array([[0, 1.0], [1, 0]])  # loss cos(x_1 - x_2) of a real start state, rank 2; with noise in the phases
    start = np.exp(1j * np.array([0, 1e-17])) / np.sqrt(2)
    model = Reupload(start, unitary, flip, diagonal_encoding(2, 2), (1,))
    assert rank_of_spectrum(model).count == rank_on_grid(model).count == 2


def test_coefficients_at_the_edge_of_round_off_are_refused():
    np.testing.assert_array_equal(round_off(np.array([2.0, 1e-14, 1e-10])), [False, True, False])
    with pytest.raises(ProtocolError, match="1 coefficients between 1e-13 and 1e-11"):
        round_off(np.array([1.0, 1e-12]))


def test_linear_models_have_rank_two_at_most():
    assert linear_rank(np.array([0.3, -1.0]), 0.5) == 2
    assert linear_rank(np.array([0.3, -1.0, 0.2, 0.7]), 0.5) == 2
    assert linear_rank(np.array([0.3, 0.0]), 0.5) == 1


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
    unclear = decide(np.array([1.0, 2e-9, 0.5e-9]), strict=False)
    assert (unclear.count, unclear.clear) == (2, False)
    with pytest.raises(ProtocolError, match="above 1e-10"):  # a wide gap between two groups of true values
        decide(np.array([1.0, 1e-2, 1e-10, 1e-10]))
    with pytest.raises(ProtocolError):
        decide(np.array([np.nan]))


def test_recorded_rank_never_exceeds_the_rank_and_grows_with_shots():
    model = random_model(diagonal_encoding(4, 2), frequencies("3^(l-1)", 2), np.random.default_rng(4))
    few = [recorded_rank(model, 20, np.random.default_rng(seed)) for seed in range(10)]
    many = [recorded_rank(model, 10**8, np.random.default_rng(seed)) for seed in range(10)]
    assert len(recorded_matrix(model, 20, np.random.default_rng(0))[0]) == 18  # more rows than rank
    assert max(few) <= 9
    assert set(many) == {9}
    assert np.mean(few) < 9
    assert recorded_rank(model, 20, np.random.default_rng(0)) == few[0]


def test_shot_noise_is_not_taken_for_rank():
    identity = np.broadcast_to(np.eye(4), (3, 4, 4))  # a loss that no feature enters: rank 1
    model = Reupload(np.full(4, 0.5), identity, np.diag([1.0, -1, 0.5, 0.3]), diagonal_encoding(4, 2), (1, 2, 4))
    found = [recorded_rank(model, 30, np.random.default_rng(seed)) for seed in range(60)]
    assert np.mean(np.array(found) <= 1) > 0.94


def test_instances_that_disagree_and_wrong_ranks_fail_the_check():
    case = next(c for c in expressivity.rank_cases(SETTINGS) if c.expected == 7)
    rows = expressivity.rank_rows(case, SETTINGS, seed=0)
    checks = list(expressivity.rank_checks(case, rows))
    assert len(checks) == 4
    assert all(row["ok"] for row in checks)
    wrong = list(expressivity.rank_checks(replace(case, expected=8), rows))
    assert not any(row["ok"] for row in wrong[:3])
    rows[0]["low"] = 6
    assert [row["ok"] for row in expressivity.rank_checks(case, rows)] == [True, False, True, True]


def test_every_case_is_listed_and_large_ones_are_not_run():
    cases = expressivity.rank_cases({**SETTINGS, "layers": 4, "largest_matrix": 700})
    assert len(cases) == 6 * 3 * 4
    skipped = [case for case in cases if case.skipped]
    assert {case.layers for case in skipped} == {3, 4}
    rows = expressivity.rank_rows(skipped[0], SETTINGS, seed=0)
    assert rows[0]["method"].startswith("not run: a matrix of")
    assert "value" not in rows[0]
    assert list(expressivity.rank_checks(skipped[0], rows)) == []


def test_an_undecided_count_has_no_value(monkeypatch):
    monkeypatch.setattr(expressivity, "rank_on_grid", lambda *args, **options: Decided(5, 2e-9, 5e-10))
    case = expressivity.rank_cases(SETTINGS)[1]
    row = expressivity.rank_rows(case, SETTINGS, seed=0)[2]
    assert row["quantity"] == "grid_rank"
    assert row["method"] == "undecided: a gap of 4"
    assert "value" not in row


def test_the_second_encoding_gets_twice_the_grid(monkeypatch):
    seen = []
    literal = expressivity.rank_on_grid
    monkeypatch.setattr(expressivity, "rank_on_grid", lambda *args, **options: seen.append(args[1]) or literal(*args))
    for kind in ("diagonal", "qubit"):
        case = next(c for c in expressivity.rank_cases(SETTINGS) if c.kind == kind)
        expressivity.rank_rows(case, {**SETTINGS, "instances": 1}, seed=0)
    assert seen == [1, 2]


def _ranks(**values):
    """A table of ranks of one encoding, a list by depth for each choice of frequencies."""
    rows = [
        {"encoding": "diagonal", "features": 2, "dimension": 4, "frequencies": choice, "layers": layers}
        | {"quantity": "rank", "value": value, "recalled": 2 ** (2 * layers - 1)}
        for choice, ranks in values.items()
        for layers, value in enumerate(ranks, start=1)
    ]
    return pd.DataFrame(rows)


def test_growth_tells_an_exponential_from_a_power():
    table = _ranks(**{"3^(l-1)": [3, 9, 27, 81], "1": [3, 5, 7, 9], "2^(l-1)": [3, 7, 15]})
    rows = {row["frequencies"]: row for row in growth.growth_rows(table)}
    assert set(rows) == {"3^(l-1)", "1"}  # three depths tell nothing
    assert rows["3^(l-1)"]["per_layer"] == pytest.approx(np.log2(3))
    assert rows["1"]["law"] == "power"
    assert rows["1"]["power_low"] < 0.8 < rows["1"]["power_high"]
    assert all(row["ok"] for row in growth.growth_checks(list(rows.values())))
    swapped = growth.growth_rows(_ranks(**{"1": [3, 9, 27, 81], "3^(l-1)": [3, 5, 7, 9]}))
    assert not any(row["ok"] for row in growth.growth_checks(swapped))


def test_recalled_formula_is_compared_with_the_ranks():
    assert growth.recalled_check(_ranks(**{"1": [3, 5, 7]}))["ok"]
    law = growth.recalled_check(_ranks(**{"1": [2, 8, 32]}))
    assert (law["value"], law["ok"]) == (1.0, False)


def test_gradient_of_the_fit():
    rng = np.random.default_rng(0)
    phases, truth = np.exp(1j * rng.normal(size=(2, 9, 3))), rng.normal(size=9)
    parameters, step = rng.normal(size=2 * 3 * 9 + 4), rng.normal(size=2 * 3 * 9 + 4)
    _, gradient = fit.error_and_gradient(parameters, phases, truth)
    ends = [fit.error_and_gradient(parameters + sign * 1e-5 * step, phases, truth)[0] for sign in (1, -1)]
    assert gradient @ step == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-6)


@pytest.mark.parametrize("target", TARGETS)
def test_deeper_models_fit_better_and_linear_models_do_not(target):
    rng = np.random.default_rng(0)
    points = {"train_x": fit.sample_points(200, rng), "test_x": fit.sample_points(300, rng)}
    options, chosen = {"seed": 1, "iterations": 80, **points}, (TARGETS[target], qubit_encoding(2))
    shallow, deep = (fit.train(*chosen, frequencies("2^(l-1)", layers), **options) for layers in (1, 3))
    assert fit.linear_r_squared(TARGETS[target], **points) < 0.4
    assert deep.r_squared > shallow.r_squared + 0.1
    assert deep.r_squared > fit.linear_r_squared(TARGETS[target], harmonics=1, **points)
    again = fit.train(*chosen, frequencies("2^(l-1)", 3), **options)
    assert again.r_squared == deep.r_squared
    other = fit.train(*chosen, frequencies("2^(l-1)", 3), **{**options, "seed": 2})
    assert other.r_squared != deep.r_squared
    measured = fit.recorded_r_squared(TARGETS[target], deep, points["test_x"], 10**6, rng)
    assert measured == pytest.approx(deep.r_squared, abs=0.005)
    assert fit.recorded_r_squared(TARGETS[target], deep, points["test_x"], 50, rng) < deep.r_squared


def test_fit_checks_compare_with_linear_models_and_one_layer():
    settings = {"points": 60, "seeds": 2, "iterations": 5, "shots": 100}
    points = fit_tables.fit_points(settings, 0)
    rows = [row for target in TARGETS for row in fit_tables.linear_fit_rows(target, points)]
    assert {row["rank"] for row in rows if "rank" in row} == {2}
    for job in product(TARGETS, FREQUENCIES, (1, 2)):
        rows += fit_tables.fit_rows(*job, points, settings, 0)
    assert all(row["low"] < row["r_squared"] < row["high"] for row in rows if row["layers"])
    levels = {None: (0.1, 0.1, 0.1), 1: (0.2, 0.15, 0.25), 2: (0.8, 0.7, 0.9)}
    rows = [row | dict(zip(("r_squared", "low", "high"), levels[row["layers"]], strict=True)) for row in rows]
    checks = list(fit_tables.fit_checks(rows, 2))
    assert len(checks) == 2 * 9
    assert all(row["ok"] for row in checks)
    rows = [row | {"r_squared": 0.5, "low": 0.4, "high": 0.6} for row in rows]  # nothing rises, nothing is better
    assert not any(row["ok"] for row in fit_tables.fit_checks(rows, 2))


def test_linear_model_with_harmonics_is_exact_on_its_own_span():
    def target(x):
        return 1 + np.cos(2 * x[:, 0]) - np.sin(x[:, 1])

    rng = np.random.default_rng(0)
    train_x, test_x = fit.sample_points(50, rng), fit.sample_points(50, rng)
    assert fit.linear_r_squared(target, train_x, test_x, harmonics=2) == pytest.approx(1)
    assert fit.linear_r_squared(target, train_x, test_x, harmonics=1) < 0.9


@pytest.mark.parametrize(
    "call", [lambda: frequencies("5", 2), lambda: diagonal_encoding(2, 3), lambda: qubit_encoding(0)]
)
def test_bad_input(call):
    with pytest.raises(ProtocolError):
        call()
