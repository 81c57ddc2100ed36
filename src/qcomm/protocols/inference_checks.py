"""What claim C1 says about the tables of the sweep: slopes, failure rates beside exact laws, the table of checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from qcomm.errors import DataError
from qcomm.protocols.inference_sweep import CONFIDENCE
from qcomm.theory.checks import check_row
from qcomm.theory.intervals import clopper_pearson
from qcomm.theory.slopes import Slope, fit_slope

SLOPE_TOLERANCE = 0.02
SINGLE_PRECISION = 1e-5  # of a loss whose angles were sent as 32-bit floats


def rmse_slope(rows: pd.DataFrame) -> Slope:
    """Slope of the rmse, pooled over losses, against k.

    Raises:
        DataError: fewer than three numbers of copies.
    """
    pooled = rows.assign(square=rows.rmse**2 * rows.trials).groupby("copies")[["square", "trials"]].sum()
    if len(pooled) < 3:
        raise DataError("a slope needs at least three numbers of copies", where="inference.copies")
    sigma = 1 / np.sqrt(2 * pooled.trials.to_numpy())
    return fit_slope(pooled.index.to_numpy(), np.sqrt(pooled.square / pooled.trials).to_numpy(), sigma)


def slope_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The slope for every (N, L) and for all together (dimension and layers 0)."""
    groups = [((0, 0), rows), *rows.groupby(["dimension", "layers"])]
    table = []
    for (size, layers), part in groups:
        slope = rmse_slope(part)
        table.append({"dimension": size, "layers": layers, "slope": slope.value, "low": slope.low, "high": slope.high})
    return pd.DataFrame(table)


def failure_rows(sampled: pd.DataFrame, grover: pd.DataFrame) -> pd.DataFrame:
    """Failures pooled over N and L beside their exact law: of sampling for every (loss, k) at the fixed eps and at an
    eps that shrinks as 1/sqrt k (where no tail becomes too small to be tested), of amplitude estimation for every loss.

    The intervals (low, high) of one loss and one kind of eps hold together with 99%: each of its k gets an equal share
    of the 1% (Bonferroni), so that one alone has the confidence that the column says.
    """
    table = []
    shared = 1 - (1 - CONFIDENCE) / sampled.copies.nunique()
    for kind in ("fixed", "scaled"):
        for (loss, copies), part in sampled.groupby(["loss", "copies"]):
            known = {"protocol": "sampling", "kind": kind, "loss": loss, "copies": copies}
            known["eps"] = part[f"eps_{kind}"].iloc[0]
            exact = part[f"exact_{kind}"].iloc[0]
            table.append(known | _rate(part[f"failures_{kind}"].sum(), part.trials.sum(), exact, shared))
    for loss, part in grover[grover.task == "plan"].groupby("loss"):
        known = {"protocol": "amplitude estimation", "kind": "fixed", "loss": loss, "copies": part.phases.iloc[0]}
        known["eps"] = part.eps.iloc[0]
        table.append(known | _rate(part.failures.sum(), part.trials.sum(), part.exact_failure.iloc[0], CONFIDENCE))
    return pd.DataFrame(table)


def _rate(failures: int, trials: int, exact: float, confidence: float) -> dict[str, Any]:
    low, high = clopper_pearson(failures, trials, confidence)
    return {
        "failures": int(failures),
        "trials": int(trials),
        "rate": failures / trials,
        "low": low,
        "high": high,
        "confidence": confidence,
        "exact": float(exact),
        "inside": bool(low <= exact <= high),
    }


def check_rows(tables: dict[str, pd.DataFrame], slopes: pd.DataFrame, failures: pd.DataFrame) -> list[dict[str, Any]]:
    """The statements of claim C1, each with its value and the interval that it must lie in."""
    rows, grover, sent = tables["sampling"], tables["amplitude"], tables["parameters"]
    expected = 2 * rows.layers * rows.copies * np.log2(rows.dimension)
    planned, calls = grover[grover.task == "plan"], grover[grover.task == "calls"]
    by_calls = fit_slope(calls.phases.to_numpy(), calls.median_error.to_numpy()).value
    lowest, highest = -0.5 - SLOPE_TOLERANCE, -0.5 + SLOPE_TOLERANCE
    checks = [
        ("largest |exact loss - wanted loss|", (rows.exact_loss - rows.loss).abs().max(), 0, 1e-12),
        ("largest |counted qubits - 2 L k n|", (rows.qubits - expected).abs().max(), 0, 0),
        ("rmse slope in k, all", slopes.slope.iloc[0], lowest, highest),
        ("rmse slope in k, lowest of all (N, L)", slopes.slope.iloc[1:].min(), lowest, highest),
        ("rmse slope in k, highest of all (N, L)", slopes.slope.iloc[1:].max(), lowest, highest),
        _outside("sampling", rows.failures_scaled, rows.exact_scaled, rows.trials),
        _outside("amplitude estimation", planned.failures, planned.exact_failure, planned.trials),
        ("largest |counted messages - repeats (2L + 4Lj)|", _message_error(grover), 0, 0),
        ("amplitude estimation, slope of the error in calls", by_calls, -1.15, -0.85),
        ("Bob's parameters, largest error of the loss", sent.error.max(), 0, SINGLE_PRECISION),
    ]
    return [check_row(*row) for row in [*checks, *_failure_checks(failures)]]


def _outside(protocol: str, failures: pd.Series, exact: pd.Series, trials: pd.Series) -> tuple:
    """How many single cells, not pooled over N and L, have their exact rate outside the 99% interval; bounded by what
    is expected of that many cells in 999 of 1000 runs."""
    side = (1 - CONFIDENCE) / 2  # the Clopper-Pearson interval leaves out p where one of these tails is below it
    few, many = stats.binom.cdf(failures, trials, exact), stats.binom.sf(failures - 1, trials, exact)
    off = int((np.minimum(few, many) < side).sum())
    most = stats.binom.ppf(0.999, len(trials), 1 - CONFIDENCE)
    return f"{protocol}: single cells outside their 99% interval", off, 0, most


def _message_error(grover: pd.DataFrame) -> float:
    expected = grover.repeats * (2 * grover.layers + 4 * grover.layers * (grover.phases - 1))
    return float((grover.messages - expected).abs().max())


def _failure_checks(failures: pd.DataFrame) -> Iterator[tuple]:
    for one in failures.itertuples():
        count = f"k = {one.copies}" if one.protocol == "sampling" else f"M = {one.copies}"
        name = f"{one.protocol}: exact P(error > {one.eps:.3g}), loss {one.loss:g}, {count}"
        yield f"{name}, in the {100 * one.confidence:.4g}% interval of the rate", one.exact, one.low, one.high
