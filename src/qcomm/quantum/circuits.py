"""Pure builders of circuits, every operation tagged with its owner, and the circuit of two parties as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cirq
import numpy as np
import sympy

from qcomm.errors import ProtocolError
from qcomm.network import ALICE, BOB, Ledger, circuit_traffic, party
from qcomm.network.register import check_unitary
from qcomm.quantum.owners import owned, owner_of
from qcomm.theory.checks import whole


def register(count: int) -> list[cirq.LineQubit]:
    """Qubits 0 .. count - 1; qubit 0 is the first one, with the largest weight in the index of an amplitude.

    Raises:
        ProtocolError: fewer than one.
    """
    return cirq.LineQubit.range(whole(count, "qubits", 1))


def entangling_ring(qubits: Sequence[cirq.Qid]) -> list[cirq.Operation]:
    """Controlled-Z between neighbours, closed to a ring from three qubits on."""
    pairs = list(zip(qubits, qubits[1:], strict=False))
    if len(qubits) > 2:
        pairs.append((qubits[-1], qubits[0]))
    return [cirq.CZ(a, b) for a, b in pairs]


def hardware_efficient(
    qubits: Sequence[cirq.Qid], owner: str, name: str, depth: int, *, phases: bool = False
) -> cirq.Circuit:
    """`depth` times: R_y on every qubit (and R_z with `phases`), then the ring of controlled-Z.

    Parameters are the symbols ``{name}_{layer}_{qubit}`` (and ``{name}_{layer}_{qubit}z``), in radians.

    Raises:
        ProtocolError: a depth below 1.
    """
    whole(depth, "depth", 1)
    circuit = cirq.Circuit()
    for layer in range(depth):
        circuit.append(owned([cirq.ry(sympy.Symbol(f"{name}_{layer}_{i}"))(q) for i, q in enumerate(qubits)], owner))
        if phases:
            turns = [cirq.rz(sympy.Symbol(f"{name}_{layer}_{i}z"))(q) for i, q in enumerate(qubits)]
            circuit.append(owned(turns, owner))
        circuit.append(owned(entangling_ring(qubits), owner))
    return circuit


def pauli_rotations(
    qubits: Sequence[cirq.Qid], owner: str, name: str, strings: Sequence[str], beta: float = 0.5
) -> cirq.Circuit:
    """Product of exp(-i beta theta_j P_j), in order; P_j are strings over I, X, Y, Z, one letter per qubit.

    Raises:
        ProtocolError: a string of another length, with another letter, or of identities only.
    """
    circuit = cirq.Circuit()
    for number, string in enumerate(strings):
        if len(string) != len(qubits) or set(string) - set("IXYZ") or set(string) <= {"I"}:
            raise ProtocolError(f"{string!r} is no Pauli string on {len(qubits)} qubits", where=f"strings[{number}]")
        letters = {"X": cirq.X, "Y": cirq.Y, "Z": cirq.Z}
        pauli = cirq.PauliString({q: letters[p] for q, p in zip(qubits, string, strict=True) if p != "I"})
        turn = beta * sympy.Symbol(f"{name}_{number}") / sympy.pi
        gate = cirq.PauliStringPhasor(pauli, exponent_neg=turn, exponent_pos=-turn)
        circuit.append(owned([gate], owner), strategy=cirq.InsertStrategy.NEW)
    return circuit


def given_unitary(qubits: Sequence[cirq.Qid], owner: str, matrix: np.ndarray) -> cirq.Circuit:
    """A unitary given as a matrix (2^n, 2^n).

    Raises:
        ProtocolError: wrong shape, NaN, or not unitary to 1e-9.
    """
    matrix, size = np.asarray(matrix), 1 << len(qubits)
    if matrix.shape != (size, size):
        raise ProtocolError(f"expected ({size}, {size}) on {len(qubits)} qubits, got {matrix.shape}", where="matrix")
    check_unitary(matrix, "matrix")
    gate = cirq.MatrixGate(matrix, qid_shape=(2,) * len(qubits), unitary_check_atol=1e-8)
    return cirq.Circuit(owned([gate.on(*qubits)], owner))


def measurement(qubits: Sequence[cirq.Qid], owner: str) -> cirq.Circuit:
    """The first qubit measured: outcome 0 is P0, and Z0 = 2 P0 - 1."""
    return cirq.Circuit(owned([cirq.measure(qubits[0], key="P0")], owner))


@dataclass(frozen=True)
class DistributedCircuit:
    """Alice prepares |x>; the blocks act in order B_1, A_1, .., B_L, A_L; someone measures the first qubit.

    Attributes:
        blocks: circuits of one owner each.
        qubits: of the register.
        measured_by: who measures.

    Raises:
        ProtocolError: an operation without an owner, a block of two owners, of someone who is neither Alice nor Bob, or
            of qubits outside the register; a register without qubits or with one twice.
    """

    blocks: tuple[cirq.Circuit, ...]
    qubits: tuple[cirq.Qid, ...]
    measured_by: str = ALICE

    def __post_init__(self):
        if not self.qubits or len(set(self.qubits)) < len(self.qubits):
            raise ProtocolError(f"{[str(q) for q in self.qubits]} are not distinct qubits", where="qubits")
        party(self.measured_by, "measured_by")
        for number, block in enumerate(self.blocks):
            names = {owner_of(operation) for operation in block.all_operations()}
            if len(names) != 1:
                raise ProtocolError(f"block {number} has owners {sorted(names)}, it needs one", where="blocks")
            party(*names, f"blocks[{number}]")
            if not block.all_qubits() <= set(self.qubits):
                raise ProtocolError(f"block {number} acts outside the register", where="blocks")

    @property
    def owners(self) -> tuple[str, ...]:
        """Owners of the preparation, of every block, and of the measurement."""
        blocks = (owner_of(next(block.all_operations())) for block in self.blocks)
        return (ALICE, *blocks, self.measured_by)

    def circuit(self, *, measured: bool = False) -> cirq.Circuit:
        """All blocks one after the other as one circuit, block by block in separate moments."""
        return cirq.Circuit(moment for part in self.circuit_parts(measured=measured) for moment in part)

    def circuit_parts(self, *, measured: bool = False) -> list[cirq.Circuit]:
        """The blocks in order and, with `measured`, the measurement."""
        return [*self.blocks, *([measurement(self.qubits, self.measured_by)] if measured else [])]

    def traffic(self, copies: int = 1) -> Ledger:
        """The messages that changes of ownership imply; the channel must count the same."""
        return circuit_traffic(self.owners, len(self.qubits), copies)


def distributed_circuit(count: int, layers: int, depth: int, *, phases: bool = False) -> DistributedCircuit:
    """L layers of hardware-efficient blocks: Bob's B_l, then Alice's A_l; symbols ``B1_0_0``, ..

    Args:
        count: qubits n.
        layers: L.
        depth: rotation layers per block.
        phases: R_z beside R_y; without them and with real input all amplitudes stay real.

    Raises:
        ProtocolError: numbers below 1.
    """
    whole(layers, "layers", 1)
    qubits = register(count)
    blocks = []
    for layer in range(1, layers + 1):
        for owner in (BOB, ALICE):
            blocks.append(hardware_efficient(qubits, owner, f"{owner[0]}{layer}", depth, phases=phases))
    return DistributedCircuit(tuple(blocks), tuple(qubits))
