"""Fit of a target function by a re-uploading model with trainable unitaries and observable, and by linear models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from qcomm.theory.checks import whole
from qcomm.theory.reupload import Reupload

Target = Callable[[np.ndarray], np.ndarray]


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
    target: Target,
    encoding: np.ndarray,
    frequencies: tuple[int, ...],
    seed: int,
    *,
    train_x: np.ndarray,
    test_x: np.ndarray,
    iterations: int,
) -> Fit:
    """Least squares by L-BFGS over the start state's unitary, the L unitaries, and the eigenvalues of the observable.

    Unitaries are exponentials of free skew-Hermitian matrices. Output: the expectation plus an offset.
    """
    dimension, layers = encoding.shape[0], len(frequencies)
    phases = np.exp(1j * np.stack([f * (train_x @ encoding.T) for f in frequencies]))
    size = 2 * (layers + 1) * dimension**2 + dimension
    first = np.append(np.random.default_rng(seed).normal(size=size), 0.0)
    found = minimize(
        error_and_gradient,
        first,
        args=(phases, target(train_x)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "maxfun": 2 * iterations},
    )
    raw, eigenvalues, offset = _parts(found.x, layers, dimension)
    unitaries = _exponentials(raw)[0]
    scale = float(np.abs(eigenvalues).max())
    observable = np.diag(eigenvalues / scale).astype(complex)
    model = Reupload(unitaries[0, :, 0], unitaries[1:], observable, encoding, frequencies)
    return Fit(model, scale, offset, r_squared(target(test_x), scale * model.loss(test_x) + offset))


def _parts(parameters: np.ndarray, layers: int, dimension: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Free matrices (L+1, N, N) complex, eigenvalues (N,), offset."""
    matrices = parameters[: -dimension - 1].reshape(2, layers + 1, dimension, dimension)
    return matrices[0] + 1j * matrices[1], parameters[-dimension - 1 : -1], float(parameters[-1])


def _exponentials(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """U = exp((R - R^dagger)/2) of each matrix, with the eigenvectors V and divided differences of exp.

    dU = V ((V^dagger dM V) * D) V^dagger with D[a, b] = (e^a - e^b)/(a - b) (Daleckii and Krein 1965).
    """
    angles, vectors = np.linalg.eigh((raw - raw.conj().swapaxes(1, 2)) / 2j)
    waves = np.exp(1j * angles)
    unitaries = (vectors * waves[:, None, :]) @ vectors.conj().swapaxes(1, 2)
    gaps = angles[:, :, None] - angles[:, None, :]
    middle = np.exp(0.5j * (angles[:, :, None] + angles[:, None, :]))
    return unitaries, vectors, middle * np.sinc(gaps / (2 * np.pi))


def error_and_gradient(parameters: np.ndarray, phases: np.ndarray, truth: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean squared error and its gradient by one sweep back through the layers.

    Args:
        parameters: real and imaginary parts of the L+1 free matrices, N eigenvalues, the offset.
        phases: factors exp(i lambda_l E x) (L, S, N).
        truth: target values (S,).
    """
    layers, samples, dimension = phases.shape
    raw, eigenvalues, offset = _parts(parameters, layers, dimension)
    unitaries, vectors, differences = _exponentials(raw)
    state, entering = np.broadcast_to(unitaries[0, :, 0], (samples, dimension)), []
    for phase, unitary in zip(phases, unitaries[1:], strict=True):
        entering.append(phase * state)
        state = entering[-1] @ unitary.T
    weights = state.real**2 + state.imag**2
    rest = weights @ eigenvalues + offset - truth
    back = (2 / samples) * rest[:, None] * eigenvalues * state  # d error = 2 Re sum conj(back) d state
    of_unitary = np.zeros_like(unitaries)
    for layer in range(layers, 0, -1):
        of_unitary[layer] = back.T @ entering[layer - 1].conj()
        back = phases[layer - 1].conj() * (back @ unitaries[layer].conj())
    of_unitary[0, :, 0] = back.sum(axis=0)
    adjoint = vectors.conj().swapaxes(1, 2)
    of_raw = vectors @ (differences.conj() * (adjoint @ of_unitary @ vectors)) @ adjoint
    of_raw = of_raw - of_raw.conj().swapaxes(1, 2)
    gradient = [of_raw.real.ravel(), of_raw.imag.ravel(), 2 / samples * (rest @ weights), [2 * rest.mean()]]
    return float(np.mean(rest**2)), np.concatenate(gradient)


def recorded_r_squared(target: Target, fit: Fit, x: np.ndarray, shots: int, rng: np.random.Generator) -> float:
    """R^2 of the trained model's *measured* outputs: mean of `shots` simulated outcomes at every point."""
    whole(shots, "shots", 1)
    values = np.diag(fit.model.observable).real
    probabilities = np.abs(fit.model.states(x)) ** 2
    counts = rng.multinomial(shots, probabilities / probabilities.sum(axis=1, keepdims=True))
    return r_squared(target(x), fit.scale * (counts @ values / shots) + fit.offset)


def linear_r_squared(target: Target, train_x: np.ndarray, test_x: np.ndarray, *, harmonics: int = 0) -> float:
    """R^2 of least squares on x itself (harmonics = 0), or on 1, cos(m x_j), sin(m x_j), m <= harmonics."""
    design = [_linear_features(x, whole(harmonics, "harmonics", 0)) for x in (train_x, test_x)]
    weights, *_ = np.linalg.lstsq(design[0], target(train_x), rcond=None)
    return r_squared(target(test_x), design[1] @ weights)


def linear_weights(target: Target, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and offset of least squares on x itself."""
    found, *_ = np.linalg.lstsq(_linear_features(x, 0), target(x), rcond=None)
    return found[1:], float(found[0])


def _linear_features(x: np.ndarray, harmonics: int) -> np.ndarray:
    if harmonics == 0:
        return np.hstack([np.ones((len(x), 1)), x])
    waves = [wave(m * x) for m in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    return np.hstack([np.ones((len(x), 1)), *waves])
