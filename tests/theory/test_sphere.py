import numpy as np
import pytest
from scipy import special

from qcomm.theory.sphere import cosine_of_log_tail, log_small_tail, upper_tail


@pytest.mark.parametrize("dimension", [3, 64, 4096])
def test_form_for_tiny_tails_continues_the_incomplete_beta_function(dimension):
    log_w = np.array([-600.0, -300.0]) / ((dimension - 1) / 2)
    value, slope = log_small_tail(log_w, dimension)
    exact = np.log(special.betainc((dimension - 1) / 2, 0.5, np.exp(log_w)) / 2)
    np.testing.assert_allclose(value, exact, rtol=1e-12)
    step = 1e-6 * np.abs(log_w)
    numeric = (log_small_tail(log_w + step, dimension)[0] - log_small_tail(log_w - step, dimension)[0]) / (2 * step)
    np.testing.assert_allclose(slope, numeric, rtol=1e-5)


@pytest.mark.parametrize("dimension", [32, 100, 10**6])
def test_tail_and_its_inverse(dimension):
    log_tail = np.array([-1e-3, -0.5, np.log(0.5), -3.0, -100.0, -599.0, -601.0, -1e4, -1e6])
    cosine, sine = cosine_of_log_tail(log_tail, dimension)
    np.testing.assert_allclose(cosine**2 + sine**2, 1)
    assert np.all(np.diff(cosine) >= 0)
    np.testing.assert_allclose(np.log(upper_tail(cosine[:4], dimension)), log_tail[:4], atol=1e-6)
    back = log_small_tail(2 * np.log(sine[-3:-1]), dimension)[0]
    np.testing.assert_allclose(back, log_tail[-3:-1], rtol=1e-8)
