"""Separation rank as measurement records show it: how many singular values stand above the shot noise."""

from __future__ import annotations

import numpy as np

from qcomm.theory.checks import whole
from qcomm.theory.reupload import Reupload, grid_axis
from qcomm.theory.separation import product_points

FINER = 2  # points of the grid per point that the frequencies need


def recorded_matrix(model: Reupload, shots: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mean outcomes of `shots` measurements of the observable at every grid point, and their estimated variances.

    The grid is finer than the frequencies need, so that the matrix has more rows than any rank that it can have: noise
    that passes for rank would show.

    The observable is measured in its eigenbasis; outcomes are drawn from the state's exact distribution.
    """
    whole(shots, "shots", 2)
    left, right = product_points(model, grid_axis(model.frequencies, FINER))
    x = np.hstack([np.repeat(left, len(right), axis=0), np.tile(right, (len(left), 1))])
    values, basis = np.linalg.eigh(model.observable)
    probabilities = np.abs(model.states(x) @ basis.conj()) ** 2
    counts = rng.multinomial(shots, probabilities / probabilities.sum(axis=1, keepdims=True))
    mean = counts @ values / shots
    smooth = (counts + 0.5) / (shots + 0.5 * values.size)  # Jeffreys' prior: no outcome is ruled out for being unseen
    variance = (smooth @ values**2 - (smooth @ values) ** 2).clip(0) / shots
    return mean.reshape(len(left), len(right)), variance.reshape(len(left), len(right))


def recorded_rank(model: Reupload, shots: int, rng: np.random.Generator, *, confidence: float = 0.99) -> int:
    """A lower bound on the separation rank that holds with about `confidence`, from simulated shots alone.

    Weyl's inequality: the r-th singular value of the true matrix is zero unless that of the record exceeds the largest
    singular value of the noise. The noise level is the `confidence` quantile over resampled Gaussian noise of the
    recorded variances.
    """
    mean, variance = recorded_matrix(model, shots, rng)
    deviation = np.sqrt(variance)
    noise = [np.linalg.norm(deviation * rng.normal(size=mean.shape), 2) for _ in range(_resamplings(mean.size))]
    return int((np.linalg.svd(mean, compute_uv=False) > np.quantile(noise, confidence)).sum())


def _resamplings(entries: int) -> int:
    """Fewer for large matrices: their noise norm fluctuates by a vanishing fraction."""
    return int(np.clip(200_000 // entries, 20, 200))
