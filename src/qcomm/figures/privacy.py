"""Leaked bits and reconstruction fidelity of encoded data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.errors import ProtocolError
from qcomm.figures.style import COLOURS, WIDTH

MARKS = "s^vDP*Xhp<>d"
NAMES = {"bound": r"bound $\log_2\binom{N+k-1}{k}$", "holevo": "Holevo quantity", "information": "read from records"}
FIDELITIES = {
    "fidelity": "best for unknown real states",
    "practical fidelity": "random bases, top eigenvector",
    "non-negative fidelity": "computational basis, signs known",
}
LINES = {"bound": ":", "holevo": "-"}


def _records(part: pd.DataFrame, x: str, scale, ax: plt.Axes, **options) -> None:
    """Simulated records with their 95% intervals; `scale` divides the values."""
    part = part[part.method.isin(["records", "law-sampled records"])].sort_values(x)
    value = part.value / scale(part)
    spread = [(part.value - part.low) / scale(part), (part.high - part.value) / scale(part)]
    ax.errorbar(part[x], value, yerr=spread, markersize=3.5, linewidth=0.8, **options)


def _legend(ax: plt.Axes) -> None:
    """Below the panel, where no data can be."""
    ax.legend(fontsize=6, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.24))


def _datasets(table: pd.DataFrame) -> list[str]:
    """Data sets in the table, in its order."""
    return [e.removesuffix(" widths") for e in dict.fromkeys(table.ensemble) if e.endswith(" widths")]


def _ensembles(table: pd.DataFrame, copies: int) -> list[tuple[str, str, str, pd.DataFrame]]:
    """Title, mark, method of records and rows against N: random real data, and each data set."""
    real = table[(table.ensemble == "real Haar") & (table.copies == copies)]
    found = [("random real data", "o", "records of the law", real)]
    names = _datasets(table)
    if len(names) > len(MARKS):
        raise ProtocolError(f"{len(names)} data sets have more than {len(MARKS)} marks", where="privacy figure")
    for name, mark in zip(names, MARKS, strict=False):
        found.append((name, mark, "records", table[table.ensemble == f"{name} widths"]))
    return found


def leaked_fraction(table: pd.DataFrame, copies: int, ax: plt.Axes) -> plt.Axes:
    """Leaked bits over the N bits of the data against N: random data, and the heaviest coordinates of data sets."""
    for title, mark, method, mine in _ensembles(table, copies):
        shade = 1.0 if title == "random real data" else 0.55
        for quantity, style in (LINES | {"entropy": "--"}).items():
            part = mine[(mine.quantity == quantity) & (mine.method == "exact")].sort_values("dimension")
            if quantity == "bound" and title != "random real data":
                continue  # the bound depends on N and k only
            look = {"color": COLOURS.get(quantity, "0.5"), "alpha": shade, "linewidth": 1}
            ax.plot(part.dimension, part.value / part.dimension, style, **look)
        part = mine[mine.quantity == "information"]
        label = f"{method}: {title}"
        _records(part, "dimension", lambda p: p.dimension, ax, fmt=mark, color=COLOURS["information"], label=label)
    for quantity, style in LINES.items():
        ax.plot([], [], style, color=COLOURS[quantity], label=NAMES[quantity])
    ax.plot([], [], "--", color="0.5", label=r"$\log_2$ of the rows")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="dimension N",
        ylabel="leaked bits / N bits of data",
        title=f"k = {copies} copies",
    )
    _legend(ax)
    return ax


def leaked_of_choice(table: pd.DataFrame, copies: int, ax: plt.Axes) -> plt.Axes:
    """Leaked bits over log2 of the number of rows, all that a choice among known rows has, against N."""
    for title, mark, _, mine in _ensembles(table, copies)[1:]:
        entropy = mine[mine.quantity == "entropy"].set_index("dimension").value
        chi = mine[mine.quantity == "holevo"].sort_values("dimension")
        ax.plot(chi.dimension, chi.value / entropy[chi.dimension].to_numpy(), "-", color=COLOURS["holevo"], linewidth=1)
        part, label = mine[mine.quantity == "information"], f"records: {title}"
        scale = lambda p, entropy=entropy: entropy[p.dimension].to_numpy()  # noqa: E731
        _records(part, "dimension", scale, ax, fmt=mark, color=COLOURS["information"], label=label)
    ax.plot([], [], "-", color=COLOURS["holevo"], label=NAMES["holevo"])
    ax.set(xscale="log", xlabel="dimension N", ylabel=r"leaked bits / $\log_2$ rows", title=f"rows known, k = {copies}")
    _legend(ax)
    return ax


def fidelity_against_dimension(table: pd.DataFrame, copies: int, ax: plt.Axes) -> plt.Axes:
    """Fidelity of reconstructed rows against N, from simulated tomography; best measurement for random real states."""
    for title, mark, _, mine in _ensembles(table, copies):
        part, colour = mine[mine.quantity == "practical fidelity"], COLOURS["practical fidelity"]
        _records(part, "dimension", lambda p: 1.0, ax, fmt=mark, color=colour, label=f"random bases: {title}")
    best = table[(table.ensemble == "real Haar") & (table.copies == copies) & (table.quantity == "fidelity")]
    best = best[best.method == "exact"].sort_values("dimension")
    ax.plot(best.dimension, best.value, "-", color=COLOURS["fidelity"], linewidth=1, label="best, exact law")
    built = table[table.ensemble.str.endswith("built measurement") & (table.copies == copies)]
    _records(built, "dimension", lambda p: 1.0, ax, fmt="x", color="black", label="best, built on rows of data")
    ax.set(xscale="log", yscale="log", xlabel="dimension N", ylabel="fidelity", title=f"reconstruction, k = {copies}")
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
    chi = mine[mine.quantity == "holevo"].sort_values("copies")
    ax.fill_between(chi.copies, chi.low, chi.high, color=COLOURS["holevo"], alpha=0.3, linewidth=0)
    part = table[table.ensemble == f"Bob's parameters, {dataset}"]
    part = part[part.quantity == "information"]
    _records(part, "copies", lambda p: 1.0, ax, fmt="d", color="0.35", label="Bob's phases, probed by Alice")
    part = mine[mine.quantity == "tighter bound"].sort_values("copies")
    ax.plot(part.copies, part.value, "--", color="0.4", linewidth=1, label="and at most log2 of the rows")
    dimension = int(mine.dimension.iloc[0])
    ax.set(xscale="log", yscale="log", xlabel="copies or uses k", ylabel="bits", title=f"{dataset}, N = {dimension}")
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
        "Bob's parameters, any unitary": ("x", "black"),
    }
    for ensemble, (mark, colour) in styles.items():
        read = table[(table.ensemble == ensemble) & (table.quantity == "information")]
        _records(read, "dimension", lambda p: 1.0, ax, fmt=mark, color=colour, label=ensemble)
    drawn = {"dishonest, any unitary": ("-", "bound, dishonest: 2n"), "semi-honest": (":", "bound, one copy")}
    for ensemble, (style, label) in drawn.items():
        part = table[(table.ensemble == ensemble) & (table.quantity == "bound")].sort_values("dimension")
        ax.plot(part.dimension, part.value, style, color="black", linewidth=1, label=label)
    ax.set_xscale("log", base=2)
    ax.set(xlabel="dimension N", ylabel="bits per answer", title="entangled probes")
    _legend(ax)
    return ax


def privacy(table: pd.DataFrame, copies: int) -> tuple[plt.Figure, pd.DataFrame]:
    """Leakage and reconstruction against N, dishonest probes, and for each data set bits and fidelity against copies.

    Raises:
        ProtocolError: the table has no random real data at this number of copies, or too many data sets.
    """
    if table[(table.ensemble == "real Haar") & (table.copies == copies) & (table.method != "exact")].empty:
        raise ProtocolError(
            f"no random real data at {copies} copies", where="privacy figure", fix="add it to privacy.copies"
        )
    datasets = _datasets(table)
    rows = 2 + len(datasets)
    figure, axes = plt.subplots(rows, 2, figsize=(WIDTH, 2.9 * rows), squeeze=False)
    leaked_fraction(table, copies, axes[0, 0])
    fidelity_against_dimension(table, copies, axes[0, 1])
    if datasets:
        leaked_of_choice(table, copies, axes[1, 0])
    else:
        axes[1, 0].set_axis_off()
    dishonest_bits(table, axes[1, 1])
    for place, dataset in enumerate(datasets, start=2):
        bits_against_copies(table, dataset, axes[place, 0])
        fidelity_against_copies(table, dataset, axes[place, 1])
    drawn = table[(table.ensemble != "real Haar") | (table.copies == copies)]
    return figure, drawn[["ensemble", "quantity", "dimension", "copies", "value", "low", "high", "method"]]
