"""Claim C2, estimates of the loss (Problem 1, L = 1) to eps with probability 1 - delta: every protocol against N."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qcomm.errors import DataError
from qcomm.progress import Progress
from qcomm.protocols import amplitude, rivals_literal
from qcomm.protocols.amplitude_plan import phase_value, plan
from qcomm.protocols.blocks import RotationBlock
from qcomm.protocols.communication_costs import EVERYTHING, FLOAT_BITS, PLAIN, RIVALS, Counted, Rival
from qcomm.protocols.communication_ladders import (
    CONFIDENCE,
    EXECUTED,
    LEAST_TRIALS,
    SAMPLED,
    cost_row,
    need_row,
    need_where_reached,
    saturated_row,
    trials_for,
)
from qcomm.protocols.inference_exact import fewest_copies
from qcomm.protocols.inference_runs import repeated_sampling, scrambled_blocks
from qcomm.protocols.rivals_need import Need
from qcomm.protocols.task import BOB, InferenceTask, vector_with_loss
from qcomm.seeds import generator, seed_for
from qcomm.theory.intervals import clopper_pearson

TIE = 1e-9  # an estimate that lies eps off, up to rounding, is within eps


def estimate_rows(settings: Mapping[str, Any], seed: int) -> pd.DataFrame:
    """Problem 1 with L = 1 at each (eps, delta): every protocol at every N, at its worst loss of those in `losses`."""
    rows: list[dict[str, Any]] = []
    points = [(point, 2**n) for point in settings["accuracies"] for n in settings["qubits"]]
    progress = Progress(len(points), "estimates of the loss", "point")
    for number, ((eps, delta), size) in enumerate(points, start=1):
        found = [*_quantum(size, eps, delta, settings, seed), *_rivals(size, eps, delta, settings, seed)]
        found += _sent_once(size, settings, seed)
        rows += [{**row, "eps": eps, "delta": delta} for row in found]
        progress.update(number, N=size, eps=eps)
    return pd.DataFrame(rows)


def _quantum(size: int, eps: float, delta: float, settings, seed: int) -> list[dict[str, Any]]:
    """Sampling, where Bob measures (k messages), and amplitude estimation, whose reflections are Alice's."""
    rng = generator("estimate", size, eps, delta, seed)
    blocks = scrambled_blocks(size, 1, rng)[:1]
    vectors = [vector_with_loss(blocks, size, loss, rng) for loss in settings["losses"]]
    return [run(size, eps, delta, blocks, vectors, settings, seed) for run in (_sampling, _amplitude)]


def _sampling(size: int, eps: float, delta: float, blocks, vectors, settings, seed: int) -> dict[str, Any]:
    """Failures at the worst of the losses; the runs of one loss share the register that one of them delivered."""
    copies, trials, failures, costs = fewest_copies(eps, delta), settings["checks"], [], set()
    for loss, vector in zip(settings["losses"], vectors, strict=True):
        task = InferenceTask(vector, blocks, eps, delta, BOB)
        repeats = repeated_sampling(task, [copies], trials, seed_for("estimate", size, eps, delta, loss, seed))
        failures.append(int((np.abs(repeats.values[copies] - loss) > eps + TIE).sum()))
        costs.add(repeats.qubits_per_run * copies)
    return _quantum_row("quantum sampling", size, costs, copies, trials, max(failures))


def _amplitude(size: int, eps: float, delta: float, blocks, vectors, settings, seed: int) -> dict[str, Any]:
    """All Grover calls executed once, for many estimates side by side, at one of the losses: they take turns with N."""
    place, trials, chosen = size.bit_length() % len(vectors), settings["checks"], plan(eps, delta)
    task = InferenceTask(vectors[place], blocks, eps, delta)
    run_seed = seed_for("amplitude", size, eps, delta, seed)
    found, ledger = amplitude.outcomes(task, chosen, trials * chosen.repeats, run_seed)
    values = np.median(phase_value(found, chosen.phases).reshape(trials, chosen.repeats), axis=1)
    loss = settings["losses"][place]
    errors = int((np.abs(values - loss) > eps + TIE).sum())
    row = _quantum_row(amplitude.NAME, size, {ledger.qubits / trials}, chosen.calls, trials, errors)
    return {**row, "loss": loss}


def _quantum_row(name: str, size: int, costs: set[float], resource: int, trials: int, errors: int) -> dict[str, Any]:
    if len(costs) > 1:
        raise DataError(f"runs of one plan cost {sorted(costs)} qubits", where=f"{name}, N = {size}")
    low, _ = clopper_pearson(errors, trials, CONFIDENCE)
    measured = {"trials": trials, "errors": errors, "rate_low": low}
    return cost_row("estimate", size, name, "quantum", EXECUTED, costs.pop(), resource=resource, **measured)


def _rivals(size: int, eps: float, delta: float, settings, seed: int) -> list[dict[str, Any]]:
    """All that bear on the question: the codebook of one sign is one bit worse than that of either."""
    rows = [_everything(size, eps, delta, settings, seed)]
    for name, rival in RIVALS.items():
        if name in (PLAIN, EVERYTHING):
            continue
        found = _by_ladder(name, rival, size, eps, delta, settings, seed)
        rows.append(found or saturated_row("estimate", size, name, rows[0]))
    return rows


def _by_ladder(name: str, rival: Rival, size: int, eps: float, delta: float, settings, seed) -> dict[str, Any] | None:
    """None where no resource does it: by the law, or because even the largest one fails in a run."""
    guess = rival.estimate(size, eps, delta)
    if guess is None:
        return None
    counted, losses = Counted(name, rival, size, seed), settings["losses"]
    worst = losses[_worst(counted, rival, size, max(rival.least, round(guess)), eps, losses, settings)]
    need = _need(counted, rival, size, guess, eps, delta, worst, settings)
    return None if need is None else need_row("estimate", size, name, counted, need, loss=worst)


def _need(
    counted: Counted, rival: Rival, size: int, guess, eps: float, delta: float, worst: float, settings
) -> Need | None:
    return need_where_reached(
        counted,
        rival,
        size,
        guess,
        1 - delta,
        settings["estimate_trials"],
        settings,
        (worst,),
        lambda batch: float(batch.within(eps).mean()),
        eps,
        two_sided=True,
    )


def _worst(counted: Counted, rival: Rival, size: int, resource: int, eps: float, losses, settings) -> int:
    """Place of the loss at which a resource fails most often."""
    made = min(settings["estimate_trials"], trials_for(rival, resource, size, settings, share=2 * len(losses)))
    batch = counted.run(np.tile(losses, made), resource, eps, "worst")
    return int(np.argmin(batch.within(eps).reshape(made, len(losses)).mean(axis=0)))


def _everything(size: int, eps: float, delta: float, settings, seed: int) -> dict[str, Any]:
    """The smallest whole number of bits a real that keeps the promise at every loss."""
    rival, losses = RIVALS[EVERYTHING], np.array(settings["losses"])
    counted = Counted(EVERYTHING, rival, size, seed)
    for bits in range(1, rival.most(size) + 1):
        made = max(LEAST_TRIALS // len(losses), trials_for(rival, bits, size, settings, share=6) // len(losses))
        batch = counted.run(np.tile(losses, made), bits, eps)
        within = batch.within(eps).reshape(made, len(losses)).mean(axis=0)
        if within.min() >= 1 - delta:
            return cost_row("estimate", size, EVERYTHING, "classical", SAMPLED, batch.bits, resource=bits)
    raise DataError(
        "no number of bits a real is enough",
        where=f"{EVERYTHING}, N = {size}",
        fix="ask for a larger eps or delta in communication.accuracies",
    )


def _sent_once(size: int, settings: Mapping[str, Any], seed: int) -> list[dict[str, Any]]:
    """Bob's parameters (of an ansatz of P = O(n) angles), Alice's vector, and the shorter of both, once each."""
    rng = generator("parameters", size, seed)
    angles = rng.uniform(-np.pi, np.pi, size=(settings["angles_per_qubit"], size.bit_length() - 1))
    task, rows = InferenceTask(rng.normal(size=size), (RotationBlock(BOB, angles),)), []
    planned = {"Bob's parameters": angles.size, "send x": size, "shorter message": min(angles.size, size)}
    runs = (rivals_literal.parameters, rivals_literal.send_x, rivals_literal.shorter)
    for (name, numbers), run in zip(planned.items(), runs, strict=True):
        found = run(task, seed)
        off = abs(found.value - task.loss())
        if off > rivals_literal.ROUNDING:
            raise DataError(f"single precision is off by {off:.2g}", where=f"{name}, N = {size}")
        if found.ledger.bits != FLOAT_BITS * numbers:
            raise DataError(f"{found.ledger.bits} bits for {numbers} numbers", where=f"{name}, N = {size}")
        rows.append(cost_row("estimate", size, name, "classical", EXECUTED, found.ledger.bits, deviation=off))
    return rows
