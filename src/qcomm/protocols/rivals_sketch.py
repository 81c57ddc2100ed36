"""The random projection sketch of <v|P|v>: Alice sends m quantised numbers y_i = s_i.v with shared Gaussian s_i.

U = sum_{i != j} y_i y_j s_i^T P s_j / (m (m-1) par^2), with the diagonal dropped and a control variate; par = E[y Q(y)]
makes it unbiased for any quantiser Q, since s_i - y_i v is independent of y_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from qcomm.network import Network
from qcomm.network.payload import to_integers
from qcomm.protocols.rivals import check_real
from qcomm.protocols.rivals_batch import Batch, cell_bits, check_losses, planes, together
from qcomm.protocols.rivals_law import check_size
from qcomm.protocols.task import ALICE, BOB, open_unit
from qcomm.theory.checks import whole
from qcomm.theory.success import quantiser_step

CHUNK = 4_000_000  # numbers y_i drawn at once


@dataclass(frozen=True)
class Moments:
    """Of Q(y), y standard normal: par = E[Qy], pow = E[Q^2], cross = E[Q^3 y], both = E[Q^2 y^2], four = E[Q^4]."""

    par: float
    pow: float
    cross: float
    both: float
    four: float

    @property
    def shared(self) -> float:
        """Covariance of Q y / par and Q^2 / pow."""
        return self.cross / (self.par * self.pow) - 1

    @property
    def coefficient(self) -> float:
        """Of the control variate mean Q^2 / pow - 1, in units of U: 2 for an exact y, 0 for signs."""
        own = self.four / self.pow**2 - 1
        return 2 * self.shared / own if own > 1e-9 else 0.0


def levels(values: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells and levels of a mid-rise quantiser of 2^bits levels."""
    half, step = 1 << (bits - 1), quantiser_step(bits)
    cells = np.clip(np.floor(values / step), -half, half - 1).astype(np.int64) + half
    return cells, level_of(cells, bits)


def level_of(cells: np.ndarray, bits: int) -> np.ndarray:
    return (cells - (1 << (bits - 1)) + 0.5) * quantiser_step(bits)


@lru_cache
def moments(bits: int) -> Moments:
    """Integrated on a grid of 2^18 points (relative error below 1e-6)."""
    y = (np.arange(1 << 18) + 0.5) * (20 / (1 << 18)) - 10
    weight = np.exp(-(y**2) / 2)
    weight /= weight.sum()
    seen = levels(y, check_real(bits))[1]
    return Moments(*(float(weight @ row) for row in (seen * y, seen**2, seen**3 * y, (seen * y) ** 2, seen**4)))


def variance(size: int, count: int, bits: int, loss: float) -> float:
    """Leading terms of the variance of `finish`; for an exact y N/(m(m-1)) + 4p(1-p)/m."""
    m = moments(bits)
    single = loss * (loss * m.both + (1 - loss) * m.pow) / m.par**2 - loss**2
    single -= loss**2 * m.shared * m.coefficient / 2
    return size * (m.pow / m.par**2) ** 2 / (count * (count - 1)) + 4 * single / count


def worst_variance(size: int, count: int, bits: int) -> float:
    """`variance` at the worst loss."""
    return max(variance(size, count, bits, loss) for loss in np.linspace(0, 1, 41))


def numbers_needed(size: int, eps: float, delta: float, bits: int) -> int:
    """m for error eps with probability 1 - delta at the worst loss, in normal approximation."""
    z = special.ndtri(1 - open_unit(delta, "delta") / 2)
    low, high = 2, 2
    while worst_variance(size, high, bits) > (eps / z) ** 2:
        high *= 2
    while high - low > 1:
        middle = (low + high) // 2
        enough = worst_variance(size, middle, bits) <= (eps / z) ** 2
        low, high = (low, middle) if enough else (middle, high)
    return high


def finish(total: np.ndarray, seen: np.ndarray, bits: int, control: bool = True) -> np.ndarray:
    """The estimate from sum_{i != j} Q_i Q_j s_i^T P s_j (T,) and Q (T, m)."""
    m, count = moments(bits), seen.shape[-1]
    value = total / (count * (count - 1) * m.par**2)
    if not control or m.coefficient == 0:
        return value
    kept = 1 - m.coefficient * 2 * m.shared / count  # 1 - 8/m for an exact y
    return value * (1 - m.coefficient * ((seen**2).mean(axis=-1) / m.pow - 1)) / kept


def sketch_batch(losses: np.ndarray, size: int, count: int, seed: int, *, bits: int = 1, control: bool = True) -> Batch:
    """Run the sketch with m = `count` numbers of `bits` bits for all losses, over one network.

    Both parties draw the s_i from shared randomness, in coordinates of the plane of v and P v; of the others, which do
    not enter the message, Bob draws what his sum needs.
    """
    losses, size = check_losses(losses), check_size(size)
    whole(count, "count", 16 if control and moments(check_real(bits)).coefficient else 2)
    network, rows = Network(planes(losses), seed), max(1, CHUNK // count)
    chunks = [slice(start, start + rows) for start in range(0, len(losses), rows)]

    def alice(me):
        shared = me.shared("sketch")
        for chunk in chunks:
            x = me.private["x"][chunk]
            vectors = shared.standard_normal((2, len(x), count))  # coordinates of s_i in the plane
            cells, _ = levels(vectors[0] * x[:, :1] + vectors[1] * x[:, 1:], bits)
            me.send(BOB, together(cell_bits(cells, bits)), "sketch")

    def bob(me):
        shared, hidden, values = me.shared("sketch"), me.shared("other coordinates"), []
        for chunk in chunks:
            axis = me.private["axis"][chunk]
            seen = level_of(to_integers((yield ALICE), bits).reshape(len(axis), count), bits)
            vectors = shared.standard_normal((2, len(axis), count))
            along = vectors[0] * axis[:, :1] + vectors[1] * axis[:, 1:]
            total = (seen * along).sum(axis=1) ** 2 - ((seen * along) ** 2).sum(axis=1)
            values.append(finish(total + hidden_pairs(seen, size // 2 - 1, hidden), seen, bits, control))
        return np.concatenate(values)

    return Batch(losses, network.run({ALICE: alice, BOB: bob})[BOB], network.ledger)


def hidden_pairs(weights: np.ndarray, dimension: int, rng: np.random.Generator) -> np.ndarray:
    """sum_{i != j} w_i w_j g_i.g_j for standard normal g_i in R^dimension, w (T, m), drawn exactly with 2 m numbers.

    With r_i = |sum_{j <= i} w_j g_j|: g_i.(sum before)/r_{i-1} = xi is standard normal, the rest of |g_i|^2 a
    chi-square with one degree of freedom less, and r_i^2 = r_{i-1}^2 + 2 w_i r_{i-1} xi + w_i^2 (xi^2 + rest).
    """
    trials, count = weights.shape
    total, squared = np.zeros(trials), np.zeros(trials)
    along = rng.standard_normal((count, trials))
    rest = rng.chisquare(dimension - 1, size=(count, trials)) + along**2
    columns = np.ascontiguousarray(weights.T)
    for w, xi, length in zip(columns, along, rest, strict=True):
        step = 2 * w * xi * np.sqrt(squared)
        total += step
        squared += step + w * w * length
        np.maximum(squared, 0, out=squared)
    return total
