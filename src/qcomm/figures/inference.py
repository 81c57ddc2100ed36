"""Error, failure rate and traffic of distributed inference: executed runs beside exact laws."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH

SAMPLING, GROVER, PARAMETERS = "quantum sampling", "quantum amplitude estimation", "Bob's parameters"
MARKERS = "osD^vP*X"
HOLLOW = {"markersize": 4.5, "markerfacecolor": "none", "markeredgewidth": 0.8, "linewidth": 0.9}


def error_against_copies(sampled: pd.DataFrame, slopes: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Root-mean-square error against k, pooled over N and L, one mark per loss; lines are sqrt(p(1-p)/k)."""
    for marker, (loss, part) in zip(MARKERS, sampled.groupby("loss"), strict=False):
        pooled = part.groupby("copies").agg(square=("rmse", lambda r: (r**2).mean()), trials=("trials", "sum"))
        rmse, exact = np.sqrt(pooled.square), part.groupby("copies").exact_rmse.first()
        spread = 1.96 * rmse / np.sqrt(2 * pooled.trials)
        ax.plot(exact.index, exact, color=COLOURS[SAMPLING], linewidth=0.8)
        ax.errorbar(rmse.index, rmse, spread, fmt=marker, color=COLOURS[SAMPLING], **HOLLOW, label=f"loss {loss:g}")
    every = slopes.iloc[0]
    text = f"slope in k, all N and L:\n{every.slope:.4f} [{every.low:.4f}, {every.high:.4f}]"
    ax.text(0.97, 0.95, text, transform=ax.transAxes, ha="right", va="top", fontsize=7)
    ax.legend(fontsize=6, loc="lower left")
    ax.set(xscale="log", yscale="log", xlabel="copies k", ylabel="rms error of the loss", title="sampling")
    return ax


def failure_against_copies(failures: pd.DataFrame, eps: float, ax: plt.Axes) -> plt.Axes:
    """Share of estimates off by more than eps, with 99% intervals, beside the exact binomial tail."""
    floor = 1 / (3 * failures.trials.max())
    for marker, (_, part) in zip(MARKERS, failures.groupby("loss"), strict=False):
        line = part[part.exact > floor / 10]
        ax.plot(line.copies, line.exact, color=COLOURS[SAMPLING], linewidth=0.8)
        seen = part[part.failures > 0]
        bars = [seen.rate - seen.low.clip(lower=floor), seen.high - seen.rate]
        ax.errorbar(seen.copies, seen.rate, np.abs(bars), fmt=marker, color=COLOURS[SAMPLING], **HOLLOW)
    inside, total = int(failures.inside.sum()), len(failures)
    text = f"exact tail inside the 99% interval:\n{inside} of {total} (loss, k)"
    ax.text(0.97, 0.95, text, transform=ax.transAxes, ha="right", va="top", fontsize=7)
    ax.set(xscale="log", yscale="log", ylim=(floor / 2, 3), xlabel="copies k", title="sampling")
    ticks = sorted(failures[failures.exact > floor / 10].copies.unique())
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_ylabel(f"P(error > {eps:g})")
    return ax


def error_against_messages(sampled: pd.DataFrame, grover: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Error against messages for L = 1: 2k of sampling, 2 + 4j of amplitude estimation."""
    one = sampled[sampled.layers == sampled.layers.min()]
    pooled = np.sqrt((one.rmse**2).groupby(one.copies).mean()) * 0.6745  # median of |normal error|
    ax.plot(2 * pooled.index, pooled, "o-", color=COLOURS[SAMPLING], markersize=3.5, label="sampling")
    calls = grover[grover.task == "calls"].sort_values("phases")
    messages = 2 + 4 * (calls.phases - 1)
    spread = 1.96 * 1.25 * calls.median_error / np.sqrt(calls.trials)
    ax.errorbar(
        messages,
        calls.median_error,
        spread,
        fmt="s-",
        color=COLOURS[GROVER],
        markersize=3.5,
        label="amplitude estimation",
    )
    ax.legend(fontsize=6, loc="lower left")
    ax.set(xscale="log", yscale="log", xlabel="messages of n qubits, L = 1", ylabel="median error of the loss")
    ax.set_title("error against messages")
    return ax


def qubits_against_dimension(sampled: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Qubits on the ledger per layer and estimate; every L lies on the line 2 k n, beside Bob's parameters."""
    for copies, part in sampled.groupby("copies"):
        line = part.groupby("dimension").qubits.first() / part.groupby("dimension").layers.first()
        ax.plot(part.dimension, part.qubits / part.layers, ".", color=COLOURS[SAMPLING], markersize=4)
        ax.plot(line.index, line, color=COLOURS[SAMPLING], linewidth=0.8)
        ax.annotate(f"k = {copies}", (line.index[-1], line.iloc[-1]), (4, -2), textcoords="offset points", fontsize=6)
    bits = sampled.groupby("dimension").parameter_bits.first() / sampled.groupby("dimension").layers.first()
    per_qubit = float((bits / np.log2(bits.index)).iloc[0])
    label = f"Bob's parameters: {per_qubit:g} n bits"
    ax.plot(bits.index, bits, "--", color=COLOURS[PARAMETERS], linewidth=1.6, label=label)
    ax.legend(fontsize=6, loc="upper left")
    ax.set(xscale="log", yscale="log", xlabel="dimension N", ylabel="qubits or bits a layer", title="traffic")
    ax.set_xlim(right=float(sampled.dimension.max()) * 8)
    ax.set_ylim(top=float((sampled.qubits / sampled.layers).max()) * 5)
    return ax


def inference(
    sampled: pd.DataFrame, grover: pd.DataFrame, failures: pd.DataFrame, slopes: pd.DataFrame
) -> tuple[plt.Figure, pd.DataFrame]:
    """The four panels, and the drawn numbers."""
    figure, axes = plt.subplots(2, 2, figsize=(WIDTH, 5.6))
    error_against_copies(sampled, slopes, axes[0, 0])
    failure_against_copies(failures, float(sampled.eps.iloc[0]), axes[0, 1])
    error_against_messages(sampled, grover, axes[1, 0])
    qubits_against_dimension(sampled, axes[1, 1])
    parts = [
        sampled.assign(panel="sampling"),
        failures.assign(panel="failures"),
        grover.assign(panel="amplitude estimation"),
    ]
    return figure, pd.concat(parts, ignore_index=True)
