"""Accuracy of the distributed model against steps and against communicated qubits, and its table."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH
from qcomm.network.ledger import TRAFFIC

NAMES = {"logreg": "logistic regression", "majority": "majority class"}


def distributed(curves: pd.DataFrame, accuracies: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """Two panels with shared accuracy axis; returns the figure and the drawn numbers.

    Args:
        curves: fold, step, accuracy, qubits; accuracies in 0 .. 1.
        accuracies: method, fold, accuracy, messages, qubits, bits of the model and its rivals.
    """
    drawn = mean_curve(curves)
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.8), sharey=True)
    labels = ("optimiser step", "communicated qubits (circle: bits) per fold")
    for ax, x, label in zip(axes, ("step", "qubits"), labels, strict=True):
        curve(drawn, x, ax)
        baselines(accuracies, ax)
        ax.set_xlabel(label)
    sent_once(accuracies, axes[1])
    axes[1].set_xscale("log")
    axes[0].set_ylabel("test accuracy (%)")
    shared_legend(figure, 3)
    return figure, drawn


def mean_curve(curves: pd.DataFrame) -> pd.DataFrame:
    """step, qubits, mean and standard error over folds, in percent."""
    grouped = curves.groupby("step")
    frame = pd.DataFrame({"qubits": grouped.qubits.mean(), "mean": 100 * grouped.accuracy.mean()})
    frame["error"] = 100 * grouped.accuracy.sem(ddof=0)
    return frame.reset_index()


def curve(drawn: pd.DataFrame, x: str, ax: plt.Axes) -> plt.Axes:
    """The model's mean with a band of one standard error over folds."""
    colour = COLOURS["quantum"]
    ax.plot(drawn[x], drawn["mean"], color=colour, label="distributed model")
    ax.fill_between(
        drawn[x], drawn["mean"] - drawn.error, drawn["mean"] + drawn.error, color=colour, alpha=0.25, linewidth=0
    )
    return ax


def baselines(accuracies: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Horizontal lines with a band of one standard error."""
    for method, name in NAMES.items():
        part = 100 * accuracies[accuracies.method == method].accuracy
        colour = COLOURS["logreg" if method == "logreg" else "reference"]
        ax.axhline(part.mean(), color=colour, linestyle="--", linewidth=1, label=name)
        error = part.sem(ddof=0)
        ax.axhspan(part.mean() - error, part.mean() + error, color=colour, alpha=0.12, linewidth=0)
    return ax


def sent_once(accuracies: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """The rival: Bob's initial angles in one message, after which Alice trains alone."""
    part = accuracies[accuracies.method == "alone"]
    mean, error = 100 * part.accuracy.mean(), 100 * part.accuracy.sem(ddof=0)
    look = {"color": COLOURS["Bob's parameters"], "markersize": 4, "label": "Bob's angles sent once (bits)"}
    ax.errorbar([part.bits.mean()], [mean], [error], fmt="o", **look)
    return ax


def summary(curves: pd.DataFrame, accuracies: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """One row per method, with its traffic; steps and the last of them where there are any."""
    totals = ledger.assign(total=ledger["size"] * ledger.multiplicity).groupby("kind").total.sum()
    last_step = {"distributed": totals.get("qubits", 0), "alone": 0}
    rows = []
    for method, part in accuracies.groupby("method", sort=False):
        row = {"method": method, "mean": 100 * part.accuracy.mean(), "std": 100 * part.accuracy.std(ddof=0)}
        row["folds"] = len(part)
        if method in last_step:
            row |= {"steps": curves.step.max(), "qubits_last_step": last_step[method]}
        rows.append(row | {f"{kind}_per_fold": round(part[kind].mean()) for kind in TRAFFIC})
    frame = pd.DataFrame(rows)
    of_steps = ["steps", "qubits_last_step"]
    frame[of_steps] = frame[of_steps].astype("Int64").astype(object).where(frame[of_steps].notna(), "does not apply")
    return frame
