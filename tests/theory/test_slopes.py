import numpy as np
import pytest

from qcomm.errors import DataError
from qcomm.theory.slopes import Slope, fit_slope, slope_holds


def test_exact_power_law_and_noisy_interval():
    x = np.geomspace(0.001, 0.3, 9)
    assert fit_slope(x, 3 * x**-2).value == pytest.approx(-2)
    rng, covered = np.random.default_rng(0), 0
    for _ in range(300):
        slope = fit_slope(x, 3 * x**-2 * np.exp(0.1 * rng.normal(size=9)), np.full(9, 0.1))
        covered += slope.low <= -2 <= slope.high
    assert covered > 0.93 * 300


def test_weights_matter():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    y = np.array([1.0, 2.0, 4.0, 80.0])
    assert fit_slope(x, y, np.array([0.01, 0.01, 0.01, 10.0])).value == pytest.approx(1, abs=0.01)
    assert fit_slope(x, y).value > 1.5


def test_an_exact_slope_lies_inside_and_a_sampled_interval_meets_the_claim_and_is_narrow():
    slope = fit_slope(np.array([1, 2, 4, 8.0]), np.array([1, 2, 4, 8.0]))
    assert slope_holds(slope, 0.9, 1.1, sampled=False)
    assert slope_holds(Slope(1.15, 1.06, 1.24, 5), 0.9, 1.1, sampled=True)
    assert not slope_holds(Slope(1.2, 1.05, 1.35, 5), 0.9, 1.1, sampled=False)
    assert not slope_holds(Slope(1.3, 1.25, 1.35, 5), 0.9, 1.1, sampled=True)
    assert not slope_holds(Slope(-1.0, -2.1, 0.1, 5), -2.15, -1.85, sampled=True)  # it meets the claim, being wide
    assert not slope_holds(slope, -2.1, -1.9, sampled=False)


@pytest.mark.parametrize("bad", [[1.0, 2.0], [1.0, 0.0, 2.0], [1.0, np.nan, 2.0]])
def test_bad_points(bad):
    with pytest.raises(DataError):
        fit_slope(np.arange(1.0, len(bad) + 1), np.array(bad))
