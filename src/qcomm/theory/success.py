"""Exact success probabilities of the linear-classification protocols.

Task: unit vectors x (Alice) and y (Bob) in R^N with x.y = +-gamma; output the sign. Every function gives the
probability of the right sign, exactly (quadrature error below 1e-9, but for `quantised`, which says so); where the two
signs differ, of the worse one.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.theory.checks import in_range, whole
from qcomm.theory.sphere import cosine_of_log_tail, upper_tail

CERTAIN = 9  # standard deviations from the mean to zero, beyond which a sum has the right sign for certain (1e-18)
MOST_BITS = 24  # per number: single precision has no more


@lru_cache
def _legendre(points: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(points)


def _quadrature(low: float, high: float, points: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = _legendre(points)
    half = (high - low) / 2
    return low + half * (nodes + 1), weights * half


def sign_sketch(bits: int, gamma: float) -> float:
    """Alice sends sign(g_i.x) for `bits` shared Gaussian g_i; Bob outputs sign(sum_i sign(g_i.x) g_i.y). Any N >= 2.

    One term is t = gamma |a| + sqrt(1 - gamma^2) w with a, w standard normal. Its characteristic function is
    exp(-(1 - gamma^2) s^2 / 2) W(gamma s / sqrt 2), W the Faddeeva function, and Gil-Pelaez' inversion (Biometrika
    1951) of its power gives P(sum > 0). Derived here; one bit gives 1/2 + arcsin(gamma)/pi.
    """
    bits, gamma = whole(bits, "bits", 0), in_range(gamma, "gamma", 0, 1)
    if bits == 0 or gamma == 0:
        return 0.5
    if gamma == 1:
        return 1.0
    if gamma * np.sqrt(bits * 2 / np.pi) > CERTAIN * np.sqrt(1 - 2 * gamma**2 / np.pi):
        return 1.0  # the mean of the sum, in standard deviations
    limits = 9 / np.sqrt(bits * (1 - gamma**2)) * 2.0 ** -np.arange(60)  # the first: from the Gaussian factor alone
    limit = limits[bits * _log_phi(limits, gamma).real < -40].min(initial=limits[0])
    # s = sinh(u) / sqrt(bits): nodes are dense where the power is large, also where it has a long tail
    u, weights = _quadrature(0.0, np.arcsinh(limit * np.sqrt(bits)), 400)
    s, weights = np.sinh(u) / np.sqrt(bits), weights * np.cosh(u) / np.sqrt(bits)
    return float(0.5 + weights @ (np.exp(bits * _log_phi(s, gamma)).imag / s) / np.pi)


def _log_phi(s: np.ndarray, gamma: float) -> np.ndarray:
    """Logarithm of the characteristic function of one term of the sign sketch."""
    return -(1 - gamma**2) * s**2 / 2 + np.log(special.wofz(gamma * s / np.sqrt(2)))


def best_shared(bits: float, gamma: float, dimension: float = np.inf) -> float:
    """Alice sends the index of the shared random unit vector u, of 2^bits, with the largest u.x; Bob says sign(u.y).

    The largest cosine c has distribution F(c)^(2^bits); given c, u.y = gamma c + sqrt((1-gamma^2)(1-c^2)) xi with xi a
    coordinate of a random unit vector in N-1 dimensions. Derived here. `bits` may be fractional in the
    formula; `dimension` = inf gives Gaussian vectors.
    """
    bits, gamma = in_range(bits, "bits", 0, np.inf), in_range(gamma, "gamma", 0, 1)
    dimension = in_range(dimension, "dimension", 3, np.inf)
    if gamma == 1:
        gamma = 1 - 1e-15
    gumbel, weights = _quadrature(-4.0, 40.0, 160)
    weights = weights * np.exp(-gumbel - np.exp(-gumbel))
    log_tail = log_tail_of_largest(-gumbel - bits * np.log(2))
    slope = gamma / np.sqrt(1 - gamma**2)
    if np.isinf(dimension):
        right = special.ndtr(-slope * special.ndtri_exp(log_tail))
    else:
        cosine, sine = cosine_of_log_tail(log_tail, int(dimension))
        score = np.clip(slope * cosine / np.maximum(sine, 1e-300), -1, 1)
        right = upper_tail(-score, int(dimension) - 1)
    return float(weights @ right / weights.sum())


def log_tail_of_largest(log_rate: np.ndarray) -> np.ndarray:
    """ln P(one draw exceeds c), c such that exp(-exp(log_rate)) is the probability that no draw of many exceeds it.

    With 2^bits draws whose largest is at the quantile exp(-exp(-gumbel)), log_rate = -gumbel - bits ln 2.
    """
    return np.where(log_rate > -30, np.log(-np.expm1(-np.exp(np.maximum(log_rate, -30)))), log_rate)


def quantised(bits_per_number: int, gamma: float, dimension: int) -> float:
    """Alice sends all N coordinates of her randomly rotated vector with a uniform quantiser; Bob says sign(Q(Rx).Ry).

    Given the rotated x, Ry = +-gamma Rx + sqrt(1-gamma^2) w with w uniform in the complement of x, so the sign is right
    with the probability that a coordinate of w stays above -gamma <Q,Rx> / (sqrt(1-gamma^2) |Q - <Q,Rx> Rx|). The
    rotated coordinates are taken at their Gaussian averages (relative error O(1/N) of the score). Derived here.
    """
    gamma, dimension = in_range(gamma, "gamma", 0, 1), whole(dimension, "dimension", 3)
    if gamma == 1:
        return 1.0
    parallel, power = quantiser_moments(bits_per_number)
    score = gamma / np.sqrt(1 - gamma**2) * parallel / np.sqrt(power - parallel**2)
    return float(1 - upper_tail(min(score, 1.0), dimension - 1))


@lru_cache
def quantiser_step(bits_per_number: int) -> float:
    """Step (units of N^-1/2) of the uniform mid-rise quantiser of 2^bits levels that keeps the most of a Gaussian."""
    from scipy.optimize import minimize_scalar

    if whole(bits_per_number, "bits_per_number", 1) > MOST_BITS:
        held = f"{bits_per_number} bits a number are more than a float32 holds"
        raise ProtocolError(held, where="bits_per_number", fix=f"give {MOST_BITS} or fewer")
    if bits_per_number == 1:
        return 2.0  # levels +-1: the scale of a sign is free

    def lost(step: float) -> float:
        parallel, power = _moments(bits_per_number, step)
        return 1 - parallel**2 / power

    bounds = 2.0 ** (1 - bits_per_number), min(2.0, 2.0 ** (5 - bits_per_number))  # the levels span 2 to 32 deviations
    return float(minimize_scalar(lost, bounds=bounds, method="bounded", options={"xatol": 1e-9 * bounds[0]}).x)


def quantiser_moments(bits_per_number: int) -> tuple[float, float]:
    """E[a Q(a)] and E[Q(a)^2] for a standard normal a."""
    return _moments(whole(bits_per_number, "bits_per_number", 1), quantiser_step(bits_per_number))


def _moments(bits: int, step: float) -> tuple[float, float]:
    levels = (np.arange(2 ** (bits - 1)) + 0.5) * step
    edges = np.append(np.arange(2 ** (bits - 1)) * step, np.inf)
    mass = special.ndtr(-edges[:-1]) - special.ndtr(-edges[1:])
    density = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    return float(2 * levels @ (density[:-1] - density[1:])), float(2 * levels**2 @ mass)


def hadamard_test(copies: int, gamma: float) -> float:
    """Majority of `copies` Hadamard tests, each saying + with probability (1 + x.y)/2; a tie is a fair coin.

    The binomial tail of an odd number k is I_p((k+1)/2, (k+1)/2); an even number does as well as the odd one below it.
    """
    copies, gamma = whole(copies, "copies", 0), in_range(gamma, "gamma", 0, 1)
    if copies == 0:
        return 0.5
    half = (copies + 1) // 2
    return float(special.betainc(half, half, (1 + gamma) / 2))


def swap_test_rates(gamma: float) -> tuple[float, float]:
    """Acceptance probabilities of the swap test for x.y = +gamma and -gamma.

    A swap test sees only |<a|b>|^2, so both vectors get a reference coordinate: a = (x, 1)/sqrt2, b = (y, 1)/sqrt2,
    <a|b> = (1 + x.y)/2 and P(accept) = (1 + <a|b>^2)/2 (Buhrman, Cleve, Watrous, de Wolf 2001).
    """
    gamma = in_range(gamma, "gamma", 0, 1)
    return tuple((1 + ((1 + sign * gamma) / 2) ** 2) / 2 for sign in (1, -1))


def swap_test_threshold(copies: int, gamma: float) -> int:
    """Bob says + when at least this many of `copies` swap tests accept: the equal-likelihood point of the two signs."""
    plus, minus = swap_test_rates(gamma)
    per_accept = np.log(plus * (1 - minus) / (minus * (1 - plus)))
    return int(np.ceil(whole(copies, "copies", 1) * np.log((1 - minus) / (1 - plus)) / per_accept))


def swap_test_signs(copies: int, gamma: float) -> tuple[float, float]:
    """Probabilities of the right answer for x.y = +gamma and -gamma, with Bob's threshold `swap_test_threshold`."""
    threshold = swap_test_threshold(copies, gamma)
    plus, minus = swap_test_rates(gamma)
    accept = [float(special.bdtrc(threshold - 1, copies, rate)) if threshold > 0 else 1.0 for rate in (plus, minus)]
    return accept[0], 1 - accept[1]


def swap_test(copies: int, gamma: float) -> float:
    """The worse of the two signs for `copies` swap tests."""
    return min(swap_test_signs(copies, gamma))


def amplitude_estimation(calls: int, gamma: float, *, shifted: bool | None = None) -> float:
    """Phase estimation of p = (1 + x.y)/2 on a grid of M = `calls` phases; the worse of the two signs.

    Brassard, Hoyer, Mosca, Tapp 2002: with sin^2(theta) = p the outcome y has P(y) = (K(y/M - theta/pi) + K(y/M +
    theta/pi))/2, K the Fejer kernel sin^2(pi M d)/(M sin(pi d))^2; Bob says + when sin^2(pi y/M) > 1/2. `shifted` moves
    the grid by half a step; by default it does so where 4 divides M, when p = 1/2 would lie on the grid and tie.
    """
    plus, minus = (outcome_distribution(calls, sign * gamma, shifted=shifted) for sign in (1, -1))
    votes = votes_for_plus(calls, shifted=shifted)
    return float(min(plus @ votes, minus @ (1 - votes)))


def grid_shift(calls: int, shifted: bool | None = None) -> float:
    """0.5 where the phase grid is moved by half a step, else 0."""
    moved = whole(calls, "calls", 1) % 4 == 0 if shifted is None else shifted
    return 0.5 if moved else 0.0


def outcome_distribution(calls: int, overlap: float, *, shifted: bool | None = None) -> np.ndarray:
    """Probabilities of the M phase outcomes of amplitude estimation for x.y = `overlap`; array (M,)."""
    overlap = in_range(overlap, "overlap", -1, 1)
    phase = np.arcsin(np.sqrt((1 + overlap) / 2)) / np.pi
    grid = (np.arange(calls) + grid_shift(calls, shifted)) / calls
    return (_fejer(grid - phase, calls) + _fejer(grid + phase, calls)) / 2


def _fejer(distance: np.ndarray, calls: int) -> np.ndarray:
    below = calls * np.sin(np.pi * distance)
    safe = np.where(np.abs(below) < 1e-12, 1.0, below)
    return np.where(np.abs(below) < 1e-12, 1.0, (np.sin(np.pi * calls * distance) / safe) ** 2)


def votes_for_plus(calls: int, *, shifted: bool | None = None) -> np.ndarray:
    """1 where a phase outcome says +, 0 where it says -, 1/2 on a tie; array (M,)."""
    grid = (np.arange(calls) + grid_shift(calls, shifted)) / calls
    lean = -np.cos(2 * np.pi * grid)  # sin^2(pi y) - 1/2, doubled
    return np.where(np.abs(lean) < 1e-12, 0.5, (lean > 0).astype(float))
