"""Holevo quantity of k copies, exactly, for Haar ensembles and for finite ensembles of encoded data."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.theory.checks import unit_rows, whole

LARGEST_SYMMETRIC = 1500  # dimension of Sym^k that is diagonalised densely


def entropy_bits(eigenvalues: np.ndarray) -> float:
    """Von Neumann entropy in bits of a spectrum that sums to 1.

    Raises:
        ProtocolError: the spectrum is not a probability distribution.
    """
    values = np.asarray(eigenvalues, dtype=float)
    if not np.isfinite(values).all() or values.min(initial=0) < -1e-9 or abs(values.sum() - 1) > 1e-8:
        raise ProtocolError("eigenvalues are no probability distribution", where="entropy_bits")
    return float(special.entr(np.clip(values, 0, None)).sum() / np.log(2))


def haar_spectrum(copies: int, dimension: int, *, real: bool) -> np.ndarray:
    """Spectrum of the mean of |psi><psi|^(x)k over Haar-random states, from exact moments.

    In the occupation basis of Sym^k the mean of entry (a, b) is sqrt(multinomial(a) multinomial(b)) times a moment:
    complex E[prod |psi_i|^(2 a_i)] for a = b and 0 otherwise; real E[prod x_i^(a_i + b_i)], which is not diagonal.

    Raises:
        ProtocolError: as `occupations`.
    """
    if real:
        return np.linalg.eigvalsh(real_moments(copies, dimension))[::-1]
    occupation, log_multinomial = occupations(copies, dimension)
    return np.sort(np.exp(log_multinomial + _log_complex_moment(occupation, dimension)))[::-1]


def occupations(copies: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Occupation basis of Sym^k: numbers of copies in each level (D, N), and ln of their multinomials (D,).

    Raises:
        ProtocolError: Sym^k has more than LARGEST_SYMMETRIC dimensions.
    """
    copies, dimension = whole(copies, "copies", 1), whole(dimension, "dimension", 1)
    size = int(special.comb(dimension + copies - 1, copies, exact=True))
    if size > LARGEST_SYMMETRIC:
        raise ProtocolError(f"Sym^{copies} of C^{dimension} has {size} dimensions", where="occupations")
    chosen = np.array(list(combinations_with_replacement(range(dimension), copies)))
    occupation = np.stack([(chosen == level).sum(axis=1) for level in range(dimension)], axis=1)
    return occupation, special.gammaln(copies + 1) - special.gammaln(occupation + 1).sum(axis=1)


def real_moments(copies: int, dimension: int) -> np.ndarray:
    """Mean of |x><x|^(x)k over random real unit vectors, in the occupation basis (D, D), from exact moments."""
    occupation, log_multinomial = occupations(copies, dimension)
    powers = occupation[:, None, :] + occupation[None, :, :]
    return np.where(
        (powers % 2 == 0).all(axis=2),
        np.exp((log_multinomial[:, None] + log_multinomial[None, :]) / 2 + log_real_moment(powers, dimension)),
        0.0,
    )


def symmetric_powers(rows: np.ndarray, copies: int) -> np.ndarray:
    """x^(x)k of each real row (S, N) in the occupation basis (S, D); unit rows give unit vectors."""
    occupation, log_multinomial = occupations(copies, rows.shape[1])
    return np.exp(log_multinomial / 2) * np.prod(rows[:, None, :] ** occupation[None], axis=2)


def _log_complex_moment(occupation: np.ndarray, dimension: int) -> np.ndarray:
    """ln E[prod |psi_i|^(2 a_i)] = ln((N-1)! prod a_i! / (N-1+k)!): Dirichlet moments."""
    total = occupation.sum(axis=-1)
    return (
        special.gammaln(dimension) - special.gammaln(dimension + total) + special.gammaln(occupation + 1).sum(axis=-1)
    )


def log_real_moment(powers: np.ndarray, dimension: int) -> np.ndarray:
    """ln E[prod |x_i|^(p_i)] on the real unit sphere: Dirichlet(1/2) moments of the squares."""
    half, total = powers / 2, powers.sum(axis=-1) / 2
    rising = special.gammaln(half + 0.5) - special.gammaln(0.5)
    return special.gammaln(dimension / 2) - special.gammaln(dimension / 2 + total) + rising.sum(axis=-1)


def haar_holevo(copies: int, dimension: int, *, real: bool) -> float:
    """Holevo quantity of k copies of a Haar-random state: log2 binom(N+k-1, k) if complex, less if real."""
    return entropy_bits(haar_spectrum(copies, dimension, real=real))


def ensemble_holevo(rows: np.ndarray, copies: int) -> float:
    """Holevo quantity of k copies of states drawn uniformly from encoded rows (S, N), real or complex.

    The mean of S pure states has the non-zero spectrum of their Gram matrix over S; k copies raise its entries to the
    k-th power. Exact for the finite ensemble, so it never exceeds log2 S.
    """
    states = encoded(rows)
    return gram_holevo(states @ states.conj().T, copies)


def gram_holevo(gram: np.ndarray, copies: int) -> float:
    """The same from the Gram matrix (S, S) of unit vectors."""
    matrix = gram ** whole(copies, "copies", 1) / len(gram)
    return entropy_bits(np.linalg.eigvalsh(matrix))


def encoded(rows: np.ndarray) -> np.ndarray:
    """Amplitude-encoded rows: unit vectors (S, N); complex rows stay complex."""
    if np.iscomplexobj(rows):
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not (np.isfinite(rows).all() and (lengths > 0).all()):
            raise ProtocolError("rows hold NaN, infinity or only zeros", where="rows")
        return rows / lengths
    return unit_rows(rows, "rows")


def random_states(count: int, dimension: int, rng: np.random.Generator, *, real: bool) -> np.ndarray:
    """Haar-random unit vectors (count, N)."""
    vectors = rng.normal(size=(whole(count, "count", 1), whole(dimension, "dimension", 1)))
    if not real:
        vectors = vectors + 1j * rng.normal(size=vectors.shape)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
