"""The same circuit in every engine of the benchmark: each gives functions of (parameters, vectors) to time.

A peer is a function ``make(n, layers, depth)`` that returns ``{"forward": f, "gradient": g}`` (or one of them); f and g
take parameters [P] and a batch of unit vectors [B, 2^n] and give <P0> of each input, g also the gradient of their sum.
Peers without batches of inputs loop over them. Everything that can be prepared once is prepared in ``make``.
"""

from __future__ import annotations

import numpy as np

from qcomm.quantum.circuits import distributed_circuit


def names(n: int, layers: int, depth: int) -> list[str]:
    """Symbols in the order of the parameters."""
    owners = [f"{owner}{layer}" for layer in range(1, layers + 1) for owner in "BA"]
    return [f"{owner}_{d}_{q}" for owner in owners for d in range(depth) for q in range(n)]


def ring(n: int) -> list[tuple[int, int]]:
    """Pairs of the controlled-Z ring."""
    return [(q, q + 1) for q in range(n - 1)] + ([(n - 1, 0)] if n > 2 else [])


def rotations(parameters: np.ndarray, n: int) -> np.ndarray:
    """Angles by rotation layer and qubit."""
    return np.asarray(parameters).reshape(-1, n)


def qcomm(n, layers, depth):
    from qcomm.quantum.engine import Engine

    circuit = distributed_circuit(n, layers, depth)
    engine = Engine(circuit.circuit(), circuit.qubits, names(n, layers, depth), precision="single")
    return {"forward": engine.expectation, "gradient": engine.value_and_gradient}


def cirq(n, layers, depth):
    import cirq as package

    circuit = distributed_circuit(n, layers, depth)
    whole, symbols = circuit.circuit(), names(n, layers, depth)
    simulator = package.Simulator(dtype=np.complex64)

    def forward(parameters, vectors):
        resolved = package.resolve_parameters(whole, dict(zip(symbols, parameters, strict=True)))
        out = []
        for vector in vectors.astype(np.complex64):
            state = simulator.simulate(resolved, initial_state=vector, qubit_order=circuit.qubits).final_state_vector
            out.append((np.abs(state[: state.size // 2]) ** 2).sum(dtype=np.float64))
        return np.array(out)

    return {"forward": forward, "gradient": shifted(forward)}


def qsim(n, layers, depth, *, rebuilt=False):
    import cirq as package
    import qsimcirq

    circuit = distributed_circuit(n, layers, depth)
    whole, symbols = circuit.circuit(), names(n, layers, depth)
    simulator = qsimcirq.QSimSimulator({"t": 1})
    qubits = circuit.qubits

    def numeric(parameters):
        made = package.Circuit()
        for row in rotations(parameters, n):
            made.append(package.ry(angle)(q) for angle, q in zip(row, qubits, strict=True))
            made.append(package.CZ(qubits[a], qubits[b]) for a, b in ring(n))
        return made

    def forward(parameters, vectors):
        resolver = package.ParamResolver(dict(zip(symbols, parameters, strict=True)))
        ready = numeric(parameters) if rebuilt else whole
        out = []
        for vector in vectors.astype(np.complex64):
            found = simulator.simulate(ready, None if rebuilt else resolver, qubit_order=qubits, initial_state=vector)
            state = found.final_state_vector
            out.append((np.abs(state[: state.size // 2]) ** 2).sum(dtype=np.float64))
        return np.array(out)

    return {"forward": forward, "gradient": shifted(forward)}


def qsim_rebuilt(n, layers, depth):
    return qsim(n, layers, depth, rebuilt=True)


def lightning(n, layers, depth):
    import pennylane as qml

    device = qml.device("lightning.qubit", wires=n, c_dtype=np.complex64)

    def body(parameters, vector):
        qml.StatePrep(vector, wires=range(n))
        for row in qml.math.reshape(parameters, (-1, n)):
            for q in range(n):
                qml.RY(row[q], wires=q)
            for a, b in ring(n):
                qml.CZ(wires=(a, b))
        return qml.expval(qml.PauliZ(0))

    node = qml.QNode(body, device, diff_method="adjoint")
    derivative = qml.grad(node, argnums=0)

    def forward(parameters, vectors):
        return np.array([(1 + float(node(parameters, vector))) / 2 for vector in vectors])

    def gradient(parameters, vectors):
        free = qml.numpy.array(parameters, requires_grad=True)
        found = [(derivative(free, vector) / 2, derivative.forward) for vector in vectors]
        return np.array([(1 + float(value)) / 2 for _, value in found]), sum(part for part, _ in found)

    return {"forward": forward, "gradient": gradient}


def qulacs(n, layers, depth):
    import qulacs as package

    state, half = package.QuantumState(n), (1 << n) // 2
    # qulacs counts bits from the least significant one: qubit q of the circuit is its n - 1 - q; its angles have the
    # opposite sign

    def forward(parameters, vectors):
        circuit = package.QuantumCircuit(n)
        for row in rotations(parameters, n):
            for q in range(n):
                circuit.add_RY_gate(n - 1 - q, -float(row[q]))
            for a, b in ring(n):
                circuit.add_CZ_gate(n - 1 - a, n - 1 - b)
        out = []
        for vector in vectors.astype(np.complex128):
            state.load(vector)
            circuit.update_quantum_state(state)
            out.append((np.abs(state.get_vector()[:half]) ** 2).sum())
        return np.array(out)

    return {"forward": forward}


def tensorcircuit(n, layers, depth):
    import jax
    import tensorcircuit as package

    package.set_backend("jax")
    package.set_dtype("complex64")

    def value(parameters, vector):
        circuit = package.Circuit(n, inputs=vector)
        for row in parameters.reshape(-1, n):
            for q in range(n):
                circuit.ry(q, theta=row[q])
            for a, b in ring(n):
                circuit.cz(a, b)
        return (1 + circuit.expectation_ps(z=[0]).real) / 2

    values = jax.vmap(value, in_axes=(None, 0))
    forward = jax.jit(values)

    def summed(parameters, vectors):
        each = values(parameters, vectors)
        return each.sum(), each

    total = jax.jit(jax.value_and_grad(summed, has_aux=True))

    def run_forward(parameters, vectors):
        return np.asarray(forward(parameters.astype(np.float32), vectors.astype(np.complex64)))

    def run_gradient(parameters, vectors):
        (_, found), slope = total(parameters.astype(np.float32), vectors.astype(np.complex64))
        return np.asarray(found), np.asarray(slope)

    return {"forward": run_forward, "gradient": run_gradient}


def shifted(forward):
    """The gradient by the parameter-shift rule: two runs per parameter."""

    def gradient(parameters, vectors):
        slope = np.empty(parameters.size)
        for index in range(parameters.size):
            step = np.pi / 2 * (np.arange(parameters.size) == index)
            plus, minus = forward(parameters + step, vectors), forward(parameters - step, vectors)
            slope[index] = (plus - minus).sum() / 2
        return forward(parameters, vectors), slope

    return gradient


PEERS = {
    "qcomm": qcomm,
    "cirq": cirq,
    "qsim": qsim,
    "qsim (rebuilt)": qsim_rebuilt,
    "lightning": lightning,
    "qulacs": qulacs,
    "tensorcircuit": tensorcircuit,
}
MOST_QUBITS = {"tensorcircuit": 8}  # compilation takes minutes beyond
