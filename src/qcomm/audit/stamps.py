"""Stamps: a compact json beside every output that says how it was made, and the check that it is still that output.

A stamp lies beside its output and never inside: it holds times and machine facts, while outputs are byte-identical.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qcomm.errors import StampError
from qcomm.files import read_json, sha256_of, write_text

SUFFIX = ".stamp.json"
FORMAT = 1


def stamp_path(path: str | Path) -> Path:
    """Where the stamp of a file lies."""
    return Path(f"{path}{SUFFIX}")


def read_stamp(path: str | Path) -> dict[str, Any]:
    """The stamp of the file `path`.

    Raises:
        StampError: there is no stamp, or it is not one.
    """
    stamp = stamp_path(path)
    if not stamp.exists():
        raise StampError(
            f"the file has no stamp {stamp.name}", where=str(path), fix="delete the file and let Snakemake make it anew"
        )
    try:
        content = read_json(stamp)
    except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StampError(f"not a stamp: {error}", where=str(stamp), fix="delete the file and its stamp") from error
    if not isinstance(content, dict) or "sha256" not in content or "stage" not in content:
        raise StampError("not a stamp: no stage or no sha256", where=str(stamp), fix="delete the file and its stamp")
    return content


def verify(path: str | Path) -> dict[str, Any]:
    """The stamp of `path`, after its hash was compared with the file.

    Raises:
        StampError: the file is not the one that was stamped.
    """
    stamp = read_stamp(path)
    if stamp["sha256"] != sha256_of(path):
        raise StampError(
            f"the file was changed after stage {stamp['stage']} wrote it (its sha256 is not the one in its stamp)",
            where=str(path),
            fix="delete it and run Snakemake again, or restore it",
        )
    return stamp


def merge_sources(stamps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Data set -> source over all stamps.

    Raises:
        StampError: results of one data set come from different sources.
    """
    merged: dict[str, str] = {}
    for stamp in stamps:
        for dataset, source in stamp.get("data_source", {}).items():
            if merged.setdefault(dataset, source) != source:
                raise StampError(
                    f"results from source {merged[dataset]!r} and from source {source!r} would be mixed",
                    where=dataset,
                    fix=f"run `snakemake --forcerun fetch` so that every result of {dataset} has one source",
                )
    return dict(sorted(merged.items()))


def write_stamp(path: str | Path, facts: Mapping[str, Any]) -> None:
    """Write the stamp of an output that exists: `facts` plus the hash of the output itself."""
    content = {"format": FORMAT, "output": Path(os.path.relpath(path)).as_posix(), "sha256": sha256_of(path), **facts}
    write_text(stamp_path(path), json.dumps(content, separators=(",", ":"), ensure_ascii=False) + "\n")
