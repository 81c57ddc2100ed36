"""Growth of time and memory of the node pipeline with the size of the graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from qcomm.errors import DataError
from qcomm.theory.checks import check_row

# phases and their markers; colours are those of the cycle, which mean no model here
PHASES = {"generate": "o", "features": "s", "training epoch": "^", "evaluation": "D"}
LINEAR = 1.2  # ASSUME: largest exponent that counts as linear growth; caches alone move it by a tenth
MEMORY_MB = 8000  # largest resident memory that any phase may need
UNITS = {"seconds": "time (s)", "peak_memory_mb": "peak memory (MB)"}


def power_law(sizes, values, confidence: float = 0.95) -> tuple[float, float, float, float]:
    """Fit values = factor * sizes^exponent by least squares of the logarithms.

    Returns:
        exponent, its lower and upper confidence limit (Student t), factor.

    Raises:
        DataError: fewer than three positive values.
    """
    if len(sizes) < 3 or np.min(values) <= 0:
        raise DataError("an exponent needs three or more positive values", where="scale")
    fit = stats.linregress(np.log(sizes), np.log(values))
    half = fit.stderr * stats.t.ppf(0.5 + confidence / 2, len(sizes) - 2)
    return fit.slope, fit.slope - half, fit.slope + half, float(np.exp(fit.intercept))


def above_start(part: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Sizes above the smallest with what they need beyond it: imports and interpreter cost the same at every size."""
    part = part.sort_values("nodes")
    rest = part.iloc[1:]
    beyond = pd.DataFrame({"nodes": rest.nodes, quantity: rest[quantity] - part[quantity].iloc[0]})
    return beyond[beyond[quantity] > 0]


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Fitted exponents of seconds and memory per phase, after the smallest size was taken off as start-up cost.

    Args:
        table: nodes, phase, seconds, peak_memory_mb.

    Returns:
        phase, quantity, exponent, low, high, factor, sizes; no exponent where fewer than three sizes need
        measurably more than the smallest.
    """
    rows = []
    for phase, part in table.groupby("phase", sort=False):
        for quantity in UNITS:
            rest = above_start(part, quantity)
            enough = len(rest) >= 3
            exponent, low, high, factor = power_law(rest.nodes, rest[quantity]) if enough else [np.nan] * 4
            limits = {"exponent": exponent, "low": low, "high": high, "factor": factor, "sizes": len(rest)}
            rows.append({"phase": phase, "quantity": quantity, **limits})
    return pd.DataFrame(rows)


def checks(table: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Goals as rows name, value, low, high, ok: at most linear growth where an exponent could be fitted, and memory.

    Args:
        table: nodes, phase, seconds, peak_memory_mb.
        fits: `exponents` of the table.
    """
    fitted = fits[fits.exponent.notna()].itertuples()
    rows = [check_row(f"{fit.phase}: exponent of {fit.quantity}", fit.exponent, -np.inf, LINEAR) for fit in fitted]
    peaks = table.groupby("phase", sort=False).peak_memory_mb.max()
    rows += [check_row(f"{phase}: peak memory in MB", peak, 0, MEMORY_MB) for phase, peak in peaks.items()]
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "ok"])


def scale(table: pd.DataFrame, fits: pd.DataFrame, quantity: str, ax):
    """Measured values against the number of nodes, both logarithmic, with the fitted power laws dashed.

    Args:
        table: nodes, phase, seconds, peak_memory_mb.
        fits: `exponents` of the table.
        quantity: seconds or peak_memory_mb.
        ax: axes to draw on.
    """
    for number, (phase, marker) in enumerate(PHASES.items()):
        part, fit = table[table.phase == phase], fits[(fits.phase == phase) & (fits.quantity == quantity)]
        if quantity == "peak_memory_mb" and phase == "evaluation":
            continue  # the same process as the training epoch
        (fit,) = fit.itertuples()
        start = part.sort_values("nodes")[quantity].iloc[0]
        grid = np.geomspace(part.nodes.min(), part.nodes.max(), 60)
        known = f"{fit.exponent:.2f} [{fit.low:.2f}, {fit.high:.2f}]"
        label = f"{phase}: {'hidden by start-up' if np.isnan(fit.exponent) else known}"
        ax.plot(part.nodes, part[quantity], marker, color=f"C{number}", markersize=4, label=label)
        ax.plot(grid, start + fit.factor * grid**fit.exponent, "--", color=f"C{number}", linewidth=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("nodes")
    ax.set_ylabel(UNITS[quantity])
    ax.legend(fontsize="x-small", title="exponent beyond start-up, 95 % interval", title_fontsize="x-small")
    return ax
