"""Tables of the linear claim: constants against their asymptotes, and slopes against their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from qcomm.protocols.linear_sweep import PROTOCOLS
from qcomm.theory import needed
from qcomm.theory.slopes import Slope, fit_slope, require_slope, slope_holds

# Asymptotic constants of the specification: (protocol, target) -> constant.
CONSTANTS = {
    ("sign sketch", 2 / 3): 0.29,
    ("sign sketch", 0.9): 2.58,
    ("best of 2^k", 2 / 3): 0.134,
    ("Hadamard test", 2 / 3): 0.186,
    ("amplitude estimation", 2 / 3): 0.63,
}
RELATIVE = 0.05
ABSOLUTE = {"amplitude estimation": 0.03}  # M gamma = 0.63 +- 0.03
LARGEST_GAMMA = {"amplitude estimation": 0.01}  # others: 0.05


def constant_rows(gammas: list[float]) -> Iterator[dict[str, Any]]:
    """gamma^2 times the exact need (gamma times, for amplitude estimation) beside its asymptote. N = infinity."""
    for (name, target), constant in CONSTANTS.items():
        power = -PROTOCOLS[name].exponent
        for gamma in gammas:
            if gamma > LARGEST_GAMMA.get(name, 0.05):
                continue
            if name == "best of 2^k":  # fractional bits, vectors of unlimited dimension
                resource = needed.best_shared_bits(gamma, target)
            else:
                resource = PROTOCOLS[name].need(gamma, target, 2**16)
            value = resource * gamma**power
            allowed = ABSOLUTE.get(name, RELATIVE * constant)
            yield {
                "protocol": name,
                "target": target,
                "gamma": gamma,
                "resource": resource,
                "scaled": value,
                "constant": constant,
                "allowed": allowed,
                "within": bool(abs(value - constant) <= allowed),
            }


def slope_rows(costs: pd.DataFrame, settings: dict[str, Any]) -> list[dict[str, Any]]:
    """Fitted slopes of the cost in gamma at the sweep's dimension, and of the resource in N at the sweep's margin.

    In gamma: costs at gamma <= `fit_gamma`; of the codebook at the largest dimension. In N: the resource (bits, copies,
    calls; the log N of a message is not in it), claimed to be flat. The codebook enters only where N gamma^2 is at
    least `unsaturated`.
    """
    rows = []
    for method in ("exact", "executed"):
        chosen = costs[(costs.method == method) & np.isclose(costs.target, settings["target"])]
        for name, protocol in PROTOCOLS.items():
            if protocol.exponent is None:
                continue
            mine = chosen[chosen.protocol == name]
            mine = mine[(mine.protocol != "best of 2^k") | (mine.dimension * mine.gamma**2 >= settings["unsaturated"])]
            size = max(settings["dimensions"]) if name == "best of 2^k" else settings["dimension"]
            at = mine[(mine.dimension == size) & (mine.gamma <= settings["fit_gamma"])]
            low, high = (protocol.exponent - settings["tolerance"], protocol.exponent + settings["tolerance"])
            rows += _slope(name, method, "gamma", at.gamma, at.cost, at, low, high)
            at = mine[np.isclose(mine.gamma, settings["gamma"])]
            flat = settings["flat_tolerance"]
            rows += _slope(name, method, "dimension", at.dimension, at.resource, at, -flat, flat)
    return rows


def _slope(name, method, variable, x, y, rows, low, high) -> list[dict[str, Any]]:
    """One row, or none where fewer than three points were run."""
    if len(rows) < 3:
        return []
    sigma = rows.sigma_log.to_numpy() if method == "executed" else None
    slope = fit_slope(x.to_numpy(), y.to_numpy(), sigma)
    return [
        {
            "protocol": name,
            "method": method,
            "variable": variable,
            "slope": slope.value,
            "low": slope.low,
            "high": slope.high,
            "points": slope.points,
            "claimed_low": low,
            "claimed_high": high,
            "holds": slope_holds(slope, low, high, sampled=method == "executed"),
        }
    ]


def require_slopes(rows: list[dict[str, Any]]) -> None:
    """Fail loudly at the first slope that leaves its interval.

    Raises:
        DataError: with the protocol, the method and the slope.
    """
    for row in rows:
        slope = Slope(row["slope"], row["low"], row["high"], row["points"])
        name = f"{row['protocol']} against {row['variable']}, {row['method']}"
        require_slope(name, slope, row["claimed_low"], row["claimed_high"], sampled=row["method"] == "executed")
