"""Accuracy against epoch, a panel per data set."""

from __future__ import annotations

import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH


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


def learning_figure(data: pd.DataFrame):
    """A panel per data set (see `learning_curves`) and one legend below."""
    import matplotlib.pyplot as plt

    panels = list(data.groupby("dataset", sort=False))
    columns = max(1, min(4, len(panels)))
    rows = max(1, -(-len(panels) // columns))
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 2.4 * rows + 0.5), squeeze=False)
    for ax, (dataset, part) in zip(axes.flat, panels, strict=False):
        learning_curves(part, ax).set_title(dataset)
    for ax in axes.flat[len(panels) :]:
        ax.set_axis_off()
    axes[0, 0].set_ylabel("test accuracy (%)")
    lines = {label: line for ax in axes.flat for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    if lines:
        figure.legend(lines.values(), lines.keys(), loc="outside lower center", ncols=6, fontsize="small")
    return figure
