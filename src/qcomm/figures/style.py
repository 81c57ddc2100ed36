"""The look of all figures, and how a figure is written: same data, same bytes."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # never a window, also where a display exists

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from qcomm.files import atomic_path, write_csv

_PALETTE = sns.color_palette("colorblind").as_hex()

# One colour per model or protocol, the same in every figure.
COLOURS = {
    "SIGN-poly": _PALETTE[0],
    "SIGN-prelu": _PALETTE[1],
    "SIGN-identity": _PALETTE[2],
    "SIGN-poly-bn": _PALETTE[9],
    "SIGN-poly-tuned": "#003a63",
    "GIN": _PALETTE[3],
    "GCN": _PALETTE[4],
    "MLP": _PALETTE[5],
    "logreg": _PALETTE[6],
    "moments": _PALETTE[8],
    "reference": _PALETTE[7],
    "Alice": _PALETTE[0],
    "Bob": _PALETTE[3],
    "quantum": "#d9a400",
    "classical": "#7f7f7f",
    "sign sketch": _PALETTE[2],
    "best of 2^k": _PALETTE[0],
    "quantised vector": _PALETTE[7],
    "weights sent": _PALETTE[5],
    "entries listed": _PALETTE[4],
    "Hadamard test": _PALETTE[3],
    "swap test": _PALETTE[6],
    "amplitude estimation": "#d9a400",
    "3^(l-1)": _PALETTE[3],
    "2^(l-1)": _PALETTE[0],
    "1": _PALETTE[2],
    "bound": "#000000",
    "holevo": _PALETTE[0],
    "information": _PALETTE[3],
    "fidelity": _PALETTE[0],
    "practical fidelity": _PALETTE[1],
    "non-negative fidelity": _PALETTE[3],
    "one copy": "#4b0082",
    "quantum sampling": "#8c1515",
    "quantum amplitude estimation": "#d9a400",
    "top-q": _PALETTE[4],
    "random projection": _PALETTE[2],
    "send everything": _PALETTE[7],
    "Bob's parameters": _PALETTE[5],
    "send x": _PALETTE[6],
    "qcomm": "#000000",
    "cirq": _PALETTE[7],
    "qsim": _PALETTE[0],
    "qsim (rebuilt)": _PALETTE[0],
    "lightning": _PALETTE[3],
    "qulacs": _PALETTE[2],
    "tensorcircuit": _PALETTE[4],
    "pointer": _PALETTE[0],
    "pointer and tables": _PALETTE[9],
    "pointer and guess": _PALETTE[1],
}

WIDTH = 7.0  # inches; text width of a page


def use_style() -> None:
    """Set fonts and lines once, before the first figure is made."""
    sns.set_theme(context="paper", style="ticks", palette="colorblind")
    matplotlib.rcParams.update(
        {
            "figure.constrained_layout.use": True,
            "pdf.fonttype": 42,
            "svg.hashsalt": "qcomm",
            "axes.grid": True,
            "grid.alpha": 0.3,
            "legend.frameon": False,
        }
    )


def save(figure: plt.Figure, prefix: str | Path, data: pd.DataFrame) -> None:
    """Write ``prefix.pdf``, ``prefix.png`` (200 dpi) and the drawn numbers ``prefix.csv``; close the figure."""
    formats = {"pdf": {"CreationDate": None, "Producer": None, "Creator": None}, "png": {"Software": None}}
    for kind, metadata in formats.items():
        with atomic_path(f"{prefix}.{kind}") as part:
            figure.savefig(part, format=kind, dpi=200, metadata=metadata)
    plt.close(figure)
    write_csv(f"{prefix}.csv", data)


def save_svg(figure: plt.Figure, path: str | Path) -> None:
    """Write a figure as svg, without a date; the figure stays open."""
    with atomic_path(path) as part:
        figure.savefig(part, format="svg", metadata={"Date": None, "Creator": None})
