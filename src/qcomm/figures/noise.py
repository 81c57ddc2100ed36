"""The noise that each quantum advantage survives, against N."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH
from qcomm.protocols.noise import limit

DECISION, ESTIMATE = "one copy", "quantum sampling"
STYLES = ("-", "--", ":", "-.")


def visibility_panel(table: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Measured visibility of one copy with 95% intervals beside (1 - 3p/4)^(n m)."""
    seen = table[table.quantity == "visibility"]
    fine = np.linspace(0, seen.noise.max(), 100)
    for marker, ((messages, size), part) in zip("osDv^<", seen.groupby(["messages", "dimension"]), strict=False):
        n = int(np.log2(size))
        style, face = ("-", COLOURS[DECISION]) if messages == 1 else ("--", "white")
        ax.plot(fine, (1 - 0.75 * fine) ** (n * messages), style, color=COLOURS[DECISION], linewidth=0.8)
        spread = np.abs([part.value - part.low, part.high - part.value])
        label = f"n = {n}, {_messages(messages)}"
        look = {"fmt": marker, "color": COLOURS[DECISION], "markerfacecolor": face, "markersize": 4, "label": label}
        ax.errorbar(part.noise, part.value, spread, **look)
    ax.legend(fontsize=6)
    ax.set(xlabel="depolarising p per qubit", ylabel="visibility of one copy", title=r"lines: $(1-3p/4)^{nm}$")
    return ax


def _messages(messages: int) -> str:
    return f"{messages} message" if messages == 1 else f"{messages} messages"


def decision_panel(table: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """p(N) at which one-copy decisions cost as much as the best rival, by messages of n qubits per copy."""
    part = table[(table.task == "subspace") & (table.quantity == "depolarising")]
    for style, (messages, mine) in zip(STYLES, part[part.method != "executed"].groupby("messages"), strict=False):
        _line(mine, style, COLOURS[DECISION], f"{_messages(messages)} a copy", ax)
        ax.axhline(limit(messages), color="black", linestyle=style, linewidth=0.5)
    for marker, (messages, ran) in zip("os", part[part.method == "executed"].groupby("messages"), strict=False):
        spread = np.abs([ran.value - ran.low, ran.high - ran.value])
        look = {"fmt": marker, "color": "black", "markersize": 3.5, "label": f"executed, {_messages(messages)}"}
        ax.errorbar(ran.dimension, ran.value, spread, **look)
    lost = table[(table.quantity == "loss") & (table.messages == part.messages.min())]
    _line(lost, "-", COLOURS["classical"], f"heralded loss, {_messages(part.messages.min())}", ax)
    ax.plot([], [], color="black", linewidth=0.5, label=r"limit against $\sqrt{N}$ bits")
    ax.legend(fontsize=6, loc="upper left")
    ax.set(xlabel="dimension N (thin: extrapolated)", ylabel="p or loss at break-even", title="vector in subspace")
    ax.set_ylim(0, 2 * limit(int(part.messages.min())))
    return ax


def estimate_panel(table: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """The same for estimates of the loss by circuits that scramble, against the best rival that has no parameters."""
    part = table[(table.task == "estimate") & (table.quantity == "depolarising")]
    part = part[part.messages == part.messages.min()]
    for style, ((eps, delta), mine) in zip(STYLES, part.groupby(["eps", "delta"], sort=False), strict=False):
        _line(mine, style, COLOURS[ESTIMATE], rf"$\epsilon$ = {eps:g}, $\delta$ = {delta:.2g}", ax)
    ax.legend(fontsize=6, loc="upper left")
    ax.set(
        xlabel="dimension N (thin: extrapolated)",
        ylabel="depolarising p at break-even",
        title="estimate, 1 message, generic $B_1$",
    )
    ax.set_ylim(0, max(0.05, 1.6 * part.value.max()))
    return ax


def _line(part: pd.DataFrame, style: str, colour: str, label: str, ax: plt.Axes) -> None:
    """Thick where the rival's cost was measured, thin where it is extrapolated."""
    part = part.sort_values("dimension")
    ax.plot(part.dimension, part.value, style, color=colour, linewidth=0.7)
    known = part[part.method == "computed"]
    ax.plot(known.dimension, known.value, style, color=colour, linewidth=2, label=label)
    ax.set_xscale("log", base=2)


def noise(table: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """The three panels, and the drawn numbers."""
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH * 1.35, 3.4))
    visibility_panel(table, axes[0])
    decision_panel(table, axes[1])
    estimate_panel(table, axes[2])
    return figure, table
