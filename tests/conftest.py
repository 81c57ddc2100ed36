"""What tests of several areas share."""

import numpy as np
import pytest


@pytest.fixture
def noisy_density():
    """The exact channel, for small n: every qubit of a density matrix (2^n, 2^n) is depolarised with probability p."""

    def noisy(density, p):
        size = len(density)
        for qubit in range(size.bit_length() - 1):
            left, right = 1 << qubit, size >> (qubit + 1)
            split = density.reshape(left, 2, right, left, 2, right)
            mixed = np.zeros_like(split)
            mixed[:, 0, :, :, 0] = mixed[:, 1, :, :, 1] = (split[:, 0, :, :, 0] + split[:, 1, :, :, 1]) / 2
            density = ((1 - p) * split + p * mixed).reshape(size, size)
        return density

    return noisy
