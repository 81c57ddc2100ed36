"""Time the engine against others: forward and gradient of the same circuits, alternated in one run, one thread.

    make benchmark-engine
    .venv-bench/bin/python benchmarks/engine.py --out results-benchmark

Every task is checked first: values and gradients of all engines must agree. Then the engines take turns; a task that
takes longer than ``--cap`` seconds is measured once. A peer that is not installed, or has no such task, is left out and
named in ``benchmark_engine.skipped.csv`` beside the table. Of peers with several forms (qsim with symbols resolved, or
with the circuit rebuilt from numbers) the faster one stands in the table. The whole grid takes about a quarter of an
hour; half of it is tensorcircuit's compilation and single calls of the slowest peers.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from graph_runner import ROOT, enter_root, figure_files, stage

from qcomm.files import sha256_of
from qcomm.runtime import set_threads

DEFAULTS = {"qubits": [4, 8, 12, 16, 20], "batches": [1, 32], "repeats": 5, "cap": 2.0, "limit": 15.0}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of the table and figure")
    parser.add_argument("--qubits", type=int, nargs="+", default=DEFAULTS["qubits"])
    parser.add_argument("--batches", type=int, nargs="+", default=DEFAULTS["batches"])
    parser.add_argument("--engines", nargs="+", help="all by default")
    parser.add_argument("--repeats", type=int, default=DEFAULTS["repeats"])
    parser.add_argument("--cap", type=float, default=DEFAULTS["cap"], help="seconds from which a task runs once")
    parser.add_argument("--limit", type=float, default=DEFAULTS["limit"], help="seconds from which it is left out")
    return parser.parse_args()


def one_thread() -> None:
    """For every engine; before numpy and the peers are imported, which read these variables then."""
    set_threads(1)
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def main() -> int:
    arguments = parsed()
    one_thread()
    from engine_times import fastest_forms, grid
    from peers import PEERS

    chosen = vars(arguments) | {"engines": arguments.engines or list(PEERS)}
    if unknown := set(chosen["engines"]) - set(PEERS):
        raise SystemExit(f"unknown engines {', '.join(sorted(unknown))}; known are {', '.join(PEERS)}")
    (out,) = enter_root(chosen.pop("out"))
    table, skipped = grid(**chosen)
    publish(fastest_forms(table), skipped, out, chosen)
    return 0


def publish(table, skipped, out: Path, settings: dict) -> None:
    """Tables, picture and ratios; the stage stamps them with the settings and the hashes of these scripts."""
    from qcomm.files import write_csv

    write_csv(out / "benchmark_engine.skipped.csv", skipped)
    figure, ratios = out / "figures" / "benchmark_engine", out / "figures" / "benchmark_engine_ratios"
    times = out / "benchmark_engine.times.csv"
    write_csv(times, table)
    scripts = {path.name: sha256_of(path) for path in sorted((ROOT / "benchmarks").glob("*.py"))}
    files = ["--figure", *figure_files(figure), "--ratios", *(f"{ratios}.{kind}" for kind in ("csv", "md", "tex"))]
    told = ["--settings", settings, "--scripts", scripts]
    stage("benchmark_engine", "--times", times, "--out", out / "benchmark_engine.csv", *files, *told)


if __name__ == "__main__":
    sys.exit(main())
