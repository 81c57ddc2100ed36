"""Ranks of the expressivity claim: separation rank, Fourier support and recorded ranks by encoding and depth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from qcomm.seeds import generator
from qcomm.theory.checks import check_row
from qcomm.theory.recorded_rank import recorded_rank
from qcomm.theory.reupload import (
    FREQUENCIES,
    diagonal_encoding,
    frequencies,
    loss_spectrum,
    qubit_encoding,
    random_model,
    spectrum_size,
)
from qcomm.theory.separation import EXPECTED, Decided, fourier_support, rank_of_spectrum, rank_on_grid, recalled_formula

GRID_ENTRIES = 40_000  # the literal grid rule is applied up to this many grid points
RECORDED_ENTRIES = 10_000  # and shots are drawn up to this many
INSTANCE_WORK = 7e8  # cubed rows of all instances together: large matrices are decomposed once
ENCODINGS = {
    ("diagonal", 2): [diagonal_encoding(2, 2), diagonal_encoding(4, 2)],
    ("diagonal", 4): [diagonal_encoding(4, 4), diagonal_encoding(8, 4)],
    ("qubit", 2): [qubit_encoding(2)],
    ("qubit", 4): [qubit_encoding(4)],
}
OVERSAMPLING = {"diagonal": 1, "qubit": 2}  # of the grid: the specification takes twice the points for the second


@dataclass(frozen=True)
class RankCase:
    """One encoding with one choice of frequencies at one depth.

    Attributes:
        expected: the rank of the specification, where it gives one.
        waves: rows of the matrix of Fourier coefficients.
        skipped: why the case is not run; empty where it is.
    """

    kind: str
    encoding: np.ndarray
    choice: str
    layers: int
    expected: int | None
    waves: int
    skipped: str = ""

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

    @property
    def name(self) -> str:
        dimension, features = self.encoding.shape
        return f"{self.kind}, N'={features}, N={dimension}, lambda={self.choice}, L={self.layers}"


def rank_cases(settings: dict[str, Any]) -> list[RankCase]:
    """Every encoding with every choice of frequencies at every depth up to `layers`; too large ones are `skipped`."""
    depths = range(1, settings["layers"] + 1)
    return [
        _case(kind, encoding, choice, layers, settings)
        for (kind, _), encodings in ENCODINGS.items()
        for choice, encoding, layers in product(FREQUENCIES, encodings, depths)
    ]


def _case(kind: str, encoding: np.ndarray, choice: str, layers: int, settings: dict[str, Any]) -> RankCase:
    known = EXPECTED.get((kind, encoding.shape[1], choice), ())
    work, waves = spectrum_size(encoding, frequencies(choice, layers))
    skipped = ""
    if waves > settings["largest_matrix"]:
        skipped = f"not run: a matrix of {waves} rows exceeds {settings['largest_matrix']}"
    elif work > settings["largest_spectrum"]:
        skipped = f"not run: {work} products exceed {settings['largest_spectrum']}"
    return RankCase(kind, encoding, choice, layers, dict(enumerate(known, 1)).get(layers), waves, skipped)


def rank_rows(case: RankCase, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """One row per quantity.

    Quantities: rank (equilibrated Fourier coefficients), grid_rank (singular values of the loss on the literal grid),
    support (Fourier), recorded_rank (from simulated shots, a lower bound). `low` and `high` are the smallest and
    largest over `instances` random models or records. A count whose gap does not decide it has no value.
    """
    if case.skipped:
        return [case.facts() | {"quantity": "rank", "method": case.skipped}]
    facts, features = case.facts(), case.encoding.shape[1]
    identity = ("expressivity", seed, case.kind, str(case.encoding.shape), case.choice, case.layers)
    count = int(np.clip(INSTANCE_WORK // case.waves**3, 1, settings["instances"]))
    chosen = frequencies(case.choice, case.layers)
    models = [random_model(case.encoding, chosen, generator(*identity, index)) for index in range(count)]
    spectra = [loss_spectrum(model) for model in models]
    pairs = list(zip(models, spectra, strict=True))
    rows = [
        _decided_row("rank", [rank_of_spectrum(*pair) for pair in pairs]),
        _decided_row("support", [fourier_support(*pair, strict=False) for pair in pairs]),
    ]
    points, finer = (2 * sum(chosen) + 1) ** features, OVERSAMPLING[case.kind]
    if points * finer**features <= GRID_ENTRIES:
        rows.append(_decided_row("grid_rank", [rank_on_grid(model, finer, strict=False) for model in models]))
    if features == 2 and points <= RECORDED_ENTRIES:
        rng, shots = generator(*identity, "shots"), settings["shots"]
        found = [recorded_rank(model, shots, rng) for model in models]
        rows.append(_row("recorded_rank", found, shots=shots, method="simulated shots, 99% noise level"))
    return [facts | row for row in rows]


def _decided_row(quantity: str, found: list[Decided]) -> dict[str, Any]:
    """A row with the most cautious of the gaps: smallest kept, largest dropped."""
    gap = min(one.gap for one in found)
    basis = {"kept": min(one.kept for one in found), "dropped": max(one.dropped for one in found), "gap": gap}
    if not all(one.clear for one in found):
        undecided = {"quantity": quantity, "instances": len(found), "method": f"undecided: a gap of {gap:.3g}"}
        return undecided | basis
    return _row(quantity, [one.count for one in found], method="exact") | basis


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


def rank_checks(case: RankCase, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All instances agree, ranks are those of the specification, the grid's rank agrees, records stay below."""
    found = {row["quantity"]: row for row in rows if "value" in row}
    rank = found.get("rank")
    if rank is None:
        return
    wanted = rank["value"] if case.expected is None else case.expected
    yield check_row(f"rank: {case.name}", rank["value"], wanted, wanted)
    yield check_row(f"smallest rank of all instances: {case.name}", rank["low"], wanted, wanted)
    if "grid_rank" in found:
        yield check_row(f"rank on the grid: {case.name}", found["grid_rank"]["low"], wanted, wanted)
    if "recorded_rank" in found:
        yield check_row(f"recorded rank: {case.name}", found["recorded_rank"]["high"], 1, wanted)
