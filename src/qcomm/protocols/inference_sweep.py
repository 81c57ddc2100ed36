"""Claim C1 measured: error and failure rate of both quantum protocols over N, L and the loss, beside exact laws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from qcomm.errors import DataError
from qcomm.progress import Progress
from qcomm.protocols import amplitude
from qcomm.protocols.inference_exact import failure_at
from qcomm.protocols.inference_runs import planned_sampling, repeated_estimation, repeated_sampling, tasks_with_losses
from qcomm.seeds import generator, seed_for
from qcomm.theory.slopes import Slope, fit_slope

CONFIDENCE = 0.99
ANGLE_BITS = 32


def binomial_interval(hits: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Clopper-Pearson interval of a rate."""
    interval = stats.binomtest(int(hits), int(trials)).proportion_ci(confidence)
    return float(interval.low), float(interval.high)


def sampling_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """One row per (N, L, loss, k): rmse, failures, exact tail, traffic of one estimate."""
    rows: list[dict[str, Any]] = []
    points = [(2**n, layers) for n in settings["qubits"] for layers in settings["layers"]]
    progress = Progress(len(points), "inference by sampling", "circuit")
    for number, (size, layers) in enumerate(points, start=1):
        rng = generator("inference", size, layers, seed)
        tasks = tasks_with_losses(size, layers, settings["losses"], rng, settings["eps"], settings["delta"])
        for loss, task in zip(settings["losses"], tasks, strict=True):
            rows += _sampled(task, loss, layers, settings, seed_for("inference", size, layers, loss, seed))
        progress.update(number, N=size, L=layers)
    return pd.DataFrame(rows)


def _sampled(task, loss: float, layers: int, settings: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    trials, eps = settings["trials"], settings["eps"]
    repeats = repeated_sampling(task, settings["copies"], trials, seed)
    if repeats.ledger != planned_sampling(task, repeats.runs):
        raise DataError("the channel counted something else than the circuit implies", where="inference")
    for copies, values in repeats.values.items():
        off = np.abs(values - loss)
        failures = int((off > eps + 1e-9 / copies).sum())
        low, high = binomial_interval(failures, trials)
        yield {
            "dimension": task.size,
            "layers": layers,
            "loss": loss,
            "copies": copies,
            "trials": trials,
            "rmse": float(np.sqrt((off**2).mean())),
            "exact_rmse": float(np.sqrt(loss * (1 - loss) / copies)),
            "eps": eps,
            "failures": failures,
            "failure_low": low,
            "failure_high": high,
            "exact_failure": float(failure_at(loss, copies, eps)),
            "exact_loss": task.loss(),
            "qubits": repeats.qubits_per_run * copies,
            "messages": repeats.messages_per_run * copies,
        }


def estimation_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Amplitude estimation on every circuit at the planned accuracy (task "plan"), and its error against the number of
    Grover calls at one small circuit (task "calls")."""
    rows = []
    points = [(2**n, layers) for n in settings["qubits"] for layers in settings["layers"]]
    progress = Progress(len(points), "inference by amplitude estimation", "circuit")
    chosen = amplitude.plan(settings["eps"], settings["delta"])
    for number, (size, layers) in enumerate(points, start=1):
        loss = settings["losses"][number % len(settings["losses"])]
        rng = generator("amplitude", size, layers, seed)
        task = tasks_with_losses(size, layers, [loss], rng, settings["eps"], settings["delta"])[0]
        found = amplitude.run_amplitude_estimation(task, seed_for("amplitude", size, layers, seed))
        rows.append(
            {
                **_amplitude_row("plan", task, loss, chosen.phases, chosen.repeats, np.array([found.value]), settings),
                "qubits": found.ledger.qubits,
                "messages": found.ledger.messages,
                "messages_expected": chosen.repeats * (2 * layers + 4 * layers * chosen.calls),
            }
        )
        progress.update(number, N=size, L=layers)
    return pd.DataFrame(rows + list(_call_rows(settings, seed)))


def _call_rows(settings: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Losses are random here: a fixed one may lie on the grid of phases, where the error is no power law."""
    for phases in settings["phases"]:
        rng = generator("calls", phases, seed)
        losses = rng.uniform(0.05, 0.95, size=settings["amplitude_trials"])
        tasks = [tasks_with_losses(16, 1, [p], rng, settings["eps"], settings["delta"])[0] for p in losses]
        values = [repeated_estimation(task, phases, 1, seed_for(phases, t, seed)) for t, task in enumerate(tasks)]
        yield _amplitude_row("calls", tasks[0], losses, phases, 1, np.concatenate(values), settings)


def _amplitude_row(task_name, task, loss, phases, repeats, values, settings) -> dict[str, Any]:
    off, eps = np.abs(values - loss), settings["eps"]
    failures = int((off > eps).sum())
    low, high = binomial_interval(failures, len(values))
    return {
        "task": task_name,
        "dimension": task.size,
        "layers": len(task.blocks) // 2,
        "loss": float(loss) if np.ndim(loss) == 0 else np.nan,
        "phases": phases,
        "repeats": repeats,
        "trials": len(values),
        "rmse": float(np.sqrt((off**2).mean())),
        "median_error": float(np.median(off)),
        "eps": eps,
        "failures": failures,
        "failure_low": low,
        "failure_high": high,
        "exact_failure": float(amplitude.failure_at(loss, eps, phases, repeats).mean()),
    }


def rmse_slope(rows: pd.DataFrame) -> Slope:
    """Slope of the rmse, pooled over losses, against k."""
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


def failure_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Failures pooled over N and L, for every (loss, k), beside the exact binomial tail.

    The intervals of one loss hold together with 99%: each of its k gets an equal share of the 1% (Bonferroni).
    """
    table, confidence = [], 1 - (1 - CONFIDENCE) / rows.copies.nunique()
    for (loss, copies), part in rows.groupby(["loss", "copies"]):
        failures, trials = int(part.failures.sum()), int(part.trials.sum())
        low, high = binomial_interval(failures, trials, confidence)
        exact = float(part.exact_failure.iloc[0])
        table.append(
            {
                "loss": loss,
                "copies": copies,
                "failures": failures,
                "trials": trials,
                "rate": failures / trials,
                "low": low,
                "high": high,
                "exact": exact,
                "inside": bool(low <= exact <= high),
            }
        )
    return pd.DataFrame(table)


def check_rows(
    rows: pd.DataFrame, slopes: pd.DataFrame, failures: pd.DataFrame, grover: pd.DataFrame
) -> list[dict[str, Any]]:
    """The statements of claim C1 that were asked for, each with its value and the interval that it must lie in."""
    planned = grover[grover.task == "plan"]
    expected = 2 * rows.layers * rows.copies * np.log2(rows.dimension)
    spread = max(0.02, 3.5 * _slope_sigma(rows))  # 0.02 wherever there are trials enough
    cells = int(((rows.failure_low > rows.exact_failure) | (rows.failure_high < rows.exact_failure)).sum())
    most_cells = float(stats.binom.ppf(0.999, len(rows), 1 - CONFIDENCE))
    calls = grover[grover.task == "calls"]
    by_calls = fit_slope(calls.phases.to_numpy(), calls.median_error.to_numpy()).value
    checks = [
        ("largest |exact loss - wanted loss|", (rows.exact_loss - rows.loss).abs().max(), 0, 1e-12),
        ("largest |qubits - 2 L k n|", (rows.qubits - expected).abs().max(), 0, 0),
        ("rmse slope in k, all", slopes.slope.iloc[0], -0.52, -0.48),
        ("rmse slope in k, lowest of all (N, L)", slopes.slope.iloc[1:].min(), -0.5 - spread, -0.5 + spread),
        ("rmse slope in k, highest of all (N, L)", slopes.slope.iloc[1:].max(), -0.5 - spread, -0.5 + spread),
        ("(N, L, loss, k) outside their 99% interval", cells, 0, most_cells),
        ("largest |messages - (2L + 4Lj)|", (planned.messages - planned.messages_expected).abs().max(), 0, 0),
        ("amplitude estimation, slope of the error in calls", by_calls, -1.15, -0.85),
    ]
    for one in failures.itertuples():
        name = f"failure rate, loss {one.loss:g}, k = {one.copies}: exact tail in the 99% interval"
        checks.append((name, one.exact, one.low, one.high))
    return [_check(*row) for row in checks]


def _slope_sigma(rows: pd.DataFrame) -> float:
    """Standard deviation of the slope of one (N, L) from the number of its trials."""
    trials = rows.trials.iloc[0] * rows.loss.nunique()
    logs = np.log(rows.copies.unique())
    return float(1 / np.sqrt(2 * trials * ((logs - logs.mean()) ** 2).sum()))


def _check(name: str, value: float, low: float, high: float) -> dict[str, Any]:
    return {"name": name, "value": float(value), "low": low, "high": high, "ok": bool(low <= value <= high)}


def parameter_bits(size: int, layers: int, angles_per_qubit: int) -> int:
    """32 P bits a layer, P = `angles_per_qubit` * n angles: what it costs that Bob sends his parameters."""
    return ANGLE_BITS * layers * angles_per_qubit * (size.bit_length() - 1)
