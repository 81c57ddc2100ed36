"""The least resource at which a linear-classification protocol succeeds with a wanted probability."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from qcomm.errors import ProtocolError
from qcomm.theory import success
from qcomm.theory.checks import in_range, whole

LARGEST = 2**40  # copies or bits; beyond this a request is a mistake


def smallest(probability: Callable[[int], float], target: float, largest: int = LARGEST) -> int:
    """The smallest whole number n, 1 <= n <= largest, with probability(n) >= target, for a non-decreasing probability.

    Raises:
        ProtocolError: there is none.
    """
    high = 1
    while probability(high) < target:
        if high == largest:
            raise ProtocolError(
                f"no resource up to {largest} reaches {target:g}",
                where="target",
                fix="lower it, or take larger margins",
            )
        high = min(2 * high, largest)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if probability(middle) < target else (low, middle)
    return high


def sign_sketch_bits(gamma: float, target: float) -> int:
    """Bits of the sign sketch; gamma^2 bits tends to (pi/2) z^2, z the normal quantile: 0.29 at 2/3, 2.58 at 0.9."""
    return smallest(lambda bits: success.sign_sketch(bits, _margin(gamma)), _target(target))


def best_shared_bits(gamma: float, target: float, dimension: float = np.inf) -> float:
    """Bits (fractional) of the best of 2^k shared vectors; gamma^2 bits tends to z^2/(2 ln 2) = 0.134 at 2/3.

    In R^N it saturates: (N/2) log2(1 + z^2/(gamma^2 N)) for large N.
    """
    gamma, target = _margin(gamma), _target(target)
    high = 1.0
    while success.best_shared(high, gamma, dimension) < target:
        high *= 2
    return float(brentq(lambda bits: success.best_shared(bits, gamma, dimension) - target, 0, high, xtol=1e-6))


def quantised_bits(gamma: float, target: float, dimension: int) -> int:
    """N times the smallest number of bits a coordinate."""
    reached = smallest(
        lambda bits: success.quantised(bits, _margin(gamma), dimension), _target(target), success.MOST_BITS
    )
    return dimension * reached


def hadamard_copies(gamma: float, target: float) -> int:
    """Copies of the Hadamard test; gamma^2 copies tends to z^2 = 0.186 at 2/3."""
    odd = smallest(lambda half: success.hadamard_test(2 * half - 1, _margin(gamma)), _target(target))
    return 2 * odd - 1


def swap_copies(gamma: float, target: float) -> int:
    """Copies of the swap test; gamma^2 copies tends to (15/4) z^2 = 0.70 at 2/3.

    A count of whole acceptances makes the probability saw-toothed, so the first crossing of a bisection is followed
    down as long as smaller numbers succeed too.
    """
    gamma, target = _margin(gamma), _target(target)
    copies = smallest(lambda count: success.swap_test(count, gamma), target)
    while copies > 1 and success.swap_test(copies - 1, gamma) >= target:
        copies -= 1
    return copies


def estimation_calls(gamma: float, target: float) -> int:
    """The smallest M with amplitude estimation above `target`; searched upwards from 1, M by M.

    The probability is not monotone in M (grids with 4 | M are shifted), hence the search.
    """
    gamma, target = _margin(gamma), _target(target)
    for calls in range(1, LARGEST):
        if success.amplitude_estimation(calls, gamma) >= target:
            return calls
    raise ProtocolError(f"no number of calls reaches {target}", where="target")


def _margin(gamma: float) -> float:
    return in_range(gamma, "gamma", 0, 1, open_low=True)


def _target(target: float) -> float:
    return in_range(target, "target", 0.5, 1, open_low=True, open_high=True)


def qubits_of_copies(copies: int, dimension: int) -> int:
    """One message of n+1 qubits a copy: the vector and the Hadamard test's control (or the swap test's reference)."""
    return copies * (qubits(dimension) + 1)


def qubits_of_calls(calls: int, dimension: int) -> int:
    """2(M-1) messages of n+2 qubits: vector, control, and the flag that both parties' controlled reflections need.

    With the last preparation, which the measured clock does not need, it would be the 2M-1 uses of the literature.
    """
    return 2 * (calls - 1) * (qubits(dimension) + 2)


def qubits(dimension: int) -> int:
    """ceil(log2 N)."""
    return (whole(dimension, "dimension", 2) - 1).bit_length()
