"""Cost curves: executed costs as functions of N = 2^n, between and beyond the sizes that were run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.protocols import amplitude, noise
from qcomm.protocols.amplitude_plan import plan
from qcomm.protocols.communication_ladders import COSTS, EXECUTED

PARAMETERS = "Bob's parameters"
SHORTER = "shorter message"  # of two that have curves of their own
MEASURED, INTERPOLATED, EXTRAPOLATED, COMPUTED = "measured", "interpolated", "extrapolated", "computed"


class RivalCurve:
    """Whole bits of a rival against n: what was counted at the sizes that were run, a power of N between and beyond
    them (the last four sizes), rounded up; parameters of an ansatz are linear in n instead. Nothing below the smallest
    size that was run."""

    def __init__(self, part: pd.DataFrame):
        part = part.sort_values("dimension")
        self._linear = part.protocol.iloc[0] == PARAMETERS and part.task.iloc[0] == "estimate"
        self._x, cost = np.log2(part.dimension.to_numpy(float)), part.cost.to_numpy(float)
        self._whole = dict(zip(self._x.round().astype(int), part.whole, strict=True))
        self._y = cost if self._linear else np.log2(cost)
        last = slice(-4, None) if len(part) >= 4 else slice(None)
        self._slope = np.polyfit(self._x[last], self._y[last], 1)[0] if len(part) > 1 else 0.0

    def cost(self, qubits: int) -> float:
        """Bits as a smooth curve gives them.

        Raises:
            DataError: below the smallest size that was run.
        """
        if qubits < self._x[0] - 1e-9:
            raise DataError(
                f"no cost is known below N = 2^{self._x[0]:.0f}, asked for 2^{qubits}",
                where="RivalCurve",
                fix="add smaller sizes to communication.qubits",
            )
        beyond = max(0.0, qubits - self._x[-1])
        value = np.interp(qubits, self._x, self._y) + self._slope * beyond
        return float(value if self._linear else 2**value)

    def bits(self, qubits: int) -> int:
        return int(self._whole.get(qubits, np.ceil(self.cost(qubits) - 1e-9)))

    def origin(self, qubits: int) -> str:
        """Whether the bits at N = 2^n are measured, interpolated or extrapolated."""
        if qubits in self._whole:
            return MEASURED
        return INTERPOLATED if self._x[0] < qubits < self._x[-1] else EXTRAPOLATED


def best_rivals(part: pd.DataFrame) -> dict[str, RivalCurve]:
    """A curve for every classical protocol of one task and accuracy.

    Raises:
        DataError: a protocol lacks a size that others have: its absence would pass for an advantage.
    """
    classical = part[(part.kind == "classical") & part.method.isin(COSTS) & (part.protocol != SHORTER)]
    sizes = set(classical.dimension)
    curves = {}
    for name, mine in classical.groupby("protocol"):
        if missing := sizes - set(mine.dimension):
            raise DataError(
                f"no cost at N = {sorted(missing)}", where=str(name), fix="run the communication stage again"
            )
        curves[str(name)] = RivalCurve(mine)
    return curves


def cheapest(curves: dict[str, RivalCurve], qubits: int) -> tuple[int, str, str]:
    """Bits of the best rival at N = 2^n, its name, and where the bits come from."""
    bits, _, name = min((curve.bits(qubits), curve.cost(qubits), name) for name, curve in curves.items())
    return bits, name, curves[name].origin(qubits)


QuantumCost = Callable[[int], tuple[int, str]]


def planned_qubits(part: pd.DataFrame, p: float, target: float) -> dict[str, Callable[[int], float]]:
    """Qubits at N = 2^n of every quantum protocol of one task and accuracy over links with depolarising p, by formula.

    Amplitude estimation has no entry with noise: its many messages in a row leave no visibility.
    """
    task, eps, delta = part.task.iloc[0], part.eps.iloc[0], part.delta.iloc[0]
    if task == "subspace":
        return {"one copy": lambda n: noise.decision_qubits(p, n, target)}
    planned: dict[str, Callable[[int], float]] = {"quantum sampling": lambda n: noise.estimate_qubits(p, n, eps, delta)}
    if p == 0:
        walks = plan(eps, delta).walks
        planned[amplitude.NAME] = lambda n: 2 * walks * n  # L = 1: two messages a walk
    return planned


def quantum_costs(part: pd.DataFrame, p: float, target: float) -> dict[str, QuantumCost]:
    """Whole qubits, and whether they were sent or computed: without noise those that were sent, where N was run."""
    ran = part[(part.kind == "quantum") & (part.method == EXECUTED)]
    costs = {}
    for name, formula in planned_qubits(part, p, target).items():
        mine = ran[ran.protocol == name]
        sent = dict(zip(np.log2(mine.dimension).round().astype(int), mine.whole, strict=True)) if p == 0 else {}
        costs[name] = _sent_or_planned(sent, formula)
    return costs


def _sent_or_planned(sent: dict[int, int], formula: Callable[[int], float]) -> QuantumCost:
    def cost(qubits: int) -> tuple[int, str]:
        if qubits in sent:
            return int(sent[qubits]), MEASURED
        return int(np.ceil(formula(qubits) - 1e-9)), COMPUTED

    return cost
