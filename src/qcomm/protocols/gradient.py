"""Gradient states over the channel: one control qubit travels with the register to the end of the circuit and back.

Write the circuit as U_2L .. U_1 with U_1 = B_1. For the m-th unitary the state ``(|0>|mu> + |1>|nu>) / sqrt 2`` holds
mu, the state just before U_m, and nu, the later unitaries undone from Z0 |phi>. With E = |1><0| (x) dU + h.c. the
derivative of <Z0> is ``2 <psi|E|psi> = 2 Re <nu|dU|mu>``; that of <P0> is half of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Ledger, Network, Party, Register, stop_label
from qcomm.protocols.task import ALICE, InferenceTask


@dataclass(frozen=True)
class GradientState:
    """What the owner of a unitary holds at the end of a walk.

    Attributes:
        unitary: its position m, counted from 1.
        owner: of the unitary.
        mu, nu: (2^n,) normalised; the simulator's view of the delivered register.
        ledger: of this walk.
    """

    unitary: int
    owner: str
    mu: np.ndarray
    nu: np.ndarray
    ledger: Ledger

    def derivative(self, change: Callable[[np.ndarray], np.ndarray]) -> float:
        """d<Z0>/dtheta where ``change(mu)`` is dU_m/dtheta applied to a state_vector (2^n,)."""
        return float(2 * np.vdot(self.nu, change(self.mu)).real)


def gradient_state(task: InferenceTask, unitary: int, seed: int = 0, times: int = 1) -> GradientState:
    """Prepare the gradient state of the `unitary`-th block of a task by moving a register of n + 1 qubits.

    Args:
        task: vector and blocks; blocks alternate between the parties, Bob's first.
        unitary: m = 1 .. number of blocks.
        seed: of the network.
        times: walks that this one stands for, in the ledger: they go side by side, with inputs of their own.

    Raises:
        ProtocolError: there is no such unitary.
    """
    if not 1 <= unitary <= len(task.blocks):
        raise ProtocolError(f"there is no unitary {unitary} among {len(task.blocks)}", where="unitary")
    network = Network(task.private(owners=task.owners, unitary=unitary, times=times), seed)
    owner = task.blocks[unitary - 1].owner
    register = network.run(dict.fromkeys(task.private(), _walk))[owner]
    mu, nu = np.sqrt(2) * register.amplitudes[0, 0].reshape(2, -1)
    return GradientState(unitary, owner, mu, nu, network.ledger)


def _walk(me: Party) -> Generator[str, Register, Register | None]:
    """One party's part: forwards to the end, Z0 there, and back to the owner of the unitary."""
    owners, unitary = me.private["owners"][1:-1], me.private["unitary"]
    register, holder = None, ALICE
    if me.name == ALICE:
        vector = me.private["vector"]
        register = me.prepare(np.concatenate([vector, vector]))  # the first qubit is the control, in |+>
    stops = [(m, False) for m in range(1, len(owners) + 1)] + [(m, True) for m in range(len(owners), unitary, -1)]
    for m, back in [*stops, (unitary, None)]:
        owner = owners[m - 1]
        if owner != holder:
            if me.name == holder:
                label = f"gradient of block {m}" if back is None else stop_label(m, len(owners) + 1, back)
                me.send(owner, register, label, me.private["times"])
                register = None
            elif me.name == owner:
                register = yield holder
            holder = owner
        if me.name == owner and back is not None:
            _act(register, me.private["blocks"][m - 1], back, controlled=m >= unitary)
            if m == len(owners) and not back:
                register.transform(_flip_controlled)
    return register


def _act(register: Register, block, back: bool, controlled: bool) -> None:
    """Apply a block or its inverse to both branches, or to the branch where the control is 1."""
    chosen = block.inverse() if back else block

    def change(state: np.ndarray) -> np.ndarray:
        half = state.shape[-1] // 2
        zero, one = state[..., :half], state[..., half:]
        return np.concatenate([zero if controlled else chosen.apply(zero), chosen.apply(one)], axis=-1)

    register.transform(change)


def _flip_controlled(state: np.ndarray) -> np.ndarray:
    """Z on the first data qubit where the control is 1."""
    changed = state.copy()
    changed[..., 3 * state.shape[-1] // 4 :] *= -1
    return changed


def all_gradient_states(task: InferenceTask, seed: int = 0, times: int = 1) -> list[GradientState]:
    """One copy of the state of every unitary; the ledgers together hold 6 L^2 - L messages for L layers of two."""
    return [gradient_state(task, m, seed, times) for m in range(1, len(task.blocks) + 1)]
