"""The noise that each advantage survives, computed from measured rival costs and executed at small sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qcomm.protocols import noise
from qcomm.protocols.communication_curves import EXTRAPOLATED, PARAMETERS, best_rivals, cheapest
from qcomm.protocols.communication_tables import check_noise_settings
from qcomm.protocols.noise_runs import executed_rows, noise_row
from qcomm.theory.checks import check_row


def noise_rows(costs: pd.DataFrame, settings: Mapping[str, Any], target: float, seed: int) -> pd.DataFrame:
    """Thresholds (quantity "depolarising" or "loss") computed and executed, and what was measured over noisy links.

    Raises:
        ConfigError: a size is to be executed for which no threshold is computed.
    """
    check_noise_settings(settings, *executed_range(costs))
    rows = [*_decision_thresholds(costs, settings, target), *_estimate_thresholds(costs, settings)]
    return pd.DataFrame([*rows, *executed_rows(costs, settings, target, seed)])


def executed_range(costs: pd.DataFrame) -> tuple[int, int]:
    """log2 of the smallest and the largest N of a cost table."""
    return int(np.log2(costs.dimension.min())), int(np.log2(costs.dimension.max()))


def _sizes(costs: pd.DataFrame, settings: Mapping[str, Any]) -> list[int]:
    """Below the executed sizes nothing is known of the rivals."""
    return list(range(max(settings["qubits"][0], executed_range(costs)[0]), settings["qubits"][1] + 1))


def _against(curves, n: int) -> tuple[int, str, str]:
    """Bits and name of the best rival at N = 2^n, and whether a threshold against it is computed from measured costs
    (or between them), or extrapolated."""
    bits, name, origin = cheapest(curves, n)
    return bits, name, origin if origin == EXTRAPOLATED else "computed"


def _decision_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any], target: float) -> Iterator[dict]:
    curves = best_rivals(costs[costs.task == "subspace"])
    for n in _sizes(costs, settings):
        bits, name, method = _against(curves, n)
        for messages in settings["messages"]:
            p = noise.threshold(lambda p, n=n, m=messages: noise.decision_qubits(p, n, target, m), bits)
            yield noise_row("subspace", "depolarising", n, messages, method, p, rival=name)
            lost = noise.threshold(lambda p, n=n, m=messages: noise.decision_cost_lossy(p, n, m), bits)
            yield noise_row("subspace", "loss", n, messages, method, lost, rival=name)


def _estimate_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any]) -> Iterator[dict]:
    """Against all rivals but Bob's parameters: who has few of them owns an ansatz, of whose noise nothing is known."""
    for (eps, delta), part in costs[costs.task == "estimate"].groupby(["eps", "delta"]):
        curves = {name: curve for name, curve in best_rivals(part).items() if name != PARAMETERS}
        for n in _sizes(costs, settings):
            bits, name, method = _against(curves, n)
            for messages in settings["messages"]:
                p = noise.threshold(_estimate_cost(n, eps, delta, messages), bits)
                row = noise_row("estimate", "depolarising", n, messages, method, p)
                yield {**row, "rival": name, "eps": eps, "delta": delta}


def _estimate_cost(n: int, eps: float, delta: float, messages: int):
    return lambda p: noise.estimate_qubits(p, n, eps, delta, messages)


def check_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Everything that was executed against the formulas that stand for what was not."""
    found = [_visibilities(table), _thresholds(table), _estimates(table), _losses(table)]
    return [check_row(*check) for checks in found for check in checks]


def _visibilities(table: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    """Within four standard errors, and 2/N."""
    seen = table[table.quantity == "visibility"]
    allowed = 4 * (seen.high - seen.low) / 3.92 + 2 / seen.dimension
    worst = ((seen.value - seen.expected).abs() / allowed).max()
    yield "visibility: largest deviation in units of what is allowed", worst, 0, 1


def _thresholds(table: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    part = table[(table.task == "subspace") & (table.quantity == "depolarising")]
    for one in part[part.method == "executed"].itertuples():
        same = part[(part.messages == one.messages) & (part.dimension == one.dimension) & (part.method != "executed")]
        if same.empty:
            continue
        computed, reach = float(same.value.iloc[0]), 1.5 * (one.high - one.low) / 2 + 4 / one.dimension
        name = f"p at which one advantage dies, N = {one.dimension}, {one.messages} messages: executed against computed"
        yield name, one.value, computed - reach, computed + reach


def _estimates(table: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    part = table[table.quantity == "failure rate"]
    yield "noisy estimates: largest lower end of a failure rate over delta", (part.low / part.delta).max(), 0, 1
    yield "noisy estimates: largest |qubits sent - qubits planned|", (part.sent - part.planned).abs().max(), 0, 0


def _losses(table: pd.DataFrame) -> Iterator[tuple[str, float, float, float]]:
    """Mean costs within four standard errors."""
    part = table[table.quantity == "qubits and bits with loss"]
    worst = ((part.value - part.expected).abs() / (2 * (part.high - part.low) / 1.96)).max()
    yield "heralded loss: largest deviation of the cost over four standard errors", worst, 0, 1
    yield "heralded loss: errors", part.errors.sum(), 0, 0
