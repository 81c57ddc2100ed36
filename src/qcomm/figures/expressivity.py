"""Separation rank, Fourier support and fit quality of re-uploading models against depth."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS

LABELS = {"3^(l-1)": r"$\lambda_l = 3^{l-1}$", "2^(l-1)": r"$\lambda_l = 2^{l-1}$", "1": r"$\lambda_l = 1$"}
PANELS = (("diagonal", 2, 4), ("diagonal", 4, 4), ("qubit", 4, 16))
NAMES = {"diagonal": "one level per feature", "qubit": "one qubit per feature"}
LOWEST = -0.6  # of the drawn R^2: what lies below is worse than a constant and stands at the edge


def _chosen(table: pd.DataFrame, encoding: str, features: int, dimension: int) -> pd.DataFrame:
    return table[(table.encoding == encoding) & (table.features == features) & (table.dimension == dimension)]


def rank_against_depth(
    ranks: pd.DataFrame, growth: pd.DataFrame, case: tuple[str, int, int], linear_rank: int, ax: plt.Axes
) -> plt.Axes:
    """Exact separation rank (lines), ranks seen in simulated shots (open marks), fitted laws, recalled formula."""
    chosen, laws = _chosen(ranks, *case), _chosen(growth, *case)
    lines = []
    for name, label in LABELS.items():
        exact = chosen[(chosen.frequencies == name) & (chosen.quantity == "rank") & chosen.value.notna()]
        ax.plot(exact.layers, exact.value, "o-", color=COLOURS[name], label=label, markersize=4)
        _recorded_ranks(chosen[(chosen.frequencies == name) & (chosen.quantity == "recorded_rank")], name, ax)
        lines += [f"{label}: {_law(row)}" for row in laws[laws.frequencies == name].to_dict("records")]
    recalled = chosen[(chosen.quantity == "rank") & chosen.value.notna()]
    hits, cases = int((recalled.recalled == recalled.value).sum()), len(recalled)
    recalled = recalled.drop_duplicates("layers").sort_values("layers")
    top = chosen[chosen.quantity == "rank"].value.max()
    recalled = recalled[recalled.recalled <= 8 * top]
    label = r"recalled $2^{L\min(N,N')-1}$" + ("" if hits == cases else " (is not the rank)")
    ax.plot(recalled.layers, recalled.recalled, ":", color="0.4", label=label)
    ax.axhline(linear_rank, color="0.4", linestyle="--", linewidth=0.8, label="linear model")
    title = f"{NAMES[case[0]]}\nN' = {case[1]}, N = {case[2]}"
    if lines:
        title += "\n" + "\n".join(lines)
    ax.set_title(title, fontsize=6.5)
    ax.set(xlabel="layers L", ylabel="separation rank")
    ax.set_yscale("log", base=2)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def _law(row: dict) -> str:
    if row["law"] == "exponential":
        return f"$2^{{aL}}$, a = {row['per_layer']:.2f} [{row['per_layer_low']:.2f}, {row['per_layer_high']:.2f}]"
    return f"$L^b$, b = {row['power']:.2f} [{row['power_low']:.2f}, {row['power_high']:.2f}]"


def _recorded_ranks(seen: pd.DataFrame, name: str, ax: plt.Axes) -> None:
    if seen.empty:
        return
    middle = np.sqrt(seen.low * seen.high)
    label = f"from {int(seen.shots.iloc[0])} simulated shots a point" if name == "3^(l-1)" else None
    spread = [middle - seen.low, seen.high - middle]
    ax.errorbar(seen.layers + 0.12, middle, yerr=spread, label=label, **_open(name))


def _open(name: str) -> dict:
    return {"fmt": "s", "color": COLOURS[name], "markerfacecolor": "none", "markersize": 4, "linewidth": 0.8}


def support_against_depth(ranks: pd.DataFrame, case: tuple[str, int, int], ax: plt.Axes) -> plt.Axes:
    """Number of frequencies in the loss."""
    chosen = _chosen(ranks, *case)
    for name in LABELS:
        mine = chosen[(chosen.frequencies == name) & (chosen.quantity == "support") & chosen.value.notna()]
        ax.plot(mine.layers, mine.value, "o-", color=COLOURS[name], markersize=4)
    ax.set_title(f"{NAMES[case[0]]}, N' = {case[1]}, N = {case[2]}", fontsize=6.5)
    ax.set(xlabel="layers L", ylabel="Fourier support")
    ax.set_yscale("log", base=2)
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def fit_against_depth(fits: pd.DataFrame, target: str, ax: plt.Axes) -> plt.Axes:
    """R^2 on unseen points with 95% intervals over seeds: exact outputs (lines), outputs measured with shots (open)."""
    chosen = fits[fits.target == target]
    for name in LABELS:
        mine = chosen[chosen.model == name].sort_values("layers")
        exact, seen = mine[mine.kind == "exact"], mine[mine.kind == "recorded"]
        for part, shift, style in (
            (exact, 0.0, {"fmt": "o-", "color": COLOURS[name], "markersize": 4}),
            (seen, 0.12, _open(name)),
        ):
            value = part.r_squared.clip(lower=LOWEST)
            spread = [value - part.low.clip(lower=LOWEST), part.high.clip(LOWEST, 1) - value]
            ax.errorbar(part.layers + shift, value, yerr=np.clip(spread, 0, None), **{"linewidth": 0.9, **style})
    for model, style in (("linear in x", "--"), ("linear in first harmonics", "-.")):
        value = chosen[chosen.model == model].r_squared.iloc[0]
        label = model if model != "linear in x" else None  # the same line as in the panels of ranks
        ax.axhline(value, color="0.4", linestyle=style, linewidth=0.8, label=label)
    ax.set_title(f"target: {target}", fontsize=6.5)
    ax.set(xlabel="layers L", ylabel="$R^2$ on unseen points", ylim=(LOWEST - 0.03, 1.03))
    ax.xaxis.get_major_locator().set_params(integer=True)
    return ax


def expressivity(ranks: pd.DataFrame, growth: pd.DataFrame, fits: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """Three panels of ranks, one of Fourier supports, one for each target; and the drawn numbers."""
    ranks, growth = (table.assign(frequencies=table.frequencies.astype(str)) for table in (ranks, growth))
    fits = fits.assign(model=fits.model.astype(str))
    targets = list(dict.fromkeys(fits.target))
    columns = max(4, len(targets) + 1)
    figure, axes = plt.subplots(2, columns, figsize=(2.25 * columns, 5.2))
    linear_rank = int(fits["rank"].max())
    for case, ax in zip(PANELS, axes[0], strict=False):
        rank_against_depth(ranks, growth, case, linear_rank, ax)
    support_against_depth(ranks, PANELS[0], axes[0, len(PANELS)])
    for ax in axes[0, len(PANELS) + 1 :]:
        ax.set_axis_off()
    for target, ax in zip(targets, axes[1], strict=False):
        fit_against_depth(fits, target, ax)
    support_against_depth(ranks, PANELS[2], axes[1, len(targets)])
    for ax in axes[1, len(targets) + 1 :]:
        ax.set_axis_off()
    shared_legend(figure, columns=4)
    return figure, _drawn(ranks, growth, fits)


def _drawn(ranks: pd.DataFrame, growth: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Ranks, laws and fits in one tidy table."""
    kept = pd.concat([_chosen(ranks, *case) for case in PANELS])
    kept = kept[kept.quantity.isin(["rank", "recorded_rank", "support"])]
    laws = pd.concat([_chosen(growth, *case) for case in PANELS])
    names = {"exponential": "per_layer", "power": "power"}
    laws = [
        {key: row[key] for key in ("encoding", "features", "dimension", "frequencies")}
        | {"quantity": f"{law} exponent", "value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
        for row in laws.to_dict("records")
        for law, name in names.items()
        if row["law"] == law
    ]
    fitted = fits.rename(columns={"model": "frequencies", "r_squared": "value"})
    fitted = fitted.assign(quantity="R^2 " + fitted.kind)
    columns = ["target", "encoding", "features", "dimension", "frequencies", "layers", "quantity"]
    table = pd.concat([kept, pd.DataFrame(laws), fitted], ignore_index=True)
    return table.reindex(columns=[*columns, "value", "low", "high", "recalled", "method"])
