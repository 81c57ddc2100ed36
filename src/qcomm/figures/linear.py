"""Bits and qubits of linear classification against margin, dimension and on trained classifiers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from qcomm.figures.legends import shared_legend
from qcomm.figures.style import COLOURS, WIDTH
from qcomm.theory.bounds import recalled_classical, recalled_quantum

DRAWN = ("sign sketch", "best of 2^k", "quantised vector", "Hadamard test", "swap test", "amplitude estimation")
BEST = {"classical": "0.15", "quantum": "0.6"}
NEVER = "nowhere in the sweep"
CLASSIFIERS = (*(name for name in DRAWN if name != "swap test"), "weights sent", "entries listed")
QUANTUM = ("Hadamard test", "swap test", "amplitude estimation")
MARKS = {"executed": ("o", None), "executed in the span": ("o", "white"), "circuit": ("X", None)}
RECALLED = {"classical": recalled_classical, "quantum": recalled_quantum}


def _curves(costs: pd.DataFrame, variable: str, ax: plt.Axes) -> plt.Axes:
    """Exact needs as lines, needs measured from executed runs as marks with 95% intervals; the best of each kind."""
    for name in DRAWN:
        mine = costs[costs.protocol == name]
        exact = mine[mine.method == "exact"].sort_values(variable)
        label = f"{name} ({exact.unit.iloc[0]})" if len(exact) else None
        ax.plot(exact[variable], exact.cost, _dashes(name), color=COLOURS[name], linewidth=1.1, label=label)
        for method, (mark, face) in MARKS.items():
            run = mine[mine.method == method].sort_values(variable)
            _marks(run[variable], run.cost, run, ax, fmt=mark, color=COLOURS[name], markerfacecolor=face)
    for kind, colour in BEST.items():
        best = costs[costs.protocol == f"best {kind}"].sort_values(variable)
        ax.plot(best[variable], best.cost, color=colour, linewidth=3.5, alpha=0.3, label=f"best {kind}", zorder=0)
    ax.set(xscale="log", yscale="log")
    return ax


def _dashes(name: str) -> str:
    return "--" if name in QUANTUM else "-"


def _marks(x, y, rows: pd.DataFrame, ax: plt.Axes, **options) -> None:
    spread = [(y - rows.low).clip(lower=0), (rows.high - y).clip(lower=0)]
    ax.errorbar(x, y, yerr=spread, **{"markersize": 3, "linewidth": 0.8, **options})


def _recalled(x: np.ndarray, variable: str, other: float, ax: plt.Axes) -> list[dict]:
    """Growths as we recall them from the paper, up to constants; returned as rows too."""
    rows = []
    for kind, bound in RECALLED.items():
        y = [bound(v, int(other)) if variable == "gamma" else bound(other, int(v)) for v in x]
        label = f"{kind}: growth as we recall it, no constants"
        ax.plot(x, y, ":", color=BEST[kind], linewidth=1.4, label=label)
        rows += [
            {"protocol": label, "kind": kind, "method": "recalled", variable: v, "cost": c}
            for v, c in zip(x, y, strict=True)
        ]
    return rows


def _slope_text(slopes: pd.DataFrame, variable: str) -> str:
    found = slopes[(slopes.variable == variable) & (slopes.method == "executed") & slopes.slope.notna()]
    lines = [f"{one.protocol}: {one.slope:.2f} [{one.low:.2f}, {one.high:.2f}]" for one in found.itertuples()]
    return "slopes, executed\n" + "\n".join(lines)


def cost_against_margin(costs: pd.DataFrame, slopes: pd.DataFrame, dimension: int, ax: plt.Axes) -> list[dict]:
    """Bits or qubits for success 2/3 at one dimension, with the slopes fitted to the executed runs."""
    mine = costs[(costs.dimension == dimension) | (costs.method == "circuit")]
    _curves(mine, "gamma", ax)
    rows = _recalled(np.sort(mine[mine.method == "exact"].gamma.unique()), "gamma", dimension, ax)
    ax.text(0.02, 0.02, _slope_text(slopes, "gamma"), transform=ax.transAxes, fontsize=5.5, va="bottom")
    ax.set(
        xlabel=r"margin $\gamma$",
        ylabel="bits or qubits, success 2/3",
        title=f"N = {dimension} (crosses: circuits, N = 4)",
    )
    return [row | {"dimension": dimension} for row in rows]


def cost_against_dimension(
    costs: pd.DataFrame, slopes: pd.DataFrame, subspace: pd.DataFrame | None, gamma: float, ax: plt.Axes
) -> list[dict]:
    """The same against N, beside vector-in-subspace: its best classical protocol and its one quantum copy."""
    mine = costs[
        np.isclose(costs.gamma, gamma) & (costs.method != "circuit") & (costs.method != "executed in the span")
    ]
    _curves(mine, "dimension", ax)
    rows = _recalled(np.sort(mine.dimension.unique()), "dimension", gamma, ax)
    if subspace is not None:
        for kind, unit, style, fill in (("classical", "bits", ":", "white"), ("quantum", "qubits", "--", "black")):
            part = subspace[subspace.kind == kind].sort_values("dimension")
            if part.empty:
                continue
            label = f"vector in subspace ({unit})"
            look = {"linestyle": style, "marker": "^", "markersize": 4, "markerfacecolor": fill, "color": "black"}
            if {"low", "high"} <= set(part.columns):
                _marks(part.dimension, part.cost, part, ax, label=label, **look)
            else:
                ax.plot(part.dimension, part.cost, linewidth=1, label=label, **look)
    ax.text(0.02, 0.98, _slope_text(slopes, "dimension"), transform=ax.transAxes, fontsize=5.5, va="top")
    ax.set(
        xlabel="dimension N",
        ylabel="bits or qubits, success 2/3",
        title=rf"$\gamma$ = {gamma:g}; slopes without the log N",
    )
    return [row | {"gamma": gamma} for row in rows]


def cost_on_classifiers(classifiers: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Bits or qubits per input of executed protocols, one mark for each trained classifier."""
    datasets = list(dict.fromkeys(classifiers.dataset))
    for place, name in enumerate(CLASSIFIERS):
        mine = classifiers[classifiers.protocol == name]
        x = [datasets.index(dataset) + (place - 3) * 0.11 for dataset in mine.dataset]
        marker = "D" if name in QUANTUM else "o"
        label = None if name in DRAWN else f"{name} (bits)"
        ax.plot(x, mine.cost, marker, color=COLOURS[name], markersize=2.5, alpha=0.8, label=label, linestyle="none")
    share = classifiers.target.iloc[0]
    ax.set(
        yscale="log", ylabel="bits or qubits per input", title=f"trained classifiers (a mark each), agreement {share:g}"
    )
    ax.set_xticks(range(len(datasets)), datasets, rotation=20)
    return ax


def need_on_data(needs: pd.DataFrame, slopes: pd.DataFrame, costs: pd.DataFrame, ax: plt.Axes) -> plt.Axes:
    """Bits, copies and calls for success 2/3 on test inputs of real classifiers against their measured margin."""
    wide = costs[(costs.method == "exact") & (costs.dimension == costs.dimension.max())]
    for name in dict.fromkeys(needs.protocol):
        exact = wide[wide.protocol == name].sort_values("gamma")
        ax.plot(exact.gamma, exact.resource, _dashes(name), color=COLOURS[name], linewidth=0.9)
        for dataset, mark in zip(dict.fromkeys(needs.dataset), "o^sDvP", strict=False):
            part = needs[(needs.protocol == name) & (needs.dataset == dataset)]
            scale = part.resource / part.cost
            bounds = pd.DataFrame({"low": part.low * scale, "high": part.high * scale})
            sides = [part.margin - part.margin_low, part.margin_high - part.margin]
            label = dataset if name == "Hadamard test" else None
            _marks(part.margin, part.resource, bounds, ax, fmt=mark, color=COLOURS[name], xerr=sides, label=label)
    margin = needs.margin
    ax.set(xscale="log", yscale="log", xlim=(margin.min() / 1.5, margin.max() * 1.5))
    ax.set_ylim(0.5 * needs.resource.min(), 4 * needs.resource.max())
    ax.text(0.02, 0.02, _slope_text(slopes, "margin of data"), transform=ax.transAxes, fontsize=5.5, va="bottom")
    ax.set(
        xlabel="measured margin of test inputs",
        ylabel="bits, copies or calls, success 2/3",
        title="inputs of data sets",
    )
    ax.text(
        0.98,
        0.98,
        f"lines: exact, N = {wide.dimension.iloc[0]}",
        transform=ax.transAxes,
        fontsize=5.5,
        ha="right",
        va="top",
    )
    return ax


def linear(
    costs: pd.DataFrame,
    slopes: pd.DataFrame,
    classifiers: pd.DataFrame,
    needs: pd.DataFrame,
    subspace: pd.DataFrame | None,
    *,
    dimension: int,
    gamma: float,
) -> tuple[plt.Figure, pd.DataFrame]:
    """Two panels, or four where classifiers were trained, at one dimension and one margin; and the drawn numbers."""
    rows = 2 if len(classifiers) else 1
    figure, axes = plt.subplots(rows, 2, figsize=(WIDTH * 1.25, 3.9 * rows), squeeze=False)
    recalled = cost_against_margin(costs, slopes, dimension, axes[0, 0])
    recalled += cost_against_dimension(costs, slopes, subspace, gamma, axes[0, 1])
    if len(classifiers):
        cost_on_classifiers(classifiers, axes[1, 0])
        need_on_data(needs, slopes, costs, axes[1, 1])
    shared_legend(figure, columns=4)
    names = [*DRAWN, *(f"best {kind}" for kind in BEST)]
    at = (costs.dimension == dimension) | np.isclose(costs.gamma, gamma) | (costs.method == "circuit")
    parts = [
        costs[at & costs.protocol.isin(names)].assign(panel="costs"),
        pd.DataFrame(recalled).assign(panel="costs"),
        classifiers.assign(panel="classifiers"),
        needs.assign(panel="inputs of data sets"),
        slopes[slopes.method == "executed"].assign(panel="slopes"),
    ]
    if subspace is not None:
        parts.append(subspace.assign(panel="vector in subspace"))
    columns = ["panel", "dataset", "label", "protocol", "kind", "method", "variable", "gamma", "margin", "dimension"]
    columns += ["unit", "resource", "cost", "slope", "low", "high", "reason"]
    return figure, pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=columns)


def break_even(costs: pd.DataFrame, gamma: float) -> pd.DataFrame:
    """For each N: the largest margin at which the best quantum protocol sends fewer qubits than the best
    classical one sends bits.

    Exact needs at equal success; constants included. Beside it, at the margin `gamma`, qubits over bits of the cheapest
    executed protocol of each kind, with its 95% interval.
    """
    rows = []
    for dimension, part in costs[costs.method == "exact"].groupby("dimension"):
        table = part[part.protocol.str.startswith("best ")].pivot_table(index="gamma", columns="kind", values="cost")
        ratio = table.quantum / table.classical
        cheaper = ratio[ratio < 1]
        best = ratio.idxmin()
        rows.append(
            {
                "dimension": dimension,
                "success": part.target.iloc[0],
                "quantum_cheaper_at_gamma": float(cheaper.index.max()) if len(cheaper) else NEVER,
                "least_qubits_per_bit": float(ratio.min()),
                "at_gamma": float(best),
                "qubits": float(table.quantum[best]),
                "bits": float(table.classical[best]),
                "executed_at_gamma": gamma,
                **_executed_ratio(costs[np.isclose(costs.gamma, gamma) & (costs.dimension == dimension)]),
            }
        )
    return pd.DataFrame(rows)


def _executed_ratio(costs: pd.DataFrame) -> dict[str, float]:
    """Qubits per bit of the cheapest executed protocols, with the interval of independent deviations of their ln."""
    run = costs[costs.method == "executed"]
    if set(run.kind) != {"classical", "quantum"}:
        return {}
    quantum, classical = (run[run.kind == kind].nsmallest(1, "cost").iloc[0] for kind in ("quantum", "classical"))
    sides = [_log_side(quantum, classical), _log_side(classical, quantum)]
    ratio = quantum.cost / classical.cost
    return {
        "executed_qubits_per_bit": ratio,
        "executed_low": ratio * np.exp(-sides[0]),
        "executed_high": ratio * np.exp(sides[1]),
    }


def _log_side(down: pd.Series, up: pd.Series) -> float:
    """How far ln(cost of `down` / cost of `up`) may lie below its value, the two being independent."""
    return float(np.hypot(np.log(down.cost / down.low), np.log(up.high / up.cost)))
