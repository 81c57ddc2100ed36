"""Leaked bits and reconstruction fidelity of encoded data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH

NAMES = {"bound": r"bound $\log_2\binom{N+k-1}{k}$", "holevo": "Holevo quantity", "information": "read from records"}
FIDELITIES = {
    "fidelity": "best for unknown real states",
    "practical fidelity": "random bases, top eigenvector",
    "non-negative fidelity": "computational basis, signs known",
}
LINES = {"bound": ":", "holevo": "-"}


def _records(part: pd.DataFrame, x: str, scale, ax: plt.Axes, **options) -> None:
    """Simulated records with their 95% intervals; `scale` divides the values."""
    part = part[part.method == "records"].sort_values(x)
    value = part.value / scale(part)
    spread = [(part.value - part.low) / scale(part), (part.high - part.value) / scale(part)]
    ax.errorbar(part[x], value, yerr=spread, markersize=3.5, linewidth=0.8, **options)


def _legend(ax: plt.Axes) -> None:
    """Below the panel, where no data can be."""
    ax.legend(fontsize=6, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.24))


def leaked_fraction(table: pd.DataFrame, copies: int, ax: plt.Axes) -> plt.Axes:
    """Leaked bits over the N bits of the data against N: random data, and the heaviest coordinates of data sets."""
    ensembles = {"real Haar": ("o", copies)} | {
        name: (mark, int(table[table.ensemble == name].copies.iloc[0]))
        for name, mark in zip((e for e in dict.fromkeys(table.ensemble) if e.endswith("widths")), "s^vD", strict=False)
    }
    for ensemble, (mark, count) in ensembles.items():
        mine = table[(table.ensemble == ensemble) & (table.copies == count)]
        shade = 1.0 if ensemble == "real Haar" else 0.55
        for quantity, style in LINES.items():
            part = mine[(mine.quantity == quantity) & (mine.method == "exact")].sort_values("dimension")
            if quantity == "bound" and ensemble != "real Haar":
                continue  # the bound depends on N and k only
            ax.plot(
                part.dimension, part.value / part.dimension, style, color=COLOURS[quantity], alpha=shade, linewidth=1
            )
        title = ensemble.removesuffix(" widths").replace("real Haar", "random real data")
        part = mine[mine.quantity == "information"]
        label = f"records: {title}"
        _records(part, "dimension", lambda p: p.dimension, ax, fmt=mark, color=COLOURS["information"], label=label)
    for quantity, style in LINES.items():
        ax.plot([], [], style, color=COLOURS[quantity], label=NAMES[quantity])
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="dimension N",
        ylabel="leaked bits / N bits of data",
        title=f"k = {copies} copies",
    )
    _legend(ax)
    return ax


def bits_against_copies(table: pd.DataFrame, dataset: str, ax: plt.Axes) -> plt.Axes:
    """Bits about the encoded row against the number of copies: bound, Holevo quantity, simulated records."""
    mine = table[table.ensemble == dataset]
    for quantity, style in LINES.items():
        part = mine[mine.quantity == quantity].sort_values("copies")
        ax.plot(part.copies, part.value, style, color=COLOURS[quantity], label=NAMES[quantity], linewidth=1)
    part = mine[mine.quantity == "information"]
    _records(part, "copies", lambda p: 1.0, ax, fmt="o", color=COLOURS["information"], label="records, rows known")
    part = mine[mine.quantity == "tighter bound"].sort_values("copies")
    ax.plot(part.copies, part.value, "--", color="0.4", linewidth=1, label="and at most log2 of the rows")
    dimension = int(mine.dimension.iloc[0])
    ax.set(xscale="log", yscale="log", xlabel="copies k", ylabel="bits", title=f"{dataset}, N = {dimension}")
    _legend(ax)
    return ax


def fidelity_against_copies(table: pd.DataFrame, dataset: str, ax: plt.Axes) -> plt.Axes:
    """Fidelity of reconstructed rows, all from simulated records."""
    mine = table[table.ensemble == dataset]
    for quantity, label in FIDELITIES.items():
        part = mine[mine.quantity == quantity]
        if len(part):
            _records(part, "copies", lambda p: 1.0, ax, fmt="o-", color=COLOURS[quantity], label=label)
    ax.set(xscale="log", yscale="log", xlabel="copies k", ylabel="fidelity", title=f"{dataset}: reconstruction")
    _legend(ax)
    return ax


def dishonest_bits(table: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Bits that one answered probe tells a dishonest party, beside the honest bound of one copy."""
    styles = {
        "dishonest, any unitary": ("s", COLOURS["information"]),
        "dishonest, phases only": ("o", COLOURS["Alice"]),
    }
    for ensemble, (mark, colour) in styles.items():
        _records(
            table[table.ensemble == ensemble], "dimension", lambda p: 1.0, ax, fmt=mark, color=colour, label=ensemble
        )
    for ensemble, style, label in (("dishonest", "-", "bound, dishonest: 2n"), ("semi-honest", ":", "bound, one copy")):
        part = table[(table.ensemble == ensemble) & (table.quantity == "bound")].sort_values("dimension")
        ax.plot(part.dimension, part.value, style, color="black", linewidth=1, label=label)
    ax.set_xscale("log", base=2)
    ax.set(xlabel="dimension N", ylabel="bits per answer", title="entangled probes")
    _legend(ax)
    return ax


def privacy(table: pd.DataFrame, copies: int) -> tuple[plt.Figure, pd.DataFrame]:
    """Fraction leaked against N, dishonest probes, and for each data set bits and fidelity against copies."""
    datasets = [e.removesuffix(" widths") for e in dict.fromkeys(table.ensemble) if e.endswith("widths")]
    rows = 1 + len(datasets)
    figure, axes = plt.subplots(rows, 2, figsize=(WIDTH, 2.9 * rows), squeeze=False)
    leaked_fraction(table, copies, axes[0, 0])
    dishonest_bits(table, axes[0, 1])
    for place, dataset in enumerate(datasets, start=1):
        bits_against_copies(table, dataset, axes[place, 0])
        fidelity_against_copies(table, dataset, axes[place, 1])
    drawn = table[(table.ensemble != "real Haar") | (table.copies == copies)]
    return figure, drawn[["ensemble", "quantity", "dimension", "copies", "value", "low", "high", "method"]]
