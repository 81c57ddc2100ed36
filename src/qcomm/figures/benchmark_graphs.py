"""Time per epoch and fold of graph training, ours beside the plain PyTorch network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS

BARS = {("qcomm", "poly"): "SIGN-poly", ("qcomm", "prelu"): "SIGN-prelu", ("qcomm", "identity"): "SIGN-identity"}
WIDTH = 0.13


def benchmark_graphs(table: pd.DataFrame, authors: pd.DataFrame, ax):
    """Bars per data set, implementation and activation (plain ones hatched, limits: least and most of the repeats).

    Args:
        table: dataset, implementation, activation, cpu_s_per_epoch_fold, low, high.
        authors: dataset, cpu_s_per_epoch_fold of the authors' code, drawn as lines.
        ax: axes to draw on.
    """
    sets, drawn = list(dict.fromkeys(table.dataset)), 0
    for activation in dict.fromkeys(table.activation):
        for implementation in ("qcomm", "plain"):
            part = table[(table.activation == activation) & (table.implementation == implementation)]
            places = np.array([sets.index(name) for name in part.dataset]) + (drawn - 2.5) * WIDTH
            middle = part.cpu_s_per_epoch_fold
            ax.bar(
                places,
                middle,
                WIDTH,
                yerr=[middle - part.low, part.high - middle],
                error_kw={"elinewidth": 0.7},
                color=COLOURS[BARS["qcomm", activation]],
                alpha=1 if implementation == "qcomm" else 0.45,
                hatch=None if implementation == "qcomm" else "///",
                label=f"{implementation}, {activation}",
            )
            drawn += 1
    known = authors[authors.dataset.isin(sets)]
    places = [sets.index(name) for name in known.dataset]
    colour = COLOURS["reference"]
    ax.hlines(
        known.cpu_s_per_epoch_fold, np.array(places) - 0.45, np.array(places) + 0.45, colour, label="authors' code"
    )
    ax.set_yscale("log")
    ax.set_xticks(range(len(sets)), sets)
    ax.set_ylabel("CPU seconds per epoch and fold")
    ax.legend(fontsize="x-small", ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
