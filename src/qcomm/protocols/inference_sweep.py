"""Claim C1 measured: error, failure rate and traffic of both quantum protocols over N, L and the loss.

Blocks are hardware-efficient circuits lowered by the engine, with random angles; inputs are made to have the losses.
Every number of messages, qubits and bits is read off the ledger of an executed run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from qcomm.network import ALICE, BOB, Ledger
from qcomm.progress import Progress
from qcomm.protocols import amplitude, amplitude_plan, rivals_literal, sampling
from qcomm.protocols.blocks import RotationBlock
from qcomm.protocols.inference_exact import failure_at
from qcomm.protocols.inference_runs import ansatz_blocks, repeated_estimation, repeated_sampling, tasks_with_losses
from qcomm.protocols.task import InferenceTask
from qcomm.seeds import generator, seed_for

CONFIDENCE = 0.99
PARAMETERS = "Bob's parameters"


@dataclass
class Sweep:
    """Rows of results, tidy.

    Attributes:
        sampling: one row per (N, L, loss, k).
        amplitude: amplitude estimation, one row per (N, L, loss) (task "plan") and per number of phases ("calls").
        parameters: the rival that sends Bob's angles, one row per (N, L).
        ledgers: one row per line of a ledger, with the protocol, N, L, loss and the number of runs behind it.
    """

    sampling: list[dict[str, Any]] = field(default_factory=list)
    amplitude: list[dict[str, Any]] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)
    ledgers: list[pd.DataFrame] = field(default_factory=list)

    def keep(self, protocol: str, task: InferenceTask, loss: float, runs: int, ledger: Ledger) -> None:
        """Add a ledger; `runs` is the number of estimates or runs that it holds together."""
        known = {"protocol": protocol, "dimension": task.size, "layers": layers_of(task), "loss": loss, "runs": runs}
        frame = ledger.frame()
        for place, (name, value) in enumerate(known.items()):
            frame.insert(place, name, value)
        self.ledgers.append(frame)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        made = {name: pd.DataFrame(getattr(self, name)) for name in ("sampling", "amplitude", "parameters")}
        return made | {"ledgers": pd.concat(self.ledgers, ignore_index=True)}


def layers_of(task: InferenceTask) -> int:
    """L, where every layer is a block of Bob and one of Alice."""
    return len(task.blocks) // 2


def sweep(settings: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """All tables of the section `inference` of the configuration; see `Sweep`."""
    seed, found = settings["seed"], Sweep()
    points = [(2**n, layers) for n in settings["qubits"] for layers in settings["layers"]]
    progress = Progress(len(points), "distributed inference", "circuit")
    for number, (size, layers) in enumerate(points, start=1):
        rng = generator("inference", size, layers, seed)
        blocks = ansatz_blocks(size, layers, settings["angles_per_qubit"], rng)
        tasks = tasks_with_losses(blocks, size, settings["losses"], rng, eps=settings["eps"], delta=settings["delta"])
        for loss, task in zip(settings["losses"], tasks, strict=True):
            _sampled(found, task, loss, settings, seed_for("inference", size, layers, loss, seed))
            _estimated(found, task, loss, settings, seed_for("amplitude", size, layers, loss, seed))
        _sent(found, tasks[number % len(tasks)], settings["losses"][number % len(tasks)], seed)
        progress.update(number, N=size, L=layers)
    _against_calls(found, settings, seed)
    return found.frames()


def _sampled(found: Sweep, task: InferenceTask, loss: float, settings: Mapping[str, Any], seed: int) -> None:
    trials, fewest = settings["trials"], min(settings["copies"])
    repeats = repeated_sampling(task, settings["copies"], trials, seed)
    found.keep(sampling.NAME, task, loss, repeats.runs, repeats.ledger)
    for copies, values in repeats.values.items():
        off = np.abs(values - loss)
        row = {
            "dimension": task.size,
            "layers": layers_of(task),
            "loss": loss,
            "copies": copies,
            "trials": trials,
            "rmse": float(np.sqrt((off**2).mean())),
            "exact_rmse": float(np.sqrt(loss * (1 - loss) / copies)),
            "exact_loss": task.loss(),
            "qubits": repeats.qubits_per_run * copies,
            "messages": repeats.messages_per_run * copies,
        }
        narrow = settings["eps"] * np.sqrt(fewest / copies)
        for name, eps in (("fixed", settings["eps"]), ("scaled", narrow)):
            row |= {
                f"eps_{name}": eps,
                f"failures_{name}": int((off > eps + 1e-9 / copies).sum()),
                f"exact_{name}": _tail(loss, copies, eps),
            }
        found.sampling.append(row)


@cache
def _tail(loss: float, copies: int, eps: float) -> float:
    return float(failure_at(loss, copies, eps))


def _estimated(found: Sweep, task: InferenceTask, loss: float, settings: Mapping[str, Any], seed: int) -> None:
    chosen = amplitude.plan(task.eps, task.delta)
    values, ledger = repeated_estimation(task, chosen, settings["trials"], seed)
    found.keep(amplitude.NAME, task, loss, settings["trials"], ledger)
    found.amplitude.append(_amplitude_row("plan", task, chosen, loss, values, ledger))


def _against_calls(found: Sweep, settings: Mapping[str, Any], seed: int) -> None:
    """Error against the number of calls at N = 16, L = 1. Losses are random: a fixed one may lie on the grid of phases,
    where the error is no power law."""
    trials = settings["amplitude_trials"]
    for phases in settings["phases"]:
        rng = generator("calls", phases, seed)
        chosen, losses = amplitude.Plan(phases, 1, 1.0), rng.uniform(0.05, 0.95, size=settings["amplitude_losses"])
        values, ledgers = [], []
        for number, loss in enumerate(losses):
            blocks = ansatz_blocks(16, 1, settings["angles_per_qubit"], rng)
            task = tasks_with_losses(blocks, 16, [loss], rng, eps=settings["eps"], delta=settings["delta"])[0]
            made, ledger = repeated_estimation(task, chosen, trials, seed_for(phases, number, seed))
            values.append(made)
            ledgers.append(ledger)
        together = Ledger.one_after_another(ledgers)
        every = np.repeat(losses, trials)
        found.amplitude.append(_amplitude_row("calls", task, chosen, every, np.concatenate(values), together))


def _amplitude_row(name: str, task: InferenceTask, chosen: amplitude.Plan, loss, values, ledger: Ledger) -> dict:
    """One row; `loss` is a number, or that of every estimate. Traffic is that of one estimate.

    Every call is executed; "control" says how the control's levels were simulated, see `amplitude.outcomes`.
    """
    off, trials = np.abs(values - loss), len(values)
    exact = amplitude_plan.failure_at(np.unique(loss), task.eps, chosen.phases, chosen.repeats)
    return {
        "task": name,
        "dimension": task.size,
        "layers": layers_of(task),
        "loss": float(loss) if np.ndim(loss) == 0 else np.nan,
        "phases": chosen.phases,
        "repeats": chosen.repeats,
        "control": "in the state" if amplitude.literal_by_default(chosen.phases, task.size) else "branch by branch",
        "losses": np.unique(loss).size,
        "trials": trials,
        "rmse": float(np.sqrt((off**2).mean())),
        "median_error": float(np.median(off)),
        "eps": task.eps,
        "failures": int((off > task.eps).sum()),
        "exact_failure": float(exact.mean()),
        "qubits": ledger.qubits / trials,
        "messages": ledger.messages / trials,
    }


def _sent(found: Sweep, task: InferenceTask, loss: float, seed: int) -> None:
    """Bob's angles for the same circuit, sent and used by Alice; his blocks in the form that she can rebuild."""
    qubits = task.qubits
    blocks = tuple(
        block if block.owner == ALICE else RotationBlock(BOB, block.parameters.reshape(-1, qubits))
        for block in task.blocks
    )
    answer = rivals_literal.parameters(InferenceTask(task.vector, blocks, task.eps, task.delta), seed)
    found.keep(PARAMETERS, task, loss, 1, answer.ledger)
    found.parameters.append(
        {
            "dimension": task.size,
            "layers": layers_of(task),
            "loss": loss,
            "bits": answer.ledger.bits,
            "messages": answer.ledger.messages,
            "error": abs(answer.value - loss),
        }
    )
