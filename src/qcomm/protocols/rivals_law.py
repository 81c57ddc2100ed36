"""What a classical message about Alice's vector lets Bob know, as exact laws.

Every message of this kind lets Bob rebuild a unit vector u with some cosine c to Alice's v; because the randomness is
shared and rotation invariant, the rest of u is uniform in the complement of v. With P of rank N/2 and p = <v|P|v>,
|P u|^2 has mean c^2 p + (1 - c^2)(N/2 - p)/(N - 1). All of it derived here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import special
from scipy.optimize import brentq

from qcomm.errors import ProtocolError
from qcomm.protocols.task import open_unit
from qcomm.theory.checks import in_range
from qcomm.theory.sphere import cosine_of_log_tail
from qcomm.theory.success import log_tail_of_largest


def check_size(size: int) -> int:
    """N, a power of two of at least 8: below, half a space has no room for a random rest.

    Raises:
        ProtocolError: it is not.
    """
    if isinstance(size, bool) or int(size) != size or size < 8 or int(size) & (int(size) - 1):
        raise ProtocolError(f"{size!r} is not a power of two of at least 8", where="size")
    return int(size)


def unbiased(share: np.ndarray | float, power: float, size: int) -> np.ndarray | float:
    """The unbiased estimate of p from |P u|^2 = `share`, where E[c^2] = `power`."""
    return (share - (1 - power) * size / (2 * (size - 1))) / (power - (1 - power) / (size - 1))


def decision_success(cosine: np.ndarray, sine: np.ndarray, size: int) -> np.ndarray:
    """P(|P_W u|^2 > 1/2) for v in W: the rest's share of W is Beta((N/2 - 1)/2, N/4) distributed."""
    with np.errstate(divide="ignore"):
        threshold = np.clip((1 - (cosine / sine) ** 2) / 2, 0, 1)
    return special.betaincc((size / 2 - 1) / 2, size / 4, threshold)


@lru_cache
def _gumbel() -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(160)
    value = 18 + 22 * nodes  # -4 .. 40
    weights = weights * np.exp(-value - np.exp(-value))
    return value, weights / weights.sum()


def log_tail_of_best(log_rate: np.ndarray, either_sign: bool = False) -> np.ndarray:
    """ln P(u_1 > c), c the largest of many cosines (or of their sizes), beyond which `exp(log_rate)` are expected.

    Of |c|, P(|u_1| > c) is twice the tail.
    """
    return log_tail_of_largest(log_rate) - (np.log(2) if either_sign else 0)


def _best(bits: float, size: int, either_sign: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosine and sine of the best of 2^bits shared vectors at quadrature nodes, and the weights."""
    value, weights = _gumbel()
    in_range(bits, "bits", 0, np.inf)
    log_tail = log_tail_of_best(-value - bits * np.log(2), either_sign)
    return *cosine_of_log_tail(log_tail, check_size(size)), weights


def best_success(bits: float, size: int, *, either_sign: bool = False) -> float:
    """Success of the best of 2^bits shared vectors at vector in subspace, exactly; `bits` may be fractional.

    `either_sign`: Alice takes the largest |<u, v>|. Bob's |P u|^2 does not see the sign, so this saves one bit.
    """
    cosine, sine, weights = _best(bits, size, either_sign)
    return float(weights @ decision_success(cosine, sine, size))


def best_moments(bits: float, size: int, *, either_sign: bool = False) -> tuple[float, float]:
    """E[c^2] and E[c^4] of the best of 2^bits shared vectors."""
    cosine, _, weights = _best(bits, size, either_sign)
    return float(weights @ cosine**2), float(weights @ cosine**4)


def best_bits(size: int, target: float = 2 / 3, *, either_sign: bool = False) -> float:
    """Bits, fractional, at which the best of 2^bits shared vectors succeeds with probability `target`."""
    in_range(target, "target", 0.5, 1, open_low=True, open_high=True)

    def gap(bits: float) -> float:
        return best_success(bits, size, either_sign=either_sign) - target

    return float(brentq(gap, 0.01, 40.0 * size, xtol=1e-9))


def deviation(power: float, fourth: float, size: int) -> float:
    """Standard deviation of the unbiased estimate at the worst p, for E[c^2] = `power` and E[c^4] = `fourth`; exact.

    With u = c v + s w, d = N - 1, t = N/2 - p and q = N/2 - 2p + p^2 the first two traces of P without v:
    |P u|^2 = c^2 p + 2 c s <w|P|v> + s^2 <w|P|w> has, given c, the variance 4 c^2 s^2 p(1-p)/d + s^4 2 (d q - t^2)/(d^2
    (d + 2)), its middle term being odd in w; the mean moves with c^2 by p - t/d.
    """
    p, d = np.linspace(0, 1, 21), size - 1
    t, q = size / 2 - p, size / 2 - 2 * p + p**2
    given = 4 * (power - fourth) * p * (1 - p) / d + (1 - 2 * power + fourth) * 2 * (d * q - t**2) / (d**2 * (d + 2))
    moved = (p - t / d) ** 2 * max(0.0, fourth - power**2)
    return float(np.sqrt((given + moved).max()) / (power - (1 - power) / d))


def spread(power: float, size: int, loss: float = 0.5) -> float:
    """Standard deviation of the unbiased estimate to leading order, for c^2 = `power`: largest at p = 1/2."""
    rest = (1 - power) ** 2 / (2 * (size + 2)) + 4 * power * (1 - power) * loss * (1 - loss) / size
    return float(np.sqrt(rest) / power)


def power_for_decision(size: int, target: float) -> float:
    """c^2 at which `decision_success` is `target`."""
    low = 1e-12

    def gap(power: float) -> float:
        return float(decision_success(np.sqrt(power), np.sqrt(1 - power), size)) - target

    return float(brentq(gap, low, 1 - 1e-9)) if gap(low) < 0 else low


def power_for_estimate(size: int, eps: float, delta: float) -> float:
    """c^2 at which the estimate is within eps with probability 1 - delta, in normal approximation."""
    z = special.ndtri(1 - open_unit(delta, "delta") / 2)
    open_unit(eps, "eps")
    return float(brentq(lambda power: z * spread(power, size) - eps, 1e-9, 1 - 1e-12))


def bits_for_power(power: float, size: int) -> float:
    """Bits after which the best of 2^bits shared vectors has c^2 = `power`: (N/2) log2 1/(1 - c^2), for large N; one
    bit less for either sign."""
    return -size / 2 * np.log2(1 - power)


def top_power(kept: float, size: int) -> float:
    """c^2 of the signs of the `kept` largest of N rotated coordinates, for large N: 4 N phi(tau)^2 / kept."""
    tau = -special.ndtri(kept / (2 * size))
    return float(4 * size * np.exp(-(tau**2)) / (2 * np.pi) / kept)


def _kept(size: int) -> np.ndarray:
    return np.arange(1, size) if size <= 4096 else np.unique(np.geomspace(1, size - 1, 4000).astype(int))


def top_for_power(power: float, size: int) -> float | None:
    """Fewest coordinates with `top_power` of at least `power`; None where signs alone never get there."""
    grid = _kept(size)
    enough = np.flatnonzero([top_power(kept, size) >= power for kept in grid])
    return float(grid[enough[0]]) if enough.size else None


def most_top(size: int) -> int:
    """The number of coordinates beyond which more signs tell less: about 0.54 N."""
    grid = _kept(size)
    return int(grid[np.argmax([top_power(kept, size) for kept in grid])])
