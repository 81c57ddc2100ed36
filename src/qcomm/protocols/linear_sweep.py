"""Sweeps of the linear protocols over margin and dimension: exact needs, and needs measured from executed runs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from qcomm.errors import DataError
from qcomm.protocols.linear import LinearRun, random_pairs
from qcomm.protocols.linear_protocols import PROTOCOLS, Protocol
from qcomm.seeds import generator, seed_for
from qcomm.theory.intervals import wilson

MOST_SECONDS = 0.2  # nominal time of one run: fewer trials are made where one trial takes long
LEAST_TRIALS = 100  # a ladder with fewer says nothing about its crossing
LEAST_SINGLE = 20  # and a run without a crossing nothing about its success
GIVE_UP_BITS = 32  # a classical protocol that costs more is not run: sending x in single precision is cheaper
EXECUTED, IN_SPAN, NOT_RUN = "executed", "executed in the span", "not run"
IN_QUBITS = "quantised vector in qubits"


def exact_row(name: str, gamma: float, dimension: int, target: float) -> dict[str, Any]:
    """The exact need of one protocol; an exact number is its own interval."""
    protocol = PROTOCOLS[name]
    resource = protocol.need(gamma, target, dimension)
    cost = protocol.cost(int(resource), dimension)
    return _facts(name, gamma, dimension, target, "exact") | {
        "resource": resource,
        "cost": cost,
        "low": cost,
        "high": cost,
    }


def _facts(name: str, gamma: float, dimension: int, target: float, method: str) -> dict[str, Any]:
    protocol = PROTOCOLS[name]
    return {
        "protocol": name,
        "kind": protocol.kind,
        "gamma": gamma,
        "dimension": dimension,
        "target": target,
        "method": method,
        "resource_unit": protocol.resource,
        "unit": "bits" if protocol.kind == "classical" else "qubits",
    }


def executed_row(
    name: str, gamma: float, dimension: int, target: float, trials: int, seed: int, *, span: bool = False
) -> dict[str, Any]:
    """The need as executed runs show it: success on a ladder of resources, and where it crosses the target.

    Interval: 95%, from 300 resamplings of the success counts. `expected`: the resource that the same ladder gives
    without noise, from exact probabilities. Costs are read from the ledgers. `span` runs in the span
    of the pair. Method "not run", with the reason, where a classical protocol would cost more than GIVE_UP_BITS bits a
    number, or too few trials are affordable.
    """
    protocol = PROTOCOLS[name]
    exact = protocol.need(gamma, target, dimension)
    ladder = ladder_of(protocol, exact)
    counts = [_trials(protocol, rung, dimension, trials, span) for rung in ladder]
    reason = _reason(protocol, exact, dimension, min(counts))
    if reason:
        return _facts(name, gamma, dimension, target, NOT_RUN) | {"reason": reason}
    facts = _facts(name, gamma, dimension, target, IN_SPAN if span else EXECUTED)
    identity = ("linear", seed, name, gamma, dimension, span)
    rng = generator("pairs", *identity)
    # the votes of shared vectors have the same law for every pair: rungs may use the same pairs
    x, y = random_pairs(gamma, 2 if span else dimension, max(counts) if protocol.paired and not span else 2, rng)
    runs = {}
    for rung, count in zip(ladder, counts, strict=True):
        if span:
            runs[rung] = protocol.span(x, y, rung, dimension, count, seed_for(*identity, rung))
        else:
            runs[rung] = protocol.run(x, y, rung, gamma, count, seed_for(*identity, rung))
    facts["trials"] = min(len(run.votes) for run in runs.values())
    if protocol.exponent is None:
        return facts | _single(runs[ladder[0]], exact)
    found = crossing_of(runs, target, generator("linear interval", *identity))
    rates = np.array([protocol.success(rung, gamma, dimension) for rung in ladder])
    expected = solve(np.array(ladder, dtype=float), rates, np.array(counts), target)
    return facts | found | {"expected": float(expected)}


def _reason(protocol: Protocol, exact: float, dimension: int, trials: int) -> str:
    if protocol.kind == "classical" and protocol.cost(int(exact), dimension) > GIVE_UP_BITS * dimension:
        return f"more than {GIVE_UP_BITS} bits a number: sending x is cheaper"
    least = LEAST_SINGLE if protocol.exponent is None else LEAST_TRIALS
    return f"{trials} trials are affordable, {least} are needed" if trials < least else ""


def ladder_of(protocol: Protocol, exact: float) -> list[int]:
    """Resources around the exact need that are executed."""
    if protocol.exponent is None:
        return [int(exact)]
    step = 2 if protocol.even else 1
    return sorted({max(step, int(round(exact * factor / step)) * step) for factor in protocol.rungs})


def _trials(protocol: Protocol, resource: int, dimension: int, trials: int, span: bool) -> int:
    seconds = protocol.span_seconds(resource) if span else protocol.seconds(resource, dimension)
    return int(min(MOST_SECONDS / seconds, trials * protocol.share)) // 2 * 2


def _cost(run: LinearRun) -> float:
    return run.bits + run.qubits


def _single(run: LinearRun, exact: float) -> dict[str, Any]:
    """A whole number of bits a coordinate has no crossing: the run at the exact need, with its success."""
    low, high = wilson(float(run.right.sum()), len(run.votes))
    cost = _cost(run)
    return {
        "resource": exact,
        "cost": cost,
        "low": cost,
        "high": cost,
        "success": run.success,
        "success_low": low,
        "success_high": high,
    }


def crossing_of(runs: dict[int, LinearRun], target: float, rng: np.random.Generator) -> dict[str, Any]:
    """Where the success of a ladder of runs crosses the target, in resource and in cost, with 95% intervals."""
    resources = np.array(list(runs), dtype=float)
    costs = np.array([_cost(run) for run in runs.values()])
    trials = np.array([len(run.votes) for run in runs.values()])
    rates = np.array([run.success for run in runs.values()])
    resource, low, high, sigma = crossing(resources, rates, trials, target, rng)
    # costs are affine in the resource: read both coefficients off the ledgers
    per, fixed = np.polyfit(resources, costs, 1) if len(resources) > 1 else (costs[0] / resources[0], 0.0)
    return {
        "resource": resource,
        "cost": per * resource + fixed,
        "low": per * low + fixed,
        "high": per * high + fixed,
        "sigma_log": sigma,
    }


def crossing(
    resources: np.ndarray, rates: np.ndarray, trials: np.ndarray, target: float, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Resource at the target, its 95% interval from 300 resampled counts, and the standard deviation of its ln."""
    again = rng.binomial(trials, rates.clip(0.001, 0.999), size=(300, len(rates))) / trials
    spread = solve(resources, again, trials, target)
    low, high = np.quantile(spread, [0.025, 0.975])
    return float(solve(resources, rates, trials, target)), float(low), float(high), float(np.std(np.log(spread)))


def solve(resources: np.ndarray, rates: np.ndarray, trials: np.ndarray, target: float) -> np.ndarray:
    """Resource at which the success crosses the target: ln z against ln resource, z the normal quantile of the rate.

    Args:
        resources, trials: of each rung (R,).
        rates: successes (.., R); the crossings have shape (..).
    """
    floor = 0.5 / trials
    z = ndtri(np.clip(rates, 0.5 + floor, 1 - floor))
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    weight = trials * (density * z) ** 2 / (rates * (1 - rates)).clip(floor)
    weight = weight / weight.sum(axis=-1, keepdims=True)
    log_resource, log_z = np.log(resources), np.log(z)
    centre = (weight * log_resource).sum(axis=-1)
    offset = log_resource - centre[..., None]
    spread = (weight * offset**2).sum(axis=-1)
    slope = (weight * offset * log_z).sum(axis=-1) / np.where(spread > 0, spread, 1.0)
    # a hopelessly noisy ladder must not send the crossing to infinity
    slope = np.where(spread > 0, np.clip(slope, 0.2, 3.0), 0.5)
    return np.exp(centre + (np.log(ndtri(target)) - (weight * log_z).sum(axis=-1)) / slope)


def best_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cheapest exact protocol of each kind at every (gamma, N): what saturates at N.

    A qubit carries a bit: the quantised vector, sent in qubits, is a quantum protocol too and caps what quantum needs.
    """
    exact = [row for row in rows if row["method"] == "exact"]
    exact += [
        row | {"protocol": IN_QUBITS, "kind": "quantum", "unit": "qubits"}
        for row in exact
        if row["protocol"] == "quantised vector"
    ]
    cheapest: dict[tuple, dict[str, Any]] = {}
    for row in exact:
        key = (row["kind"], row["gamma"], row["dimension"], row["target"])
        if key not in cheapest or row["cost"] < cheapest[key]["cost"]:
            cheapest[key] = row
    if not cheapest:
        raise DataError("no exact rows", where="best_rows")
    return [row | {"protocol": f"best {row['kind']}", "winner": row["protocol"]} for row in cheapest.values()]
