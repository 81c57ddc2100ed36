"""Builders of circuits: owners, traffic against the channel, blocks, encodings, errors."""

import cirq
import numpy as np
import pytest
import torch

from qcomm.errors import ProtocolError
from qcomm.protocols.gradient import all_gradient_states
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import InferenceTask
from qcomm.quantum.blocks import CircuitBlock, circuit_blocks
from qcomm.quantum.circuits import (
    DistributedCircuit,
    distributed_circuit,
    given_unitary,
    hardware_efficient,
    pauli_rotations,
    register,
)
from qcomm.quantum.encodings import amplitude_encoding, data_phases
from qcomm.quantum.engine import Engine
from qcomm.quantum.model import DistributedModel
from qcomm.quantum.owners import owned, owner_of
from qcomm.seeds import generator


def values_of(circuit):
    names = sorted(cirq.parameter_names(circuit))
    return dict(zip(names, generator("values", len(names)).uniform(-np.pi, np.pi, len(names)), strict=True))


@pytest.mark.parametrize("phases", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_traffic_of_the_circuit_is_what_the_channel_counts(layers, phases):
    circuit = distributed_circuit(4, layers, 2, phases=phases)
    blocks = circuit_blocks(circuit, values_of(circuit.circuit()))
    task = InferenceTask(amplitude_encoding(np.arange(1.0, 14)), blocks, 0.2, 0.1)
    estimate = run_sampling(task, seed=3, copies=50)
    assert estimate.ledger == circuit.traffic(50)
    assert circuit.traffic(50).qubits == 2 * layers * 50 * 4


def test_blocks_together_are_the_circuit_and_inverses_undo_them():
    circuit = distributed_circuit(3, 2, 2, phases=True)
    values = values_of(circuit.circuit())
    start = amplitude_encoding(generator("x").normal(size=8))
    state = start
    blocks = circuit_blocks(circuit, values)
    for block in blocks:
        state = block.apply(state)
    engine = Engine(circuit.circuit(), circuit.qubits)
    np.testing.assert_allclose(state, engine.state_vector([values[n] for n in engine.symbols], start), atol=1e-12)
    for block in reversed(blocks):
        state = block.inverse().apply(state)
    np.testing.assert_allclose(state, start, atol=1e-12)


def test_model_gradient_is_what_the_walks_deliver():
    model = DistributedModel(3, 2, 2)
    angles = generator("angles").uniform(-np.pi, np.pi, model.parameters)
    vector = amplitude_encoding(generator("x").normal(size=8))
    point = torch.tensor(angles, requires_grad=True)
    model.expectation(point, torch.from_numpy(vector[None]))[0].backward()
    expected = point.grad.numpy().reshape(4, -1)
    for m, state in enumerate(all_gradient_states(InferenceTask(vector, model.blocks(angles)))):
        found = [state.derivative(model.derivative(angles, m, index)) for index in range(6)]
        np.testing.assert_allclose(found, expected[m], atol=1e-12)


def test_encoding_pads_with_zeros_and_has_length_one():
    encoded = amplitude_encoding([3.0, 0.0, 4.0])
    np.testing.assert_allclose(encoded, [0.6, 0, 0.8, 0])
    assert amplitude_encoding([2]).tolist() == [1, 0]
    for scale in (1e200, 1e-200):
        np.testing.assert_allclose(amplitude_encoding([3 * scale, 4 * scale]), [0.6, 0.8])


@pytest.mark.parametrize("vector", [np.zeros(4), [1.0, np.nan], [np.inf, 1], np.ones((2, 2)), [], ["a"]])
def test_what_has_no_direction_is_refused(vector):
    with pytest.raises(ProtocolError):
        amplitude_encoding(vector)


def test_data_phases_are_the_spec_s_diagonal_encoding():
    qubits, values = register(2), np.array([0.3, -1.1, 2.0])
    circuit = data_phases(qubits, "Alice", values, 3.0)
    expected = np.diag(np.exp(1j * np.array([0.9, -3.3, 6.0, 0])))
    np.testing.assert_allclose(cirq.unitary(circuit), expected, atol=1e-12)
    assert {owner_of(op) for op in circuit.all_operations()} == {"Alice"}
    with pytest.raises(ProtocolError, match="at most 4"):
        data_phases(qubits, "Alice", np.ones(5))


def test_operations_need_exactly_one_owner():
    qubits = register(2)
    bare = cirq.Circuit(cirq.X(qubits[0]))
    with pytest.raises(ProtocolError, match="no owner"):
        DistributedCircuit((bare,), tuple(qubits))
    twice = cirq.Circuit(owned(list(owned(bare, "Alice")), "Bob"))
    with pytest.raises(ProtocolError, match="2 owners"):
        DistributedCircuit((twice,), tuple(qubits))
    mixed = cirq.Circuit([*owned(bare, "Alice"), *owned(bare, "Bob")])
    with pytest.raises(ProtocolError, match="it needs one"):
        DistributedCircuit((mixed,), tuple(qubits))
    for block in (bare, mixed, cirq.Circuit(), cirq.Circuit([*owned(bare, "Alice"), cirq.X(qubits[1])])):
        with pytest.raises(ProtocolError, match="owner"):
            CircuitBlock.of(block, qubits, [], [])
    outside = hardware_efficient(register(3), "Bob", "b", 1)
    with pytest.raises(ProtocolError, match="outside the register"):
        DistributedCircuit((outside,), tuple(qubits))


@pytest.mark.parametrize(
    ("matrix", "words"),
    [(np.ones((4, 4)), "not unitary"), (np.eye(3), "expected"), (np.full((4, 4), np.nan), "NaN")],
)
def test_matrices_that_are_no_unitaries_are_refused(matrix, words):
    with pytest.raises(ProtocolError, match=words):
        given_unitary(register(2), "Bob", matrix)


@pytest.mark.parametrize("string", ["XX", "XYQ", "III"])
def test_bad_pauli_strings_are_refused(string):
    with pytest.raises(ProtocolError, match="no Pauli string"):
        pauli_rotations(register(3), "Bob", "t", [string])


@pytest.mark.parametrize("arguments", [(0, 1, 1), (2, 0, 1), (2, 1, 0)])
def test_empty_circuits_are_refused(arguments):
    with pytest.raises(ProtocolError):
        distributed_circuit(*arguments)


def test_bad_circuits_of_two_parties_are_named():
    qubits, block = register(2), hardware_efficient(register(2), "Bob", "b", 1)
    carols = hardware_efficient(qubits, "Carol", "c", 1)
    for call, words in (
        (lambda: hardware_efficient(qubits, "Bob", "b", -1), "depth"),
        (lambda: DistributedCircuit((block,), tuple(qubits), measured_by="Carol"), "'Carol' is neither"),
        (lambda: DistributedCircuit((carols,), tuple(qubits)), "'Carol' is neither"),
        (lambda: DistributedCircuit((block,), (*qubits, qubits[0])), "distinct qubits"),
        (lambda: DistributedCircuit((), ()), "distinct qubits"),
        (lambda: circuit_blocks(DistributedCircuit((block,), tuple(qubits)), {"b_0_0": 1.0}), "b_0_1 have no value"),
    ):
        with pytest.raises(ProtocolError, match=words):
            call()


def test_qasm_of_the_ansatz():
    circuit = distributed_circuit(2, 1, 1).circuit(measured=True)
    text = cirq.resolve_parameters(circuit, values_of(circuit)).to_qasm()
    assert text.count("ry(") == 4
    assert "measure q[0]" in text
