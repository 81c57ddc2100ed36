"""Time the engine against others: forward and gradient of the same circuits, alternated in one run, one thread.

    python -m venv BENCH; BENCH/bin/pip install -r benchmarks/requirements.txt -e .
    BENCH/bin/python benchmarks/engine.py --out results-benchmark

Every task is checked first: values and gradients of all engines must agree. Then the engines take turns; a task that
took longer than ``--cap`` seconds is measured once. A peer that is not installed, or has no such task, is left out and
named in ``benchmark_engine.skipped.csv`` beside the table. Of peers with several forms (qsim with symbols resolved, or
with the circuit rebuilt from numbers) the faster one stands in the table. The whole grid takes about half an hour.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from graph_runner import figure_files, stage
from peers import MOST_QUBITS, PEERS

from qcomm.files import write_csv
from qcomm.seeds import generator

LAYERS, DEPTH = 2, 4
TOLERANCE = 2e-4  # single precision, sums of thousands of terms


def problem(n: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("engine benchmark", n)
    vectors = rng.normal(size=(batch, 1 << n))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rng.uniform(-np.pi, np.pi, 2 * LAYERS * DEPTH * n), vectors


def once(function, arguments) -> tuple[float, object]:
    begin = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - begin, result


def estimated(engine: str, task: str, n: int, batch: int, known: dict) -> float:
    """Seconds that a task will take, from one input, from the batch before or from four qubits fewer; 0 if unknown.

    Up to 16 qubits overheads and twice as many parameters rule (5 times for four qubits more), then memory (20 times).
    """
    if batch > 1 and (engine, task, n, 1) in known:
        return batch * known[engine, task, n, 1]
    return (5 if n <= 16 else 20) * known.get((engine, task, n - 4, batch), 0.0)


def agree(task: str, name: str, result, expected) -> None:
    pairs = zip(result, expected, strict=True) if task == "gradient" else [(result, expected)]
    for mine, theirs in pairs:
        if not np.allclose(mine, theirs, atol=TOLERANCE):
            raise SystemExit(f"{name} disagrees on {task} by {np.abs(np.asarray(mine) - theirs).max():.2g}")


def measure(task: str, n: int, batch: int, arguments: argparse.Namespace, skipped: list, known: dict) -> list[dict]:
    """Rows of one task: all engines in turn, `repeats` times."""
    given = problem(n, batch)
    functions, expected = {}, None
    for name in arguments.engines:
        reason = None
        expected_seconds = estimated(name, task, n, batch, known)
        if n > MOST_QUBITS.get(name, n):
            reason = f"compiles for minutes beyond {MOST_QUBITS[name]} qubits"
        elif expected_seconds > arguments.limit:
            reason = f"would take about {expected_seconds:.0f} s, the limit is {arguments.limit:.0f} s"
        else:
            try:
                made = PEERS[name](n, LAYERS, DEPTH)
            except ImportError as error:
                reason = f"not installed ({error.name})"
            else:
                if task not in made:
                    reason = "has no such task"
        if reason:
            known[name, task, n, batch] = expected_seconds  # larger tasks are judged by it
            skipped.append({"engine": name, "task": task, "n": n, "batch": batch, "reason": reason})
            continue
        compile_s, result = once(made[task], given)
        expected = result if expected is None else expected
        agree(task, name, result, expected)
        first_s, _ = once(made[task], given)
        known[name, task, n, batch] = first_s
        functions[name] = (made[task], first_s, compile_s)
    times = {name: [first] for name, (_, first, _) in functions.items()}
    for _ in range(arguments.repeats - 1):
        for name, (function, first, _) in functions.items():
            if first < arguments.cap:
                loops = max(1, min(200, int(0.005 / max(first, 1e-6))))
                begin = time.perf_counter()
                for _ in range(loops):
                    function(*given)
                times[name].append((time.perf_counter() - begin) / loops)
    return [
        {
            "engine": name,
            "task": task,
            "n": n,
            "layers": LAYERS,
            "batch": batch,
            "median_s": statistics.median(values[1:] or values),
            "repeats": len(values[1:] or values),
            "low_s": min(values[1:] or values),
            "high_s": max(values[1:] or values),
            "first_call_s": functions[name][2],
        }
        for name, values in times.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results-benchmark"), help="folder of the table and figure")
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 8, 12, 16, 20])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--engines", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--cap", type=float, default=5.0, help="seconds above which a task is measured once")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds above which a task is left out")
    arguments = parser.parse_args()
    rows, skipped, known = [], [], {}
    for n in arguments.qubits:
        for batch in arguments.batches:
            for task in ("forward", "gradient"):
                rows += measure(task, n, batch, arguments, skipped, known)
                found = [row for row in rows if (row["n"], row["batch"], row["task"]) == (n, batch, task)]
                print(pd.DataFrame(found).to_string(index=False), flush=True)
    publish(fastest_forms(pd.DataFrame(rows)), skipped, arguments.out)
    return 0


def fastest_forms(table: pd.DataFrame) -> pd.DataFrame:
    """One row per engine and task: of the forms of a peer, as in "qsim (rebuilt)", the one with the smallest median."""
    parts = table.engine.str.extract(r"^(?P<engine>[^ ]+)(?: \((?P<form>.+)\))?$")
    named = table.assign(engine=parts.engine, form=parts.form.fillna("as it is"))
    best = named.groupby(["engine", "task", "n", "batch"], sort=False).median_s.idxmin()
    return named.loc[sorted(best)]


def publish(table: pd.DataFrame, skipped: list[dict], out: Path) -> None:
    """Tables, picture and ratios, stamped by the stage."""
    columns = ["engine", "task", "n", "batch", "reason"]
    write_csv(out / "benchmark_engine.skipped.csv", pd.DataFrame(skipped, columns=columns))
    figure, ratios = out / "figures" / "benchmark_engine", out / "figures" / "benchmark_engine_ratios"
    times = out / "benchmark_engine.times.csv"
    write_csv(times, table)
    files = ["--figure", *figure_files(figure), "--ratios", *(f"{ratios}.{kind}" for kind in ("csv", "md", "tex"))]
    stage("benchmark_engine", "--times", times, "--out", out / "benchmark_engine.csv", *files)


if __name__ == "__main__":
    sys.exit(main())
