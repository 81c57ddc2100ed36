"""The distributed model that is trained: its expectation, its blocks, and derivatives of single blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from qcomm.quantum.autograd import expectation
from qcomm.quantum.blocks import CircuitBlock
from qcomm.quantum.circuits import distributed_circuit
from qcomm.quantum.engine import Engine


class DistributedModel:
    """L layers of B_l (Bob) and A_l (Alice), each `depth` layers of R_y and a ring of controlled-Z.

    Parameters are ordered by unitary (B_1, A_1, B_2, ..), then by rotation layer, then by qubit.

    Args:
        qubits: n.
        layers: L.
        depth: rotation layers in each unitary.
    """

    def __init__(self, qubits: int, layers: int, depth: int):
        self.circuit = distributed_circuit(qubits, layers, depth)
        names = [f"{owner}{layer}" for layer in range(1, layers + 1) for owner in "BA"]
        self._symbols = [[f"{name}_{d}_{q}" for d in range(depth) for q in range(qubits)] for name in names]
        symbols = [name for part in self._symbols for name in part]
        self.engine = Engine(self.circuit.circuit(), self.circuit.qubits, symbols)
        self._blocks = [
            CircuitBlock.of(block, self.circuit.qubits, part, np.zeros(len(part)))
            for block, part in zip(self.circuit.blocks, self._symbols, strict=True)
        ]

    @property
    def parameters(self) -> int:
        """Number of angles P = 2 L depth n."""
        return self.engine.parameters

    def expectation(self, angles: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """<Z0> [B] of unit vectors [B, 2^n], differentiable by the angles [P]."""
        return expectation(self.engine, angles, vectors, "Z0")

    def blocks(self, angles: np.ndarray) -> tuple[CircuitBlock, ...]:
        """All unitaries with their angles, for the channel."""
        parts = np.asarray(angles).reshape(len(self._blocks), -1)
        return tuple(block.with_parameters(part) for block, part in zip(self._blocks, parts, strict=True))

    def derivative(self, angles: np.ndarray, unitary: int, index: int) -> Callable[[np.ndarray], np.ndarray]:
        """The map mu -> dU/dtheta mu for angle `index` of unitary number `unitary` (from 0).

        R_y'(theta) = R_y(theta + pi) / 2, and every angle stands in one rotation only.
        """
        part = np.asarray(angles).reshape(len(self._blocks), -1)[unitary].copy()
        part[index] += np.pi
        shifted = self._blocks[unitary].with_parameters(part)
        return lambda mu: shifted.apply(mu) / 2
