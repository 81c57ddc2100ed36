"""Where the time of a run went, read from the stamps: seconds and memory per stage, and the critical path.

``python -m qcomm.audit.timings FOLDER ..`` prints both for the stamps below some folders (results and figures).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from qcomm.audit.stamps import SUFFIX, read_stamp
from qcomm.errors import QcommError, StampError

Stamps = Mapping[str, Mapping[str, Any]]


def load_stamps(folders: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """All stamps below some folders, by the path of their output relative to the working folder.

    Raises:
        StampError: there is none.
    """
    found = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob(f"*{SUFFIX}")):
            output = path.as_posix().removesuffix(SUFFIX)
            found[output] = read_stamp(output)
    if not found:
        raise StampError("no stamps", where=", ".join(map(str, folders)), fix="run snakemake first")
    return found


def per_stage(stamps: Stamps) -> list[dict[str, Any]]:
    """Rows with stage, jobs, seconds (summed), longest job and peak memory, the costliest stage first.

    Outputs of one job share stage, start and duration and are counted once.
    """
    jobs: dict[str, dict[tuple, float]] = {}
    memory: dict[str, float] = {}
    for stamp in stamps.values():
        stage = stamp["stage"]
        key = (stamp["started"], stamp["seconds"], str(stamp["parameters"]))
        jobs.setdefault(stage, {})[key] = float(stamp["seconds"])
        memory[stage] = max(memory.get(stage, 0.0), float(stamp["peak_memory_mb"]))
    rows = [
        {
            "stage": stage,
            "jobs": len(times),
            "seconds": sum(times.values()),
            "longest": max(times.values()),
            "peak_memory_mb": memory[stage],
        }
        for stage, times in jobs.items()
    ]
    return sorted(rows, key=lambda row: -row["seconds"])


def critical_path(stamps: Stamps) -> list[tuple[str, float]]:
    """The chain of outputs, first to last, whose durations add up to most: no number of cores goes below it."""
    best: dict[str, tuple[float, str | None]] = {}

    def length(output: str) -> float:
        if output not in best:
            before = [name for name in stamps[output]["inputs"] if name in stamps]
            longest = max(before, key=length, default=None)
            best[output] = ((length(longest) if longest else 0.0) + float(stamps[output]["seconds"]), longest)
        return best[output][0]

    step: str | None = max(stamps, key=length)
    chain = []
    while step is not None:
        chain.append((step, float(stamps[step]["seconds"])))
        step = best[step][1]
    return chain[::-1]


def main(arguments: list[str] | None = None) -> int:
    """Print the table and the path; 2 where there are no stamps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", help="folders with stamps, e.g. results figures")
    try:
        stamps = load_stamps(parser.parse_args(arguments).folders)
    except QcommError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{'stage':<22}{'jobs':>6}{'seconds':>10}{'longest':>10}{'peak MB':>10}")
    for row in per_stage(stamps):
        print(f"{row['stage']:<22}{row['jobs']:>6}{row['seconds']:>10.1f}{row['longest']:>10.1f}", end="")
        print(f"{row['peak_memory_mb']:>10.0f}")
    chain = critical_path(stamps)
    print(f"\ncritical path, {sum(seconds for _, seconds in chain):.1f} s:")
    for output, seconds in chain:
        print(f"{seconds:>10.1f}  {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
