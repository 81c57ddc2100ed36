import numpy as np
import pytest
from scipy.stats import binomtest

from qcomm.errors import ProtocolError
from qcomm.network import Link
from qcomm.protocols import subspace
from qcomm.protocols.blocks import ScrambleBlock
from qcomm.protocols.sampling import visibility
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss
from qcomm.seeds import generator


def instances(size, count, largest_haar=1 << 10, seed=0):
    rng = generator("subspace", size, seed)
    block = subspace.subspace_block(size, largest_haar, rng)
    return [subspace.subspace_task(block, size, float(t % 2), rng) for t in range(count)]


@pytest.mark.parametrize("size", [4, 64, 1024])
@pytest.mark.parametrize("haar", [True, False])
def test_one_copy_decides_without_error(size, haar):
    tasks = instances(size, 20, largest_haar=1024 if haar else 2)
    assert subspace.exact_deviation(tasks) < 1e-12
    found = subspace.decide(tasks, seed=1)
    assert found.errors == 0
    assert set(found.inside) == {True, False}
    assert found.ledger.messages == 20
    assert found.ledger.qubits == 20 * (size.bit_length() - 1)
    assert found.ledger.bits == 0


@pytest.mark.parametrize("haar", [True, False])
def test_a_wrong_subspace_is_a_coin(haar):
    tasks, rng = instances(64, 600), generator("wrong")
    blocks = [subspace.subspace_block(64, 64 if haar else 2, rng) for _ in range(20)]
    wrong = [subspace.with_block(task, blocks[i % 20]) for i, task in enumerate(tasks)]
    found = subspace.decide(wrong, seed=1)
    errors = int((found.answers != np.array([task.loss() > 0.5 for task in tasks])).sum())
    low, high = binomtest(errors, 600).proportion_ci(0.99)
    assert low < 0.5 < high


def test_noise_brings_the_error_that_the_visibility_predicts():
    tasks = instances(64, 1500)
    p = 0.15
    found = subspace.decide(tasks, seed=1, link=Link(depolarising=p))
    low, high = binomtest(found.errors, 1500).proportion_ci(0.999)
    assert low < (1 - visibility(p, 6, 1)) / 2 < high
    three = subspace.decide(tasks, seed=1, copies=3, link=Link(depolarising=p))
    assert three.errors < found.errors
    assert three.ledger.qubits == 3 * 6 * 1500


def test_the_one_who_measures_decides_and_every_copy_travels_through_all_blocks():
    rng = generator("two messages")
    blocks = (subspace.haar_block(16, rng), ScrambleBlock.random(ALICE, 16, rng))
    tasks = [InferenceTask(vector_with_loss(blocks, 16, float(t % 2), rng), blocks) for t in range(6)]
    found = subspace.decide(tasks, seed=1, copies=3)
    assert found.errors == 0
    assert found.ledger.total("qubits", ALICE) == found.ledger.total("qubits", BOB) == 6 * 3 * 4
    assert found.ledger.rounds == 12
    assert subspace.decide(tasks, seed=1, inside=np.ones(6, bool)).errors == 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: subspace.decide(instances(8, 1), 1, copies=2),
        lambda: subspace.decide(instances(8, 1), 1, copies=-1),
        lambda: subspace.decide(instances(8, 1), 1, link=Link(loss=1e-9)),
        lambda: subspace.haar_block(1 << 14, generator("x")),
        lambda: subspace.haar_block(12, generator("x")),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()
