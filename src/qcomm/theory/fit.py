"""Fit of a target function by a re-uploading model with trainable unitaries and observable, and by linear models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcomm.theory.checks import whole
from qcomm.theory.reupload import Reupload


def target_function(x: np.ndarray) -> np.ndarray:
    """A smoothed, bent checkerboard: tanh(3 sin(x_1 + sin 2x_2) sin(2x_2 - cos x_1)), inputs (S, 2).

    ASSUME: the paper names no target. This one is smooth, periodic, has no product form and a slow Fourier decay.
    """
    first, second = np.asarray(x, dtype=float).T
    return np.tanh(3 * np.sin(first + np.sin(2 * second)) * np.sin(2 * second - np.cos(first)))


@dataclass(frozen=True)
class Fit:
    """A trained model and its R^2 on points that it was not trained on."""

    model: Reupload
    scale: float
    offset: float
    r_squared: float


def r_squared(truth: np.ndarray, guess: np.ndarray) -> float:
    return float(1 - np.mean((truth - guess) ** 2) / np.var(truth))


def sample_points(count: int, rng: np.random.Generator) -> np.ndarray:
    """Inputs (count, 2), uniform on [0, 2 pi)^2."""
    return rng.uniform(0, 2 * np.pi, size=(whole(count, "count", 1), 2))


def train(
    encoding: np.ndarray,
    frequencies: tuple[int, ...],
    seed: int,
    *,
    train_x: np.ndarray,
    test_x: np.ndarray,
    iterations: int,
) -> Fit:
    """Least squares by L-BFGS over the start state's unitary, the L unitaries, and the eigenvalues of the observable.

    Unitaries are exponentials of free skew-Hermitian matrices. Output: scale times the expectation plus an offset.
    """
    import torch

    torch.manual_seed(seed)
    dimension, layers = encoding.shape[0], len(frequencies)
    raw = torch.randn(layers + 1, 2, dimension, dimension, dtype=torch.float64).requires_grad_()
    spectrum = torch.randn(dimension, dtype=torch.float64).requires_grad_()
    offset = torch.zeros(1, dtype=torch.float64).requires_grad_()
    phases = torch.exp(1j * torch.from_numpy(np.stack([f * (train_x @ encoding.T) for f in frequencies])))
    truth = torch.from_numpy(target_function(train_x))
    optimiser = torch.optim.LBFGS([raw, spectrum, offset], max_iter=iterations, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        unitaries = _unitaries(raw)
        state = unitaries[0, :, 0].expand(len(truth), dimension)
        for phase, unitary in zip(phases, unitaries[1:], strict=True):
            state = (phase * state) @ unitary.T
        value = ((state.abs() ** 2) @ spectrum + offset - truth).square().mean()
        value.backward()
        return value

    optimiser.step(loss)
    return _fitted(
        _unitaries(raw).detach().numpy(), spectrum.detach().numpy(), offset.item(), encoding, frequencies, test_x
    )


def _fitted(unitaries, eigenvalues, offset, encoding, frequencies, test_x) -> Fit:
    """The trained parameters as a model with an observable of norm 1, tested on unseen points."""
    scale = float(np.abs(eigenvalues).max())
    observable = np.diag(eigenvalues / scale).astype(complex)
    model = Reupload(unitaries[0, :, 0], unitaries[1:], observable, encoding, frequencies)
    return Fit(model, scale, offset, r_squared(target_function(test_x), scale * model.loss(test_x) + offset))


def _unitaries(raw):
    import torch

    matrix = torch.complex(raw[:, 0], raw[:, 1])
    return torch.matrix_exp((matrix - matrix.mH) / 2)


def recorded_r_squared(fit: Fit, x: np.ndarray, shots: int, rng: np.random.Generator) -> float:
    """R^2 of the trained model's *measured* outputs: mean of `shots` simulated outcomes at every point."""
    whole(shots, "shots", 1)
    values = np.diag(fit.model.observable).real
    probabilities = np.abs(fit.model.states(x)) ** 2
    counts = rng.multinomial(shots, probabilities / probabilities.sum(axis=1, keepdims=True))
    return r_squared(target_function(x), fit.scale * (counts @ values / shots) + fit.offset)


def linear_r_squared(train_x: np.ndarray, test_x: np.ndarray, *, harmonics: int = 0) -> float:
    """R^2 of least squares on x itself (harmonics = 0), or on 1, cos(m x_j), sin(m x_j), m <= harmonics."""
    design = [_linear_features(x, whole(harmonics, "harmonics", 0)) for x in (train_x, test_x)]
    weights, *_ = np.linalg.lstsq(design[0], target_function(train_x), rcond=None)
    return r_squared(target_function(test_x), design[1] @ weights)


def _linear_features(x: np.ndarray, harmonics: int) -> np.ndarray:
    if harmonics == 0:
        return np.hstack([np.ones((len(x), 1)), x])
    waves = [wave(m * x) for m in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    return np.hstack([np.ones((len(x), 1)), *waves])
