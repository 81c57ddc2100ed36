"""One legend for all panels of a figure."""

from __future__ import annotations

import matplotlib.pyplot as plt


def shared_legend(figure: plt.Figure, columns: int) -> None:
    """A legend below the panels that names every label once."""
    found = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=columns, fontsize=6)
