"""What fewer rounds cost in pointer chasing."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH

NAMES = {
    "one copy": "quantum, 2L messages (qubits)",
    "pointer": "pointer, 2L messages (bits)",
    "pointer and tables": "fewer, then Bob's tables, his parameters (bits)",
    "pointer and guess": "fewer, then a guess (bits)",
}
MARKERS = {"one copy": "s", "pointer": "o", "pointer and tables": "^", "pointer and guess": "v"}
SHIFT = {"one copy": 0.12, "pointer": -0.12}


def _marks(table: pd.DataFrame, column: str, ax: plt.Axes, spread: bool) -> plt.Axes:
    for name, label in NAMES.items():
        for number, (_, part) in enumerate(table[table.protocol == name].groupby("dimension")):
            x = part.rounds + SHIFT.get(name, 0)
            bars = [(part[column] - part.low).clip(lower=0), (part.high - part[column]).clip(lower=0)]
            line = ":" if len(part) > 1 else ""
            ax.errorbar(
                x,
                part[column],
                bars if spread else None,
                fmt=MARKERS[name] + line,
                color=COLOURS[name],
                markersize=4 + 1.5 * number,
                markerfacecolor="none",
                linewidth=0.8,
                label=label,
            )
    return ax


def pointer(table: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """Cost and success against rounds; larger marks are larger N."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.2))
    sizes = ", ".join(f"2^{n}" for n in sorted(table.qubits.unique()))
    layers = int(table.layers.iloc[0])
    _marks(table, "cost", axes[0], spread=False)
    axes[0].set(yscale="log", xlabel="rounds", ylabel="bits or qubits")
    axes[0].set_title(f"cost, L = {layers}; small to large marks: N = {sizes}", fontsize=7)
    _marks(table, "success", axes[1], spread=True)
    axes[1].axhline(0.5, color="black", linewidth=0.6, linestyle=":")
    axes[1].set(ylim=(0, 1.05), xlabel="rounds", ylabel="success")
    axes[1].set_title("success; dotted: a coin", fontsize=7)
    shared_legend(figure, columns=2)
    return figure, table
