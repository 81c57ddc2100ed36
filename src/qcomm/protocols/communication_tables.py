"""Exponents and break-even points of claim C2, from the measured costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from qcomm.errors import ConfigError
from qcomm.protocols.communication_costs import EVERYTHING, FLOAT_BITS
from qcomm.protocols.communication_curves import (
    PARAMETERS,
    QuantumCost,
    RivalCurve,
    best_rivals,
    cheapest,
    quantum_costs,
)
from qcomm.protocols.communication_ladders import COSTS, EXECUTED, SAMPLED, SATURATED
from qcomm.theory.slopes import Slope, fit_slope

LARGEST_QUBITS = 60
BITS_PER_REAL = {PARAMETERS: FLOAT_BITS, "send x": FLOAT_BITS, "random projection": 1}
ANSATZ, GENERIC = "ansatz of P = O(n) angles", "no short description of B_1"
NOT_RUN = "not run: what noise does to an ansatz depends on its angles"
BREAK_EVEN = (
    "task",
    "eps",
    "delta",
    "noise",
    "Bob's block",
    "N from",
    "N to",
    "quantum protocol",
    "qubits",
    "quantum cost",
    "best rival",
    "bits",
    "bits per real",
    "rival's cost",
)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Settings that can only fail after everything was computed.

    Raises:
        ConfigError: too few sizes for an exponent, or noise to be executed where no threshold is computed.
    """
    fitted = [n for n in settings["qubits"] if 2**n >= settings["fit_from"]]
    if len(fitted) < 3:
        raise ConfigError(
            f"an exponent over N >= {settings['fit_from']} needs three sizes, got {len(fitted)}",
            where="communication.qubits",
            fix="add sizes, or lower communication.fit_from",
        )
    check_noise_settings(settings["noise"], min(settings["qubits"]), max(settings["qubits"]))


def check_noise_settings(settings: Mapping[str, Any], least: int, largest: int) -> None:
    """Sizes of the section `noise` against the sizes, `least` to `largest`, of measured costs.

    Raises:
        ConfigError: a size to be executed lies outside the sizes whose threshold is computed from measured costs.
    """
    first, last = settings["qubits"]
    if first > last:
        raise ConfigError(f"{first} is above {last}", where="communication.noise.qubits", fix="give the least first")
    if beyond := [n for n in settings["executed"] if not max(first, least) <= n <= min(last, largest)]:
        raise ConfigError(
            f"no threshold is computed from measured costs at 2^{beyond[0]}",
            where="communication.noise.executed",
            fix=f"take sizes from {max(first, least)} to {min(last, largest)}, or widen noise.qubits and"
            " communication.qubits",
        )


def exponent_rows(costs: pd.DataFrame, fit_from: int) -> pd.DataFrame:
    """Fitted exponents of the cost in N over N >= `fit_from`, with 95% intervals."""
    rows = []
    keys = ["task", "eps", "delta", "protocol", "kind", "method"]
    for key, part in costs[costs.dimension >= fit_from].groupby(keys, dropna=False):
        part = part.drop_duplicates("dimension")
        if len(part) < 3:
            continue
        slope = _slope(part)
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "exponent": slope.value,
                "low": slope.low,
                "high": slope.high,
                "points": slope.points,
                "from_dimension": int(part.dimension.min()),
                "to_dimension": int(part.dimension.max()),
            }
        )
    return pd.DataFrame(rows)


def _slope(part: pd.DataFrame) -> Slope:
    sigma = (np.log(part.high) - np.log(part.low)).to_numpy() / 3.92
    return fit_slope(part.dimension.to_numpy(), part.cost.to_numpy(), sigma if (sigma > 0).all() else None)


def break_even_rows(costs: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The ranges of N in which the best quantum protocol sends fewer qubits than the best rival sends bits, both whole.

    For each task, accuracy and noise, against all rivals and against all but Bob's parameters: one row for each range
    without a gap, of all N from the smallest that was run. Qubits without noise are those that were sent where N was
    run; with noise they are computed, for blocks that scramble (`sampling.visibility`), and an ansatz reads "not run".
    """
    rows: list[dict[str, Any]] = []
    for p in settings["noise"]["probabilities"]:
        for (task, _, _), part in costs.groupby(["task", "eps", "delta"], dropna=False, sort=False):
            row = {"task": task, "eps": part.eps.iloc[0], "delta": part.delta.iloc[0], "noise": p}
            quantum, curves = quantum_costs(part, p, settings["target"]), best_rivals(part)
            if task == "subspace":
                row["delta"] = 1 - settings["target"]
                rows += _ranges({**row, "Bob's block": "any W"}, quantum, curves, part)
                continue
            if p == 0:
                rows += _ranges({**row, "Bob's block": ANSATZ}, quantum, curves, part)
            else:
                rows.append({**row, "Bob's block": ANSATZ, "N from": NOT_RUN, "N to": "not run"})
            without = {name: curve for name, curve in curves.items() if name != PARAMETERS}
            rows += _ranges({**row, "Bob's block": GENERIC}, quantum, without, part)
    return pd.DataFrame(rows, columns=list(BREAK_EVEN))


def _ranges(
    row: dict, quantum: Mapping[str, QuantumCost], curves: dict[str, RivalCurve], part: pd.DataFrame
) -> Iterator[dict[str, Any]]:
    """The ranges of N = 2^n, from the smallest run up to `LARGEST_QUBITS`, where quantum sends less, and both costs
    where they start."""
    ahead = []
    for n in range(int(np.log2(part.dimension.min())), LARGEST_QUBITS + 1):
        mine = min((*cost(n), name) for name, cost in quantum.items())
        theirs = cheapest(curves, n)
        if mine[0] < theirs[0]:
            ahead.append((n, mine, theirs))
    if not ahead:
        yield {**row, "N from": "none", "N to": "none"}
    for _, numbered in groupby(enumerate(ahead), key=lambda pair: pair[1][0] - pair[0]):
        run = [found for _, found in numbered]
        n, (qubits, computed, protocol), (bits, rival, origin) = run[0]
        last = run[-1][0]
        yield {
            **row,
            "N from": f"2^{n}",
            "N to": f"2^{last}" if last < LARGEST_QUBITS else f"2^{last} and on",
            "quantum protocol": protocol,
            "qubits": qubits,
            "quantum cost": computed,
            "best rival": rival,
            "bits": bits,
            "bits per real": bits_per_real(part, rival, n, bits),
            "rival's cost": origin,
        }


def bits_per_real(part: pd.DataFrame, rival: str, qubits: int, bits: int) -> Any:
    """Bits for each real number that a rival sends at N = 2^qubits, as its cost row there says.

    Who sends everything, by name or because the rival saturates, spends `resource` bits a coordinate where N was run;
    elsewhere the bits of its curve over N. A rival is taken to saturate where it does at the nearest N that was run.

    Args:
        part: the costs of one task and accuracy.
        rival: its name.
        qubits: n.
        bits: of the rival at N.
    """
    mine = part[(part.protocol == rival) & part.method.isin(COSTS)]
    nearest = mine.iloc[np.abs(np.log2(mine.dimension.to_numpy()) - qubits).argmin()]
    if rival != EVERYTHING and nearest.method != SATURATED:
        return BITS_PER_REAL.get(rival, "no reals sent")
    if nearest.dimension == 2**qubits and rival == EVERYTHING:
        return int(nearest.resource)
    return float(f"{bits / 2**qubits:.3g}")


def subspace_curve(costs: pd.DataFrame) -> pd.DataFrame:
    """dimension, kind, cost, low, high of vector in subspace: one quantum copy, and the best rival there is."""
    part = costs[(costs.task == "subspace") & costs.method.isin([EXECUTED, SAMPLED])]
    best = part.loc[part.groupby(["dimension", "kind"]).cost.idxmin()]
    return best[["dimension", "kind", "cost", "low", "high"]].reset_index(drop=True)
