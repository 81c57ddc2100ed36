"""Best known measurement of k copies of a random real state: its outcome law, fidelity, information, and optimality.

x^(x)k splits over the harmonic subspaces l = k, k-2, .. of Sym^k(R^N): x^(x)k = sum_l sqrt(w_l) |z_l(x)>. The covariant
measurement with seed sum_l sqrt(d_l) |z_l(e)>, d_l the dimensions, guesses e with density (with respect to the uniform
measure) (sum_l sqrt(w_l d_l) P_l(t))^2 at t = x.e, P_l the Gegenbauer polynomials with P_l(1) = 1. Derived here, in the
manner of Holevo's covariant measurements (Holevo 1982, chapter 4) and of Massar and Popescu 1995; k = 1 gives 3/(N+2).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.theory.checks import whole
from qcomm.theory.holevo import real_moments, symmetric_powers

ANGLES = np.linspace(0, np.pi, 20001)  # Simpson's rule on these is exact to 1e-10 for the smooth laws used here


def harmonic_dimension(degree: int, dimension: int) -> int:
    """Dimension of the harmonic polynomials of a degree in N variables."""
    lower = special.comb(dimension + degree - 3, degree - 2, exact=True) if degree >= 2 else 0
    return special.comb(dimension + degree - 1, degree, exact=True) - lower


def zonal_series(coefficients: np.ndarray, dimension: int, cosine: np.ndarray) -> np.ndarray:
    """sum_l coefficients[l] P_l(cosine), P_l the Gegenbauer polynomials of R^N with P_l(1) = 1, by their recurrence."""
    cosine = np.asarray(cosine, dtype=float)
    previous, current = np.ones_like(cosine), cosine
    total = coefficients[0] * previous
    for degree, coefficient in enumerate(coefficients[1:], start=1):
        total = total + coefficient * current
        above = (2 * degree + dimension - 2) * cosine * current - degree * previous
        previous, current = current, above / (degree + dimension - 2)
    return total


def sector_weights(copies: int, dimension: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Degrees l, weights w_l of x^(x)k in them, and dimensions d_l: t^k = sum_l w_l P_l(t).

    Closed form of the expansion of a power in Gegenbauer polynomials (Rainville 1960, section 144), in logarithms:
    the weights span hundreds of orders of magnitude, and quadrature would lose the small ones.

    Raises:
        ProtocolError: a dimension exceeds 1e308.
    """
    copies, dimension = whole(copies, "copies", 1), whole(dimension, "dimension", 3)
    degrees = np.arange(copies, -1, -2)
    index, half = (copies - degrees) // 2, dimension / 2 - 1
    log_weights = (
        special.gammaln(copies + 1)
        - copies * np.log(2)
        + np.log((half + degrees) / half)
        - special.gammaln(index + 1)
        - (special.gammaln(half + 1 + copies - index) - special.gammaln(half + 1))
        + (special.gammaln(2 * half + degrees) - special.gammaln(2 * half))
        - special.gammaln(degrees + 1)
    )
    try:
        dims = np.array([float(harmonic_dimension(int(degree), dimension)) for degree in degrees])
    except OverflowError as error:
        too_many = f"{copies} copies in R^{dimension} have more dimensions than a float counts"
        raise ProtocolError(too_many, where="copies", fix="take fewer copies or a smaller dimension") from error
    return degrees, np.exp(log_weights), dims


def holevo_bits(copies: int, dimension: int) -> float:
    """Holevo quantity of k copies of a random real state: the entropy of weight w_l over d_l dimensions; N >= 3."""
    _, weights, dims = sector_weights(copies, dimension)
    return float(weights @ (np.log2(dims) - np.log2(weights)))


def density(copies: int, dimension: int, cosine: np.ndarray) -> np.ndarray:
    """Likelihood ratio of the guess with x.guess = cosine, against the uniform guess."""
    degrees, weights, dims = sector_weights(copies, dimension)
    coefficients = np.zeros(copies + 1)
    coefficients[degrees] = np.sqrt(weights * dims)
    return zonal_series(coefficients, dimension, cosine) ** 2


def fidelity(copies: int, dimension: int) -> float:
    """Mean (x.guess)^2 of the measurement; 3/(N+2) for one copy."""
    cosine, mass = _uniform_guess(dimension)
    return float(mass @ (density(copies, dimension, cosine) * cosine**2))


def information_bits(copies: int, dimension: int) -> float:
    """Mutual information between a random real x and the outcome: the mean of log2 of the likelihood ratio."""
    cosine, mass = _uniform_guess(dimension)
    ratio = density(copies, dimension, cosine)
    return float(mass @ special.xlogy(ratio, ratio) / np.log(2))


def _uniform_guess(dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and weights (sum 1) of one coordinate of a random unit vector: Simpson's rule in the angle."""
    simpson = np.where(np.arange(ANGLES.size) % 2 == 1, 4.0, 2.0)
    simpson[[0, -1]] = 1.0
    mass = simpson * np.sin(ANGLES) ** (dimension - 2)
    return np.cos(ANGLES), mass / mass.sum()


def sample_cosines(copies: int, dimension: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Simulated records: x.guess of `count` runs, drawn from the exact outcome law by inversion."""
    law = density(copies, dimension, np.cos(ANGLES)) * np.sin(ANGLES) ** (whole(dimension, "dimension", 3) - 2)
    cumulative = np.concatenate([[0.0], np.cumsum((law[1:] + law[:-1]) / 2)])
    if not np.isfinite(cumulative[-1]) or cumulative[-1] <= 0:
        raise ProtocolError(f"the outcome law for {copies} copies in R^{dimension} is out of range", where="dimension")
    return np.cos(np.interp(rng.uniform(size=whole(count, "count", 1)), cumulative / cumulative[-1], ANGLES))


class FrameMeasurement:
    """The measurement itself on Sym^k, with finitely many outcomes: no closed form of its law is used.

    M^(-1/2) g^(x)k, M the mean of |x><x|^(x)k, is the seed for the guess g: it weighs each sector by sqrt(d_l/w_l),
    as the seed in this module's head does. `guesses` random g make a frame; its elements are multiplied by the inverse
    root of their sum, which makes them a measurement exactly.
    """

    def __init__(self, copies: int, dimension: int, guesses: int, rng: np.random.Generator):
        self.copies = whole(copies, "copies", 1)
        directions = rng.normal(size=(whole(guesses, "guesses", 1), whole(dimension, "dimension", 3)))
        self.guesses = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        seeds = symmetric_powers(self.guesses, copies) @ _inverse_root(real_moments(copies, dimension))
        self._elements = seeds @ _inverse_root(seeds.T @ seeds)

    def probabilities(self, states: np.ndarray) -> np.ndarray:
        """Of each guess for k copies of each real unit row (S, N): (S, guesses), rows of sum 1."""
        return (symmetric_powers(states, self.copies) @ self._elements.T) ** 2

    def sample_cosines(self, states: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Simulated records: x.guess (S,) of one measurement of k copies of each row."""
        cumulative = np.cumsum(self.probabilities(states), axis=1)
        drawn = (rng.uniform(size=(len(states), 1)) * cumulative[:, -1:] > cumulative).sum(axis=1)
        return np.einsum("sn,sn->s", states, self.guesses[drawn])


def _inverse_root(matrix: np.ndarray) -> np.ndarray:
    """matrix^(-1/2) of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors / np.sqrt(values)) @ vectors.T
