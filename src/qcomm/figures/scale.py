"""Growth of time and memory of the node pipeline with the size of the graph."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from qcomm.errors import DataError
from qcomm.theory.checks import check_row

# phases and their markers; colours are those of the cycle, which mean no model here
PHASES = {"generate": "o", "features": "s", "training epoch": "^", "evaluation": "D"}
LINEAR = 1.2  # ASSUME: largest exponent that counts as linear growth; caches alone move it by a tenth
RESOLVED = 2.0  # ASSUME: largest over smallest value, from where on growth can be told from start-up
CONVERGED = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-15)  # fits end at rounding, not at scipy's loose defaults
MEMORY_MB = 8000  # largest resident memory that any phase may need
SAME_PROCESS = ("evaluation", "peak_memory_mb")  # its peak is that of the training epoch
UNITS = {"seconds": "time (s)", "peak_memory_mb": "peak memory (MB)"}


def power_law_above_start(sizes, values, confidence: float = 0.95) -> tuple[float, float, float, float, float]:
    """Fit values = start + factor * sizes^exponent by least squares of the logarithms, 0 <= start <= smallest value.

    Imports and interpreter cost the same at every size. They are fitted, not subtracted: what a small size needs beyond
    them is less than their own scatter, and its logarithm would rule the fit.

    Returns:
        exponent, its lower and upper confidence limit (linearised, Student t), factor, start.

    Raises:
        DataError: fewer than four positive values.
    """
    sizes, values = np.asarray(sizes, float), np.asarray(values, float)
    if sizes.size < 4 or values.min() <= 0:
        raise DataError("an exponent needs four or more positive values", where="scale")
    unit, top = sizes.max(), values.max()  # scaled, so that all parameters are of order one

    def logarithms(size, start, log_factor, exponent):
        return np.log(start + np.exp(log_factor) * size**exponent)

    limits = ([0, -np.inf, 0], [values.min() / top, np.inf, np.inf])
    guess = (0.5 * values.min() / top, 0.0, 1.0)
    data = sizes / unit, np.log(values / top)
    found, covariance = optimize.curve_fit(logarithms, *data, guess, bounds=limits, **CONVERGED)
    start, log_factor, exponent = found
    half = np.sqrt(covariance[2, 2]) * stats.t.ppf(0.5 + confidence / 2, sizes.size - 3)
    factor = top * np.exp(log_factor) / unit**exponent
    return float(exponent), float(exponent - half), float(exponent + half), float(factor), float(start * top)


def exponents(table: pd.DataFrame) -> pd.DataFrame:
    """Fitted exponents of seconds and memory per phase, beyond what starting costs.

    Args:
        table: nodes, phase, seconds, peak_memory_mb.

    Returns:
        phase, quantity, exponent, low, high, factor, start, sizes; no exponent where start-up hides the growth.
    """
    rows = []
    for phase, part in table.groupby("phase", sort=False):
        for quantity in UNITS:
            if (phase, quantity) == SAME_PROCESS:
                continue
            values = part[quantity]
            seen = values.max() >= RESOLVED * values.min()
            fit = power_law_above_start(part.nodes, values) if seen else [np.nan] * 5
            found = dict(zip(("exponent", "low", "high", "factor", "start"), fit, strict=True))
            rows.append({"phase": phase, "quantity": quantity, **found, "sizes": len(part)})
    return pd.DataFrame(rows)


def checks(table: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Goals as rows name, value, low, high, ok: at most linear growth where an exponent could be fitted, and memory.

    Args:
        table: nodes, phase, seconds, peak_memory_mb.
        fits: `exponents` of the table.
    """
    fitted = fits[fits.exponent.notna()].itertuples()
    rows = [check_row(f"{fit.phase}: exponent of {fit.quantity}", fit.exponent, -np.inf, LINEAR) for fit in fitted]
    peaks = table[table.phase != SAME_PROCESS[0]].groupby("phase", sort=False).peak_memory_mb.max()
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
        if (phase, quantity) == SAME_PROCESS:
            continue
        (fit,) = fit.itertuples()
        grid = np.geomspace(part.nodes.min(), part.nodes.max(), 60)
        known = f"{fit.exponent:.2f} [{fit.low:.2f}, {fit.high:.2f}]"
        label = f"{phase}: {'hidden by start-up' if np.isnan(fit.exponent) else known}"
        ax.plot(part.nodes, part[quantity], marker, color=f"C{number}", markersize=4, label=label)
        ax.plot(grid, fit.start + fit.factor * grid**fit.exponent, "--", color=f"C{number}", linewidth=1)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("nodes")
    ax.set_ylabel(UNITS[quantity])
    ax.legend(fontsize="x-small", title="exponent beyond start-up, 95 % interval", title_fontsize="x-small")
    return ax
