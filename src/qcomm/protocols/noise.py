"""How much noise each quantum advantage survives: p(N) at which qubits with noise reach the bits of the best rival.

Noise shrinks what one copy tells by the visibility v = (1 - 3p/4)^(n m), m messages of n qubits; the copies of an
estimate grow as 1/v^2, a power of N. Both hold for blocks that scramble, and all thresholds are for these: nothing is
said of an ansatz under noise. Heralded loss means that lost copies are sent again, and that bits say so. ASSUME:
classical bits arrive as they were sent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from qcomm.errors import ProtocolError
from qcomm.protocols.inference_exact import fewest_copies
from qcomm.protocols.sampling import visibility
from qcomm.theory.checks import in_range, whole
from qcomm.theory.needed import smallest
from qcomm.theory.success import hadamard_test

LARGEST_NOISE = 0.999


def decision_copies(seen: float, target: float) -> int:
    """Copies whose majority is right with probability `target` where each is right with (1 + seen)/2; odd."""
    in_range(seen, "seen", 0, 1, open_low=True)
    return 2 * smallest(lambda half: hadamard_test(2 * half - 1, seen), target) - 1


def decision_qubits(p: float, qubits: int, target: float, messages: int = 1) -> float:
    """Qubits that decide vector in subspace over a depolarising link."""
    return float(decision_copies(visibility(p, qubits, messages), target) * qubits * messages)


def qubits_lossy(loss: float, qubits: int, messages: int = 1) -> float:
    """Expected qubits until one copy arrived, where lost copies are noticed and sent again from the start.

    A message of n qubits arrives with s = (1 - loss)^n; a try sends the j-th of its m messages where all before arrived
    and succeeds with s^m: n (1 + s + .. + s^(m-1)) / s^m.
    """
    arrives = (1 - in_range(loss, "loss", 0, 1, open_high=True)) ** qubits
    return qubits * float((arrives ** np.arange(messages)).sum()) / arrives**messages


def decision_cost_lossy(loss: float, qubits: int, messages: int = 1) -> float:
    """Expected qubits and bits together of deciding vector in subspace by one copy: after each try one bit says whether
    it arrived. A link that loses nothing needs no such bit."""
    tries = (1 - in_range(loss, "loss", 0, 1, open_high=True)) ** (-qubits * messages)
    return qubits_lossy(loss, qubits, messages) + (tries if loss else 0.0)


def estimate_copies(p: float, qubits: int, eps: float, delta: float, messages: int = 1) -> int:
    """Copies of sampling with the estimate divided by the visibility v: k(eps, delta)/v^2.

    At v = 1 these are the fewest copies that keep the promise; the 1/v^2 is exact for the variance at p = 1/2 and an
    upper bound elsewhere. With noise for blocks that scramble alone (`sampling.visibility`).
    """
    return int(np.ceil(fewest_copies(eps, delta) / visibility(p, qubits, messages) ** 2))


def estimate_qubits(p: float, qubits: int, eps: float, delta: float, messages: int = 1) -> float:
    """Qubits of `estimate_copies`."""
    return float(estimate_copies(p, qubits, eps, delta, messages) * qubits * messages)


def threshold(cost: Callable[[float], float], rival_bits: float) -> float:
    """The largest noise at which ``cost(noise)``, non-decreasing, is below `rival_bits`; 0 where it never is."""
    if not rival_bits > 0:
        raise ProtocolError(f"{rival_bits!r} bits are no cost", where="rival_bits")
    if cost(0.0) >= rival_bits:
        return 0.0
    low, high = 0.0, 1e-3
    while cost(high) < rival_bits:  # upwards, since costs far beyond the threshold have no number
        if high >= LARGEST_NOISE:
            return LARGEST_NOISE
        low, high = high, min(2 * high, LARGEST_NOISE)
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) < rival_bits else (low, middle)
    return low


def limit(messages: int = 1) -> float:
    """The threshold for N to infinity against sqrt N bits: (1 - 3p/4)^(2 m) = 2^(-1/2), from v^-2 = sqrt N."""
    whole(messages, "messages", 1)
    return float(brentq(lambda p: (1 - 0.75 * p) ** (2 * messages) - 2**-0.5, 0, 1))


def measured_visibility(errors: int, trials: int) -> tuple[float, float]:
    """1 - 2 (error rate) of executed decisions by one copy, and its standard error."""
    whole(trials, "trials", 2)
    rate = errors / trials
    return 1 - 2 * rate, 2 * float(np.sqrt(max(rate * (1 - rate), 1 / trials**2) / trials))
