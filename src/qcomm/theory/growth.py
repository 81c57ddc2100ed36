"""How separation ranks grow with depth: exponentially or as a power, by fits of ln rank, and the recalled formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from qcomm.theory.checks import check_row
from qcomm.theory.slopes import fit_slope

LEAST_DEPTHS = 4  # fewer points do not tell an exponential from a power
ROUND_OFF = 1e-20  # of a variance: ranks 3^L lie exactly on a line
EXPONENTIAL = {"3^(l-1)": True, "2^(l-1)": True, "1": False}  # claimed: exponential where frequencies scale with depth
CASE = ["encoding", "features", "dimension", "frequencies"]
COLUMNS = [
    *(*CASE, "depths", "per_layer", "per_layer_low", "per_layer_high", "per_layer_scatter"),
    *("power", "power_low", "power_high", "power_scatter", "law"),
]


def growth_rows(ranks: pd.DataFrame) -> list[dict[str, Any]]:
    """For every encoding and choice of frequencies that was run at LEAST_DEPTHS depths or more: both fits.

    `per_layer`: log2 of the rank against L; `power`: ln rank against ln L. Each with the 95% interval of Student's t on
    the scatter, and the scatter itself: the smaller one tells which law holds.
    """
    rows = []
    exact = ranks[(ranks.quantity == "rank") & ranks.value.notna()]
    for key, part in exact.groupby(CASE, sort=False):
        if len(part) < LEAST_DEPTHS:
            continue
        layers, value = part.layers.to_numpy(float), part.value.to_numpy(float)
        power, exponential = fit_slope(layers, value), fit_slope(np.exp(layers), value)
        better = "exponential" if exponential.scatter < power.scatter else "power"
        rows.append(
            {
                **dict(zip(CASE, key, strict=True)),
                "depths": len(part),
                "per_layer": exponential.value / np.log(2),
                "per_layer_low": exponential.low / np.log(2),
                "per_layer_high": exponential.high / np.log(2),
                "per_layer_scatter": exponential.scatter,
                "power": power.value,
                "power_low": power.low,
                "power_high": power.high,
                "power_scatter": power.scatter,
                "law": better,
            }
        )
    return rows


def growth_checks(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Exponential where frequencies scale with the layer, at most a power where they do not."""
    for row in rows:
        name = ", ".join(f"{key} {row[key]}" for key in CASE)
        ratio = (row["power_scatter"] + ROUND_OFF) / (row["per_layer_scatter"] + ROUND_OFF)
        low, high = (1, np.inf) if EXPONENTIAL[row["frequencies"]] else (0, 1)
        yield check_row(f"scatter of a power over that of an exponential: {name}", ratio, low, high)


def recalled_check(ranks: pd.DataFrame) -> dict[str, Any]:
    """How often 2^(L min(N, N') - 1), as recalled from the paper, is the rank: the claim here is that it is no law."""
    exact = ranks[(ranks.quantity == "rank") & ranks.value.notna()]
    share = float((exact.value == exact.recalled).mean())
    return check_row("share of ranks that the recalled formula gives", share, 0, 0.5)
