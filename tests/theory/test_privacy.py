import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.stats import binom

from qcomm.errors import ProtocolError
from qcomm.theory import (
    bounds,
    covariant,
    dishonest,
    holevo,
    intervals,
    privacy,
    privacy_checks,
    privacy_data,
    reconstruction,
)


@pytest.mark.parametrize(("dimension", "copies"), [(2, 1), (2, 5), (3, 4), (4, 3), (8, 3), (16, 2)])
def test_complex_haar_meets_the_bound_exactly(dimension, copies):
    exact = np.log2(special.comb(dimension + copies - 1, copies, exact=True))
    assert holevo.haar_holevo(copies, dimension, real=False) == pytest.approx(exact, abs=1e-10)
    assert bounds.copies_bound(copies, dimension) == pytest.approx(exact, abs=1e-10)
    assert exact <= bounds.simple_copies_bound(copies, dimension) + 1e-12


@pytest.mark.parametrize(("copies", "bits"), [(1, 2.000), (2, 3.189), (3, 4.000)])
def test_real_haar_values(copies, bits):
    assert holevo.haar_holevo(copies, 4, real=True) == pytest.approx(bits, abs=0.001)


@pytest.mark.parametrize("real", [True, False])
def test_sampled_ensembles_approach_the_exact_moments(real):
    states = holevo.random_states(1500, 3, np.random.default_rng(0), real=real)
    sampled, exact = holevo.ensemble_holevo(states, 2), holevo.haar_holevo(2, 3, real=real)
    assert exact - 0.03 < sampled < exact + 0.005


def test_real_sector_weights_are_the_haar_spectrum():
    _, weights, dims = covariant.sector_weights(3, 5)
    spectrum = np.sort(np.repeat(weights / dims, dims.astype(int)))
    np.testing.assert_allclose(spectrum, np.sort(holevo.haar_spectrum(3, 5, real=True)), atol=1e-12)


@pytest.mark.parametrize(("dimension", "copies"), [(3, 3), (4, 1), (4, 3), (8, 3), (20, 2)])
def test_sector_formula_is_the_real_haar_holevo(dimension, copies):
    exact = holevo.haar_holevo(copies, dimension, real=True)
    assert covariant.holevo_bits(copies, dimension) == pytest.approx(exact, abs=1e-9)
    assert covariant.holevo_bits(50, 10**4) < bounds.copies_bound(50, 10**4)


def test_finite_ensembles():
    basis = np.eye(8)
    assert holevo.ensemble_holevo(basis, 1) == pytest.approx(3)
    assert holevo.ensemble_holevo(np.vstack([basis, 5 * basis]), 2) == pytest.approx(3)
    rows = np.random.default_rng(0).normal(size=(20, 6))
    values = [holevo.ensemble_holevo(rows, copies) for copies in (1, 2, 3, 4)]
    assert np.all(np.diff(values) > 0)
    assert values[-1] <= bounds.entropy_bound(20)
    assert all(value <= bounds.copies_bound(copies, 6) for copies, value in enumerate(values, start=1))


def test_one_real_copy_and_complex_formula():
    for dimension in (3, 16, 1024):
        assert covariant.fidelity(1, dimension) == pytest.approx(bounds.real_one_copy_fidelity(dimension), rel=1e-9)
        assert covariant.fidelity(1, dimension) > bounds.complex_fidelity(1, dimension)


@pytest.mark.parametrize(("dimension", "copies"), [(3, 2), (3, 3), (4, 2), (4, 3), (5, 4)])
def test_covariant_measurement_is_optimal(dimension, copies):
    """Dual certificate: sum_l y_l P_l >= Lambda = E[(x.e)^2 |x^k><x^k|] bounds every measurement by sum_l y_l d_l."""
    _, weights, dims = covariant.sector_weights(copies, dimension)
    chosen, matrix, coupling = _moments(dimension, copies)
    values, vectors = np.linalg.eigh(matrix)
    at_e = (chosen == 0).all(axis=1).astype(float)
    sectors = [vectors[:, np.isclose(values, w / d, rtol=1e-6)] for w, d in zip(weights, dims, strict=True)]
    assert [sector.shape[1] for sector in sectors] == list(dims.astype(int))
    zonals = [sector @ (sector.T @ at_e) for sector in sectors]
    zonals = [vector / np.linalg.norm(vector) for vector in zonals]
    seed = sum(np.sqrt(d) * z for d, z in zip(dims, zonals, strict=True))
    price = [z @ coupling @ seed / np.sqrt(d) for d, z in zip(dims, zonals, strict=True)]
    slack = sum(y * s @ s.T for y, s in zip(price, sectors, strict=True)) - coupling
    assert np.linalg.eigvalsh(slack).min() > -1e-9
    assert np.dot(price, dims) == pytest.approx(covariant.fidelity(copies, dimension), abs=1e-9)


def _moments(dimension, copies):
    """Occupation basis: chosen levels, E[x^k x^kT], and E[(x.e_0)^2 x^k x^kT], all from exact moments."""
    from itertools import combinations_with_replacement

    chosen = np.array(list(combinations_with_replacement(range(dimension), copies)))
    occupation = np.stack([(chosen == level).sum(1) for level in range(dimension)], axis=1)
    root = np.sqrt(special.factorial(copies) / special.factorial(occupation).prod(1))
    powers = occupation[:, None] + occupation[None]
    shifted = powers + 2 * np.eye(dimension, dtype=int)[0]
    both = [np.where((p % 2 == 0).all(2), np.exp(holevo.log_real_moment(p, dimension)), 0) for p in (powers, shifted)]
    return chosen, both[0] * np.outer(root, root), both[1] * np.outer(root, root)


def test_simulated_records_have_the_exact_mean():
    rng = np.random.default_rng(1)
    cosines = covariant.sample_cosines(4, 16, 20000, rng)
    error = (cosines**2).std() / np.sqrt(20000)
    assert abs((cosines**2).mean() - covariant.fidelity(4, 16)) < 4 * error
    bits = np.log2(covariant.density(4, 16, cosines))
    assert abs(bits.mean() - covariant.information_bits(4, 16)) < 4 * bits.std() / np.sqrt(20000)
    assert covariant.information_bits(4, 16) < covariant.holevo_bits(4, 16)


def test_random_basis_outcome_has_the_distribution_of_a_built_basis():
    rng = np.random.default_rng(2)
    x = np.array([3.0, -1, 2, 0]) / np.sqrt(14)
    fast = reconstruction.random_basis_outcomes(x, 20000, rng) @ x
    built = []
    for _ in range(5000):
        basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        built.append(basis[:, rng.choice(4, p=(basis.T @ x) ** 2)] @ x)
    assert np.mean(fast**2) == pytest.approx(3 / 6, abs=0.01)
    assert np.mean(np.square(built)) == pytest.approx(3 / 6, abs=0.02)


def test_practical_reconstruction_converges_and_stays_below_the_best():
    rng = np.random.default_rng(3)
    x = rng.normal(size=8)
    fidelities = {}
    for copies in (8, 2000):
        runs = [
            reconstruction.top_vector_fidelity(x, reconstruction.random_basis_outcomes(x, copies, rng))
            for _ in range(60)
        ]
        fidelities[copies] = np.mean(runs)
        assert np.mean(runs) < covariant.fidelity(copies, 8) + 3 * np.std(runs) / np.sqrt(60)
    assert fidelities[8] < 0.8 < 0.98 < fidelities[2000]


def test_counts_of_non_negative_data():
    rng = np.random.default_rng(4)
    state = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    one = reconstruction.counts_fidelity(state, reconstruction.basis_counts(state, 1, 500, rng))
    np.testing.assert_allclose(one, 0.25)
    many = reconstruction.counts_fidelity(state, reconstruction.basis_counts(state, 10000, 5, rng))
    assert many.min() > 0.999


def test_recorded_information():
    rng = np.random.default_rng(5)
    mean, low, high = reconstruction.recorded_information(np.eye(8), 1, 100, rng)
    assert (mean, high) == (pytest.approx(3), 3)
    assert low == pytest.approx(3 - 0.03 * 3)  # records that agree leave 3/100 of the cases open
    rows = np.abs(rng.normal(size=(16, 8)))
    few, few_low, _ = reconstruction.recorded_information(rows, 1, 400, rng)
    many, _, most = reconstruction.recorded_information(rows, 50, 400, rng)
    assert few_low < holevo.ensemble_holevo(rows, 1)
    assert few < many <= most <= 4


def test_nearly_equal_records_do_not_escape_with_a_tiny_interval():
    gained = np.full(200, 4.0)
    gained[0] -= 1e-6
    _, low, high = reconstruction.information_interval(gained, 4.0)
    assert low == pytest.approx(4 - 3 / 200 * 4, abs=1e-6)
    assert high == 4


@pytest.mark.parametrize(("right", "trials"), [(0, 20), (7, 20), (20, 20)])
def test_clopper_pearson_solves_the_binomial_tails(right, trials):
    low, high = intervals.clopper_pearson(right, trials)
    assert low == 0 if right == 0 else binom.sf(right - 1, trials, low) == pytest.approx(0.025)
    assert high == 1 if right == trials else binom.cdf(right, trials, high) == pytest.approx(0.025)


def test_wilson_interval():
    assert intervals.wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert intervals.wilson(10, 10)[1] == pytest.approx(1)
    rng = np.random.default_rng(0)
    ends = [intervals.wilson(count, 40) for count in rng.binomial(40, 0.9, size=400)]
    assert np.mean([low <= 0.9 <= high for low, high in ends]) > 0.92


def test_mean_interval_stays_in_its_range():
    mean, low, high = intervals.mean_interval(np.array([1.0, 1.0, 0.4]), 0, 1)
    assert (mean, high) == (pytest.approx(0.8), 1)
    assert 0 <= low < mean


def test_superdense_attack_reads_all_bits():
    read, ledger = dishonest.superdense_attack(np.arange(16), 2, seed=1)
    np.testing.assert_array_equal(read, np.arange(16))
    assert ledger.total("qubits", "Alice") == ledger.total("qubits", "Bob") == 16 * 2
    signs, moved = dishonest.pauli_shift(0b1101, 2)
    np.testing.assert_array_equal(moved, [3, 2, 1, 0])
    np.testing.assert_array_equal(signs, [1, -1, 1, -1])


def test_alice_reads_bobs_parameters_with_the_roles_swapped():
    read, ledger = dishonest.superdense_attack(np.arange(16), 2, seed=1, attacker="Alice")
    np.testing.assert_array_equal(read, np.arange(16))
    assert {entry.sender for entry in ledger.entries if entry.label == "probe"} == {"Alice"}


def test_phase_outcomes_are_those_of_the_attack():
    phases = np.array([0.0, 0.7, 1.9, 0.2])
    exact = dishonest.phase_outcomes(phases[None])[0]
    assert exact.sum() == pytest.approx(1)
    read, _ = dishonest.phase_attack(np.tile(phases, (3000, 1)), seed=1, attacker="Alice")
    np.testing.assert_allclose(np.bincount(read, minlength=4) / 3000, exact, atol=0.04)


@pytest.mark.parametrize(("dimension", "copies"), [(3, 3), (4, 2), (5, 1)])
def test_built_measurement_has_the_closed_form_law_on_any_state(dimension, copies):
    rng = np.random.default_rng(0)
    measurement = covariant.FrameMeasurement(copies, dimension, 6000, rng)
    states = holevo.encoded(np.vstack([np.eye(dimension)[0], np.arange(1.0, dimension + 1)]))
    probabilities = measurement.probabilities(states)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-9)
    cosines = states @ measurement.guesses.T
    mean = (probabilities * cosines**2).sum(axis=1)
    np.testing.assert_allclose(mean, covariant.fidelity(copies, dimension), rtol=0.03)
    drawn = measurement.sample_cosines(np.repeat(states[1:], 4000, axis=0), rng) ** 2
    assert abs(drawn.mean() - mean[1]) < 4 * drawn.std() / np.sqrt(4000)


def test_symmetric_powers_have_the_overlaps_of_copies():
    rows = holevo.encoded(np.random.default_rng(0).normal(size=(5, 3)))
    powers = holevo.symmetric_powers(rows, 4)
    np.testing.assert_allclose(powers @ powers.T, (rows @ rows.T) ** 4, atol=1e-12)


def test_phases_alone_give_half_of_the_bits():
    signs, _ = dishonest.pauli_shift(0b0010, 2)
    read, _ = dishonest.phase_attack(np.tile(np.where(signs > 0, 0, np.pi), (20, 1)), seed=1)
    assert set(read) == {0b0010}
    read, _ = dishonest.phase_attack(np.random.default_rng(0).uniform(0, 6, size=(200, 4)), seed=1)
    assert set(read) == set(range(4))
    other, _ = dishonest.phase_attack(np.random.default_rng(0).uniform(0, 6, size=(200, 4)), seed=2)
    assert (read != other).any()


def test_bounds():
    assert bounds.dishonest_bound(3, 1000) == 60
    assert bounds.parameters_bound(2, 16) == 16
    assert bounds.copies_bound(0, 5) == 0
    assert np.all(np.diff([bounds.copies_bound(4, n) / n for n in (16, 256, 4096)]) < 0)
    assert (bounds.recalled_classical(0.1, 1000), bounds.recalled_classical(0.01, 1000)) == (pytest.approx(100), 1000)
    assert (bounds.recalled_quantum(0.1, 1000), bounds.recalled_quantum(0.0001, 1000)) == (pytest.approx(10), 1000)


SETTINGS = {
    "copies": [1, 3],
    "records": 60,
    "widths": [4],
    "width_copies": 2,
    "width_samples": 20,
    "samples": 12,
    "subsets": 3,
    "parameter_qubits": 3,
    "uses": [1, 2],
}


def toy_rows():
    return np.abs(np.random.default_rng(0).normal(size=(30, 9)))


def toy_table(seed=1):
    tables = privacy.haar_rows([[4, 2], [1, 3]]) + privacy.scaling_rows([8, 64], [1, 4], 500, seed)
    tables += privacy.sampled_haar_rows([[4, 2]], 400, 3, seed) + privacy.dishonest_rows([2], 40, seed)
    for part in (privacy_data.data_rows, privacy_data.width_rows, privacy_data.parameter_rows):
        tables += part("toy", toy_rows(), SETTINGS, seed)
    return pd.DataFrame(tables + privacy_data.frame_rows("toy", toy_rows(), 100, seed))


def test_tables_have_intervals_and_stay_below_their_bounds():
    frame = toy_table()
    assert (frame.low <= frame.value).all()
    assert (frame.value <= frame.high).all()
    assert set(frame.method) == {"exact", "records", "law-sampled records", "sampled states"}
    fidelities = frame[frame.quantity.str.contains("fidelity")]
    assert ((fidelities.low >= 0) & (fidelities.high <= 1)).all()
    checks = [*privacy_checks.table_checks(frame), *privacy_checks.comparison_checks(frame)]
    assert len(checks) > 15
    assert all(row["ok"] for row in checks)
    attack = frame[frame.ensemble == "dishonest, any unitary"].iloc[0]
    assert attack.value == 4 == bounds.dishonest_bound(1, 4)
    assert attack.qubits == 2
    pd.testing.assert_frame_equal(frame, toy_table())
    assert not frame.equals(toy_table(seed=2))


def test_subsets_are_random_and_their_spread_is_the_interval():
    frame = pd.DataFrame(privacy_data.data_rows("toy", toy_rows(), SETTINGS, 1))
    chi = frame[frame.quantity == "holevo"]
    assert (chi.low < chi.high).all()
    assert (frame[frame.quantity == "tighter bound"].value <= np.log2(12) + 1e-12).all()
    whole = privacy_data.subsets(toy_rows(), 30, 3, np.random.default_rng(0))
    assert len(whole) == 1
    part = privacy_data.subsets(toy_rows(), 5, 2, np.random.default_rng(0))
    assert not np.array_equal(part[0], part[1])
    assert not np.array_equal(part[0], toy_rows()[:5])


def test_checks_name_what_exceeds_its_bound():
    frame = toy_table()
    leaks = (frame.quantity == "information") & (frame.ensemble == "toy") & (frame.copies == 1)
    frame.loc[leaks, ["value", "low", "high"]] = 7.0
    failed = [row["name"] for row in privacy_checks.table_checks(frame) if not row["ok"]]
    assert failed == ["bits read, lower end: toy, N = 9, k = 1"]
    frame = toy_table()
    frame.loc[(frame.quantity == "fidelity") & (frame.method == "records"), ["value", "low", "high"]] = 0.99
    failed = [row["name"] for row in privacy_checks.comparison_checks(frame) if not row["ok"]]
    assert failed == ["share of records that agree with the exact law"]


def test_specified_values_and_decay(monkeypatch):
    assert all(row["ok"] for row in privacy_checks.specified_checks([4, 64]))
    frame = pd.DataFrame(privacy.scaling_rows([4, 256], [1], 400, 0))
    assert [row["ok"] for row in privacy_checks.decay_checks(frame)] == [True]
    frame.loc[frame.dimension == 256, "high"] = 300.0
    assert [row["ok"] for row in privacy_checks.decay_checks(frame)] == [False]
    monkeypatch.setattr(holevo, "haar_holevo", lambda *args, **options: 3.0)
    assert not all(row["ok"] for row in privacy_checks.specified_checks([4]))


def test_bits_of_a_symmetric_channel():
    assert privacy.read_bits(1.0, 4) == 4
    assert privacy.read_bits(1 / 16, 4) == privacy.read_bits(0.0, 4) == 0
    assert 0 < privacy.read_bits(0.5, 4) < privacy.read_bits(0.9, 4) < 4
    rows = pd.DataFrame(privacy.dishonest_rows([1], 30, 0))
    read = rows[rows.quantity == "information"]
    assert (read.low < read.value).all()


def test_each_attack_is_held_against_its_bound():
    rows = pd.DataFrame(privacy.dishonest_rows([1, 2], 40, 0))
    checks = list(privacy_checks.table_checks(rows))
    assert len(checks) == 6  # three attacks, two sizes
    assert all(row["ok"] for row in checks)
    read = rows.quantity == "information"
    too_much = rows.assign(low=rows.low.where(~read, 99.0))
    assert not any(row["ok"] for row in privacy_checks.table_checks(too_much))


@pytest.mark.parametrize(
    "call",
    [
        lambda: bounds.copies_bound(-1, 4),
        lambda: bounds.recalled_quantum(0, 4),
        lambda: holevo.ensemble_holevo(np.zeros((2, 2)), 1),
        lambda: holevo.ensemble_holevo(np.full((2, 2), np.nan), 1),
        lambda: holevo.haar_spectrum(10, 100, real=True),
        lambda: holevo.entropy_bits(np.array([0.5, 0.6])),
        lambda: covariant.fidelity(1, 2),
        lambda: covariant.fidelity(256, 4096),
        lambda: dishonest.pauli_shift(16, 2),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ProtocolError):
        call()
