"""The engine against cirq's simulator, and its gradients against finite differences and parameter shift."""

import cirq
import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from qcomm.errors import ProtocolError
from qcomm.quantum.autograd import expectation
from qcomm.quantum.circuits import distributed_circuit, pauli_rotations, register
from qcomm.quantum.engine import Engine
from qcomm.seeds import generator

TOLERANCE = {"double": 1e-10, "single": 1e-5}
A, B = sympy.symbols("a b")
ANGLES = [0.37, -1.2, A, 2 * B - 0.4, A - B]
POWERS = [0.3, 1, -0.5, A / sympy.pi, 0.7 * B + 0.1]


def one_qubit(power):
    return st.sampled_from(
        [cirq.X**power, cirq.Y**power, cirq.Z**power, cirq.ZPowGate(exponent=power, global_shift=0.3)]
        + [cirq.YPowGate(exponent=power, global_shift=-0.2), cirq.XPowGate(exponent=power, global_shift=0.4)]
    )


def two_qubits(power):
    kinds = (cirq.CZPowGate, cirq.ZZPowGate, cirq.CXPowGate)
    return st.sampled_from([kind(exponent=power, global_shift=shift) for kind in kinds for shift in (0, -0.35)])


FIXED_ONE = [cirq.H, cirq.S, cirq.T, cirq.X, cirq.Y, cirq.H**0.3, cirq.PhasedXPowGate(phase_exponent=0.2, exponent=0.6)]
FIXED_TWO = [cirq.SWAP, cirq.ISWAP, cirq.ISWAP**0.4, cirq.FSimGate(0.3, 0.8), cirq.CZ, cirq.CNOT]
FIXED_TWO += [cirq.ControlledGate(cirq.H), cirq.TwoQubitDiagonalGate([0.1, 0.4, -0.3, 1.0])]
FIXED_THREE = [cirq.CCZ, cirq.CCX, cirq.CSWAP, cirq.CCZ**0.3, cirq.CCX**-0.4]
FIXED_THREE += [cirq.ThreeQubitDiagonalGate([0.1, 0.4, -0.3, 1.0, 0.2, -2.0, 0.7, 0.0])]
SMALL = settings(max_examples=40, deadline=None, derandomize=True)


@st.composite
def operations(draw, qubits):
    order = draw(st.permutations(qubits))
    kind = draw(st.integers(0, 10))
    power, angle = draw(st.sampled_from(POWERS)), draw(st.sampled_from(ANGLES))
    if kind == 0:
        return draw(st.sampled_from([cirq.rx, cirq.ry, cirq.rz]))(angle)(order[0])
    if kind == 1:
        return draw(one_qubit(power))(order[0])
    if kind == 2:
        return draw(st.sampled_from(FIXED_ONE))(order[0])
    if kind == 3:
        return draw(two_qubits(power))(*order[:2])
    if kind == 4:
        return draw(st.sampled_from(FIXED_TWO))(*order[:2])
    if kind == 5:
        letters = [draw(st.sampled_from([cirq.X, cirq.Y, cirq.Z])) for _ in range(draw(st.integers(1, len(qubits))))]
        string = cirq.PauliString(dict(zip(order, letters, strict=False)), coefficient=draw(st.sampled_from([1, -1])))
        return cirq.PauliStringPhasor(string, exponent_neg=power, exponent_pos=-0.3 * power)
    if kind == 6:
        return cirq.DiagonalGate(list(np.linspace(-1, 2, 1 << len(qubits)))).on(*order)
    if kind == 7:
        return cirq.global_phase_operation(1j)
    if kind == 8:
        letters = draw(st.lists(st.sampled_from("XYZ"), min_size=1, max_size=len(qubits)))
        string = cirq.DensePauliString("".join(letters), coefficient=draw(st.sampled_from([1, -1])))
        gate = cirq.PauliStringPhasorGate(string, exponent_neg=power, exponent_pos=-0.3 * power)
        return gate.on(*order[: len(letters)])
    if kind == 9 and len(qubits) > 2:
        return draw(st.sampled_from(FIXED_THREE))(*order[:3])
    matrix = cirq.testing.random_unitary(1 << len(qubits), random_state=draw(st.integers(0, 9)))
    return cirq.MatrixGate(matrix).on(*order)


@st.composite
def circuits(draw):
    qubits = register(draw(st.integers(2, 5)))
    return cirq.Circuit(draw(st.lists(operations(qubits), min_size=1, max_size=12))), qubits


def random_state(size, *labels, real=False):
    rng = generator("engine test", size, *labels)
    vector = rng.normal(size=size) + (0 if real else 1j * rng.normal(size=size))
    return vector / np.linalg.norm(vector)


def by_cirq(circuit, qubits, vector, values):
    resolved = cirq.resolve_parameters(circuit, values)
    simulator = cirq.Simulator(dtype=np.complex128)
    start = vector.astype(np.complex128)
    return simulator.simulate(resolved, qubit_order=qubits, initial_state=start).final_state_vector


@pytest.mark.parametrize("precision", ["double", "single"])
@SMALL
@given(case=circuits())
def test_state_vectors_are_cirqs(precision, case):
    circuit, qubits = case
    values = {"a": 0.83, "b": -1.31}
    engine = Engine(circuit, qubits, precision=precision)
    vector = random_state(1 << len(qubits))
    found = engine.state_vector([values[name] for name in engine.symbols], vector)
    np.testing.assert_allclose(found, by_cirq(circuit, qubits, vector, values), rtol=0, atol=TOLERANCE[precision])


@SMALL
@given(case=circuits())
def test_gradients_are_finite_differences(case):
    circuit, qubits = case
    engine = Engine(circuit, qubits, symbols=["a", "b"])
    vectors = np.array([random_state(1 << len(qubits), label) for label in (1, 2)])
    point, weights, step = np.array([0.83, -1.31]), np.array([1.0, -0.7]), 1e-6
    values, gradient = engine.value_and_gradient(point, vectors, weights, "Z0")
    np.testing.assert_allclose(values, engine.expectation(point, vectors, "Z0"), atol=1e-12)
    for index in range(2):
        moved = step * np.eye(2)[index]
        up, down = (weights @ engine.expectation(point + sign * moved, vectors, "Z0") for sign in (1, -1))
        assert gradient[index] == pytest.approx((up - down) / (2 * step), abs=2e-7)


@pytest.mark.parametrize("qubits", [1, 2, 3, 4, 5, 9, 13, 14])
@pytest.mark.parametrize("phases", [False, True])
def test_large_registers_and_every_radix(qubits, phases):
    circuit = distributed_circuit(qubits, 1, 2, phases=phases)
    whole = circuit.circuit()
    engine = Engine(whole, circuit.qubits)
    rng = generator("angles", qubits)
    parameters = rng.uniform(-np.pi, np.pi, engine.parameters)
    vector = random_state(1 << qubits, real=True)
    expected = by_cirq(whole, circuit.qubits, vector, dict(zip(engine.symbols, parameters, strict=True)))
    found = engine.state_vector(parameters, vector)
    assert np.iscomplexobj(found) == phases
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    single = Engine(whole, circuit.qubits, precision="single").state_vector(parameters, vector)
    np.testing.assert_allclose(single, expected, rtol=0, atol=1e-5)
    _, gradient = engine.value_and_gradient(parameters, vector)
    for index in rng.choice(engine.parameters, 6):
        shift = np.pi / 2 * (np.arange(engine.parameters) == index)
        pair = [engine.expectation(parameters + sign * shift, vector)[0] for sign in (1, -1)]
        assert gradient[index] == pytest.approx((pair[0] - pair[1]) / 2, abs=1e-11)
    low = Engine(whole, circuit.qubits, precision="single").value_and_gradient(parameters, vector)[1]
    np.testing.assert_allclose(low, gradient, rtol=0, atol=2e-6)


def test_torch_sees_parameters_and_inputs():
    circuit = distributed_circuit(3, 2, 1)
    engine = Engine(circuit.circuit(), circuit.qubits)
    parameters = torch.tensor(generator("p").uniform(-1, 1, engine.parameters), requires_grad=True)
    vectors = torch.tensor(np.array([random_state(8, i, real=True) for i in (1, 2)]), requires_grad=True)
    check = torch.autograd.gradcheck
    assert check(lambda p, v: expectation(engine, p, v, "P0"), (parameters, vectors), eps=1e-6, atol=1e-6)


@pytest.mark.parametrize("phases", [False, True])
def test_gradients_by_inputs_are_finite_differences(phases):
    circuit = distributed_circuit(3, 1, 1, phases=phases)
    engine = Engine(circuit.circuit(), circuit.qubits)
    parameters, vector, step = np.linspace(-1, 1, engine.parameters), random_state(8, real=True), 1e-6
    found = engine.value_and_gradient(parameters, vector, [0.7], inputs=True)[2]
    moved = vector + step * np.concatenate([np.eye(8), -np.eye(8)])
    up, down = engine.expectation(parameters, moved).reshape(2, 8)
    np.testing.assert_allclose(found, 0.7 * (up - down)[None] / (2 * step), rtol=0, atol=1e-8)


def test_gradients_by_complex_inputs_are_refused():
    circuit = distributed_circuit(2, 1, 1, phases=True)
    engine = Engine(circuit.circuit(), circuit.qubits)
    vectors = torch.tensor(random_state(4)[None], requires_grad=True)
    with pytest.raises(ProtocolError, match="complex amplitudes"):
        expectation(engine, torch.zeros(engine.parameters, dtype=torch.float64), vectors)


def test_threads_share_a_batch():
    circuit = distributed_circuit(6, 1, 2)
    whole = [Engine(circuit.circuit(), circuit.qubits, threads=threads) for threads in (1, 3)]
    parameters = generator("p").uniform(-1, 1, whole[0].parameters)
    vectors = np.array([random_state(64, i, real=True) for i in range(7)])
    one, three = (engine.value_and_gradient(parameters, vectors, np.arange(7.0)) for engine in whole)
    np.testing.assert_array_equal(one[0], three[0])
    np.testing.assert_allclose(one[1], three[1], rtol=1e-12)


def test_shots_follow_the_expectation_and_the_seed():
    circuit = distributed_circuit(4, 1, 1)
    engine = Engine(circuit.circuit(), circuit.qubits)
    parameters, vector = generator("p").uniform(-1, 1, engine.parameters), random_state(16, real=True)
    counts = [engine.sample(parameters, vector, 40_000, generator("shots", seed))[0] for seed in (1, 1, 2)]
    assert counts[0] == counts[1] != counts[2]
    p = engine.expectation(parameters, vector)[0]
    assert abs(counts[0] / 40_000 - p) < 5 * np.sqrt(p * (1 - p) / 40_000)


def test_pauli_rotations_are_exponentials():
    from scipy.linalg import expm

    qubits = register(3)
    circuit = pauli_rotations(qubits, "Bob", "t", ["XYZ", "IZX"], beta=0.7)
    engine = Engine(circuit, qubits, symbols=["t_0", "t_1"])
    paulis = {"I": np.eye(2), "X": cirq.unitary(cirq.X), "Y": cirq.unitary(cirq.Y), "Z": cirq.unitary(cirq.Z)}
    matrices = [np.kron(np.kron(paulis[s[0]], paulis[s[1]]), paulis[s[2]]) for s in ("XYZ", "IZX")]
    expected = expm(-0.7j * -1.1 * matrices[1]) @ expm(-0.7j * 0.4 * matrices[0]) @ random_state(8)
    np.testing.assert_allclose(engine.state_vector([0.4, -1.1], random_state(8)), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (cirq.SWAP(*register(2)) ** A, "cannot be lowered"),
        (cirq.rx(A * B)(register(1)[0]), "not linear"),
        (cirq.amplitude_damp(0.1)(register(1)[0]), "not unitary"),
        (cirq.PauliStringPhasorGate(cirq.DensePauliString("XI"))(*register(2)), "without a letter"),
        (cirq.rx(1j * A)(register(1)[0]), "not a finite real number"),
        (cirq.ry(A + sympy.I)(register(1)[0]), "not a finite real number"),
        (cirq.MatrixGate(np.eye(3)[[1, 2, 0]], qid_shape=(3,)).on(cirq.LineQid(0, 3)), r"levels \(3,\)"),
        (cirq.IdentityGate(qid_shape=(3, 2)).on(*cirq.LineQid.for_qid_shape((3, 2))), r"levels \(3, 2\)"),
    ],
)
def test_what_cannot_be_lowered_is_named(operation, words):
    with pytest.raises(ProtocolError, match=words):
        Engine(cirq.Circuit(operation))


def test_vectors_in_single_precision_count_as_unit_vectors():
    circuit = distributed_circuit(12, 1, 1)
    engine = Engine(circuit.circuit(), circuit.qubits, precision="single")
    vector, parameters = random_state(1 << 12, real=True), np.linspace(-1, 1, engine.parameters)
    found = engine.expectation(parameters, vector.astype(np.float32))
    np.testing.assert_allclose(found, engine.expectation(parameters, vector), rtol=0, atol=1e-5)


def test_bad_arguments_are_named():
    qubits = register(2)
    engine = Engine(cirq.Circuit(cirq.ry(A)(qubits[0]), cirq.CZ(*qubits)), qubits)
    vector = np.array([1.0, 0, 0, 0])
    for call, words in (
        (lambda: engine.expectation([0.1, 0.2], vector), "expected 1 parameters"),
        (lambda: engine.expectation([0.1], np.ones(3)), "length 4"),
        (lambda: engine.expectation([0.1], np.full(4, np.nan)), "NaN"),
        (lambda: engine.expectation([0.1], [3.0, 0, 0, 0]), "length 3 instead of 1"),
        (lambda: engine.expectation([0.1], np.zeros(4)), "length 0"),
        (lambda: engine.value_and_gradient([0.1], [vector, 2 * vector]), "vector 1 has length 2"),
        (lambda: engine.sample([0.1], 1j * np.ones(4), 5, generator("x")), "length 2"),
        (lambda: engine.expectation([0.1j], vector), "real numbers"),
        (lambda: Engine(cirq.Circuit(cirq.ry(A)(qubits[0])), symbols=["a", "b", "a"]), "a appear more than once"),
        (lambda: Engine(cirq.Circuit(cirq.ry(A)(qubits[0])), [*qubits, qubits[0]]), "more than once"),
        (lambda: engine.expectation([0.1], vector, "X0"), "unknown observable"),
        (lambda: engine.expectation([np.nan], vector), "parameter is NaN"),
        (lambda: engine.value_and_gradient([0.1], vector, np.ones(2)), "weights of shape"),
        (lambda: engine.sample([0.1], vector, -3, generator("x")), "-3"),
        (lambda: Engine(cirq.Circuit(), qubits, precision="half"), "precision"),
        (lambda: Engine(cirq.Circuit(cirq.measure(qubits[0]), cirq.X(qubits[0]))), "measurement before the end"),
    ):
        with pytest.raises(ProtocolError, match=words):
            call()
