"""Every kind of circuit block run as a protocol at small sizes, beside cirq's own simulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cirq
import numpy as np
from scipy.stats import unitary_group

from qcomm.errors import DataError
from qcomm.network import ALICE, BOB
from qcomm.protocols.blocks import RotationBlock
from qcomm.protocols.inference_runs import ansatz_blocks
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import InferenceTask
from qcomm.quantum.blocks import circuit_blocks
from qcomm.quantum.circuits import (
    DistributedCircuit,
    distributed_circuit,
    given_unitary,
    pauli_rotations,
    register,
)
from qcomm.quantum.encodings import amplitude_encoding, data_phases
from qcomm.seeds import generator
from qcomm.theory.checks import check_row

QUBITS, LAYERS, DEPTH, COPIES = 4, 2, 2, 20
EXACT = 1e-10


def _ansatz(rng: np.random.Generator) -> DistributedCircuit:
    return distributed_circuit(QUBITS, LAYERS, DEPTH, phases=True)


def _reuploading(rng: np.random.Generator) -> DistributedCircuit:
    """Bob rotates about Pauli strings, Alice multiplies phases of her data and rotates."""
    qubits = register(QUBITS)
    values, blocks = rng.uniform(0, 2 * np.pi, 10), []
    for layer in range(LAYERS):
        strings = ["".join(rng.choice(list("XYZ"), QUBITS)) for _ in range(2)]
        blocks.append(pauli_rotations(qubits, BOB, f"b{layer}", strings))
        alice = data_phases(qubits, ALICE, values, 3.0**layer) + pauli_rotations(qubits, ALICE, f"a{layer}", strings)
        blocks.append(alice)
    return DistributedCircuit(tuple(blocks), tuple(qubits))


def _unitaries(rng: np.random.Generator) -> DistributedCircuit:
    """Haar-random matrices."""
    qubits = register(QUBITS)
    draw = unitary_group(2**QUBITS, seed=rng)
    blocks = [given_unitary(qubits, owner, draw.rvs()) for _ in range(LAYERS) for owner in (BOB, ALICE)]
    return DistributedCircuit(tuple(blocks), tuple(qubits))


KINDS: dict[str, Callable[[np.random.Generator], DistributedCircuit]] = {
    "hardware-efficient ansatz": _ansatz,
    "Pauli rotations and data phases": _reuploading,
    "given unitaries": _unitaries,
}


def circuit_checks(seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the table of checks: circuits over the channel against cirq, and the two forms of the ansatz.

    Raises:
        DataError: the channel counted something else than the circuit implies.
    """
    for name, make in KINDS.items():
        rng = generator("circuits", name, seed)
        circuit, vector = make(rng), amplitude_encoding(rng.normal(size=2**QUBITS - 3))
        names = sorted(cirq.parameter_names(circuit.circuit()))
        values = dict(zip(names, rng.uniform(-np.pi, np.pi, len(names)), strict=True))
        task = InferenceTask(vector, circuit_blocks(circuit, values))
        if run_sampling(task, seed, copies=COPIES).ledger != circuit.traffic(COPIES):
            raise DataError("the channel counted something else than the circuit implies", where=name)
        off = abs(task.loss() - loss_by_cirq(circuit, values, vector))
        yield check_row(f"{name}: |loss over the channel - cirq.Simulator|", off, 0, EXACT)
    yield check_row("ansatz: largest |engine - numpy block|", _forms_of_the_ansatz(seed), 0, EXACT)


def loss_by_cirq(circuit: DistributedCircuit, values: dict[str, float], vector: np.ndarray) -> float:
    """P(first qubit = 0) of a whole circuit by ``cirq.Simulator`` in double precision.

    Args:
        circuit: with all its blocks.
        values: of its symbols.
        vector: unit vector (2^n,), handed over as the initial state.
    """
    resolved = cirq.resolve_parameters(circuit.circuit(), values)
    simulator = cirq.Simulator(dtype=np.complex128)
    start = vector.astype(np.complex128)
    state = simulator.simulate(resolved, qubit_order=circuit.qubits, initial_state=start).final_state_vector
    return float((np.abs(state[: state.size // 2]) ** 2).sum())


def _forms_of_the_ansatz(seed: int) -> float:
    """The sweep sends circuits lowered by the engine; the rival that sends its angles rebuilds them in numpy."""
    rng, worst = generator("forms", seed), 0.0
    for qubits in (2, 3, 7):
        block = ansatz_blocks(2**qubits, 1, DEPTH, rng)[0]
        vector = amplitude_encoding(rng.normal(size=2**qubits))
        numpy_form = RotationBlock(BOB, block.parameters.reshape(DEPTH, qubits))
        worst = max(worst, np.abs(block.apply(vector) - numpy_form.apply(vector)).max())
    return float(worst)
