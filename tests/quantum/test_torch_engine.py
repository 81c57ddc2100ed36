"""The PyTorch engine gives what the compiled one gives, on the CPU and, where there is one, on a GPU."""

import cirq
import numpy as np
import pytest
import sympy
import torch

from qcomm.errors import ProtocolError
from qcomm.quantum.circuits import distributed_circuit, given_unitary, pauli_rotations, register
from qcomm.quantum.encodings import data_phases
from qcomm.quantum.engine import Engine
from qcomm.quantum.program import lower
from qcomm.quantum.torch_engine import TorchEngine
from qcomm.seeds import generator

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def mixed(qubits):
    """Rotations, strings, phases with data, and a dense matrix in the middle."""
    a = sympy.Symbol("a")
    unitary = cirq.testing.random_unitary(1 << len(qubits), random_state=3)
    parts = [
        pauli_rotations(qubits, "Bob", "t", ["XYZIII"[: len(qubits)], "ZZZZZZ"[: len(qubits)]]),
        data_phases(qubits, "Alice", np.linspace(0, 2, 5)),
        cirq.Circuit(cirq.rx(2 * a)(qubits[0]), cirq.CNOT(*qubits[:2]), cirq.ZZ(*qubits[1:3]) ** a),
        given_unitary(qubits, "Bob", unitary),
        cirq.Circuit(cirq.ry(a + 0.3)(q) for q in qubits),
    ]
    return sum(parts, cirq.Circuit())


CIRCUITS = {
    "real": lambda: distributed_circuit(7, 2, 2).circuit(),
    "phases": lambda: distributed_circuit(6, 1, 2, phases=True).circuit(),
    "mixed": lambda: mixed(register(4)),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
@pytest.mark.parametrize("name", CIRCUITS)
def test_states_expectations_and_gradients_agree(name, dtype, tolerance, device):
    circuit = CIRCUITS[name]()
    program = lower(circuit)
    compiled, engine = Engine(program), TorchEngine(program, device, dtype)
    rng = generator("torch engine", name)
    parameters = rng.uniform(-np.pi, np.pi, len(program.symbols))
    vectors = rng.normal(size=(3, 1 << program.qubits))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = np.array([1.0, -0.5, 2.0])
    point, given = torch.tensor(parameters, requires_grad=True), torch.from_numpy(vectors)
    found = engine.state_vector(point.detach(), given).cpu().numpy()
    np.testing.assert_allclose(found, compiled.state_vector(parameters, vectors), rtol=0, atol=tolerance)
    values = engine.expectation(point, given, "Z0")
    (values @ torch.from_numpy(weights)).backward()
    expected, gradient = compiled.value_and_gradient(parameters, vectors, weights, "Z0")
    np.testing.assert_allclose(values.detach().numpy(), expected, rtol=0, atol=tolerance)
    np.testing.assert_allclose(point.grad.numpy(), gradient, rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize("name", CIRCUITS)
def test_gradients_by_inputs_are_those_of_plain_torch(name):
    engine = TorchEngine(lower(CIRCUITS[name]()), dtype=torch.float64)
    rng = generator("inputs", name)
    parameters = torch.tensor(rng.uniform(-1, 1, len(engine.symbols)), requires_grad=True)
    vectors = torch.tensor(rng.normal(size=(2, 1 << engine.qubits)), requires_grad=True)
    half = vectors.shape[1] // 2
    plain = (engine.state_vector(parameters, vectors)[:, :half].abs() ** 2).sum()
    expected = torch.autograd.grad(plain, (parameters, vectors))
    found = torch.autograd.grad(engine.expectation(parameters, vectors).sum(), (parameters, vectors))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-9)


def test_complex_inputs_are_taken():
    program = lower(distributed_circuit(3, 1, 1, phases=True).circuit())
    rng = generator("complex")
    vector = rng.normal(size=(1, 8)) + 1j * rng.normal(size=(1, 8))
    parameters = rng.uniform(-1, 1, len(program.symbols))
    found = TorchEngine(program, dtype=torch.float64).state_vector(torch.tensor(parameters), torch.from_numpy(vector))
    np.testing.assert_allclose(found.numpy(), Engine(program).state_vector(parameters, vector), atol=1e-12)


def test_shots_follow_the_expectation_and_the_seed():
    program = lower(distributed_circuit(3, 1, 1).circuit())
    engine, rng = TorchEngine(program, dtype=torch.float64), generator("torch shots")
    parameters, vectors = torch.tensor(rng.uniform(-1, 1, 6)), torch.eye(8, dtype=torch.float64)[:3]
    counts = [engine.sample(parameters, vectors, 40_000, generator("shots", seed)) for seed in (1, 1, 2)]
    assert torch.equal(counts[0], counts[1])
    assert not torch.equal(counts[0], counts[2])
    p = engine.expectation(parameters, vectors).numpy()
    assert (np.abs(counts[0].numpy() / 40_000 - p) < 5 * np.sqrt(p * (1 - p) / 40_000)).all()


def test_bad_shapes_and_devices_are_named(monkeypatch):
    program = lower(distributed_circuit(3, 1, 1).circuit())
    with pytest.raises(ProtocolError, match=r"\[B, 8\]"):
        TorchEngine(program).expectation(torch.zeros(6), torch.zeros(1, 4))
    with pytest.raises(ProtocolError, match="NaN"):
        TorchEngine(program).expectation(torch.zeros(6), torch.full((1, 8), torch.nan))
    engine, unit = TorchEngine(program), torch.eye(8)[:1]
    for parameters, words in (
        (torch.zeros(50), "expected 6 real parameters"),
        (torch.zeros(3), "expected 6"),
        (torch.zeros(1, 6), "expected 6"),
        (torch.zeros(6, dtype=torch.complex64), "real"),
        (torch.full((6,), torch.nan), "parameter is NaN"),
    ):
        for call in (engine.expectation, engine.state_vector):
            with pytest.raises(ProtocolError, match=words):
                call(parameters, unit)
    with pytest.raises(ProtocolError, match="-2"):
        engine.sample(torch.zeros(6), unit, -2, generator("x"))
    with pytest.raises(ProtocolError, match="length 2 instead of 1"):
        engine.sample(torch.zeros(6), 2 * unit, 5, generator("x"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ProtocolError, match="no CUDA"):
        TorchEngine(program, "cuda")
