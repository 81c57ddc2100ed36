"""Times of the circuit engine beside its peers: one panel per task and batch, and the table of ratios."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.errors import DataError
from qcomm.figures.style import COLOURS, WIDTH

OURS = "qcomm"
COLUMNS = ("engine", "task", "n", "layers", "batch", "median_s", "repeats")
KEYS = ["task", "batch", "n"]


def checked(table: pd.DataFrame, where: str = "benchmark") -> pd.DataFrame:
    """The table, where every row is a time and every task has one of ours.

    Raises:
        DataError: columns are missing, a time is not positive, an engine appears twice or ours is missing.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise DataError(f"columns {', '.join(missing)} are missing", where=where)
    if table.empty or not (table.median_s > 0).all() or not (table.repeats >= 1).all():
        raise DataError("a time or a number of repeats is not positive", where=where)
    if table.duplicated(["engine", *KEYS]).any():
        raise DataError("an engine appears twice for one task", where=where)
    ours = table[table.engine == OURS]
    if len(table[KEYS].drop_duplicates().merge(ours[KEYS])) != len(table[KEYS].drop_duplicates()):
        raise DataError(f"a task has no time of {OURS}", where=where)
    return table


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Median seconds of each peer over ours, one row per task, batch and n; missing where a peer was not run.

    The last column is the smallest ratio of the row.
    """
    wide = table.pivot(index=KEYS, columns="engine", values="median_s")
    peers = [name for name in dict.fromkeys(table.engine) if name != OURS]
    ratio = wide[peers].div(wide[OURS], axis=0)
    return ratio.assign(smallest=ratio.min(axis=1)).reset_index().rename_axis(columns=None)


def benchmark_engine(table: pd.DataFrame, axes) -> list[plt.Axes]:
    """Median seconds against qubits, log scale; bars from the fastest to the slowest repeat where they are given.

    Args:
        table: columns `COLUMNS`, and low_s, high_s if known.
        axes: [tasks, batches].
    """
    tasks, batches = list(dict.fromkeys(table.task)), sorted(set(table.batch))
    for row, task in zip(axes, tasks, strict=True):
        for ax, batch in zip(row, batches, strict=True):
            part = table[(table.task == task) & (table.batch == batch)]
            for engine in dict.fromkeys(table.engine):
                draw_engine(part[part.engine == engine].sort_values("n"), engine, ax)
            ax.set_yscale("log")
            ax.set_xticks(sorted(set(table.n)))
            ax.set_title(f"{task}, {batch} input{'s' if batch > 1 else ''}", fontsize="small")
        row[0].set_ylabel("seconds")
    for ax in axes[-1]:
        ax.set_xlabel("qubits $n$")
    return list(axes.flat)


def draw_engine(part: pd.DataFrame, engine: str, ax: plt.Axes) -> None:
    """One line; an engine without times in this panel still has its place in the legend."""
    spread = None
    if {"low_s", "high_s"} <= set(part.columns):
        spread = [part.median_s - part.low_s, part.high_s - part.median_s]
    style = {"linewidth": 2.2, "zorder": 3} if engine == OURS else {"linewidth": 1}
    dashes = "--" if "rebuilt" in engine else "-"
    ax.errorbar(
        part.n, part.median_s, spread, color=COLOURS[engine], label=engine, fmt=dashes, marker="o", ms=3, **style
    )


def figure(table: pd.DataFrame) -> plt.Figure:
    """The whole figure with its legend."""
    shape = table.task.nunique(), table.batch.nunique()
    made, axes = plt.subplots(*shape, figsize=(WIDTH, 2.3 * shape[0] + 0.5), sharex=True, sharey=True, squeeze=False)
    benchmark_engine(table, axes)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    made.legend(handles, labels, loc="outside lower center", ncols=4, fontsize="small")
    return made
