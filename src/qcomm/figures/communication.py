"""Bits and qubits against N for vector in subspace and for estimates of the loss."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH

DRAWN = (
    "one copy",
    "quantum sampling",
    "quantum amplitude estimation",
    "best of 2^k",
    "top-q",
    "random projection",
    "send everything",
    "send x",
    "Bob's parameters",
)
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
TOP = 2e9  # qubits or bits; Bob's description of a generic subspace leaves the picture above


def _curves(costs: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    for name in DRAWN:
        mine = costs[(costs.protocol == name) & costs.method.isin(["executed", "count"])].sort_values("dimension")
        if mine.empty:
            continue
        quantum = mine.kind.iloc[0] == "quantum"
        spread = np.abs([mine.cost - mine.low, mine.high - mine.cost])
        ax.errorbar(
            mine.dimension,
            mine.cost,
            spread,
            fmt="s--" if quantum else "o-",
            color=COLOURS[name],
            linewidth=1.1,
            markersize=3,
            label=f"{name} ({mine.unit.iloc[0]})",
        )
    return ax


def _bounds(size: np.ndarray, ax: plt.Axes) -> None:
    """Both without constants: the lower bound has none that is known."""
    ax.plot(
        size, size ** (1 / 3), ":", color="black", linewidth=1, label=r"$N^{1/3}$: proven lower bound, up to a constant"
    )
    ax.plot(size, size**0.5, "-.", color="black", linewidth=1, label=r"$\sqrt{N}$: upper bound of vector in subspace")


def _exponents(exponents: pd.DataFrame, ax: plt.Axes) -> None:
    lines = []
    for name in ("best of 2^k", "top-q", "random projection"):
        mine = exponents[(exponents.protocol == name) & (exponents.method == "executed")]
        if len(mine):
            one = mine.iloc[0]
            lines.append(f"{name}: {one.exponent:.3f} [{one.low:.3f}, {one.high:.3f}]")
    if lines:
        first = int(exponents.from_dimension.min())
        text = "\n".join([f"exponents, N ≥ {first}", *lines])
        ax.text(0.03, 0.97, text, transform=ax.transAxes, fontsize=5.5, va="top", bbox=BOX, zorder=5)


def subspace_panel(costs: pd.DataFrame, exponents: pd.DataFrame, ansatz: pd.Series, ax: plt.Axes) -> plt.Axes:
    """Vector in subspace at success 2/3."""
    _curves(costs, ax)
    name = "Bob's parameters"
    ax.plot(
        ansatz.index, ansatz, "--", color=COLOURS[name], linewidth=1.1, label=f"{name}, were $B_1$ an ansatz (bits)"
    )
    _bounds(np.sort(costs.dimension.unique()).astype(float), ax)
    _exponents(exponents, ax)
    ax.set(xscale="log", yscale="log", ylim=(2, TOP), xlabel="dimension N", ylabel="bits or qubits")
    ax.set_title("vector in subspace, success 2/3", fontsize=8)
    return ax


def estimate_panel(costs: pd.DataFrame, exponents: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Problem 1 at one (eps, delta)."""
    _curves(costs, ax)
    _bounds(np.sort(costs.dimension.unique()).astype(float), ax)
    _exponents(exponents, ax)
    eps, delta = costs.eps.iloc[0], costs.delta.iloc[0]
    ax.set(xscale="log", yscale="log", ylim=(2, TOP), xlabel="dimension N")
    ax.set_title(rf"loss, $\epsilon$ = {eps:g}, $\delta$ = {delta:.2g}", fontsize=8)
    return ax


def communication(costs: pd.DataFrame, exponents: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """All panels, and the drawn numbers."""
    estimates = list(costs[costs.task == "estimate"].groupby(["eps", "delta"], sort=False))
    figure, axes = plt.subplots(1, 1 + len(estimates), figsize=(WIDTH * 1.25, 4.4), sharey=True)
    parameters = costs[(costs.task == "estimate") & (costs.protocol == "Bob's parameters")]
    ansatz = parameters.groupby("dimension").cost.first()
    decided = exponents[exponents.task == "subspace"]
    subspace_panel(costs[costs.task == "subspace"], decided, ansatz, axes[0])
    for ax, ((eps, delta), part) in zip(axes[1:], estimates, strict=True):
        estimate_panel(part, exponents[(exponents.eps == eps) & (exponents.delta == delta)], ax)
    shared_legend(figure, columns=3)
    columns = ["task", "eps", "delta", "dimension", "protocol", "kind", "unit", "method", "cost", "low", "high"]
    return figure, costs[costs.protocol.isin(DRAWN)][[*columns, "whole", "resource"]]
