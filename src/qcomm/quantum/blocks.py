"""A party's part of a circuit as a block that the channel can apply to a travelling register."""

from __future__ import annotations

from dataclasses import dataclass

import cirq
import numpy as np

from qcomm.errors import ProtocolError
from qcomm.quantum.circuits import DistributedCircuit
from qcomm.quantum.engine import Engine
from qcomm.quantum.owners import owner_of


@dataclass(frozen=True, eq=False)
class CircuitBlock:
    """A circuit of one owner with its parameters filled in.

    Attributes:
        owner: name of the party.
        forward, backward: engines of the circuit and of its inverse, with the same symbols.
        parameters: float [P].
    """

    owner: str
    forward: Engine
    backward: Engine
    parameters: np.ndarray

    @classmethod
    def of(cls, circuit: cirq.Circuit, qubits, symbols, parameters) -> CircuitBlock:
        """Lower a circuit, whose operations have one owner, and its inverse.

        Raises:
            ProtocolError: an operation without an owner, several owners or none, or it cannot be lowered.
        """
        owners = {owner_of(operation) for operation in circuit.all_operations()}
        if len(owners) != 1:
            raise ProtocolError(f"a block needs one owner, this has {sorted(owners)}", where="circuit")
        inverse = cirq.inverse(circuit)
        engines = (Engine(part, qubits, symbols) for part in (circuit, inverse))
        return cls(owners.pop(), *engines, np.asarray(parameters, np.float64))

    def with_parameters(self, parameters: np.ndarray) -> CircuitBlock:
        """The same circuit with other parameters; nothing is lowered again."""
        return CircuitBlock(self.owner, self.forward, self.backward, np.asarray(parameters, np.float64))

    def apply(self, state_vector: np.ndarray) -> np.ndarray:
        """The block applied along the last axis of an array (..., 2^n).

        Raises:
            ProtocolError: another length, NaN or infinity, also among the parameters.
        """
        flat = state_vector.reshape(-1, state_vector.shape[-1])
        return self.forward.state_vector(self.parameters, flat).reshape(state_vector.shape)

    def inverse(self) -> CircuitBlock:
        return CircuitBlock(self.owner, self.backward, self.forward, self.parameters)


def circuit_blocks(circuit: DistributedCircuit, values: dict[str, float]) -> tuple[CircuitBlock, ...]:
    """All blocks of a distributed circuit, as protocols take them.

    Args:
        circuit: of two parties.
        values: of all symbols.

    Raises:
        ProtocolError: an operation cannot be lowered, or a symbol has no value.
    """
    names = {name for block in circuit.blocks for name in cirq.parameter_names(block)}
    if missing := sorted(names - set(values)):
        raise ProtocolError(f"symbols {', '.join(missing)} have no value", where="values")
    found = []
    for block in circuit.blocks:
        symbols = sorted(cirq.parameter_names(block))
        found.append(CircuitBlock.of(block, circuit.qubits, symbols, [values[name] for name in symbols]))
    return tuple(found)
