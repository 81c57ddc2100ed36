"""The noise that each advantage survives, computed from measured rival costs and executed at small sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qcomm.network import Link
from qcomm.progress import Progress
from qcomm.protocols import noise, subspace
from qcomm.protocols.communication_tables import PARAMETERS, RivalCurve, best_rivals
from qcomm.protocols.sampling import visibility
from qcomm.seeds import generator, seed_for

FACTORS = (0.6, 0.8, 1.0, 1.2, 1.4)


def noise_rows(costs: pd.DataFrame, settings: Mapping[str, Any], target: float, seed: int) -> pd.DataFrame:
    """Thresholds (quantity "depolarising" or "loss"), computed and executed, and measured visibilities."""
    rows = [*_decision_thresholds(costs, settings, target), *_estimate_thresholds(costs, settings)]
    rows += _executed_thresholds(costs, settings, target, seed)
    rows += _visibilities(settings, seed)
    return pd.DataFrame(rows)


def _row(task: str, quantity: str, qubits: int, messages: int, method: str, value: float, **more: Any) -> dict:
    bounds = {"low": value, "high": value}
    return {
        "task": task,
        "quantity": quantity,
        "dimension": 2**qubits,
        "messages": messages,
        "method": method,
        "value": value,
        **bounds,
        **more,
    }


def _sizes(settings: Mapping[str, Any]) -> list[int]:
    return list(range(settings["qubits"][0], settings["qubits"][1] + 1))


def _against(curves: Mapping[str, RivalCurve], n: int) -> tuple[str, float, str]:
    """Name and bits of the best rival at N = 2^n, and whether the cost was measured or extrapolated."""
    name = min(curves, key=lambda each: curves[each].bits(n))
    return name, curves[name].bits(n), "computed" if curves[name].measured(n) else "extrapolated"


def _decision_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any], target: float) -> Iterator[dict]:
    curves = best_rivals(costs[costs.task == "subspace"])
    for n in _sizes(settings):
        name, bits, method = _against(curves, n)
        for messages in settings["messages"]:
            p = noise.threshold(lambda p, n=n, m=messages: noise.decision_qubits(p, n, target, m), bits)
            yield _row("subspace", "depolarising", n, messages, method, p, rival=name)
            lost = noise.threshold(lambda p, n=n, m=messages: noise.decision_qubits_lossy(p, n, m), bits)
            yield _row("subspace", "loss", n, messages, method, lost, rival=name)


def _estimate_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any]) -> Iterator[dict]:
    for (eps, delta), part in costs[costs.task == "estimate"].groupby(["eps", "delta"]):
        curves = best_rivals(part)
        parameters = {PARAMETERS: curves.pop(PARAMETERS)}
        for n in _sizes(settings):
            for group in (curves, parameters):
                name, bits, method = _against(group, n)
                for messages in settings["messages"]:
                    p = noise.threshold(_estimate_cost(n, eps, delta, messages), bits)
                    yield _row("estimate", "depolarising", n, messages, method, p, rival=name, eps=eps, delta=delta)


def _estimate_cost(n: int, eps: float, delta: float, messages: int):
    return lambda p: noise.estimate_qubits(p, n, eps, delta, messages)


def _tasks(size: int, count: int, seed: int) -> list:
    rng = generator("noise", size, seed)
    block = subspace.subspace_block(size, 1024, rng)
    return [subspace.subspace_task(block, size, float(t % 2), rng) for t in range(count)]


def _executed_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any], target: float, seed: int) -> Iterator[dict]:
    """The p at which executed decisions, with as many copies as the rival's bits pay for, fall to the target."""
    curves = best_rivals(costs[costs.task == "subspace"])
    sizes = [n for n in settings["executed"] if curves and _against(curves, n)[1] > n]
    progress = Progress(len(sizes), "decisions over noisy links", "size")
    for number, n in enumerate(sizes, start=1):
        name, bits, _ = _against(curves, n)
        copies = int(np.ceil(bits / n)) - 1  # strictly fewer qubits than the rival sends bits
        copies -= copies % 2 == 0
        expected = noise.threshold(lambda p, n=n: noise.decision_qubits(p, n, target), bits)
        tasks, points = _tasks(2**n, settings["trials"], seed), []
        for factor in FACTORS:
            p = min(1.0, factor * expected)
            link = Link(depolarising=p, trajectories=copies)
            found = subspace.decide(tasks, seed_for("noisy", n, factor, seed), copies=copies, link=link)
            points.append((p, 1 - found.errors / len(tasks)))
        value, error = crossing(np.array(points), target, len(tasks))
        bounds = {"low": value - 1.96 * error, "high": value + 1.96 * error}
        yield {**_row("subspace", "depolarising", n, 1, "executed", value), **bounds, "rival": name, "copies": copies}
        progress.update(number, n=n)


def crossing(points: np.ndarray, target: float, trials: int) -> tuple[float, float]:
    """Where a weighted quadratic through (p, success) falls to `target`, and its standard error."""
    p, share = points.T
    sigma = np.sqrt(np.clip(share * (1 - share), 0.25 / trials, None) / trials)
    middle = p.mean()
    fit, covariance = np.polyfit(p - middle, share, 2, w=1 / sigma, cov="unscaled")
    fine = np.linspace(p.min(), p.max(), 4001) - middle
    place = fine[np.argmin(np.abs(np.polyval(fit, fine) - target))]
    powers = place ** np.array([2, 1, 0])
    slope = abs(np.polyval(np.polyder(fit), place))
    return float(place + middle), float(np.sqrt(powers @ covariance @ powers) / max(slope, 1e-9))


def _visibilities(settings: Mapping[str, Any], seed: int) -> Iterator[dict]:
    """Measured 1 - 2 (error rate) of one noisy copy beside (1 - 3p/4)^n."""
    for n in settings["visibility_qubits"]:
        tasks = _tasks(2**n, settings["trials"], seed)
        for p in settings["visibility_noise"]:
            found = subspace.decide(tasks, seed_for("visibility", n, p, seed), link=Link(depolarising=p))
            value, error = noise.measured_visibility(found.errors, len(tasks))
            row = _row("subspace", "visibility", n, 1, "executed", value, noise=p, expected=visibility(p, n, 1))
            yield {**row, "low": value - 1.96 * error, "high": value + 1.96 * error}


def check_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Visibilities within four standard errors (and 2/N) of the calibration; executed thresholds near computed ones."""
    rows = []
    seen = table[table.quantity == "visibility"]
    sigma = (seen.high - seen.low) / 3.92
    allowed = 4 * sigma + 2 / seen.dimension
    worst = ((seen.value - seen.expected).abs() / allowed).max()
    rows.append(("visibility: largest deviation in units of what is allowed", worst, 0, 1))
    for one in table[(table.quantity == "depolarising") & (table.method == "executed")].itertuples():
        same = table[(table.task == one.task) & (table.quantity == one.quantity) & (table.messages == 1)]
        computed = float(same[(same.method == "computed") & (same.dimension == one.dimension)].value.iloc[0])
        reach = 1.5 * (one.high - one.low) / 2 + 4 / one.dimension
        name = f"p at which one advantage dies, N = {one.dimension}: executed against computed"
        rows.append((name, one.value, computed - reach, computed + reach))
    return [
        {"name": name, "value": float(value), "low": low, "high": high, "ok": bool(low <= value <= high)}
        for name, value, low, high in rows
    ]
