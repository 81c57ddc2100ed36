"""Accuracy per model and data set with error bars."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH

AUTHORS_MARK = {"fmt": "*", "markersize": 8, "color": COLOURS["reference"]}


def accuracy(data: pd.DataFrame, ax, authors: pd.DataFrame | None = None):
    """Points with error bars, data sets side by side.

    Args:
        data: dataset, method, protocol, mean, std; percent.
        ax: axes to draw on.
        authors: dataset, mean, std of the authors' numbers; only of sets that were run at full length, which alone
            compare.
    """
    sets = list(dict.fromkeys(data.dataset))
    labels = list(dict.fromkeys(zip(data.method, data.protocol, strict=True)))
    offsets = np.linspace(-0.36, 0.36, len(labels)) if len(labels) > 1 else np.zeros(1)
    for offset, (method, protocol) in zip(offsets, labels, strict=True):
        part = data[(data.method == method) & (data.protocol == protocol)]
        style = {"fmt": "^" if protocol == "gin" else "o", "markersize": 5, "capsize": 2}
        style |= {"color": COLOURS.get(method, COLOURS["reference"])}
        places = [sets.index(name) + offset for name in part.dataset]
        ax.errorbar(places, part["mean"], part["std"], label=f"{method} ({protocol})" if protocol else method, **style)
    if authors is not None and (known := authors[authors.dataset.isin(sets)]).size:
        places = [sets.index(name) - 0.43 for name in known.dataset]
        label = "authors (gin)" if "gin" in set(data.protocol) else "authors"
        ax.errorbar(places, known["mean"], known["std"], capsize=2, label=label, **AUTHORS_MARK)
    for boundary in range(1, len(sets)):
        ax.axvline(boundary - 0.5, color="0.85", linewidth=0.8)
    many = len(sets) > 5
    ax.set_xticks(range(len(sets)), sets, rotation=30 if many else 0)
    ax.set_xlim(-0.6, len(sets) - 0.4)
    ax.grid(visible=False, axis="x")
    ax.set_ylabel("test accuracy (%)")
    below = (0.5, -0.2 if many else -0.1)
    ax.legend(fontsize="x-small", ncols=4 if many else 2, loc="upper center", bbox_to_anchor=below)
    return ax


def accuracy_figure(parts: dict[str, pd.DataFrame], authors: pd.DataFrame | None = None):
    """One panel per title and frame (see `accuracy`), side by side, or one above the other where sets are many."""
    import matplotlib.pyplot as plt

    many = max((part.dataset.nunique() for part in parts.values()), default=0) > 4
    shape = (len(parts), 1) if many else (1, len(parts))
    figure, axes = plt.subplots(*shape, figsize=(WIDTH, 3.8 * shape[0]), squeeze=False)
    for ax, (title, part) in zip(axes.flat, parts.items(), strict=True):
        accuracy(part, ax, authors).set_title(title)
    return figure


def other_lengths(graphs: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, int]:
    """Epochs of the sets and baselines that were trained for another time than the others.

    Args:
        graphs: dataset, method, epochs (NaN for convex methods).
        settings: section ``graphs`` of the configuration.
    """
    found = {}
    for row in graphs[graphs.epochs.notna() & (graphs.epochs != settings["epochs"])].itertuples():
        found[row.method if row.method in settings["baselines"] else row.dataset] = int(row.epochs)
    return found


def full_length(runs: pd.DataFrame, settings: Mapping[str, Any]) -> set[str]:
    """Sets whose runs took the paper's number of epochs (key ``paper_epochs`` of the section)."""
    return set(runs[runs.epochs >= settings["paper_epochs"]].dataset)
