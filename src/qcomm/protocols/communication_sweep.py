"""Claim C2 measured: bits and qubits against N, of vector in subspace and of Problem 1, at equal failure probability.

Costs of the rivals are found by executing them on ladders of resources; the quantum protocols' follow from exact
failure probabilities and are executed once more to be checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.progress import Progress
from qcomm.protocols import amplitude, rivals_law, rivals_literal, subspace
from qcomm.protocols.blocks import RotationBlock
from qcomm.protocols.communication_costs import (
    FLOAT_BITS,
    RIVALS,
    Rival,
    angle_bits,
    send_x_bits,
    subspace_parameters,
)
from qcomm.protocols.inference_exact import fewest_copies
from qcomm.protocols.inference_runs import repeated_sampling, scrambled_blocks
from qcomm.protocols.inference_sweep import binomial_interval
from qcomm.protocols.rivals_need import Need, need_by_execution
from qcomm.protocols.task import BOB, InferenceTask, vector_with_loss
from qcomm.seeds import generator, seed_for

LEAST_TRIALS = 60
LARGEST_CODEBOOK = 256  # N up to which the codebook is also executed literally


def cost_row(task: str, size: int, protocol: str, kind: str, method: str, cost: float, **more: Any) -> dict[str, Any]:
    """One point of a curve. kind: classical (bits) or quantum (qubits). `cost` is fractional where it is where a fitted
    curve crosses; `whole` is what would really be sent."""
    whole = more.pop("whole", None)
    return {
        "task": task,
        "dimension": size,
        "protocol": protocol,
        "kind": kind,
        "unit": "qubits" if kind == "quantum" else "bits",
        "method": method,
        "cost": cost,
        "low": more.pop("low", cost),
        "high": more.pop("high", cost),
        "whole": int(np.ceil(cost - 1e-9)) if whole is None else whole,
        **more,
    }


def trials_for(rival: Rival, resource: float, size: int, settings: Mapping[str, Any], share: int = 1) -> int:
    """Trials of one rung: as many as asked for, or as the allowed random numbers pay for."""
    most = min(settings["trials"], settings["numbers"] / rival.numbers(resource, size))
    return int(max(LEAST_TRIALS, most / share))


def decision_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Vector in subspace at success `target`: every protocol at every N."""
    rows: list[dict[str, Any]] = []
    progress = Progress(len(settings["qubits"]), "vector in subspace", "dimension")
    for number, qubits in enumerate(settings["qubits"], start=1):
        size = 2**qubits
        rows += _decided_by_one_copy(size, settings, seed)
        rows += [_rival_decides(name, rival, size, settings, seed) for name, rival in RIVALS.items() if not rival.whole]
        rows.append(_everything_decides(size, settings, seed))
        rows.append(_exact_best(size, settings["target"]))
        if size <= LARGEST_CODEBOOK:
            rows.append(_codebook_in_full(size, settings, seed))
        described = FLOAT_BITS * subspace_parameters(size)
        rows.append(cost_row("subspace", size, "Bob's parameters", "classical", "count", described, resource=described))
        rows.append(cost_row("subspace", size, "send x", "classical", "count", send_x_bits(size), resource=size))
        progress.update(number, N=size)
    return pd.DataFrame(rows)


def _decided_by_one_copy(size: int, settings: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    rng = generator("subspace", size, seed)
    block = subspace.subspace_block(size, settings["largest_haar"], rng)
    tasks = [subspace.subspace_task(block, size, float(t % 2), rng) for t in range(settings["instances"])]
    found = subspace.decide(tasks, seed_for("decide", size, seed))
    wrong, wrongs = _wrong_subspaces(tasks, size, settings, rng, seed)
    low, high = binomial_interval(wrong, wrongs)
    cost = found.ledger.qubits / len(tasks)
    return [
        cost_row(
            "subspace",
            size,
            "one copy",
            "quantum",
            "executed",
            cost,
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
    ]


def _wrong_subspaces(tasks, size: int, settings: Mapping[str, Any], rng, seed: int) -> tuple[int, int]:
    """Errors where Bob holds another subspace, a fresh one each time: any single one leans to one side."""
    trials = settings["wrong_trials"]
    chosen = [tasks[t % len(tasks)] for t in range(trials)]
    others = [subspace.subspace_block(size, min(64, settings["largest_haar"]), rng) for _ in chosen]
    mistaken = [subspace.with_block(task, other) for task, other in zip(chosen, others, strict=True)]
    answers = subspace.decide(mistaken, seed_for("wrong", size, seed)).answers
    inside = np.array([t % len(tasks) % 2 == 1 for t in range(trials)])
    return int((answers != inside).sum()), trials


def _rival_decides(name: str, rival: Rival, size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    def success(resource: int, trials: int) -> tuple[float, int]:
        made = min(trials, trials_for(rival, resource, size, settings)) // 2 * 2
        batch = rival.run(np.tile([0.0, 1.0], made // 2), size, resource, seed_for(name, size, resource, seed))
        return float(batch.right.mean()), made

    least = 2 if name == "random projection" else 1
    guess = rival.decision(size, settings["target"])
    need = need_by_execution(success, guess, settings["target"], settings["trials"], two_sided=False, least=least)
    return _need_row("subspace", size, name, rival, need)


def _need_row(task: str, size: int, name: str, rival: Rival, need: Need, **more) -> dict[str, Any]:
    bounds = {side: rival.cost(max(value, 1e-9), size) for side, value in (("low", need.low), ("high", need.high))}
    whole = int(np.ceil(rival.cost(np.ceil(need.value - 1e-9), size) - 1e-9))
    return cost_row(
        task,
        size,
        name,
        "classical",
        "executed",
        rival.cost(need.value, size),
        **bounds,
        whole=whole,
        resource=need.value,
        **more,
    )


def _everything_decides(size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Even its 1-bit version hardly ever errs: N bits."""
    rival = RIVALS["send everything"]
    made = trials_for(rival, 1, size, settings) // 2 * 2
    batch = rival.run(np.tile([0.0, 1.0], made // 2), size, 1, seed_for("everything", size, seed))
    if batch.right.mean() < settings["target"]:
        raise DataError("one bit a coordinate is not enough", where=f"send everything, N = {size}")
    row = cost_row("subspace", size, "send everything", "classical", "executed", batch.bits, resource=1)
    return {**row, "trials": made, "errors": int((~batch.right).sum())}


def _exact_best(size: int, target: float) -> dict[str, Any]:
    bits = rivals_law.best_bits(size, target)
    return cost_row("subspace", size, "best of 2^k", "classical", "exact", bits, resource=bits)


def _codebook_in_full(size: int, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The codebook drawn in full, at the exact need rounded up, on Haar-random subspaces."""
    bits, trials = int(np.ceil(rivals_law.best_bits(size, settings["target"]))), settings["codebook_trials"]
    rng, right = generator("codebook", size, seed), 0
    for trial in range(trials):
        if trial % 10 == 0:
            block = subspace.haar_block(size, rng)
        task = subspace.subspace_task(block, size, float(trial % 2), rng)
        right += (rivals_literal.best_of(task, seed_for(size, trial, seed), bits).value > 0.5) == bool(trial % 2)
    low, high = binomial_interval(right, trials)
    row = cost_row("subspace", size, "best of 2^k", "classical", "literal", bits, resource=bits, trials=trials)
    exact = rivals_law.best_success(bits, size)
    return {**row, "success": right / trials, "success_low": low, "success_high": high, "success_exact": exact}


def estimate_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Problem 1 with L = 1 at each (eps, delta): every protocol at every N, at its worst loss of those in `losses`."""
    rows: list[dict[str, Any]] = []
    points = [(point, 2**n) for point in settings["accuracies"] for n in settings["qubits"]]
    progress = Progress(len(points), "estimates of the loss", "point")
    for number, ((eps, delta), size) in enumerate(points, start=1):
        accuracy = {"eps": eps, "delta": delta}
        rows += _quantum_estimates(size, eps, delta, settings, seed)
        for name, rival in RIVALS.items():
            found = _rival_estimates(name, rival, size, eps, delta, settings, seed)
            rows += [{**found, **accuracy}] if found else []
        rows += [{**row, **accuracy} for row in _sent_once(size, settings, seed)]
        progress.update(number, N=size, eps=eps)
    return pd.DataFrame(rows)


def _quantum_estimates(size: int, eps: float, delta: float, settings, seed: int) -> Iterator[dict[str, Any]]:
    """Sampling, where Bob measures (k messages), and amplitude estimation, whose reflections are Alice's."""
    rng = generator("estimate", size, eps, delta, seed)
    blocks = scrambled_blocks(size, 1, rng)[:1]
    copies, trials, failures = fewest_copies(eps, delta), settings["checks"], []
    for loss in settings["losses"]:
        task = InferenceTask(vector_with_loss(blocks, size, loss, rng), blocks, eps, delta, BOB)
        repeats = repeated_sampling(task, [copies], trials, seed_for("estimate", size, eps, delta, loss, seed))
        failures.append(int((np.abs(repeats.values[copies] - loss) > eps + 1e-9).sum()))
    low, high = binomial_interval(max(failures), trials)
    accuracy = {"eps": eps, "delta": delta, "trials": trials, "errors": max(failures), "rate_low": low}
    cost = repeats.qubits_per_run * copies
    yield cost_row("estimate", size, "quantum sampling", "quantum", "executed", cost, resource=copies, **accuracy)
    task = InferenceTask(vector_with_loss(blocks, size, 0.2, rng), blocks, eps, delta)
    found = amplitude.run_amplitude_estimation(task, seed_for("amplitude", size, eps, delta, seed))
    calls = amplitude.plan(eps, delta).calls
    name = amplitude.NAME
    accuracy = {"eps": eps, "delta": delta}
    yield cost_row("estimate", size, name, "quantum", "executed", found.ledger.qubits, resource=calls, **accuracy)


def _rival_estimates(name, rival: Rival, size, eps, delta, settings, seed) -> dict[str, Any] | None:
    guess = rival.estimate(size, eps, delta)
    if guess is None:
        return None
    if rival.whole:
        return _whole_estimate(name, rival, size, eps, delta, settings, seed)
    losses = settings["losses"]
    worst = _worst_loss(rival, size, max(2, round(guess)), eps, losses, settings, seed)

    def success(resource: int, trials: int) -> tuple[float, int]:
        made = min(trials, trials_for(rival, resource, size, settings))
        batch = rival.run(np.full(made, worst), size, resource, seed_for(name, size, resource, eps, seed))
        return float(batch.within(eps).mean()), made

    try:
        need = need_by_execution(success, guess, 1 - delta, settings["estimate_trials"], two_sided=True, least=2)
    except DataError:  # saturated: no resource below N suffices, everything is sent instead
        return None
    return _need_row("estimate", size, name, rival, need, loss=worst)


def _worst_loss(rival: Rival, size: int, resource: int, eps: float, losses: Sequence[float], settings, seed) -> float:
    made = trials_for(rival, resource, size, settings, share=6)
    hits = []
    for loss in losses:
        batch = rival.run(np.full(made, loss), size, resource, seed_for("worst", size, resource, eps, loss, seed))
        hits.append(batch.within(eps).mean())
    return float(losses[int(np.argmin(hits))])


def _whole_estimate(name, rival: Rival, size, eps, delta, settings, seed) -> dict[str, Any]:
    """The smallest whole resource that keeps the promise at every loss."""
    losses = np.array(settings["losses"])
    for resource in range(1, 25):
        made = trials_for(rival, resource, size, settings, share=6)
        batch = rival.run(np.tile(losses, made), size, resource, seed_for(name, size, resource, eps, seed))
        within = batch.within(eps).reshape(made, len(losses)).mean(axis=0)
        if within.min() >= 1 - delta:
            return cost_row("estimate", size, name, "classical", "executed", batch.bits, resource=resource)
    raise DataError("no number of bits a real is enough", where=f"{name}, N = {size}")


def _sent_once(size: int, settings: Mapping[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Bob's parameters (of an ansatz of P = O(n) angles) and Alice's vector, executed once each."""
    rng = generator("parameters", size, seed)
    angles = rng.uniform(-np.pi, np.pi, size=(settings["angles_per_qubit"], size.bit_length() - 1))
    task = InferenceTask(rng.normal(size=size), (RotationBlock(BOB, angles),))
    runs = (("Bob's parameters", rivals_literal.parameters), ("send x", rivals_literal.send_x))
    for name, run in runs:
        found = run(task, seed)
        off = abs(found.value - task.loss())
        if off > 1e-3:
            raise DataError(f"single precision is off by {off:.2g}", where=name)
        yield cost_row("estimate", size, name, "classical", "executed", found.ledger.bits, deviation=off)
    if angle_bits(size, settings["angles_per_qubit"]) != rivals_literal.parameters(task, seed).ledger.bits:
        raise DataError("the count of the parameters is off", where="Bob's parameters")
