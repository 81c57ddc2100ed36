"""Time per epoch and fold of graph training beside the plain PyTorch network: ratios, goals, figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.figures.style import COLOURS
from qcomm.theory.checks import check_row

IMPLEMENTATIONS = ("qcomm", "plain")
COLOUR_OF = {"poly": "SIGN-poly", "prelu": "SIGN-prelu", "identity": "SIGN-identity"}  # as in every other figure
BARS_WIDTH = 0.8  # of the bars of one data set together
GOALS = {"MUTAG": 4.0}  # times faster than others; the default holds for all other sets
GOAL, TOTAL_GOAL = 2.0, 6.0
MEASURED = "poly"  # the published times are of the polynomial network
HEADERS = {
    "qcomm_s": "ours (s)",
    "plain_s": "plain (s)",
    "plain_over_qcomm": "plain / ours",
    "published_s": "authors, other machine (s)",
    "published_over_qcomm": "authors / ours, other machine",
    "reached_plain": "reached, plain",
    "reached_published": "reached, authors",
}


def ratios(times: pd.DataFrame, published: pd.DataFrame, not_run: Sequence[str] = ()) -> pd.DataFrame:
    """Times of others over ours, one row per data set and activation, with sums over the sets with published times.

    Args:
        times: dataset, implementation, activation, cpu_s_per_epoch_fold.
        published: dataset, cpu_s_per_epoch_fold of the authors' code with the polynomial.
        not_run: sets that get a row without numbers.

    Returns:
        dataset, activation, qcomm_s, plain_s, plain_over_qcomm, published_s, published_over_qcomm, goal, reached_plain,
        reached_published. Goals hold for the polynomial and sets with published times; other entries are missing.

    Raises:
        DataError: a set lacks one of the implementations, or a time is not positive.
    """
    keys = ["dataset", "activation"]
    wide = times.pivot(index=keys, columns="implementation", values="cpu_s_per_epoch_fold")
    wide = wide.reindex(columns=list(IMPLEMENTATIONS)).reindex(pd.MultiIndex.from_frame(times[keys].drop_duplicates()))
    if not (wide > 0).all(axis=None):
        raise DataError("times of qcomm and plain must be there and positive", where="benchmark of graph training")
    known = dict(zip(published.dataset, published.cpu_s_per_epoch_fold, strict=True))
    rows = [
        _row(dataset, activation, ours, plain, known.get(dataset), GOALS.get(dataset, GOAL))
        for (dataset, activation), (ours, plain) in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    for activation, part in wide.groupby(level="activation", sort=False):
        part = part.droplevel("activation")
        if set(known) <= set(part.index):
            total = part.loc[list(known)].sum()
            rows.append(_row(f"{len(known)} sets", activation, *total, sum(known.values()), TOTAL_GOAL))
    rows += [{"dataset": name, "activation": np.nan} for name in not_run]
    return pd.DataFrame(rows)


def _row(dataset: str, activation: str, ours: float, plain: float, published: float | None, goal: float) -> dict:
    row = {"dataset": dataset, "activation": activation, "qcomm_s": ours, "plain_s": plain}
    row["plain_over_qcomm"] = plain / ours
    if published is None or activation != MEASURED:
        missing = ("published_s", "published_over_qcomm", "goal", "reached_plain", "reached_published")
        return row | dict.fromkeys(missing, np.nan)
    other = published / ours
    row |= {"published_s": published, "published_over_qcomm": other, "goal": goal}
    return row | {"reached_plain": plain / ours >= goal, "reached_published": other >= goal}


def shown(table: pd.DataFrame) -> pd.DataFrame:
    """The table for reading."""
    words = {True: "yes", False: "no"}
    verdicts = {name: table[name].map(words).fillna("-") for name in ("reached_plain", "reached_published")}
    run = table.qcomm_s.notna()
    blank = {
        name: table[name].map("{:.3g}".format).where(table[name].notna() | ~run, "-").where(run)
        for name in ("published_s", "published_over_qcomm", "goal")
    }
    digits = {name: table[name].map("{:.3g}".format).where(run) for name in ("qcomm_s", "plain_s", "plain_over_qcomm")}
    return table.assign(**digits, **blank, **verdicts).rename(columns=HEADERS)


def checks(table: pd.DataFrame, accuracy: pd.DataFrame) -> pd.DataFrame:
    """Goals as rows name, value, low, high, ok.

    Args:
        table: of `ratios`.
        accuracy: dataset, qcomm_mean, plain_mean, plain_std; may be empty.
    """
    rows = []
    for row in table[table.goal.notna()].itertuples():
        others = {"plain": row.plain_over_qcomm, "authors' time, other machine,": row.published_over_qcomm}
        rows += [
            check_row(f"{row.dataset}: {rival} over ours", value, row.goal, np.inf) for rival, value in others.items()
        ]
    for row in accuracy.itertuples():
        low, high = row.plain_mean - row.plain_std, row.plain_mean + row.plain_std
        rows.append(check_row(f"{row.dataset}: accuracy within one fold deviation of plain", row.qcomm_mean, low, high))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "ok"])


def benchmark_graphs(times: pd.DataFrame, published: pd.DataFrame, ax):
    """Bars per data set, implementation and activation (plain ones hatched, limits: least and most of the repeats).

    Args:
        times: dataset, implementation, activation, cpu_s_per_epoch_fold, low, high.
        published: dataset, cpu_s_per_epoch_fold of the authors' code, drawn as lines.
        ax: axes to draw on.
    """
    sets = list(dict.fromkeys(times.dataset))
    kinds = [(name, kind) for kind in dict.fromkeys(times.activation) for name in IMPLEMENTATIONS]
    width = BARS_WIDTH / len(kinds)
    for number, (implementation, activation) in enumerate(kinds):
        part = times[(times.activation == activation) & (times.implementation == implementation)]
        places = np.array([sets.index(name) for name in part.dataset]) + (number - (len(kinds) - 1) / 2) * width
        middle = part.cpu_s_per_epoch_fold
        ax.bar(
            places,
            middle,
            width,
            yerr=[middle - part.low, part.high - middle],
            error_kw={"elinewidth": 0.7},
            color=COLOURS[COLOUR_OF[activation]],
            alpha=1 if implementation == "qcomm" else 0.45,
            hatch=None if implementation == "qcomm" else "///",
            label=f"{implementation}, {activation}",
        )
    known = published[published.dataset.isin(sets)]
    places = np.array([sets.index(name) for name in known.dataset], dtype=float)
    ends = places - 0.45, places + 0.45
    ax.hlines(known.cpu_s_per_epoch_fold, *ends, COLOURS["reference"], label="authors' code, other machine")
    ax.set_yscale("log")
    ax.set_xticks(range(len(sets)), sets)
    ax.set_ylabel("CPU seconds per epoch and fold")
    ax.legend(fontsize="x-small", ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax
