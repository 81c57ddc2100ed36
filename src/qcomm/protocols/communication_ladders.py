"""Rows of the cost tables, and the least resource of a rival found on a ladder of counted runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from qcomm.errors import DataError
from qcomm.protocols.communication_costs import Counted, Rival
from qcomm.protocols.rivals_batch import Batch
from qcomm.protocols.rivals_need import Need, need_by_execution

LEAST_TRIALS = 60
CONFIDENCE = 0.99  # of the intervals of error rates

# How a cost was found: every message of the protocol executed; or sampled from the law of a protocol whose literal runs
# were compared, its bits counted; or what is sent instead where the rival saturates; or a formula, never run.
EXECUTED, SAMPLED, SATURATED, FORMULA = "executed", "sampled", "saturated", "formula"
EXACT, LITERAL = "exact", "literal"  # beside a sampled cost: the law behind it, and runs on full vectors
COSTS = (EXECUTED, SAMPLED, SATURATED, FORMULA)


def cost_row(task: str, size: int, protocol: str, kind: str, method: str, cost: float, **more: Any) -> dict[str, Any]:
    """One point of a curve. kind: classical (bits) or quantum (qubits). `cost` is fractional where it is where a fitted
    curve crosses; `whole` is what would really be sent."""
    whole = more.pop("whole", None)
    return {
        "task": task,
        "dimension": size,
        "protocol": protocol,
        "kind": kind,
        "unit": "qubits" if kind == "quantum" else "bits",
        "method": method,
        "cost": cost,
        "low": more.pop("low", cost),
        "high": more.pop("high", cost),
        "whole": int(np.ceil(cost - 1e-9)) if whole is None else whole,
        **more,
    }


def trials_for(rival: Rival, resource: float, size: int, settings: Mapping[str, Any], share: float = 1) -> int:
    """Trials of one rung: as many as asked for, or as the allowed random numbers pay for."""
    most = min(settings["trials"], settings["numbers"] / rival.numbers(resource, size))
    return int(max(LEAST_TRIALS, most / share))


def need_where_reached(
    counted: Counted,
    rival: Rival,
    size: int,
    guess: float,
    target: float,
    trials: int,
    settings: Mapping[str, Any],
    losses: tuple[float, ...],
    share: Callable[[Batch], float],
    *identity: str | int | float,
    two_sided: bool,
) -> Need | None:
    """The resource at which `share` of successes reaches `target`, the losses taking turns; None where the rival
    saturates: its largest resource is, in a run, not clearly above the target.

    Raises:
        DataError: the ladder found no crossing although there is one.
    """

    def rung(resource: int, most: float, *name: str) -> tuple[float, int]:
        turns = int(min(most, trials_for(rival, resource, size, settings))) // len(losses)
        batch = counted.run(np.tile(losses, turns), resource, *identity, *name)
        return share(batch), turns * len(losses)

    limits = {"least": rival.least, "most": rival.most(size)}
    try:
        return need_by_execution(rung, guess, target, trials, two_sided=two_sided, **limits)
    except DataError:
        reached, made = rung(limits["most"], np.inf, "most")
        if reached - 2 * np.sqrt(target * (1 - target) / made) >= target:
            raise
        return None


def saturated_row(task: str, size: int, name: str, everything: Mapping[str, Any]) -> dict[str, Any]:
    """No resource is enough: Alice sends everything instead, at its cost."""
    bounds = {side: everything[side] for side in ("low", "high", "whole")}
    return cost_row(task, size, name, "classical", SATURATED, everything["cost"], **bounds)


def need_row(task: str, size: int, name: str, counted: Counted, need: Need, **more: Any) -> dict[str, Any]:
    """The counted bits at the need and at the ends of its interval."""
    return cost_row(
        task,
        size,
        name,
        "classical",
        SAMPLED,
        counted.bits(need.value),
        low=counted.bits(need.low),
        high=counted.bits(need.high),
        whole=round(counted.bits(np.ceil(need.value - 1e-9))),
        resource=need.value,
        **more,
    )
