"""Table of the fits: R^2 of re-uploading models by target and depth, beside linear models, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import stats

from qcomm.seeds import generator, seed_for
from qcomm.theory import fit
from qcomm.theory.checks import check_row
from qcomm.theory.reupload import FREQUENCIES, frequencies, qubit_encoding
from qcomm.theory.separation import linear_rank
from qcomm.theory.targets import TARGETS

CHECKED_DEPTH = 3  # deeper models of 3^(l-1) have frequencies that the training points do not resolve
LINEAR = {0: "linear in x", 1: "linear in first harmonics"}


def fit_points(settings: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Training and unseen inputs, the same for every model."""
    rng = generator("expressivity points", seed)
    return {"train_x": fit.sample_points(settings["points"], rng), "test_x": fit.sample_points(1000, rng)}


def linear_fit_rows(target: str, points: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """R^2 of the linear models: on the features, and on their first harmonics; of the first its separation rank."""
    function = TARGETS[target]
    rows = [
        _fit_row(target, name, None, "exact", [fit.linear_r_squared(function, **points, harmonics=m)])
        for m, name in LINEAR.items()
    ]
    rows[0]["rank"] = linear_rank(*fit.linear_weights(function, points["train_x"]))
    return rows


def fit_rows(
    target: str, choice: str, layers: int, points: dict[str, np.ndarray], settings: dict[str, Any], seed: int
) -> list[dict[str, Any]]:
    """R^2 on unseen points: mean over training seeds with its 95% interval, exact outputs and measured ones."""
    identity = ("expressivity fit", seed, target, choice, layers)
    function, options = TARGETS[target], points | {"iterations": settings["iterations"]}
    seeds = [seed_for(*identity, index) for index in range(settings["seeds"])]
    fits = [fit.train(function, qubit_encoding(2), frequencies(choice, layers), each, **options) for each in seeds]
    rng, shots = generator(*identity, "shots"), settings["shots"]
    recorded = [fit.recorded_r_squared(function, one, points["test_x"], shots, rng) for one in fits]
    return [
        _fit_row(target, choice, layers, "exact", [one.r_squared for one in fits]),
        _fit_row(target, choice, layers, "recorded", recorded) | {"shots": shots},
    ]


def _fit_row(target: str, model: str, layers: int | None, kind: str, values: list[float]) -> dict[str, Any]:
    """Mean over seeds and the 95% interval of Student's t; a linear model has no seed."""
    mean, count = float(np.mean(values)), len(values)
    half = float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else 0.0
    return {
        "target": target,
        "model": model,
        "layers": layers,
        "kind": kind,
        "r_squared": mean,
        "low": mean - half,
        "high": mean + half,
        "seeds": count,
    }


def fit_checks(rows: list[dict[str, Any]], depth: int) -> Iterator[dict[str, Any]]:
    """From one layer to min(depth, CHECKED_DEPTH) R^2 rises, and ends above both linear models, beyond its interval."""
    deep = min(depth, CHECKED_DEPTH)
    for target in TARGETS:
        mine = {(row["model"], row["layers"], row["kind"]): row for row in rows if row["target"] == target}
        linear = max(mine[name, None, "exact"]["r_squared"] for name in LINEAR.values())
        for choice in FREQUENCIES:
            last = mine[choice, deep, "exact"]
            name = f"{target}, lambda={choice}, L={deep}"
            yield check_row(f"R^2, lower end, above the linear models: {name}", last["low"], linear, 1)
            if deep > 1:
                gain = last["low"] - mine[choice, 1, "exact"]["high"]
                yield check_row(f"R^2, gain over one layer at the ends of the intervals: {name}", gain, 0, 2)
