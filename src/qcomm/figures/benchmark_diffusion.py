"""Table of diffusion runs: seconds beside a bare sparse product with as many threads, memory, errors, goals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.graphs.bfloat import relative_bound
from qcomm.theory.checks import check_row

OURS, STEPS = "qcomm", "steps"
STAGE = "features stage"
GOAL = 1.5  # times a bare sparse-times-dense product
MEMORY_MB, OUT_OF_CORE_MB = 8000, 2000  # largest resident memory with features in memory, and through the disk
SINGLE = 1e-5  # relative rounding of float32 sums, added to the bound of bfloat16
FACTS = ("nodes", "edges", "features", "hops")


def measured(jobs: Sequence[Mapping[str, Any]], samples: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    """One row per implementation, storage and number of threads: medians over runs, largest memory, errors.

    Args:
        jobs: outputs of the stage benchmark_hops, each with its `stamp`.
        samples: rows of the last hop of each job [rows, D]; errors are relative to those of the first job.
    """
    yardstick, groups = samples[0].astype(np.float64), {}
    for job, sample in zip(jobs, samples, strict=True):
        key = job["implementation"], job["storage"], job["stamp"]["threads"]
        groups.setdefault(key, []).append((job, sample))
    rows = []
    for (implementation, storage, threads), runs in groups.items():
        found = [job for job, _ in runs]
        row = {"implementation": implementation, "storage": storage, "threads": threads}
        row |= {name: found[0][name] for name in FACTS} | {"includes": STEPS, "runs": len(runs)}
        row["seconds"] = float(np.median([sum(job["hop_s"]) for job in found]))
        row["prepare_s"] = float(np.median([job["prepare_s"] for job in found]))
        row["peak_memory_mb"] = max(job["stamp"]["peak_memory_mb"] for job in found)
        bound = relative_bound(found[0]["hops"]) if storage == "bfloat16" else np.nan
        rows.append(row | _errors(runs[0][1].astype(np.float64), yardstick) | {"error_bound": bound})
    return rows


def _errors(values: np.ndarray, yardstick: np.ndarray) -> dict[str, float]:
    """Root mean square and largest error, relative to the values."""
    off, there = np.abs(values - yardstick), yardstick > 0
    largest = (off[there] / yardstick[there]).max(initial=0.0)
    return {"error_rms": float(np.sqrt((off**2).mean() / (yardstick**2).mean())), "error_max": float(largest)}


def written(stamp: Mapping[str, Any], shape: Mapping[str, int]) -> dict[str, Any]:
    """A row for the stage features_nodes, from its stamp: everything that it does, files included."""
    asked = stamp["parameters"]
    row = {"implementation": f"{STAGE}, {asked['memory_mb']:g} MB", "storage": asked["storage"], **shape}
    row |= {"threads": stamp["threads"], "hops": asked["hops"], "includes": "reading, steps, writing, hashing"}
    return row | {"runs": 1, "seconds": stamp["seconds"], "peak_memory_mb": stamp["peak_memory_mb"]}


def with_ratios(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `over_bare`: seconds over those of the fastest bare product with as many threads.

    Raises:
        DataError: no bare product was measured.
    """
    bare = table[~table.implementation.str.startswith((OURS, STAGE))].groupby("threads").seconds.min()
    if bare.empty:
        raise DataError("no bare product to compare with", where="--hops", fix="run scipy or torch, too")
    return table.assign(over_bare=table.seconds / table.threads.map(bare))


def checks(table: pd.DataFrame, stamps: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Goals as rows name, value, low, high, ok: time, error, memory, and equal bytes whatever the memory.

    Args:
        table: of `with_ratios`.
        stamps: of the features stage.
    """
    rows, stamps = [], list(stamps)
    for row in table[(table.implementation == OURS) & table.over_bare.notna()].itertuples():
        name = f"{row.storage}, {row.threads} thread{'s' if row.threads > 1 else ''}: seconds over a bare product"
        rows.append(check_row(name, row.over_bare, 0, GOAL))
    for row in table[table.storage.eq("bfloat16") & table.includes.eq(STEPS)].itertuples():
        rows.append(check_row("bfloat16: largest relative error", row.error_max, 0, row.error_bound + SINGLE))
    for stamp in stamps:
        limit = stamp["parameters"]["memory_mb"]
        most = MEMORY_MB if limit >= OUT_OF_CORE_MB else OUT_OF_CORE_MB
        rows.append(check_row(f"{STAGE}, {limit:g} MB: peak memory in MB", stamp["peak_memory_mb"], 0, most))
    if stamps:
        kinds = len({(stamp["parameters"]["storage"], stamp["sha256"]) for stamp in stamps})
        expected = len({stamp["parameters"]["storage"] for stamp in stamps})
        rows.append(check_row(f"{STAGE}: different files over all limits", kinds, expected, expected))
    return pd.DataFrame(rows, columns=["name", "value", "low", "high", "ok"])
