"""Protocols executed over noisy and lossy links, beside what the formulas of `noise` say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from qcomm.network import Link
from qcomm.progress import Progress
from qcomm.protocols import noise, subspace
from qcomm.protocols.blocks import ScrambleBlock
from qcomm.protocols.communication_curves import best_rivals, cheapest
from qcomm.protocols.communication_ladders import CONFIDENCE
from qcomm.protocols.sampling import run_sampling, visibility
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss
from qcomm.seeds import generator, seed_for
from qcomm.theory.intervals import clopper_pearson

FACTORS = (0.6, 0.8, 1.0, 1.2, 1.4)  # of the computed threshold, at which decisions are executed
LOSSES = (0.2, 0.5, 0.8)  # of the tasks whose loss is estimated over noisy links
LARGEST_HAAR = 256
TIE = 1e-9  # an estimate that lies eps off, up to rounding, is within eps


def noise_row(task: str, quantity: str, qubits: int, messages: int, method: str, value: float, **more: Any) -> dict:
    """One number of the noise table, at N = 2^qubits and that many messages of n qubits a copy."""
    bounds = {"low": value, "high": value}
    return {
        "task": task,
        "quantity": quantity,
        "dimension": 2**qubits,
        "messages": messages,
        "method": method,
        "value": value,
        **bounds,
        **more,
    }


def executed_rows(costs: pd.DataFrame, settings: Mapping[str, Any], target: float, seed: int) -> Iterator[dict]:
    """Thresholds, visibilities, noisy estimates and lossy links, all by execution."""
    yield from executed_thresholds(costs, settings, target, seed)
    yield from visibilities(settings, seed)
    yield from noisy_estimates(costs, settings, seed)
    yield from lossy_runs(costs, settings, seed)


def tasks_of(
    size: int, messages: int, losses: Sequence[float], count: int, *identity: str | float
) -> list[InferenceTask]:
    """Instances whose losses take turns. One message: Bob measures after B_1. Two: a generic A_1 follows, and Alice
    measures, so that an error on the way back moves the loss as much as one on the way out (`visibility`)."""
    rng = generator("noise", size, messages, *identity)
    one = messages == 1
    generic = (ScrambleBlock.random(owner, size, rng) for owner in (BOB, ALICE))
    blocks = (subspace.subspace_block(size, LARGEST_HAAR, rng),) if one else tuple(generic)
    chosen = [losses[t % len(losses)] for t in range(count)]
    return [
        InferenceTask(vector_with_loss(blocks, size, loss, rng), blocks, measured_by=BOB if one else ALICE)
        for loss in chosen
    ]


def sizes_with_messages(sizes: Sequence[int], settings: Mapping[str, Any]) -> list[tuple[int, int]]:
    """(n, messages a copy): one message at all sizes, and two at the middle one where they are among the settings."""
    two = [(n, 2) for n in sizes[len(sizes) // 2 :][:1]] if 2 in settings["messages"] else []
    return [*((n, 1) for n in sizes), *two]


def _errors(tasks: list[InferenceTask], seed: int, copies: int, p: float) -> int:
    link = Link(depolarising=p)
    inside = np.arange(len(tasks)) % 2 == 1
    return subspace.decide(tasks, seed, copies=copies, link=link, inside=inside).errors


def executed_thresholds(costs: pd.DataFrame, settings: Mapping[str, Any], target: float, seed: int) -> Iterator[dict]:
    """The p at which executed decisions, with as many copies as the rival's bits pay for, fall to the target."""
    curves = best_rivals(costs[costs.task == "subspace"])
    points = [(n, m) for n, m in sizes_with_messages(settings["executed"], settings) if cheapest(curves, n)[0] > n * m]
    progress = Progress(len(points), "decisions over noisy links", "size")
    for number, (n, messages) in enumerate(points, start=1):
        bits, name, _ = cheapest(curves, n)
        copies = (bits - 1) // (n * messages)  # strictly fewer qubits than the rival sends bits
        copies -= copies % 2 == 0
        expected = noise.threshold(lambda p, n=n, m=messages: noise.decision_qubits(p, n, target, m), bits)
        tasks, seen = tasks_of(2**n, messages, (0.0, 1.0), settings["trials"], seed), []
        for factor in FACTORS:
            p = min(1.0, factor * expected)
            errors = _errors(tasks, seed_for("noisy", n, messages, factor, seed), copies, p)
            seen.append((p, 1 - errors / len(tasks)))
        value, error = crossing(np.array(seen), target, len(tasks))
        bounds = {"low": value - 1.96 * error, "high": value + 1.96 * error}
        row = noise_row("subspace", "depolarising", n, messages, "executed", value)
        yield {**row, **bounds, "rival": name, "copies": copies}
        progress.update(number, n=n)


def crossing(points: np.ndarray, target: float, trials: int) -> tuple[float, float]:
    """Where a weighted quadratic through (p, success) falls to `target`, and its standard error.

    The error is that of the success there over the slope of the weighted line: the quadratic's own slope is so
    uncertain that few trials often make it far too steep, or flat.
    """
    p, share = points.T
    sigma = np.sqrt(np.clip(share * (1 - share), 0.25 / trials, None) / trials)
    middle = p.mean()
    fit, covariance = np.polyfit(p - middle, share, 2, w=1 / sigma, cov="unscaled")
    fine = np.linspace(p.min(), p.max(), 4001) - middle
    place = fine[np.argmin(np.abs(np.polyval(fit, fine) - target))]
    powers = place ** np.array([2, 1, 0])
    slope = abs(np.polyfit(p - middle, share, 1, w=1 / sigma)[0])
    return float(place + middle), float(np.sqrt(powers @ covariance @ powers) / max(slope, 1e-9))


def visibilities(settings: Mapping[str, Any], seed: int) -> Iterator[dict]:
    """Measured 1 - 2 (error rate) of one noisy copy beside (1 - 3p/4)^(n m)."""
    for n, messages in sizes_with_messages(settings["visibility_qubits"], settings):
        tasks = tasks_of(2**n, messages, (0.0, 1.0), settings["trials"] // 2, seed)
        for p in settings["visibility_noise"]:
            errors = _errors(tasks, seed_for("visibility", n, messages, p, seed), 1, p)
            value, error = noise.measured_visibility(errors, len(tasks))
            bounds = {"low": value - 1.96 * error, "high": value + 1.96 * error}
            row = noise_row("subspace", "visibility", n, messages, "executed", value)
            yield {**row, **bounds, "noise": p, "expected": visibility(p, n, messages)}


def noisy_estimates(costs: pd.DataFrame, settings: Mapping[str, Any], seed: int) -> Iterator[dict]:
    """Failure rates of estimates divided by the visibility, and the qubits they sent beside `estimate_qubits`.

    All blocks scramble (`tasks_of`), as that divisor asks.
    """
    eps, delta = accuracy_of(costs)
    for n, messages in sizes_with_messages(settings["estimate_qubits"], settings):
        tasks = tasks_of(2**n, messages, LOSSES, settings["estimate_trials"], "estimate", seed)
        for p in settings["estimate_noise"]:
            copies, failures, qubits = noise.estimate_copies(p, n, eps, delta, messages), 0, 0
            for number, task in enumerate(tasks):
                run_seed = seed_for("noisy estimate", n, messages, p, number, seed)
                link, seen = Link(depolarising=p), visibility(p, n, messages)
                found = run_sampling(task, run_seed, copies=copies, link=link, seen=seen)
                failures += abs(found.value - LOSSES[number % len(LOSSES)]) > eps + TIE
                qubits += found.ledger.qubits
            low, high = clopper_pearson(int(failures), len(tasks), CONFIDENCE)
            row = noise_row("estimate", "failure rate", n, messages, "executed", failures / len(tasks))
            more = {"noise": p, "eps": eps, "delta": delta, "copies": copies, "sent": qubits / len(tasks)}
            planned = noise.estimate_qubits(p, n, eps, delta, messages)
            yield {**row, "low": low, "high": high, **more, "planned": planned}


def lossy_runs(costs: pd.DataFrame, settings: Mapping[str, Any], seed: int) -> Iterator[dict]:
    """Qubits and bits of decisions by one copy over links with heralded loss; errors, of which there must be none."""
    for n, messages in sizes_with_messages(settings["estimate_qubits"], settings):
        tasks = tasks_of(2**n, messages, (0.0, 1.0), settings["estimate_trials"], "loss", seed)
        for loss in settings["link_losses"]:
            runs = [
                run_sampling(task, seed_for("lossy", n, messages, loss, number, seed), copies=1, link=Link(loss=loss))
                for number, task in enumerate(tasks)
            ]
            sent = np.array([run.ledger.qubits + run.ledger.bits for run in runs], dtype=float)
            errors = sum((run.value > 0.5) != (number % 2 == 1) for number, run in enumerate(runs))
            half = 1.96 * max(sent.std(), 1 / len(sent)) / np.sqrt(len(sent))
            row = noise_row("subspace", "qubits and bits with loss", n, messages, "executed", float(sent.mean()))
            bounds = {"low": row["value"] - half, "high": row["value"] + half}
            expected = noise.decision_cost_lossy(loss, n, messages)
            yield {**row, **bounds, "noise": loss, "expected": expected, "errors": int(errors)}


def accuracy_of(costs: pd.DataFrame) -> tuple[float, float]:
    """The (eps, delta) of the fewest copies among those of the cost table."""
    pairs = costs[costs.task == "estimate"][["eps", "delta"]].drop_duplicates().itertuples(index=False)
    return min(((float(eps), float(delta)) for eps, delta in pairs), key=lambda pair: noise.fewest_copies(*pair))
