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
    "best of 2^k, either sign",
    "best of 2^k",
    "top-q",
    "random projection",
    "send everything",
    "send x",
    "Bob's parameters",
)
SHOWN = {**COLOURS, "best of 2^k, either sign": COLOURS["best of 2^k"]}
FITTED = ("best of 2^k, either sign", "top-q", "random projection")
# How a cost was found: marker, and whether it is filled.
METHODS = {
    "executed": ("o", True, "executed: the message decides"),
    "sampled": ("o", False, "sampled from the protocol's law, bits counted"),
    "literal": ("x", True, "checked on full vectors, whole bits"),
    "saturated": ("v", False, "saturated: sends everything"),
    "formula": (None, False, "formula, not run"),
}
BOX = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
TOP = 2e9  # qubits or bits; Bob's description of a generic subspace leaves the picture above


def _curves(costs: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    for name in DRAWN:
        mine = costs[(costs.protocol == name) & costs.method.isin(METHODS)].sort_values("dimension")
        line = mine[mine.method != "literal"]
        if line.empty:
            continue
        style = "--" if line.kind.iloc[0] == "quantum" else ":" if name == "best of 2^k" else "-"
        known = line[line.method != "formula"]
        label = f"{name} ({line.unit.iloc[0]})"
        ax.plot(known.dimension, known.cost, style, color=SHOWN[name], linewidth=1.1, label=label)
        if len(known) < len(line):
            beyond = line[line.dimension >= known.dimension.max()]
            ax.plot(beyond.dimension, beyond.cost, ":", color=SHOWN[name], linewidth=1.1)
        for method, part in mine.groupby("method"):
            _markers(part, *METHODS[str(method)][:2], SHOWN[name], ax)
    return ax


def _markers(part: pd.DataFrame, marker: str | None, filled: bool, colour: str, ax: plt.Axes) -> None:
    """Points with their 95% intervals; a formula has none."""
    if marker:
        spread = np.abs([part.cost - part.low, part.high - part.cost])
        face = colour if filled else "white"
        shape = {"fmt": marker, "markersize": 3, "markerfacecolor": face, "markeredgewidth": 0.8}
        ax.errorbar(part.dimension, part.cost, spread, color=colour, elinewidth=0.8, **shape)


def _key(methods: set[str], ax: plt.Axes) -> None:
    """What the markers say, without points."""
    for method, (marker, filled, label) in METHODS.items():
        if method in methods:
            look = {"linestyle": "none" if marker else ":", "marker": marker, "markersize": 3, "color": "black"}
            ax.plot([], [], markerfacecolor="black" if filled else "white", label=label, **look)


def _bounds(size: np.ndarray, ax: plt.Axes) -> None:
    """Both without constants: the lower bound has none that is known."""
    ax.plot(
        size, size ** (1 / 3), ":", color="black", linewidth=1, label=r"$N^{1/3}$: proven lower bound, up to a constant"
    )
    ax.plot(size, size**0.5, "-.", color="black", linewidth=1, label=r"$\sqrt{N}$: upper bound of vector in subspace")


def _exponents(exponents: pd.DataFrame, ax: plt.Axes) -> None:
    lines = []
    for name in FITTED:
        mine = exponents[(exponents.protocol == name) & (exponents.method == "sampled")]
        if len(mine):
            one = mine.iloc[0]
            lines.append(f"{name}: {one.exponent:.3f} [{one.low:.3f}, {one.high:.3f}]")
    if lines:
        first = int(exponents.from_dimension.min())
        text = "\n".join([f"exponents, N ≥ {first}", *lines])
        ax.text(0.02, 0.98, text, transform=ax.transAxes, fontsize=5.5, va="top", bbox=BOX, zorder=5)


def subspace_panel(costs: pd.DataFrame, exponents: pd.DataFrame, ansatz: pd.Series, ax: plt.Axes) -> plt.Axes:
    """Vector in subspace at success 2/3."""
    _curves(costs, ax)
    name = "Bob's parameters"
    ax.plot(ansatz.index, ansatz, "-.", color=SHOWN[name], linewidth=1.1, label=f"{name}, were $B_1$ an ansatz (bits)")
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
    figure, axes = plt.subplots(1, 1 + len(estimates), figsize=(WIDTH * 1.25, 4.8), sharey=True)
    parameters = costs[(costs.task == "estimate") & (costs.protocol == "Bob's parameters")]
    ansatz = parameters.groupby("dimension").cost.first()
    decided = exponents[exponents.task == "subspace"]
    subspace_panel(costs[costs.task == "subspace"], decided, ansatz, axes[0])
    for ax, ((eps, delta), part) in zip(axes[1:], estimates, strict=True):
        estimate_panel(part, exponents[(exponents.eps == eps) & (exponents.delta == delta)], ax)
    _key(set(costs.method), axes[-1])
    shared_legend(figure, columns=3)
    columns = ["task", "eps", "delta", "dimension", "protocol", "kind", "unit", "method", "cost", "low", "high"]
    return figure, costs[costs.protocol.isin(DRAWN)][[*columns, "whole", "resource"]]
