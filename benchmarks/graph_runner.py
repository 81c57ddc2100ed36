"""Runs stages as commands for the benchmarks, each in a process of its own so that memory peaks are honest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def stage(name: str, *arguments: object, threads: int = 1, check: bool = True) -> bool:
    """``python -m qcomm.stages.NAME``; dictionaries are passed as json. Returns whether it succeeded.

    Raises:
        SystemExit: it failed and `check` is set.
    """
    words = [json.dumps(part) if isinstance(part, dict) else str(part) for part in arguments]
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}
    start = time.perf_counter()
    command = [sys.executable, "-m", f"qcomm.stages.{name}", *words, "--threads", str(threads)]
    done = subprocess.run(command, env=environment, check=False)
    print(f"{name}: {time.perf_counter() - start:.1f} s, exit {done.returncode}", flush=True)
    if check and done.returncode:
        raise SystemExit(f"stage {name} failed")
    return done.returncode == 0


def enter_root(*paths: Path) -> list[Path]:
    """Go to the root of the project and say what the paths are from there: stamps then hold no machine's folders."""
    found = [Path(os.path.relpath(path.resolve(), ROOT)) for path in paths]
    os.chdir(ROOT)
    return found


def forget(large: Iterable[Path]) -> None:
    """Delete large files; their stamps, which hold the hashes and how to make them again, stay."""
    for path in large:
        path.unlink()


def figure_files(prefix: Path) -> list[Path]:
    return [prefix.with_suffix(f".{kind}") for kind in ("pdf", "png", "csv")]
