"""One distributed model simulated three ways: by the engine, over the channel, and by cirq's own simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qcomm.errors import DataError
from qcomm.network import Ledger
from qcomm.protocols.inference_circuits import EXACT, loss_by_cirq
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import InferenceTask
from qcomm.quantum.model import DistributedModel
from qcomm.seeds import generator
from qcomm.theory.checks import check_row


@dataclass(frozen=True)
class ModelRun:
    """angles [P] by symbol; ledger of one executed run; rows of the table of checks."""

    values: dict[str, float]
    ledger: Ledger
    checks: list[dict[str, Any]]


def model_run(model: DistributedModel, seed: int) -> ModelRun:
    """Simulate ``model.circuit`` at random angles on a random input.

    Raises:
        DataError: the channel counted something else than the circuit implies.
    """
    rng = generator("model run", seed)
    angles = rng.uniform(-np.pi, np.pi, model.parameters)
    vector = rng.normal(size=1 << len(model.circuit.qubits))
    vector /= np.linalg.norm(vector)
    values = dict(zip(model.engine.symbols, angles.tolist(), strict=True))
    task = InferenceTask(vector, model.blocks(angles))
    ledger = run_sampling(task, seed, copies=1).ledger
    if ledger != model.circuit.traffic():
        raise DataError("the channel counted something else than the circuit implies", where="circuit")
    by_cirq = 2 * loss_by_cirq(model.circuit, values, vector) - 1
    by_engine = float(model.expectation(torch.from_numpy(angles), torch.from_numpy(vector[None]))[0])
    layers = len(model.circuit.blocks) // 2
    rows = [
        ("circuit of Fig 2: <Z0> by the engine - by cirq.Simulator", by_engine - by_cirq, -EXACT, EXACT),
        ("circuit of Fig 2: <Z0> of the channel's blocks - by cirq", 2 * task.loss() - 1 - by_cirq, -EXACT, EXACT),
        ("circuit of Fig 2: messages of one executed run, 2 L", ledger.messages, 2 * layers, 2 * layers),
    ]
    return ModelRun(values, ledger, [check_row(*row) for row in rows])
