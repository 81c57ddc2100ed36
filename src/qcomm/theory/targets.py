"""Target functions of the fits: smooth, periodic, of two features that interact. Inputs (S, 2), values (S,).

ASSUME: the paper names no target. These three differ in kind: many interacting waves, a wave with a bent phase, and two
local bumps. None is a sum of a function of x_1 and one of x_2.
"""

from __future__ import annotations

import numpy as np


def checkerboard(x: np.ndarray) -> np.ndarray:
    """tanh(3 sin(x_1 + sin 2x_2) sin(2x_2 - cos x_1)): no product form, slow Fourier decay."""
    first, second = np.asarray(x, dtype=float).T
    return np.tanh(3 * np.sin(first + np.sin(2 * second)) * np.sin(2 * second - np.cos(first)))


def stripes(x: np.ndarray) -> np.ndarray:
    """sin(x_1 + 2x_2 + 2 sin(x_1 - x_2)): one wave, its phase bent."""
    first, second = np.asarray(x, dtype=float).T
    return np.sin(first + 2 * second + 2 * np.sin(first - second))


def bumps(x: np.ndarray) -> np.ndarray:
    """A bump at (1, 2) minus one at (4, 5), von Mises with concentration 2: two classes of points."""
    first, second = np.asarray(x, dtype=float).T
    up = np.exp(2 * (np.cos(first - 1) + np.cos(second - 2) - 2))
    return up - np.exp(2 * (np.cos(first - 4) + np.cos(second - 5) - 2))


TARGETS = {"checkerboard": checkerboard, "stripes": stripes, "bumps": bumps}
