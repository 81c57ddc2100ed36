"""Separation rank and fit quality of re-uploading models against depth."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH

LABELS = {"3^(l-1)": r"$\lambda_l = 3^{l-1}$", "2^(l-1)": r"$\lambda_l = 2^{l-1}$", "1": r"$\lambda_l = 1$"}


def rank_against_depth(ranks: pd.DataFrame, features: int, dimension: int, ax: plt.Axes) -> plt.Axes:
    """Exact separation rank of the diagonal encoding (lines), from simulated shots (open marks), recalled formula."""
    chosen = ranks[(ranks.encoding == "diagonal") & (ranks.features == features) & (ranks.dimension == dimension)]
    for name, label in LABELS.items():
        mine = chosen[chosen.frequencies.astype(str) == name]
        exact = mine[mine.quantity == "rank"]
        ax.plot(exact.layers, exact.value, "o-", color=COLOURS[name], label=label, markersize=4)
        seen = mine[mine.quantity == "recorded_rank"]
        if len(seen):
            middle = np.sqrt(seen.low * seen.high)
            ax.errorbar(
                seen.layers + 0.12,
                middle,
                yerr=[middle - seen.low, seen.high - middle],
                fmt="s",
                color=COLOURS[name],
                markerfacecolor="none",
                markersize=4,
                linewidth=0.8,
                label=f"from {int(seen.shots.iloc[0])} simulated shots a point" if name == "3^(l-1)" else None,
            )
    recalled = chosen[chosen.quantity == "rank"].drop_duplicates("layers").sort_values("layers")
    recalled = recalled[recalled.recalled <= 10 * chosen.value.max()]
    ax.plot(recalled.layers, recalled.recalled, ":", color="0.4", label=r"recalled $2^{L\min(N,N')-1}$ (fails)")
    ax.axhline(2, color="0.4", linestyle="--", linewidth=0.8, label="linear model")
    ax.set(yscale="log", xlabel="layers L", ylabel="separation rank", title=f"N' = {features}, N = {dimension}")
    ax.set_yscale("log", base=2)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def fit_against_depth(fits: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """R^2 on unseen points: exact outputs (lines, range over seeds) and outputs measured with shots (open marks)."""
    for name, label in LABELS.items():
        mine = fits[fits.model.astype(str) == name]
        exact, seen = mine[mine.kind == "exact"], mine[mine.kind == "recorded"]
        ax.plot(exact.layers, exact.r_squared, "o-", color=COLOURS[name], label=label, markersize=4)
        ax.errorbar(
            seen.layers + 0.12,
            seen.r_squared,
            yerr=[seen.r_squared - seen.low, seen.high - seen.r_squared],
            fmt="s",
            color=COLOURS[name],
            markerfacecolor="none",
            markersize=4,
            linewidth=0.8,
        )
    for model, style in (("linear in x", "--"), ("linear in first harmonics", "-.")):
        value = fits[fits.model == model].r_squared.iloc[0]
        ax.axhline(value, color="0.4", linestyle=style, linewidth=0.8, label=model)
    ax.set(xlabel="layers L", ylabel="$R^2$ on unseen points", title="fit of a target function")
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def expressivity(ranks: pd.DataFrame, fits: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """The three panels, and the drawn numbers."""
    figure, axes = plt.subplots(1, 3, figsize=(WIDTH, 3.0))
    rank_against_depth(ranks, 2, 4, axes[0])
    rank_against_depth(ranks, 4, 4, axes[1])
    fit_against_depth(fits, axes[2])
    shared_legend(figure, columns=4)
    kept = ranks[
        (ranks.encoding == "diagonal") & (ranks.dimension == 4) & ranks.quantity.isin(["rank", "recorded_rank"])
    ]
    drawn = kept[["features", "dimension", "frequencies", "layers", "quantity", "value", "low", "high", "recalled"]]
    fitted = fits.rename(columns={"model": "frequencies", "r_squared": "value"})
    fitted = fitted.assign(quantity="R^2 " + fitted.kind)
    columns = ["frequencies", "layers", "quantity", "value", "low", "high"]
    return figure, pd.concat([drawn, fitted[columns]], ignore_index=True)
