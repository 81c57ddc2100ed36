"""Accuracy per model and data set with error bars, and learning curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS


def accuracy(data: pd.DataFrame, ax):
    """Points with error bars, data sets side by side.

    Args:
        data: dataset, method, protocol, mean, std, error_of ("folds" or "seeds"); percent.
        ax: axes to draw on.
    """
    sets = list(dict.fromkeys(data.dataset))
    labels = list(dict.fromkeys(zip(data.method, data.protocol, strict=True)))
    offsets = np.linspace(-0.36, 0.36, len(labels)) if len(labels) > 1 else np.zeros(1)
    for offset, (method, protocol) in zip(offsets, labels, strict=True):
        part = data[(data.method == method) & (data.protocol == protocol)]
        places = [sets.index(name) + offset for name in part.dataset]
        ax.errorbar(
            places,
            part["mean"],
            part["std"],
            fmt="^" if protocol == "gin" else "o",
            markersize=5,
            capsize=2,
            color=COLOURS.get(method, COLOURS["reference"]),
            label=f"{method} ({protocol})" if protocol else method,
        )
    ax.set_xticks(range(len(sets)), sets)
    ax.set_xlim(-0.6, len(sets) - 0.4)
    ax.set_ylabel("test accuracy (%)")
    ax.legend(fontsize="x-small", ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return ax


def learning_curves(data: pd.DataFrame, ax):
    """Mean accuracy against epoch with a band of one standard error.

    Args:
        data: method, epoch, mean, error of one data set; percent.
        ax: axes to draw on.
    """
    for method, part in data.groupby("method", sort=False):
        colour = COLOURS[method]
        ax.plot(part.epoch, part["mean"], color=colour, label=method, linewidth=1)
        ax.fill_between(part.epoch, part["mean"] - part.error, part["mean"] + part.error, color=colour, alpha=0.2, lw=0)
    ax.set_xlabel("epoch")
    return ax
