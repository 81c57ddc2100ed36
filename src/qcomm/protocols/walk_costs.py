"""What one copy costs: messages and qubits of a forward run and of every gradient state, from executed walks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from qcomm.network import Ledger
from qcomm.protocols.gradient import all_gradient_states
from qcomm.protocols.inference_runs import ansatz_blocks
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import InferenceTask
from qcomm.seeds import generator
from qcomm.theory.checks import whole

QUBITS = 2  # the number of messages does not depend on it


def walk_costs(layers: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Rows (what, position, messages, qubits): the forward run (position 0), then each of the 2 L unitaries' states.

    Args:
        layers: L, each a unitary of Bob's and one of Alice's.
        seed: of the circuit and the runs.

    Raises:
        ProtocolError: layers below 1.
    """
    rng = generator("walk costs", layers, seed)
    blocks = ansatz_blocks(2**QUBITS, whole(layers, "layers", 1), 1, rng)
    task = InferenceTask(np.abs(rng.normal(size=2**QUBITS)), blocks)
    yield _row("forward pass", 0, run_sampling(task, seed, copies=1).ledger)
    for state in all_gradient_states(task, seed):
        yield _row("gradient estimator", state.unitary, state.ledger)


def _row(what: str, position: int, ledger: Ledger) -> dict[str, Any]:
    return {"what": what, "position": position, "messages": ledger.messages, "qubits": ledger.qubits}
