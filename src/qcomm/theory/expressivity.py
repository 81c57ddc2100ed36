"""Tables of the expressivity claim: ranks, Fourier support and recorded ranks by depth; fits of a target by depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qcomm.seeds import generator, seed_for
from qcomm.theory import fit
from qcomm.theory.recorded_rank import recorded_rank
from qcomm.theory.reupload import (
    diagonal_encoding,
    frequencies,
    qubit_encoding,
    random_model,
    spectrum_size,
)
from qcomm.theory.separation import EXPECTED, Decided, fourier_support, rank_of_spectrum, rank_on_grid, recalled_formula

GRID_ENTRIES = 40_000  # the literal grid rule is applied up to this many grid points
RECORDED_ENTRIES = 10_000  # and shots are drawn up to this many


@dataclass(frozen=True)
class RankCase:
    """One encoding with one choice of frequencies at one depth."""

    kind: str
    encoding: np.ndarray
    choice: str
    layers: int
    expected: int | None

    def facts(self) -> dict[str, Any]:
        dimension, features = self.encoding.shape
        return {
            "encoding": self.kind,
            "features": features,
            "dimension": dimension,
            "frequencies": self.choice,
            "layers": self.layers,
            "expected": self.expected,
            "recalled": recalled_formula(self.layers, dimension, features),
        }


def rank_cases(settings: dict[str, Any]) -> list[RankCase]:
    """All cases up to `layers`, as far as the state has at most `largest_spectrum` frequencies and the
    matrix of coefficients at most `largest_matrix` rows."""
    cases = []
    for (kind, features, choice), expected in EXPECTED.items():
        for encoding in _encodings(kind, features):
            for layers in range(1, settings["layers"] + 1):
                vectors, waves = spectrum_size(encoding, frequencies(choice, layers))
                if vectors > settings["largest_spectrum"] or waves > settings["largest_matrix"]:
                    break
                known = expected[layers - 1] if layers <= len(expected) else None
                cases.append(RankCase(kind, encoding, choice, layers, known))
    return cases


def _encodings(kind: str, features: int) -> list[np.ndarray]:
    if kind == "qubit":
        return [qubit_encoding(features)]
    return [diagonal_encoding(dimension, features) for dimension in (features, 2 * features)]


def rank_rows(case: RankCase, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """One row per quantity.

    Quantities: rank (equilibrated Fourier coefficients), grid_rank (singular values of the loss on the literal grid),
    support (Fourier), recorded_rank (from simulated shots, a lower bound). `low` and `high` are the smallest and
    largest over `instances` random models or records.
    """
    facts, features = case.facts(), case.encoding.shape[1]
    identity = ("expressivity", seed, *map(str, facts.values()))
    count = settings["instances"] if features == 2 or case.layers < 3 else 1  # big matrices once
    chosen = frequencies(case.choice, case.layers)
    models = [random_model(case.encoding, chosen, generator(*identity, index)) for index in range(count)]
    rows = [
        _decided_row("rank", [rank_of_spectrum(model) for model in models]),
        _decided_row("support", [fourier_support(model) for model in models]),
    ]
    points = (2 * sum(chosen) + 1) ** features
    if points <= GRID_ENTRIES:
        rows.append(_decided_row("grid_rank", [rank_on_grid(model, least_gap=0) for model in models]))
    if features == 2 and points <= RECORDED_ENTRIES:
        rng, shots = generator(*identity, "shots"), settings["shots"]
        found = [recorded_rank(model, shots, rng) for model in models]
        rows.append(_row("recorded_rank", found, shots=shots, method="simulated shots, 99% noise level"))
    return [facts | row for row in rows]


def _decided_row(quantity: str, found: list[Decided]) -> dict[str, Any]:
    """A row with the most cautious of the gaps: smallest kept, largest dropped."""
    kept, dropped = min(one.kept for one in found), max(one.dropped for one in found)
    return _row(quantity, [one.count for one in found], method="exact") | {
        "kept": kept,
        "dropped": dropped,
        "gap": min(one.gap for one in found),
    }


def _row(quantity: str, values: list[int], **facts: Any) -> dict[str, Any]:
    """The generic value is the largest: a rank can drop at special instances, never rise."""
    return {
        "quantity": quantity,
        "value": max(values),
        "low": min(values),
        "high": max(values),
        "instances": len(values),
        **facts,
    }


def fit_points(settings: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Training and unseen inputs, the same for every model."""
    rng = generator("expressivity points", seed)
    return {"train_x": fit.sample_points(settings["points"], rng), "test_x": fit.sample_points(1000, rng)}


def linear_fit_rows(points: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """R^2 of the linear models: on the features, and on their first harmonics."""
    names = {0: "linear in x", 1: "linear in first harmonics"}
    return [_fit_row(name, None, "exact", [fit.linear_r_squared(**points, harmonics=m)]) for m, name in names.items()]


def fit_rows(choice: str, layers: int, points: dict, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """R^2 on unseen points: mean and range over training seeds, exact outputs and outputs measured with shots."""
    identity = ("expressivity fit", seed, choice, layers)
    options = points | {"iterations": settings["iterations"]}
    seeds = [seed_for(*identity, index) for index in range(settings["seeds"])]
    fits = [fit.train(qubit_encoding(2), frequencies(choice, layers), each, **options) for each in seeds]
    rng, shots = generator(*identity, "shots"), settings["shots"]
    recorded = [fit.recorded_r_squared(one, points["test_x"], shots, rng) for one in fits]
    return [
        _fit_row(choice, layers, "exact", [one.r_squared for one in fits]),
        _fit_row(choice, layers, "recorded", recorded) | {"shots": shots},
    ]


def _fit_row(model: str, layers: int | None, kind: str, values: list[float]) -> dict[str, Any]:
    return {
        "model": model,
        "layers": layers,
        "kind": kind,
        "r_squared": float(np.mean(values)),
        "low": min(values),
        "high": max(values),
        "seeds": len(values),
    }
