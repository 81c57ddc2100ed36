"""The traffic of the pipelined gradient estimators, counted from who owns what."""

from __future__ import annotations

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Ledger, circuit_traffic
from qcomm.protocols.task import ALICE, BOB
from qcomm.theory.checks import whole


def owner_of(position: int) -> str:
    """Of the unitary at `position` = 1, 2, ..: B_1, A_1, B_2, .."""
    return BOB if position % 2 else ALICE


def gradient_walk(layers: int, unitary: int) -> tuple[str, ...]:
    """Owners along the way of one copy of |psi_m>: through all 2 L unitaries, Z0 (Alice), and back to the m-th one.

    The control that keeps |mu_m> and |nu_m> apart travels with the register, so the whole way is walked.
    """
    count = 2 * whole(layers, "layers", 1)
    if whole(unitary, "unitary", 1) > count:
        raise ProtocolError(f"there are {count} unitaries, not {unitary}", where="unitary")
    forwards = [owner_of(position) for position in range(1, count + 1)]
    backwards = [owner_of(position) for position in range(count, unitary, -1)]
    return (ALICE, *forwards, ALICE, *backwards, owner_of(unitary))


def gradient_traffic(layers: int, unitary: int, qubits: int, copies: int = 1) -> Ledger:
    """Messages of n + 1 qubits: 4 L - m of them for the m-th unitary."""
    return circuit_traffic(gradient_walk(layers, unitary), qubits + 1, copies, "features")


def gradient_messages(layers: int) -> list[int]:
    """Messages of one copy for each of the 2 L unitaries; they add up to 6 L^2 - L."""
    return [gradient_traffic(layers, m, 1).messages for m in range(1, 2 * layers + 1)]
