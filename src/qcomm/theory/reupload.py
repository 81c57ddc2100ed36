"""Re-uploading model of the expressivity claim: phases that carry features, alternating with fixed random unitaries.

State of dimension N, random start state; L times [phases, then a fixed Haar-random unitary]; loss <phi|O|phi> for a
random Hermitian O. Phase generators: features x_j enter basis state b as exp(i lambda_l sum_j E[b, j] x_j).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import unitary_group

from qcomm.errors import ProtocolError
from qcomm.theory.checks import whole

FREQUENCIES = {"3^(l-1)": lambda layer: 3**layer, "2^(l-1)": lambda layer: 2**layer, "1": lambda layer: 1}

DENSE_CODES = 2**24  # frequency codes up to this range are merged by counting, larger ones by sorting


def frequencies(choice: str, layers: int) -> tuple[int, ...]:
    """lambda_1 .. lambda_L of a named choice: powers of 3, powers of 2, or all one.

    Raises:
        ProtocolError: unknown choice.
    """
    if choice not in FREQUENCIES:
        raise ProtocolError(f"unknown frequencies {choice!r}", where="frequencies", fix=f"one of {sorted(FREQUENCIES)}")
    return tuple(FREQUENCIES[choice](layer) for layer in range(whole(layers, "layers", 1)))


def diagonal_encoding(dimension: int, features: int) -> np.ndarray:
    """E (N, N'): basis state j < N' carries feature j, the others none."""
    if not 1 <= whole(features, "features", 1) <= dimension:
        raise ProtocolError(f"{features} features do not fit dimension {dimension}", where="features")
    return np.eye(dimension, features, dtype=int)


def qubit_encoding(features: int) -> np.ndarray:
    """E (2^N', N'): feature j enters where bit j of the basis state is 1 (one qubit per feature)."""
    bits = np.arange(2 ** whole(features, "features", 1))[:, None] >> np.arange(features)[::-1]
    return bits & 1


@dataclass(frozen=True)
class Reupload:
    """A fixed random model: start state (N,), unitaries (L, N, N), observable (N, N), generators E, frequencies."""

    start: np.ndarray
    unitaries: np.ndarray
    observable: np.ndarray
    encoding: np.ndarray
    frequencies: tuple[int, ...]

    @property
    def features(self) -> int:
        return self.encoding.shape[1]

    def states(self, x: np.ndarray) -> np.ndarray:
        """Final state_vectors (S, N) for inputs (S, N')."""
        angles = np.asarray(x, dtype=float) @ self.encoding.T
        state = np.broadcast_to(self.start, angles.shape).astype(complex)
        for unitary, frequency in zip(self.unitaries, self.frequencies, strict=True):
            state = (np.exp(1j * frequency * angles) * state) @ unitary.T
        return state

    def loss(self, x: np.ndarray) -> np.ndarray:
        """Expectation of the observable (S,) for inputs (S, N')."""
        state = self.states(x)
        return np.einsum("sn,sn->s", state.conj(), state @ self.observable.T).real


def random_model(encoding: np.ndarray, frequencies: tuple[int, ...], rng: np.random.Generator) -> Reupload:
    """Haar-random unitaries and start state, observable from the Gaussian unitary ensemble with spectral norm 1."""
    dimension, layers = encoding.shape[0], len(frequencies)
    start = rng.normal(size=dimension) + 1j * rng.normal(size=dimension)
    unitaries = unitary_group.rvs(dimension, size=layers, random_state=rng).reshape(layers, dimension, dimension)
    matrix = rng.normal(size=(dimension, dimension)) + 1j * rng.normal(size=(dimension, dimension))
    observable = matrix + matrix.conj().T
    observable /= np.abs(np.linalg.eigvalsh(observable)).max()
    return Reupload(start / np.linalg.norm(start), unitaries, observable, encoding, frequencies)


def amplitude_spectrum(model: Reupload) -> tuple[np.ndarray, np.ndarray]:
    """The final state as a trigonometric polynomial: frequency vectors (F, N') and their amplitude vectors (F, N).

    state(x) = sum_f amplitudes[f] exp(i frequencies[f].x); layer by layer, like frequencies merged.
    """
    table = {(0,) * model.features: model.start.astype(complex)}
    generators = sorted({tuple(row) for row in model.encoding})
    masks = {row: (model.encoding == row).all(1) for row in generators}
    for unitary, scale in zip(model.unitaries, model.frequencies, strict=True):
        grown: dict[tuple[int, ...], np.ndarray] = {}
        for vector, amplitude in table.items():
            for row, mask in masks.items():
                key = tuple(a + scale * b for a, b in zip(vector, row, strict=True))
                grown[key] = grown.get(key, 0) + np.where(mask, amplitude, 0)
        table = {key: unitary @ amplitude for key, amplitude in grown.items()}
    return np.array(list(table)), np.array(list(table.values()))


def spectrum_size(encoding: np.ndarray, frequencies: tuple[int, ...]) -> tuple[int, int]:
    """Products that `loss_spectrum` takes, and distinct frequency vectors of the first half of the features.

    The second number bounds the separation rank.
    """
    generators = {tuple(row) for row in encoding.tolist()}
    half = encoding.shape[1] // 2
    halves = {tuple(a - b for a, b in zip(v[:half], w[:half], strict=True)) for v in generators for w in generators}
    reached, waves = {(0,) * encoding.shape[1]}, {(0,) * half}
    grid_points = (2 * sum(frequencies) + 1) ** encoding.shape[1]
    for scale in frequencies:
        waves = _shifted(waves, halves, scale)
        if len(reached) ** 2 <= grid_points * encoding.shape[0]:  # beyond this the grid is the cheaper way
            reached = _shifted(reached, generators, scale)
    return min(len(reached) ** 2, grid_points * encoding.shape[0]), len(waves)


def _shifted(vectors: set, steps: set, scale: int) -> set:
    return {tuple(a + scale * b for a, b in zip(v, step, strict=True)) for v in vectors for step in steps}


def loss_spectrum(model: Reupload) -> tuple[np.ndarray, np.ndarray]:
    """Fourier coefficients of the loss: distinct frequency vectors (K, N') and complex coefficients (K,).

    From products of the state's amplitudes, or from the loss on the grid of `grid_axis` where that is less work.
    """
    dimension, points = model.encoding.shape[0], (2 * sum(model.frequencies) + 1) ** model.features
    reached = {(0,) * model.features}
    for scale in model.frequencies:
        reached = _shifted(reached, {tuple(row) for row in model.encoding.tolist()}, scale)
        if len(reached) ** 2 > points * dimension:
            return grid_spectrum(model)
    return product_spectrum(model)


def grid_axis(frequencies: tuple[int, ...], oversampling: int = 1) -> np.ndarray:
    """Equispaced points of [0, 2 pi): 2 sum(lambda) + 1 of them, times `oversampling`.

    A loss has frequencies -sum(lambda) .. sum(lambda) in each feature: this many points tell all of them apart.
    """
    points = (2 * sum(frequencies) + 1) * oversampling
    return np.arange(points) * 2 * np.pi / points


def grid_spectrum(model: Reupload) -> tuple[np.ndarray, np.ndarray]:
    """`loss_spectrum` as the discrete Fourier transform of the loss on the whole grid."""
    axis = grid_axis(model.frequencies)
    shape = (axis.size,) * model.features
    index = np.stack(np.unravel_index(np.arange(axis.size**model.features), shape), axis=1)
    blocks = np.array_split(index, max(1, len(index) // 65536))
    values = np.concatenate([model.loss(axis[block]) for block in blocks])
    coefficients = np.fft.fftn(values.reshape(shape), norm="forward").ravel()
    half = axis.size // 2
    return (index + half) % axis.size - half, coefficients


def product_spectrum(model: Reupload) -> tuple[np.ndarray, np.ndarray]:
    """`loss_spectrum` from all pairs of the state's amplitude vectors."""
    vectors, amplitudes = amplitude_spectrum(model)
    products = ((amplitudes.conj() @ model.observable) @ amplitudes.T).ravel()  # [f, g]: frequency g - f
    reach = int(np.abs(vectors).max())
    radix = 4 * reach + 1  # digits -2 reach .. 2 reach, shifted to be non-negative
    places = radix ** np.arange(model.features)[::-1]
    codes = vectors @ places
    codes = (codes[None, :] - codes[:, None]).ravel() + 2 * reach * places.sum()
    if radix**model.features > max(DENSE_CODES, codes.size):
        present, codes = np.unique(codes, return_inverse=True)
    else:  # the same without sorting
        used = np.bincount(codes) > 0
        present, codes = np.flatnonzero(used), (np.cumsum(used) - 1)[codes]
    values = np.bincount(codes, products.real) + 1j * np.bincount(codes, products.imag)
    return present[:, None] // places % radix - 2 * reach, values
