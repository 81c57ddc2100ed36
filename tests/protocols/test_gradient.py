"""Gradient states: they give the derivatives, cost what the ownership implies, and fail where a step is skipped."""

import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.protocols.blocks import MatrixBlock, RotationBlock
from qcomm.protocols.gradient import all_gradient_states, gradient_state
from qcomm.protocols.task import ALICE, BOB, InferenceTask
from qcomm.seeds import generator

QUBITS = 3


def task_with(angles, vector):
    blocks = [RotationBlock((BOB, ALICE)[m % 2], block) for m, block in enumerate(angles)]
    return InferenceTask(vector, tuple(blocks))


def problem(layers=2):
    rng = generator("gradient states", layers)
    return rng.uniform(-np.pi, np.pi, (2 * layers, 2, QUBITS)), rng.normal(size=2**QUBITS)


def shifted(angles, index, step):
    moved = angles.copy()
    moved[index] += step
    return moved


def by_parameter_shift(angles, vector, index):
    """d<Z0>, exact for rotations: half the difference at +-pi/2; <Z0> = 2 <P0> - 1."""
    plus, minus = (task_with(shifted(angles, index, s * np.pi / 2), vector).loss() for s in (1, -1))
    return plus - minus


def derivative_of_block(block, index):
    """dU/dtheta of a rotation block: R'(theta) = R(theta + pi) / 2."""
    return lambda state: RotationBlock(BOB, shifted(block, index, np.pi)).apply(state) / 2


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_derivatives_equal_parameter_shift(layers):
    angles, vector = problem(layers)
    states = all_gradient_states(task_with(angles, vector))
    for m, state in enumerate(states):
        for index in np.ndindex(angles.shape[1:]):
            found = state.derivative(derivative_of_block(angles[m], index))
            expected = by_parameter_shift(angles, vector, (m, *index))
            assert found == pytest.approx(expected, abs=1e-12)
            if abs(expected) > 1e-3:
                assert found / 2 != pytest.approx(expected, rel=0.1)  # factor 1 instead of 2 must fail


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_messages_are_those_that_ownership_implies(layers):
    angles, vector = problem(layers)
    states = all_gradient_states(task_with(angles, vector), times=5)
    for m, state in enumerate(states, start=1):
        assert state.ledger.messages == 5 * (4 * layers - m)
        assert {entry.size for entry in state.ledger.entries} == {QUBITS + 1}
        assert state.owner == (BOB if m % 2 else ALICE)
    assert sum(state.ledger.messages for state in states) == 5 * (6 * layers**2 - layers)


def test_a_skipped_block_breaks_the_derivative_and_the_ledger():
    angles, vector = problem()
    whole = task_with(angles, vector)
    skipped = InferenceTask(vector, whole.blocks[:2] + whole.blocks[3:])
    right, wrong = gradient_state(whole, 1), gradient_state(skipped, 1)
    change = derivative_of_block(angles[0], (0, 0))
    assert wrong.ledger != right.ledger
    assert abs(right.derivative(change) - wrong.derivative(change)) > 1e-3


def test_vector_in_subspace_gradient_is_plus_or_minus_one():
    """Problem 2 on the subspace instance: A_1 = R_y(theta) on the first qubit at theta = pi/2."""
    rng = generator("subspace gradient")
    basis, _ = np.linalg.qr(rng.normal(size=(8, 8)))

    def turn(theta):
        c, s = np.cos(theta / 2), np.sin(theta / 2)
        return np.kron([[c, -s], [s, c]], np.eye(4))

    for inside, sign in ((True, -1), (False, 1)):
        vector = basis[:, :4] @ rng.normal(size=4) if inside else basis[:, 4:] @ rng.normal(size=4)
        blocks = (MatrixBlock(BOB, basis.T), MatrixBlock(ALICE, turn(np.pi / 2)))
        state = gradient_state(InferenceTask(vector, blocks), 2)
        assert state.derivative(lambda mu: turn(1.5 * np.pi) @ mu / 2) == pytest.approx(sign, abs=1e-12)


def test_a_missing_unitary_is_named():
    angles, vector = problem()
    with pytest.raises(ProtocolError, match="no unitary 5 among 4"):
        gradient_state(task_with(angles, vector), 5)
