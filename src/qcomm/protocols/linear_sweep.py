"""Sweeps of the linear protocols over margin and dimension: exact needs, needs measured from executed runs, slopes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from qcomm.errors import DataError
from qcomm.protocols.linear import LinearRun, in_span, quantised_vector, random_pairs, sign_sketch, weights_sent
from qcomm.protocols.linear_codebook import best_shared
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test, swap_test
from qcomm.seeds import generator, seed_for
from qcomm.theory import needed

RUNG_FACTORS = (0.6, 1.0, 1.7, 2.8)  # a ladder of resources around the exact need
MOST_NUMBERS = 3e7  # random numbers of one run; fewer trials are made where one trial needs many
LEAST_TRIALS = 100  # a ladder with fewer says nothing about its crossing
GIVE_UP_BITS = 32  # a protocol that costs more than 32 N bits is not run: sending x in single precision is cheaper


@dataclass(frozen=True)
class Protocol:
    """A linear protocol as the sweeps see it.

    need(gamma, target, N): exact resource. cost(resource, N): bits or qubits. run(resource, gamma, N, trials, seed).
    exponent: the claimed slope of the cost in gamma, where nothing saturates; None where it is saturated by design.
    """

    kind: str
    resource: str
    need: Callable[[float, float, int], float]
    cost: Callable[[float, int], float]
    run: Callable[[int, float, int, int, int], LinearRun]
    exponent: float | None
    numbers: Callable[[int, int], float]  # random numbers of one trial
    even: bool = False
    cheap: int = 1  # trials cost little: make this many times more
    rungs: tuple[float, ...] = RUNG_FACTORS


def _flat_pairs(gamma: float, dimension: int, trials: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs in coordinates of their span: +gamma and -gamma in turn."""
    return in_span(*random_pairs(gamma, 2, trials, generator("pairs", seed)))


def _run_sketch(bits: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    if bits * dimension * trials <= MOST_NUMBERS:
        return sign_sketch(*random_pairs(gamma, dimension, trials, generator("pairs", seed)), bits, seed)
    return sign_sketch(*_flat_pairs(gamma, dimension, trials, seed), bits, seed)


def _run_codebook(bits: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    if bits < 16 and (dimension << bits) * trials <= MOST_NUMBERS:
        return best_shared(*random_pairs(gamma, dimension, trials, generator("pairs", seed)), bits, seed, literal=True)
    return best_shared(*_flat_pairs(gamma, dimension, trials, seed), bits, seed, dimension=dimension)


def _run_quantised(bits: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    return quantised_vector(*random_pairs(gamma, dimension, trials, generator("pairs", seed)), bits, seed)


def _run_weights(bits: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    """One message of weights for each classification: the price that Bob pays where he serves a single input."""
    x, y = random_pairs(gamma, dimension, trials, generator("pairs", seed))
    runs = [weights_sent(x[t : t + 1], y[t], bits, seed_for(seed, t)) for t in range(trials)]
    ledger = sum((run.ledger for run in runs[1:]), runs[0].ledger)
    return LinearRun(np.concatenate([r.votes for r in runs]), np.concatenate([r.signs for r in runs]), ledger)


def _two_pairs(gamma: float, dimension: int, trials: int, seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """One pair of each sign, classified trials/2 times: copies of a state need no new pair to be independent."""
    return *random_pairs(gamma, dimension, 2, generator("pairs", seed)), max(1, trials // 2)


def _run_hadamard(copies: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    x, y, repeats = _two_pairs(gamma, dimension, trials, seed)
    return hadamard_test(x, y, copies, seed, repeats)


def _run_swap(copies: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    x, y, repeats = _two_pairs(gamma, dimension, trials, seed)
    return swap_test(x, y, copies, gamma, seed, repeats)


def _run_estimation(calls: int, gamma: float, dimension: int, trials: int, seed: int) -> LinearRun:
    x, y, repeats = _two_pairs(gamma, dimension, trials, seed)
    return amplitude_estimation(x, y, calls, seed, repeats)


def _coordinates(need_bits: float, dimension: int) -> float:
    return need_bits * dimension


PROTOCOLS = {
    "sign sketch": Protocol(
        "classical",
        "bits",
        lambda gamma, target, _: needed.sign_sketch_bits(gamma, target),
        lambda bits, _: bits,
        _run_sketch,
        -2.0,
        lambda bits, _: 4.0 * bits,
    ),
    "best of 2^k": Protocol(
        "classical",
        "bits",
        lambda gamma, target, dimension: float(np.ceil(needed.best_shared_bits(gamma, target, dimension))),
        lambda bits, _: bits,
        _run_codebook,
        -2.0,
        lambda bits, _: 100.0,
    ),
    "quantised vector": Protocol(
        "classical",
        "bits a number",
        lambda gamma, target, dimension: needed.quantised_bits(gamma, target, dimension) / dimension,
        _coordinates,
        _run_quantised,
        None,
        lambda _, dimension: 80.0 * dimension,
    ),
    "weights sent": Protocol(
        "classical",
        "bits a number",
        lambda gamma, target, dimension: needed.quantised_bits(gamma, target, dimension) / dimension,
        _coordinates,
        _run_weights,
        None,
        lambda _, dimension: 80.0 * dimension + 1e5,
    ),
    "Hadamard test": Protocol(
        "quantum",
        "copies",
        lambda gamma, target, _: needed.hadamard_copies(gamma, target),
        needed.qubits_of_copies,
        _run_hadamard,
        -2.0,
        lambda copies, _: 500.0,
        cheap=4,
    ),
    "swap test": Protocol(
        "quantum",
        "copies",
        lambda gamma, target, _: needed.swap_copies(gamma, target),
        needed.qubits_of_copies,
        _run_swap,
        -2.0,
        lambda copies, _: 600.0 * copies,
    ),
    "amplitude estimation": Protocol(
        "quantum",
        "calls",
        lambda gamma, target, _: needed.estimation_calls(gamma, target),
        needed.qubits_of_calls,
        _run_estimation,
        -1.0,
        lambda calls, _: 100.0,
        even=True,
        cheap=4,
        rungs=(0.6, 0.85, 1.2, 1.7),
    ),
}


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
    name: str, gamma: float, dimension: int, target: float, trials: int, seed: int
) -> dict[str, Any] | None:
    """The need as executed runs show it: success on a ladder of resources, and where it crosses the target.

    Interval: 95%, from 300 resamplings of the success counts. Costs are read from the ledgers. None where the protocol
    would cost more than GIVE_UP_BITS bits (or qubits) a number, or too few trials are affordable.
    """
    protocol = PROTOCOLS[name]
    exact = protocol.need(gamma, target, dimension)
    ladder = _ladder(protocol, exact)
    few = _trials(protocol, ladder[-1], dimension, trials) < (20 if protocol.exponent is None else LEAST_TRIALS)
    if few or protocol.cost(int(exact), dimension) > GIVE_UP_BITS * dimension:
        return None
    facts = _facts(name, gamma, dimension, target, "executed")
    runs = {}
    for resource in ladder:
        count = _trials(protocol, resource, dimension, trials)
        identity = seed_for("linear", seed, name, gamma, dimension, resource)
        runs[resource] = protocol.run(resource, gamma, dimension, count, identity)
    facts["trials"] = min(len(run.votes) for run in runs.values())
    if protocol.exponent is None:
        return facts | _single(runs, exact)
    return facts | _crossing(runs, target, generator("linear interval", seed, name, gamma, dimension))


def _ladder(protocol: Protocol, exact: float) -> list[int]:
    if protocol.exponent is None:
        return [int(exact)]
    step = 2 if protocol.even else 1
    return sorted({max(step, int(round(exact * factor / step)) * step) for factor in protocol.rungs})


def _trials(protocol: Protocol, resource: int, dimension: int, trials: int) -> int:
    return int(min(MOST_NUMBERS / protocol.numbers(resource, dimension), trials * protocol.cheap)) // 2 * 2


def _cost(run: LinearRun) -> float:
    return run.bits + run.qubits


def _single(runs: dict[int, LinearRun], exact: float) -> dict[str, Any]:
    """A whole number of bits a coordinate has no crossing: the run at the exact need, with its success."""
    run = runs[int(exact)]
    half = 1.96 * np.sqrt(max(run.success * (1 - run.success), 0.25 / len(run.votes)) / len(run.votes))
    cost = _cost(run)
    return {
        "resource": exact,
        "cost": cost,
        "low": cost,
        "high": cost,
        "success": run.success,
        "success_low": run.success - half,
        "success_high": run.success + half,
    }


def _crossing(runs: dict[int, LinearRun], target: float, rng: np.random.Generator) -> dict[str, Any]:
    resources = np.array(list(runs), dtype=float)
    costs = np.array([_cost(run) for run in runs.values()])
    trials = np.array([len(run.votes) for run in runs.values()])
    rates = np.array([run.success for run in runs.values()])
    resource = _solve(resources, rates, trials, target)
    again = rng.binomial(trials, rates.clip(0.001, 0.999), size=(300, len(rates))) / trials
    spread = np.array([_solve(resources, row, trials, target) for row in again])
    # costs are affine in the resource: read both coefficients off the ledgers
    per, fixed = np.polyfit(resources, costs, 1) if len(resources) > 1 else (costs[0] / resources[0], 0.0)
    low, high = np.quantile(spread, [0.025, 0.975])
    return {
        "resource": resource,
        "cost": per * resource + fixed,
        "low": per * low + fixed,
        "high": per * high + fixed,
        "sigma_log": float(np.std(np.log(spread))),
    }


def _solve(resources: np.ndarray, rates: np.ndarray, trials: np.ndarray, target: float) -> float:
    """Resource at which the success crosses the target: ln z against ln resource, z the normal quantile of the rate."""
    floor = 0.5 / trials
    z = ndtri(np.clip(rates, 0.5 + floor, 1 - floor))
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    weight = trials * (density * z) ** 2 / (rates * (1 - rates)).clip(floor)
    log_resource = np.log(resources)
    centre = np.average(log_resource, weights=weight)
    spread = weight @ (log_resource - centre) ** 2
    level = np.average(np.log(z), weights=weight)
    slope = weight @ ((log_resource - centre) * np.log(z)) / spread if spread > 0 else 0.5
    slope = np.clip(slope, 0.2, 3.0)  # a hopelessly noisy ladder must not send the crossing to infinity
    return float(np.exp(centre + (np.log(ndtri(target)) - level) / slope))


def best_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cheapest exact protocol of each kind at every (gamma, N): what saturates at N."""
    cheapest: dict[tuple, dict[str, Any]] = {}
    for row in rows:
        key = (row["kind"], row["gamma"], row["dimension"], row["target"])
        if row["method"] == "exact" and (key not in cheapest or row["cost"] < cheapest[key]["cost"]):
            cheapest[key] = row
    if not cheapest:
        raise DataError("no exact rows", where="best_rows")
    return [row | {"protocol": f"best {row['kind']}", "winner": row["protocol"]} for row in cheapest.values()]
