"""Measures of the engine benchmark: one task in all engines in turn, and the whole grid of tasks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from peers import MOST_QUBITS, PEERS

from qcomm.seeds import generator

LAYERS, DEPTH = 2, 4
TOLERANCE = 2e-4  # single precision, sums of thousands of terms
SHORTEST = 0.005  # seconds; shorter calls are timed in a loop of about that length
SKIPPED = ("engine", "task", "n", "batch", "reason")


@dataclass(frozen=True)
class Task:
    """forward or gradient at n qubits for a batch of inputs."""

    kind: str
    n: int
    batch: int


@dataclass
class Timed:
    """A peer's function for one task, the seconds of its first call, and those of further calls."""

    call: Callable[..., Any]
    first_call: float
    times: list[float] = field(default_factory=list)


def problem(n: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Parameters [2 LAYERS DEPTH n] and unit vectors [batch, 2^n]."""
    rng = generator("engine benchmark", n)
    vectors = rng.normal(size=(batch, 1 << n))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rng.uniform(-np.pi, np.pi, 2 * LAYERS * DEPTH * n), vectors


def seconds(function: Callable[..., Any], arguments: tuple, loops: int = 1) -> tuple[float, Any]:
    """Seconds of one call, averaged over `loops`, and the last result."""
    begin = time.perf_counter()
    for _ in range(loops):
        result = function(*arguments)
    return (time.perf_counter() - begin) / loops, result


def estimated(engine: str, task: Task, known: dict) -> float:
    """Seconds that a task will take, from one input, from the batch before or from four qubits fewer; 0 if unknown.

    Up to 16 qubits overheads and twice as many parameters rule (5 times for four qubits more), then memory (20 times).
    """
    if task.batch > 1 and (engine, Task(task.kind, task.n, 1)) in known:
        return task.batch * known[engine, Task(task.kind, task.n, 1)]
    return (5 if task.n <= 16 else 20) * known.get((engine, Task(task.kind, task.n - 4, task.batch)), 0.0)


def agree(task: Task, name: str, result, expected) -> None:
    """Stop where an engine computes something else.

    Raises:
        SystemExit: it does.
    """
    pairs = zip(result, expected, strict=True) if task.kind == "gradient" else [(result, expected)]
    for mine, theirs in pairs:
        if not np.allclose(mine, theirs, atol=TOLERANCE):
            raise SystemExit(f"{name} disagrees on {task} by {np.abs(np.asarray(mine) - theirs).max():.2g}")


def made(name: str, task: Task, expected: float, limit: float) -> Callable[..., Any] | str:
    """The peer's function for a task, or why it is left out."""
    if task.n > MOST_QUBITS.get(name, task.n):
        return f"compiles for minutes beyond {MOST_QUBITS[name]} qubits"
    if expected > limit:
        return f"would take about {expected:.0f} s, the limit is {limit:.0f} s"
    try:
        functions = PEERS[name](task.n, LAYERS, DEPTH)
    except ImportError as error:
        return f"not installed ({error.name})"
    return functions.get(task.kind, "has no such task")


def started(task: Task, engines: list[str], limit: float, cap: float, known: dict, skipped: list) -> dict[str, Timed]:
    """First calls of all engines that take part, checked against each other.

    The second call counts as the first measure; a task that is expected to take longer than `cap` is called only once.
    """
    given, running, reference = problem(task.n, task.batch), {}, None
    for name in engines:
        expected = estimated(name, task, known)
        call = made(name, task, expected, limit)
        if isinstance(call, str):
            known[name, task] = expected  # larger tasks are judged by it
            skipped.append((name, task.kind, task.n, task.batch, call))
            continue
        first_call, result = seconds(call, given)
        reference = result if reference is None else reference
        agree(task, name, result, reference)
        known[name, task] = first_call if expected > cap else seconds(call, given)[0]
        running[name] = Timed(call, first_call)
    return running


def measure(task: Task, engines: list[str], repeats: int, cap: float, limit: float, known: dict, skipped: list):
    """Rows of one task: all engines in turn, `repeats` times; those above `cap` seconds once."""
    given = problem(task.n, task.batch)
    running = started(task, engines, limit, cap, known, skipped)
    for _ in range(repeats):
        for name, timed in running.items():
            once = known[name, task]
            if once < cap:
                timed.times.append(seconds(timed.call, given, max(1, min(200, int(SHORTEST / max(once, 1e-6)))))[0])
    return [_row(name, task, timed, known[name, task]) for name, timed in running.items()]


def _row(name: str, task: Task, timed: Timed, once: float) -> dict[str, Any]:
    times = timed.times or [once]
    return {
        "engine": name,
        "task": task.kind,
        "n": task.n,
        "layers": LAYERS,
        "batch": task.batch,
        "median_s": statistics.median(times),
        "repeats": len(times),
        "low_s": min(times),
        "high_s": max(times),
        "first_call_s": timed.first_call,
    }


def grid(
    qubits: list[int], batches: list[int], engines: list[str], repeats: int, cap: float, limit: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Times of every task, and what was left out with the reason."""
    rows, skipped, known = [], [], {}
    for n in qubits:
        for batch in batches:
            for kind in ("forward", "gradient"):
                found = measure(Task(kind, n, batch), engines, repeats, cap, limit, known, skipped)
                print(pd.DataFrame(found).to_string(index=False), flush=True)
                rows += found
    return pd.DataFrame(rows), pd.DataFrame(skipped, columns=list(SKIPPED))


def fastest_forms(table: pd.DataFrame) -> pd.DataFrame:
    """One row per engine and task: of the forms of a peer, as in "qsim (rebuilt)", the one with the smallest median."""
    parts = table.engine.str.extract(r"^(?P<engine>[^ ]+)(?: \((?P<form>.+)\))?$")
    named = table.assign(engine=parts.engine, form=parts.form.fillna("as it is"))
    best = named.groupby(["engine", "task", "n", "batch"], sort=False).median_s.idxmin()
    return named.loc[sorted(best)]
