"""Bits and qubits of linear classification against margin, dimension and on trained classifiers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH

DRAWN = ("sign sketch", "best of 2^k", "quantised vector", "Hadamard test", "amplitude estimation")
NEVER = "nowhere in the sweep"
CLASSIFIERS = (*DRAWN, "weights sent", "entries listed")


def _curves(costs: pd.DataFrame, variable: str, ax: plt.Axes) -> plt.Axes:
    """Exact needs as lines, needs measured from executed runs as marks with 95% intervals."""
    for name in DRAWN:
        mine = costs[costs.protocol == name]
        exact = mine[mine.method == "exact"].sort_values(variable)
        run = mine[mine.method == "executed"].sort_values(variable)
        dashes = "--" if exact.kind.iloc[0] == "quantum" else "-"
        label = f"{name} ({exact.unit.iloc[0]})"
        ax.plot(exact[variable], exact.cost, dashes, color=COLOURS[name], linewidth=1.1, label=label)
        spread = [(run.cost - run.low).clip(lower=0), (run.high - run.cost).clip(lower=0)]
        ax.errorbar(run[variable], run.cost, yerr=spread, fmt="o", color=COLOURS[name], markersize=3, linewidth=0.8)
    ax.set(xscale="log", yscale="log")
    return ax


def cost_against_margin(costs: pd.DataFrame, slopes: pd.DataFrame, dimension: int, ax: plt.Axes) -> plt.Axes:
    """Bits or qubits for success 2/3 at one dimension, with the slopes fitted to the executed runs."""
    _curves(costs[costs.dimension == dimension], "gamma", ax)
    lines = []
    for name in ("sign sketch", "best of 2^k", "Hadamard test", "amplitude estimation"):
        found = slopes[(slopes.protocol == name) & (slopes.variable == "gamma") & (slopes.method == "executed")]
        if len(found):
            one = found.iloc[0]
            lines.append(f"{name}: {one.slope:.2f} [{one.low:.2f}, {one.high:.2f}]")
    ax.text(0.03, 0.03, "slopes, executed\n" + "\n".join(lines), transform=ax.transAxes, fontsize=5.5, va="bottom")
    ax.set(xlabel=r"margin $\gamma$", ylabel="bits or qubits, success 2/3", title=f"N = {dimension}")
    return ax


def cost_against_dimension(costs: pd.DataFrame, subspace: pd.DataFrame | None, gamma: float, ax: plt.Axes) -> plt.Axes:
    """The same against N, beside vector-in-subspace: its best classical protocol and its one quantum copy."""
    _curves(costs[np.isclose(costs.gamma, gamma)], "dimension", ax)
    if subspace is not None:
        for kind, unit, style, fill in (("classical", "bits", ":", "white"), ("quantum", "qubits", "--", "black")):
            mine = subspace[subspace.kind == kind].sort_values("dimension")
            if mine.empty:
                continue
            label = f"vector in subspace ({unit})"
            look = {"linestyle": style, "marker": "^", "markersize": 4, "markerfacecolor": fill, "color": "black"}
            ax.plot(mine.dimension, mine.cost, linewidth=1, label=label, **look)
    ax.set(xlabel="dimension N", ylabel="bits or qubits, success 2/3", title=rf"$\gamma$ = {gamma:g}")
    return ax


def cost_on_classifiers(classifiers: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Bits or qubits of executed protocols per input of trained classifiers, at an agreement of 0.9 with them."""
    datasets = list(dict.fromkeys(classifiers.dataset))
    for place, name in enumerate(CLASSIFIERS):
        mine = classifiers[classifiers.protocol == name]
        x = [datasets.index(dataset) + (place - 3) * 0.11 for dataset in mine.dataset]
        marker = "D" if name in ("Hadamard test", "amplitude estimation") else "o"
        label = None if name in DRAWN else name
        ax.plot(x, mine.cost, marker, color=COLOURS[name], markersize=4, label=label)
    ax.set(yscale="log", ylabel="bits or qubits per input", title="trained classifiers")
    ax.set_xticks(range(len(datasets)), datasets, rotation=20)
    return ax


def linear(
    costs: pd.DataFrame, slopes: pd.DataFrame, classifiers: pd.DataFrame, subspace: pd.DataFrame | None
) -> tuple[plt.Figure, pd.DataFrame]:
    """The three panels, and the drawn numbers."""
    executed = costs[costs.method == "executed"]
    dimension = int(executed[executed.protocol == "amplitude estimation"].dimension.mode().iloc[0])
    gamma = float(executed[executed.protocol == "amplitude estimation"].gamma.mode().iloc[0])
    panels = 3 if len(classifiers) else 2
    figure, axes = plt.subplots(1, panels, figsize=(WIDTH * 1.25, 3.4))
    cost_against_margin(costs, slopes, dimension, axes[0])
    cost_against_dimension(costs, subspace, gamma, axes[1])
    if len(classifiers):
        cost_on_classifiers(classifiers, axes[2])
    shared_legend(figure, columns=4)
    kept = costs[((costs.dimension == dimension) | np.isclose(costs.gamma, gamma)) & costs.protocol.isin(DRAWN)]
    parts = [kept.assign(panel="costs"), classifiers.assign(panel="classifiers", method="executed")]
    if subspace is not None:
        parts.append(subspace.assign(panel="vector in subspace"))
    columns = ["panel", "dataset", "protocol", "kind", "method", "gamma", "dimension", "unit", "cost", "low", "high"]
    return figure, pd.concat(parts, ignore_index=True).reindex(columns=columns)


def break_even(costs: pd.DataFrame) -> pd.DataFrame:
    """For each N: the largest margin at which the best quantum protocol sends fewer qubits than the best
    classical one sends bits.

    Exact needs at equal success; constants included.
    """
    rows = []
    for dimension, part in costs[costs.method == "exact"].groupby("dimension"):
        table = part[part.protocol.str.startswith("best ")].pivot_table(index="gamma", columns="kind", values="cost")
        ratio = table.quantum / table.classical
        cheaper = ratio[ratio < 1]
        best = ratio.idxmin()
        rows.append(
            {
                "dimension": dimension,
                "success": part.target.iloc[0],
                "quantum_cheaper_at_gamma": float(cheaper.index.max()) if len(cheaper) else NEVER,
                "least_qubits_per_bit": float(ratio.min()),
                "at_gamma": float(best),
                "qubits": float(table.quantum[best]),
                "bits": float(table.classical[best]),
            }
        )
    return pd.DataFrame(rows)
