"""What claim C1 says about the tables of the sweep: slopes, failure rates beside exact laws, the table of checks.

If the claim holds, all checks of random numbers pass together but in `FALSE_ALARM` of the runs, whatever the grid
(Bonferroni): half of it goes to the slope of amplitude estimation in its calls, the most uncertain number, and the
other half is shared equally by all slopes, failure rates and counts of cells.
"""

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

FALSE_ALARM = 1e-3
SLOPE_TOLERANCE, CALLS_TOLERANCE = 0.02, 0.15  # of slopes that are known well; of others, what `FALSE_ALARM` asks for
# ASSUME: standard deviation of the logarithm of amplitude estimation's error from one random loss to the next; that of
# the exact law is 1.0 to 1.2 for 8 to 128 phases (simulated, also by a test).
LOSS_SCATTER = 1.2
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


def slope_error(rows: pd.DataFrame) -> float:
    """Standard error of `rmse_slope` at slope -1/2, from the exact moments of binomial means.

    With v = p (1-p)/k a squared error has mean v and variance 2 v^2 + p (1-p) (1 - 6 p (1-p))/k^3; losses of different
    v are pooled, which leaves fewer estimates' worth of information than there are. Derived here.
    """
    p, k = rows.loss * (1 - rows.loss), rows.copies
    known = pd.DataFrame({"copies": k, "mean": p / k * rows.trials})
    known["variance"] = (2 * (p / k) ** 2 + p * (1 - 6 * p) / k**3) * rows.trials
    pooled = known.groupby("copies").sum()
    variance = pooled.variance / pooled["mean"] ** 2 / 4  # of ln rmse
    return _error(pooled.index.to_numpy(float), variance.to_numpy())


def _error(x: np.ndarray, variance: np.ndarray) -> float:
    """Standard error of an unweighted slope against ln x, `variance` being that of ln y."""
    centred = np.log(x) - np.log(x).mean()
    return float(np.sqrt((centred**2 * variance).sum()) / (centred**2).sum())


def slope_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The slope for every (N, L) and for all together (dimension and layers 0), its standard error, 95% interval."""
    groups = [((0, 0), rows), *rows.groupby(["dimension", "layers"])]
    table = []
    for (size, layers), part in groups:
        slope, error = rmse_slope(part).value, slope_error(part)
        bounds = {"low": slope - 1.96 * error, "high": slope + 1.96 * error}
        table.append({"dimension": size, "layers": layers, "slope": slope, "error": error, **bounds})
    return pd.DataFrame(table)


def share_of_alarms(sampled: pd.DataFrame, grover: pd.DataFrame) -> float:
    """The false-alarm probability that each slope, failure rate and count of cells may have."""
    slopes = 1 + len(sampled[["dimension", "layers"]].drop_duplicates())
    rates = 2 * len(sampled[["loss", "copies"]].drop_duplicates()) + grover[grover.task == "plan"].loss.nunique()
    return FALSE_ALARM / 2 / (slopes + rates + len(("sampling", "amplitude estimation")))


def failure_rows(sampled: pd.DataFrame, grover: pd.DataFrame) -> pd.DataFrame:
    """Failures pooled over N and L beside their exact law: of sampling for every (loss, k) at the fixed eps and at an
    eps that shrinks as 1/sqrt k (where no tail becomes too small to be tested), of amplitude estimation for every loss.

    The column `confidence` is that of one interval (low, high), such that all of them hold together (see the module).
    """
    table = []
    shared = 1 - share_of_alarms(sampled, grover)
    for kind in ("fixed", "scaled"):
        for (loss, copies), part in sampled.groupby(["loss", "copies"]):
            known = {"protocol": "sampling", "kind": kind, "loss": loss, "copies": copies}
            known["eps"] = part[f"eps_{kind}"].iloc[0]
            exact = part[f"exact_{kind}"].iloc[0]
            table.append(known | _rate(part[f"failures_{kind}"].sum(), part.trials.sum(), exact, shared))
    for loss, part in grover[grover.task == "plan"].groupby("loss"):
        known = {"protocol": "amplitude estimation", "kind": "fixed", "loss": loss, "copies": part.phases.iloc[0]}
        known["eps"] = part.eps.iloc[0]
        table.append(known | _rate(part.failures.sum(), part.trials.sum(), part.exact_failure.iloc[0], shared))
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
    planned, share = grover[grover.task == "plan"], share_of_alarms(rows, grover)
    off = max(SLOPE_TOLERANCE, _deviations(share) * slopes.error.iloc[1:].max())
    off_all = max(SLOPE_TOLERANCE, _deviations(share) * slopes.error.iloc[0])
    checks = [
        ("largest |exact loss - wanted loss|", (rows.exact_loss - rows.loss).abs().max(), 0, 1e-12),
        ("largest |counted qubits - 2 L k n|", (rows.qubits - expected).abs().max(), 0, 0),
        ("rmse slope in k, all", slopes.slope.iloc[0], -0.5 - off_all, -0.5 + off_all),
        ("rmse slope in k, lowest of all (N, L)", slopes.slope.iloc[1:].min(), -0.5 - off, -0.5 + off),
        ("rmse slope in k, highest of all (N, L)", slopes.slope.iloc[1:].max(), -0.5 - off, -0.5 + off),
        _outside("sampling", rows.failures_scaled, rows.exact_scaled, rows.trials, share),
        _outside("amplitude estimation", planned.failures, planned.exact_failure, planned.trials, share),
        ("largest |counted messages - repeats (2L + 4Lj)|", _message_error(grover), 0, 0),
        _calls_slope(grover[grover.task == "calls"]),
        ("Bob's parameters, largest error of the loss", sent.error.max(), 0, SINGLE_PRECISION),
    ]
    return [check_row(*row) for row in [*checks, *_failure_checks(failures)]]


def _deviations(alarms: float) -> float:
    """Standard deviations beyond which, to both sides, a normal number lies with probability `alarms`."""
    return float(stats.norm.isf(alarms / 2))


def _calls_slope(calls: pd.DataFrame) -> tuple:
    """-1 is for 1/j; sampling would give -1/2."""
    slope = fit_slope(calls.phases.to_numpy(), calls.median_error.to_numpy()).value
    error = _error(calls.phases.to_numpy(float), LOSS_SCATTER**2 / calls.losses.to_numpy(float))
    off = max(CALLS_TOLERANCE, _deviations(FALSE_ALARM / 2) * error)
    return "amplitude estimation, slope of the error in calls", slope, -1 - off, -1 + off


def _outside(protocol: str, failures: pd.Series, exact: pd.Series, trials: pd.Series, share: float) -> tuple:
    """How many single cells, not pooled over N and L, have their exact rate outside the 99% interval; bounded by what
    that many cells exceed with probability `share`."""
    side = (1 - CONFIDENCE) / 2  # the Clopper-Pearson interval leaves out p where one of these tails is below it
    few, many = stats.binom.cdf(failures, trials, exact), stats.binom.sf(failures - 1, trials, exact)
    off = int((np.minimum(few, many) < side).sum())
    most = stats.binom.isf(share, len(trials), 1 - CONFIDENCE)
    return f"{protocol}: single cells outside their 99% interval", off, 0, most


def _message_error(grover: pd.DataFrame) -> float:
    expected = grover.repeats * (2 * grover.layers + 4 * grover.layers * (grover.phases - 1))
    return float((grover.messages - expected).abs().max())


def _failure_checks(failures: pd.DataFrame) -> Iterator[tuple]:
    for one in failures.itertuples():
        count = f"k = {one.copies}" if one.protocol == "sampling" else f"M = {one.copies}"
        name = f"{one.protocol}: exact P(error > {one.eps:.3g}), loss {one.loss:g}, {count}"
        yield f"{name}, in the {100 * one.confidence:.7g}% interval of the rate", one.exact, one.low, one.high
