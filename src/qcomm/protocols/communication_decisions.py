"""Claim C2, vector in subspace at a given success: bits and qubits of every protocol against N."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.progress import Progress
from qcomm.protocols import rivals_law, rivals_literal, subspace
from qcomm.protocols.communication_costs import EITHER, EVERYTHING, FLOAT_BITS, PLAIN, RIVALS, Counted, Rival
from qcomm.protocols.communication_ladders import (
    CONFIDENCE,
    EXACT,
    EXECUTED,
    FORMULA,
    LEAST_TRIALS,
    LITERAL,
    SAMPLED,
    cost_row,
    need_row,
    need_where_reached,
    saturated_row,
    trials_for,
)
from qcomm.protocols.rivals_batch import Batch
from qcomm.protocols.task import InferenceTask
from qcomm.seeds import generator, seed_for
from qcomm.theory.intervals import clopper_pearson

LARGEST_CODEBOOK = 256  # N up to which the codebook is also executed literally
LARGEST_BOOK = 1 << 20  # numbers of a codebook that is drawn anew, by both, in each of many trials
LARGEST_DESCRIBED = 256  # N up to which Bob's description of his subspace is really sent: N^2/4 numbers
LITERAL_CONFIDENCE = 0.999  # one of a dozen intervals that are all checked
INSIDE_OR_NOT = (0.0, 1.0)


def decision_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Vector in subspace at success `target`: every protocol at every N."""
    rows: list[dict[str, Any]] = []
    progress = Progress(len(settings["qubits"]), "vector in subspace", "dimension")
    for number, qubits in enumerate(settings["qubits"], start=1):
        size = 2**qubits
        rows.append(_one_copy(size, settings, seed))
        everything = _everything(Counted(EVERYTHING, RIVALS[EVERYTHING], size, seed), size, settings)
        for name, rival in RIVALS.items():
            counted = Counted(name, rival, size, seed)
            known = name == EVERYTHING
            rows.append(everything if known else _by_ladder(name, rival, counted, size, settings, everything))
            if name == "top-q" and rows[-1]["method"] == SAMPLED:
                rows.append(_top_in_full(counted, rows[-1], size, settings, seed))
        for name, either in ((PLAIN, False), (EITHER, True)):
            rows.append(_exact_best(name, either, size, settings["target"]))
            if size <= LARGEST_CODEBOOK and size << int(np.ceil(rows[-1]["cost"])) <= LARGEST_BOOK:
                rows.append(_codebook_in_full(name, either, size, settings, seed))
        rows += _sent_once(size, settings, seed)
        progress.update(number, N=size)
    return pd.DataFrame(rows)


def _one_copy(size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    rng = generator("subspace", size, seed)
    block = subspace.subspace_block(size, settings["largest_haar"], rng)
    tasks = [subspace.subspace_task(block, size, float(t % 2), rng) for t in range(settings["instances"])]
    inside = np.arange(len(tasks)) % 2 == 1
    found = subspace.decide(tasks, seed_for("decide", size, seed), inside=inside)
    wrong, wrongs = _wrong_subspaces(tasks, size, settings, rng, seed)
    low, high = clopper_pearson(wrong, wrongs, CONFIDENCE)
    return cost_row(
        "subspace",
        size,
        "one copy",
        "quantum",
        EXECUTED,
        found.ledger.qubits / len(tasks),
        resource=1,
        block=type(block).__name__,
        trials=len(tasks),
        errors=found.errors,
        deviation=subspace.exact_deviation(tasks),
        wrong_rate=wrong / wrongs,
        wrong_trials=wrongs,
        wrong_low=low,
        wrong_high=high,
    )


def _wrong_subspaces(tasks, size: int, settings: Mapping[str, Any], rng, seed: int) -> tuple[int, int]:
    """Errors where Bob holds another subspace, a fresh one each time: any single one leans to one side."""
    trials = settings["wrong_trials"]
    chosen = [tasks[t % len(tasks)] for t in range(trials)]
    others = [subspace.subspace_block(size, min(64, settings["largest_haar"]), rng) for _ in chosen]
    mistaken = [subspace.with_block(task, other) for task, other in zip(chosen, others, strict=True)]
    inside = np.arange(trials) % len(tasks) % 2 == 1  # in the subspace that Bob does not have
    return subspace.decide(mistaken, seed_for("wrong", size, seed), inside=inside).errors, trials


def _right(batch: Batch) -> float:
    return float(batch.right.mean())


def _by_ladder(
    name: str, rival: Rival, counted: Counted, size: int, settings: Mapping[str, Any], everything: Mapping[str, Any]
) -> dict[str, Any]:
    target, guess = settings["target"], rival.decision(size, settings["target"])
    need = need_where_reached(
        counted, rival, size, guess, target, settings["trials"], settings, INSIDE_OR_NOT, _right, two_sided=False
    )
    if need is None:
        return saturated_row("subspace", size, name, everything)
    return need_row("subspace", size, name, counted, need)


def _everything(counted: Counted, size: int, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The fewest bits a coordinate that reach the target; one hardly ever errs, except at small N."""
    rival = RIVALS[EVERYTHING]
    for bits in range(1, rival.most(size) + 1):
        made = trials_for(rival, bits, size, settings) // 2
        batch = counted.run(np.tile(INSIDE_OR_NOT, made), bits)
        if batch.right.mean() >= settings["target"]:
            row = cost_row("subspace", size, EVERYTHING, "classical", SAMPLED, batch.bits, resource=bits)
            return {**row, "trials": 2 * made, "errors": int((~batch.right).sum())}
    raise DataError(
        "no number of bits a coordinate is enough",
        where=f"{EVERYTHING}, N = {size}",
        fix="lower communication.target, or leave this size out of communication.qubits",
    )


def _exact_best(name: str, either: bool, size: int, target: float) -> dict[str, Any]:
    bits = rivals_law.best_bits(size, target, either_sign=either)
    return cost_row("subspace", size, name, "classical", EXACT, bits, resource=bits)


def _in_full(
    name: str, size: int, resource: int, trials: int, settings: Mapping[str, Any], seed: int, run: Callable
) -> dict[str, Any]:
    """Runs on full vectors, in which the message alone decides: their counted bits and their success."""
    rng, right, bits = generator("in full", name, size, seed), 0, set()
    for trial in range(trials):
        if trial % 10 == 0 and (trial == 0 or size <= LARGEST_CODEBOOK):
            block = subspace.subspace_block(size, settings["largest_haar"], rng)
        task = subspace.subspace_task(block, size, INSIDE_OR_NOT[trial % 2], rng)
        found = run(task, seed_for(name, size, trial, seed), resource)
        right += (found.value > 0.5) == bool(trial % 2)
        bits.add(found.ledger.bits)
    if len(bits) > 1:
        raise DataError(f"messages of one size differ: {sorted(bits)} bits", where=f"{name}, N = {size}")
    low, high = clopper_pearson(right, trials, LITERAL_CONFIDENCE)
    row = cost_row("subspace", size, name, "classical", LITERAL, bits.pop(), resource=resource, trials=trials)
    return {**row, "success": right / trials, "success_low": low, "success_high": high}


def _codebook_in_full(name: str, either: bool, size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The codebook drawn in full, at the exact need rounded up, beside the exact success."""
    bits = int(np.ceil(rivals_law.best_bits(size, settings["target"], either_sign=either)))

    def run(task: InferenceTask, seed: int, bits: int):
        return rivals_literal.best_of(task, seed, bits, either_sign=either)

    row = _in_full(name, size, bits, settings["codebook_trials"], settings, seed, run)
    return {**row, "success_expected": rivals_law.best_success(bits, size, either_sign=either)}


def _top_in_full(counted: Counted, sampled: dict, size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Top-q on full vectors at any N, at the need rounded up, beside the success of as many entries in bulk."""
    kept, rival = int(np.ceil(sampled["resource"])), RIVALS["top-q"]
    trials = min(settings["codebook_trials"], int(max(LEAST_TRIALS, settings["numbers"] / (4 * size))))
    row = _in_full("top-q", size, kept, trials, settings, seed, rivals_literal.top_q)
    batch = counted.run(np.tile(INSIDE_OR_NOT, trials_for(rival, kept, size, settings) // 2), kept, "beside literal")
    if row["cost"] != batch.bits:
        raise DataError(f"{row['cost']} bits in full, {batch.bits} in bulk", where=f"top-q, N = {size}")
    return {**row, "success_expected": _right(batch)}


def _sent_once(size: int, settings: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    """Alice's vector, Bob's subspace, and the shorter of both."""
    rng = generator("sent once", size, seed)
    block = subspace.subspace_block(size, settings["largest_haar"], rng)
    rows = [_decided("send x", rivals_literal.send_x, block, size, rng, seed)]
    if size <= min(LARGEST_DESCRIBED, settings["largest_haar"]):
        rows.append(_decided("Bob's parameters", rivals_literal.parameters, block, size, rng, seed))
    else:
        described = FLOAT_BITS * size * size // 4
        rows.append(cost_row("subspace", size, "Bob's parameters", "classical", FORMULA, described))
    return [*rows, _decided("shorter message", rivals_literal.shorter, block, size, rng, seed)]


def _decided(name: str, run: Callable, block: Any, size: int, rng, seed: int) -> dict[str, Any]:
    """Both answers by one message each, which cannot fail."""
    costs, off = [], 0.0
    for loss in INSIDE_OR_NOT:
        found = run(subspace.subspace_task(block, size, loss, rng), seed_for(name, size, loss, seed))
        off = max(off, abs(found.value - loss))
        costs.append(found.ledger.bits)
    if off > rivals_literal.ROUNDING:
        raise DataError(f"single precision is off by {off:.2g}", where=f"{name}, N = {size}")
    return cost_row(
        "subspace",
        size,
        name,
        "classical",
        EXECUTED,
        sum(costs) / len(costs),
        trials=len(costs),
        errors=0,
        deviation=off,
    )
