"""Error, failure rate and traffic of distributed inference: executed runs beside exact laws."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH

SAMPLING, GROVER, PARAMETERS = "quantum sampling", "quantum amplitude estimation", "Bob's parameters"
MARKERS = "osD^vP*X"
HOLLOW = {"markersize": 4, "markerfacecolor": "none", "markeredgewidth": 0.8, "linewidth": 0.9}
AXES = {"copies": "copies k", "dimension": "dimension N", "layers": "layers L"}
MEDIAN = 0.6745  # of |normal error| over its root mean square


def by_loss(rows: pd.DataFrame, column: str):
    """Marker, loss, and pooled rmse, its exact value and the number of estimates, indexed by `column`."""
    for marker, (loss, part) in zip(MARKERS, rows.groupby("loss"), strict=False):
        groups = part.assign(square=part.rmse**2 * part.trials).groupby(column)
        pooled = groups[["square", "trials"]].sum()
        yield marker, loss, np.sqrt(pooled.square / pooled.trials), groups.exact_rmse.first(), pooled.trials


def errors(rows: pd.DataFrame, column: str, ax: plt.Axes) -> plt.Axes:
    """Root-mean-square error against k, N or L, pooled over the others, one mark per loss; lines are sqrt(p(1-p)/k).

    Losses p and 1 - p share a line; their marks are set apart sideways.
    """
    losses = rows.loss.nunique()
    for number, (marker, loss, rmse, exact, trials) in enumerate(by_loss(rows, column)):
        x = rmse.index * 1.12 ** (number - (losses - 1) / 2)
        ax.plot(exact.index, exact, color=COLOURS[SAMPLING], linewidth=0.7)
        spread = 1.96 * rmse / np.sqrt(2 * trials)
        ax.errorbar(x, rmse, spread, fmt=marker, color=COLOURS[SAMPLING], label=f"loss {loss:g}", **HOLLOW)
    ax.set(xscale="log", yscale="log", xlabel=AXES[column], ylabel="rms error of the loss")
    return ax


def failures_against_copies(failures: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Share of estimates off by more than the fixed eps, pooled over N and L, beside the exact binomial tail."""
    part = failures[(failures.protocol == "sampling") & (failures.kind == "fixed")]
    floor = 1 / (3 * part.trials.max())
    for marker, (_, one) in zip(MARKERS, part.groupby("loss"), strict=False):
        line, seen = one[one.exact > floor / 10], one[one.failures > 0]
        ax.plot(line.copies, line.exact, color=COLOURS[SAMPLING], linewidth=0.7)
        bars = [seen.rate - seen.low.clip(lower=floor), seen.high - seen.rate]
        ax.errorbar(seen.copies, seen.rate, np.abs(bars), fmt=marker, color=COLOURS[SAMPLING], **HOLLOW)
    ticks = sorted(part[part.exact > floor / 10].copies.unique())
    ax.set(xscale="log", yscale="log", ylim=(floor / 2, 1.5), xlabel=AXES["copies"])
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_ylabel(f"P(error > {part.eps.iloc[0]:g})")
    return ax


def failures_against(sampled: pd.DataFrame, grover: pd.DataFrame, column: str, ax: plt.Axes) -> plt.Axes:
    """Failure rates over their exact laws against N or L, pooled over k, losses and the other axis.

    Bars are the 99% scatter of the exact binomials. Sampling is taken at the eps that shrinks with k.
    """
    planned = grover[grover.task == "plan"]
    parts = [(SAMPLING, sampled, "failures_scaled", "exact_scaled"), (GROVER, planned, "failures", "exact_failure")]
    for number, (name, rows, failures, exact) in enumerate(parts):
        p = rows[exact]
        sums = rows.assign(mean=p * rows.trials, variance=p * (1 - p) * rows.trials).groupby(column)
        sums = sums[["mean", "variance", failures]].sum()
        ratio, spread = sums[failures] / sums["mean"], 2.576 * np.sqrt(sums.variance) / sums["mean"]
        x = sums.index * 1.1 ** (2 * number - 1)
        ax.errorbar(x, ratio, spread, fmt="os"[number], color=COLOURS[name], label=name, **HOLLOW)
    ax.axhline(1, color="black", linewidth=0.6)
    ax.set(xscale="log", xlabel=AXES[column], ylabel="failure rate / exact law")
    return ax


def errors_against_messages(sampled: pd.DataFrame, grover: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Median error against the counted messages of one estimate, L = 1, losses pooled."""
    one = sampled[sampled.layers == 1] if (sampled.layers == 1).any() else sampled
    groups = one.assign(square=one.rmse**2).groupby("copies")
    pooled = MEDIAN * np.sqrt(groups.square.mean())
    ax.plot(groups.messages.mean(), pooled, "o-", color=COLOURS[SAMPLING], **HOLLOW)
    calls = grover[grover.task == "calls"].sort_values("phases")
    spread = 1.96 * 1.25 * calls.median_error / np.sqrt(calls.trials)
    ax.errorbar(calls.messages, calls.median_error, spread, fmt="s-", color=COLOURS[GROVER], **HOLLOW)
    ax.set(xscale="log", yscale="log", xlabel=f"messages, L = {one.layers.iloc[0]}", ylabel="median error of the loss")
    return ax


def traffic(sampled: pd.DataFrame, grover: pd.DataFrame, sent: pd.DataFrame, column: str, ax: plt.Axes) -> plt.Axes:
    """Counted qubits or bits of one estimate against N (at the largest L) or against L (at the largest N)."""
    other = "layers" if column == "dimension" else "dimension"
    most = sampled[other].max()
    for copies, part in sampled[sampled[other] == most].groupby("copies"):
        line = part.groupby(column).qubits.mean()
        ax.plot(line.index, line, "o-", color=COLOURS[SAMPLING], **HOLLOW)
        ax.annotate(f"k = {copies}", (line.index[-1], line.iloc[-1]), (4, -2), textcoords="offset points", fontsize=6)
    planned = grover[(grover.task == "plan") & (grover[other] == most)].groupby(column).qubits.mean()
    ax.plot(planned.index, planned, "s-", color=COLOURS[GROVER], **HOLLOW)
    bits = sent[sent[other] == most].groupby(column).bits.mean()
    ax.plot(bits.index, bits, "D--", color=COLOURS[PARAMETERS], label=f"{PARAMETERS} (bits)", **HOLLOW)
    ax.set(xscale="log", yscale="log", xlabel=AXES[column], ylabel="qubits or bits")
    ax.set_title(f"{'L' if other == 'layers' else 'N'} = {most}", fontsize=7)
    ax.set_xlim(right=float(sampled[column].max()) * (40 if column == "dimension" else 3))
    return ax


def inference(
    sampled: pd.DataFrame, grover: pd.DataFrame, sent: pd.DataFrame, failures: pd.DataFrame, slopes: pd.DataFrame
) -> tuple[plt.Figure, pd.DataFrame]:
    """Error, failure rate and traffic (rows) against copies or messages, N and L (columns), and the drawn numbers."""
    figure, axes = plt.subplots(3, 3, figsize=(WIDTH, 7.4))
    middle = sorted(sampled.copies.unique())[sampled.copies.nunique() // 2]
    errors(sampled, "copies", axes[0, 0])
    every = slopes.iloc[0]
    axes[0, 0].set_title(f"sampling; slope {every.slope:.4f} [{every.low:.4f}, {every.high:.4f}]", fontsize=7)
    failures_against_copies(failures, axes[1, 0])
    inside = failures[failures.protocol == "sampling"].inside
    axes[1, 0].set_title(f"sampling; exact tail inside: {inside.sum()} of {len(inside)}", fontsize=7)
    errors_against_messages(sampled, grover, axes[2, 0])
    for column, name in ((1, "dimension"), (2, "layers")):
        errors(sampled[sampled.copies == middle], name, axes[0, column])
        axes[0, column].set_title(f"sampling, k = {middle}", fontsize=7)
        failures_against(sampled, grover, name, axes[1, column])
        axes[1, column].set_title("all k and losses", fontsize=7)
        traffic(sampled, grover, sent, name, axes[2, column])
    for row, column in ((0, 2), (1, 2), (2, 2)):
        layers = sorted(sampled.layers.unique())
        axes[row, column].set_xticks(layers, [str(value) for value in layers])
        axes[row, column].minorticks_off()
    for ax in axes.flat:
        ax.tick_params(which="both", labelsize=7)
        ax.xaxis.label.set_size(8)
        ax.yaxis.label.set_size(8)
    _legend(figure, axes)
    parts = [("sampling", sampled), ("failures", failures), ("amplitude estimation", grover), (PARAMETERS, sent)]
    return figure, pd.concat([part.assign(panel=name) for name, part in parts], ignore_index=True)


def _legend(figure: plt.Figure, axes) -> None:
    found = {}
    for ax in (axes[0, 0], axes[1, 1], axes[2, 1]):
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=4, fontsize=7)
