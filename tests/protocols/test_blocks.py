import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.protocols import blocks as b
from qcomm.seeds import generator


def made(n):
    rng = generator("blocks", n)
    size = 2**n
    halves = b.random_halves(size, rng)
    return [
        b.MatrixBlock("Bob", np.hstack(halves)),
        b.SubspaceBlock("Bob", *halves),
        b.ScrambleBlock.random("Bob", size, rng),
        b.RotationBlock("Bob", rng.normal(size=(3, n))),
        b.PermutationBlock("Bob", rng.permutation(size)),
    ]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_blocks_are_unitary_and_inverses_undo_them(n):
    state = generator("state", n).normal(size=(2, 3, 2**n))
    for block in made(n):
        moved = block.apply(state)
        np.testing.assert_allclose(np.linalg.norm(moved, axis=-1), np.linalg.norm(state, axis=-1), atol=1e-12)
        np.testing.assert_allclose(block.inverse().apply(moved), state, atol=1e-12)
        np.testing.assert_allclose(block.inverse().inverse().apply(state), moved, atol=1e-12)
        np.testing.assert_allclose(block.apply(state[1, 2]), moved[1, 2], atol=1e-12)  # batches are only batches
        assert n == 1 or np.abs(moved - state).max() > 0.1


def test_hadamard_is_the_kronecker_power():
    one = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    full, rng = np.eye(1), generator("h")
    for n in range(9):
        state = rng.normal(size=(3, 2**n)) + 1j * rng.normal(size=(3, 2**n))
        before = state.copy()
        np.testing.assert_allclose(b.hadamard(state), state @ full, atol=1e-12)
        np.testing.assert_allclose(b.hadamard(state.real), state.real @ full, atol=1e-12)
        np.testing.assert_array_equal(state, before)
        full = np.kron(full, one)


def test_rotation_block_against_dense_matrices():
    angles = generator("angles").normal(size=(2, 2))

    def ry(t):
        return np.array([[np.cos(t / 2), -np.sin(t / 2)], [np.sin(t / 2), np.cos(t / 2)]])

    dense = np.eye(4)
    for row in angles:
        dense = np.diag([1, 1, 1, -1]) @ np.kron(ry(row[0]), ry(row[1])) @ dense
    np.testing.assert_allclose(b.RotationBlock("Bob", angles).apply(np.eye(4)).T, dense, atol=1e-12)


def test_subspace_block_decides_the_subspace():
    basis, rest = b.random_halves(64, generator("w"))
    block = b.SubspaceBlock("Bob", basis, rest)
    inside, outside = basis @ np.ones(32), rest @ np.ones(32)
    assert np.abs(block.apply(inside)[32:]).max() < 1e-12
    assert np.abs(block.apply(outside)[:32]).max() < 1e-12


@pytest.mark.parametrize("n", [1, 4, 6])
def test_a_subspace_is_described_by_as_many_numbers_as_the_grassmannian_has_dimensions(n):
    rng = generator("grassmannian", n)
    block = b.SubspaceBlock("Bob", *b.random_halves(2**n, rng))
    assert block.parameters.size == 4**n // 4
    other = block.with_parameters(np.zeros(4**n // 4)).with_parameters(block.parameters)
    np.testing.assert_allclose(other.basis @ other.basis.T, block.basis @ block.basis.T, atol=1e-9)
    np.testing.assert_allclose(other.complement @ other.complement.T, block.complement @ block.complement.T, atol=1e-9)


def test_angles_describe_a_rotation_block_forwards_and_backwards():
    block = b.RotationBlock("Bob", generator("angles").normal(size=(3, 4)))
    for mine in (block, block.inverse()):
        again = mine.with_parameters(np.zeros(12)).with_parameters(mine.parameters)
        np.testing.assert_array_equal(again.apply(np.eye(16)), mine.apply(np.eye(16)))


HALVES = b.random_halves(4, generator("halves"))


@pytest.mark.parametrize(
    "make",
    [
        lambda: b.MatrixBlock("Bob", np.ones((2, 2))),
        lambda: b.SubspaceBlock("Bob", np.ones((4, 2)), HALVES[1]),
        lambda: b.SubspaceBlock("Bob", HALVES[0], HALVES[0]),
        lambda: b.SubspaceBlock("Bob", np.eye(4)[:, :3], np.eye(4)[:, 3:]),
        lambda: b.SubspaceBlock("Bob", np.eye(6)[:, :3], np.eye(6)[:, 3:]),
        lambda: b.SubspaceBlock("Bob", np.full((4, 2), np.nan), HALVES[1]),
        lambda: b.SubspaceBlock("Bob", HALVES[0], b.random_halves(8, generator("x"))[1]),
        lambda: b.SubspaceBlock("Bob", np.zeros(4), np.zeros(4)),
        lambda: b.ScrambleBlock("Bob", np.full((3, 4), 2.0)),
        lambda: b.ScrambleBlock("Bob", np.ones(4)),
        lambda: b.ScrambleBlock("Bob", np.ones((0, 4))),
        lambda: b.ScrambleBlock.random("Bob", 12, generator("x")),
        lambda: b.MatrixBlock("Bob", np.eye(3)),
        lambda: b.MatrixBlock("Bob", np.full((2, 2), np.nan)),
        lambda: b.RotationBlock("Bob", np.array([[np.inf]])),
        lambda: b.PermutationBlock("Bob", np.array([0, 0])),
        lambda: b.random_halves(6, generator("x")),
        lambda: b.MatrixBlock("Bob", np.eye(4)).apply(np.ones(8)),
        lambda: b.ScrambleBlock.random("Bob", 4, generator("x")).apply(np.ones(8)),
    ],
)
def test_bad_blocks_are_refused(make):
    with pytest.raises(ProtocolError):
        make()
