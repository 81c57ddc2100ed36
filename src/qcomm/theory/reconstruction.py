"""Reconstruction of encoded data from k copies with practical measurements, from simulated records."""

from __future__ import annotations

import numpy as np

from qcomm.theory.checks import unit_rows, whole
from qcomm.theory.intervals import mean_interval


def basis_counts(state: np.ndarray, copies: int, trials: int, rng: np.random.Generator) -> np.ndarray:
    """Counts (trials, N) of `copies` measurements of a real state_vector in the computational basis."""
    probabilities = unit_rows(np.asarray(state)[None], "state")[0] ** 2
    return rng.multinomial(whole(copies, "copies", 1), probabilities / probabilities.sum(), size=trials)


def counts_fidelity(state: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(x.guess)^2 (trials,) for the guess sqrt(count/k).

    This is the practical attack on *non-negative* data, whose signs are known (bag-of-words rows are).
    """
    guess = np.sqrt(counts / counts.sum(axis=1, keepdims=True))
    return (guess @ np.abs(unit_rows(np.asarray(state)[None], "state")[0])) ** 2


def random_basis_outcomes(state: np.ndarray, copies: int, rng: np.random.Generator) -> np.ndarray:
    """Outcome vectors (k, N) of single-copy measurements, each in its own Haar-random real basis.

    One element of a random real basis, chosen with probability (x.b)^2, has x.b distributed as sqrt of Beta(3/2,
    (N-1)/2) with a random sign, and the rest of b uniform in the complement of x: no basis is ever built.
    """
    x = unit_rows(np.asarray(state)[None], "state")[0]
    dimension = whole(x.size, "dimension", 2)
    cosine = np.sqrt(rng.beta(1.5, (dimension - 1) / 2, size=whole(copies, "copies", 1)))
    rest = rng.normal(size=(copies, dimension))
    rest -= np.outer(rest @ x, x)
    rest *= (np.sqrt(1 - cosine**2) / np.linalg.norm(rest, axis=1))[:, None]
    return cosine[:, None] * x + rest


def top_vector_fidelity(state: np.ndarray, outcomes: np.ndarray) -> float:
    """(x.guess)^2 of the leading eigenvector of the summed outcome projectors: linear-inversion tomography."""
    x = unit_rows(np.asarray(state)[None], "state")[0]
    if len(outcomes) <= outcomes.shape[1]:
        _, vectors = np.linalg.eigh(outcomes @ outcomes.T)
        guess = outcomes.T @ vectors[:, -1]
    else:
        guess = np.linalg.eigh(outcomes.T @ outcomes)[1][:, -1]
    return float((guess @ x) ** 2 / (guess @ guess))


def recorded_information(
    rows: np.ndarray, copies: int, trials: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Bits about *which row* was sent that computational-basis records of k copies give, with their 95% interval.

    The interval is never narrower than if everything were lost in 3/`trials` of the cases, the share that may have gone
    unseen (95% limit): records that agree say little about rare ones. It stays within 0 and log2 S.

    An attacker who knows the S rows measures k copies and applies Bayes' rule: log2 S minus the entropy of the
    posterior, averaged over simulated records. It cannot exceed the Holevo quantity of the ensemble.
    """
    probabilities = unit_rows(rows, "rows") ** 2
    with np.errstate(divide="ignore"):
        log_p = np.log(probabilities)
    log_p = np.maximum(log_p, -1e6)  # an impossible outcome excludes a row; finite, so that 0 counts times it is 0
    sent = rng.integers(len(rows), size=whole(trials, "trials", 2))
    gained = np.empty(trials)
    for trial, row in enumerate(sent):
        counts = rng.multinomial(whole(copies, "copies", 1), probabilities[row] / probabilities[row].sum())
        seen = np.flatnonzero(counts)
        score = log_p[:, seen] @ counts[seen]
        posterior = np.exp(score - score.max())
        posterior /= posterior.sum()
        kept = posterior[posterior > 0]
        gained[trial] = np.log2(len(rows)) + kept @ np.log2(kept)
    most = float(np.log2(len(rows)))
    return information_interval(gained, most)


def information_interval(gained: np.ndarray, most: float) -> tuple[float, float, float]:
    """Mean of the bits gained by each record, and its interval as `recorded_information` says."""
    mean, low, high = mean_interval(gained, 0.0, most)
    unseen = 3 / len(gained) * most
    return mean, max(0.0, min(low, mean - unseen)), min(most, max(high, mean + unseen))
