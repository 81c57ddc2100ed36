import numpy as np
import pytest
from scipy.stats import binomtest, ks_2samp

from qcomm.errors import DataError, ProtocolError
from qcomm.protocols import rivals, rivals_literal, rivals_sketch
from qcomm.protocols import rivals_law as law
from qcomm.protocols.blocks import RotationBlock, ScrambleBlock
from qcomm.protocols.rivals_need import need_by_execution
from qcomm.protocols.subspace import haar_block, subspace_task
from qcomm.protocols.task import ALICE, BOB, InferenceTask
from qcomm.seeds import generator

SPEC_BITS = {64: 5.9, 256: 9.8, 1024: 17.4, 4096: 32.2, 16384: 61.2, 65536: 115.1}
COIN = np.tile([0.0, 1.0], 2000)


def tasks(size, losses, **accuracy):
    rng = generator("rivals", size)
    block = haar_block(size, rng)
    return [subspace_task(block, size, float(p), rng, **accuracy) for p in losses]


@pytest.mark.parametrize(("size", "bits"), SPEC_BITS.items())
def test_bits_of_the_best_shared_vector(size, bits):
    assert law.best_bits(size) == pytest.approx(bits, rel=0.05)


@pytest.mark.parametrize(("size", "bits"), [(16, 3), (256, 10), (4096, 32), (65536, 110)])
def test_order_statistic_sampler_has_the_exact_success(size, bits):
    batch = rivals.best_batch(COIN, size, bits, seed=1)
    assert batch.bits == bits
    low, high = binomtest(int(batch.right.sum()), len(COIN)).proportion_ci(0.999)
    assert low < law.best_success(bits, size) < high


@pytest.mark.parametrize(("size", "bits"), [(16, 4), (64, 6), (256, 9)])
def test_sampler_agrees_with_the_codebook_drawn_in_full(size, bits):
    losses = np.tile([0.0, 1.0], 100)
    literal = [rivals_literal.best_of(task, seed, bits) for seed, task in enumerate(tasks(size, losses))]
    assert {run.ledger.bits for run in literal} == {bits}
    lazy = rivals.best_batch(COIN, size, bits, seed=2)
    for truth in (0, 1):
        values = [run.value for run, p in zip(literal, losses, strict=True) if p == truth]
        assert ks_2samp(values, lazy.values[lazy.losses == truth]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("run", "batch", "resource"),
    [
        (rivals_literal.top_q, rivals.top_batch, 5),
        (rivals_literal.everything, rivals.everything_batch, 1),
        (rivals_literal.everything, rivals.everything_batch, 3),
        (rivals_literal.sketch, rivals_sketch.sketch_batch, 40),
    ],
)
def test_bulk_runs_have_the_law_of_full_ones(run, batch, resource):
    losses = np.full(300, 0.3)
    literal = [run(task, seed, resource) for seed, task in enumerate(tasks(64, losses))]
    bulk = batch(np.full(3000, 0.3), 64, resource, seed=3)
    assert bulk.bits == literal[0].ledger.bits
    assert ks_2samp([one.value for one in literal], bulk.values).pvalue > 1e-3
    assert bulk.values.mean() == pytest.approx(0.3, abs=4 * bulk.values.std() / np.sqrt(3000))


def test_a_message_about_another_vector_breaks_the_estimate(monkeypatch):
    original = rivals_literal.from_bits
    monkeypatch.setattr(rivals_literal, "from_bits", lambda bits: original(np.roll(bits, 1)))
    found = [rivals_literal.top_q(task, seed, 30).value for seed, task in enumerate(tasks(64, np.ones(40)))]
    assert np.mean(found) < 0.8


def test_top_entries_of_large_vectors_have_the_law_of_drawn_ones():
    rng = generator("top")
    entries = np.sort(np.abs(rng.standard_normal((3000, 2048))), axis=1)
    drawn = entries[:, -9:].sum(axis=1) / np.sqrt(9 * (entries**2).sum(axis=1))
    assert ks_2samp(drawn, rivals.top_cosines(rng, 3000, 2048, 9)).pvalue > 1e-3
    assert rivals.top_mean_power(4096, 40) == pytest.approx(law.top_power(40, 4096), rel=0.02)
    assert rivals.top_bits(13, 65536) == 189
    assert law.top_for_power(0.9, 256) is None


@pytest.mark.parametrize("bits", [1, 2, 12])
@pytest.mark.parametrize("loss", [0.0, 0.3, 1.0])
def test_sketch_is_unbiased_and_has_the_stated_variance(bits, loss):
    batch = rivals_sketch.sketch_batch(np.full(3000, loss), 4096, 900, seed=4, bits=bits)
    assert batch.values.mean() == pytest.approx(loss, abs=4 * batch.values.std() / np.sqrt(3000))
    assert batch.values.var() == pytest.approx(rivals_sketch.variance(4096, 900, bits, loss), rel=0.12)
    assert batch.bits == 900 * bits


def test_sketch_without_control_variate_has_the_variance_of_the_specification():
    size, count, p = 64, 80, 0.6
    batch = rivals_sketch.sketch_batch(np.full(9000, p), size, count, seed=5, bits=12, control=False)
    wanted = (size + 8 * p + 6 * p**2) / count**2 + 4 * p * (1 + p) / count
    assert batch.values.var() == pytest.approx(wanted, rel=0.08)
    mended = rivals_sketch.sketch_batch(np.full(9000, p), size, count, seed=5, bits=12)
    assert mended.values.var() < 0.75 * wanted
    assert rivals_sketch.moments(12).coefficient == pytest.approx(2, rel=1e-3)


def test_hidden_pairs_against_full_vectors():
    rng, weights = generator("hidden"), np.linspace(-1, 2, 9)
    full = rng.standard_normal((4000, 9, 12))
    total = np.einsum("i,tik->tk", weights, full)
    direct = (total**2).sum(1) - np.einsum("i,tik->t", weights**2, full**2)
    lazy = rivals_sketch.hidden_pairs(np.tile(weights, (4000, 1)), 12, rng)
    assert ks_2samp(direct, lazy).pvalue > 1e-3


def angle_task(size, layers, owner_of_a=ALICE):
    rng = generator("angles", size)
    blocks = []
    for _ in range(layers):
        angles = rng.uniform(-3, 3, size=(4, size.bit_length() - 1))
        blocks += [RotationBlock(BOB, angles), ScrambleBlock.random(owner_of_a, size, rng)]
    return InferenceTask(rng.normal(size=size), tuple(blocks))


@pytest.mark.parametrize("layers", [1, 3])
def test_bob_sends_32_bits_an_angle_and_alice_knows_the_loss(layers):
    task = angle_task(64, layers)
    found = rivals_literal.parameters(task, 1)
    assert found.ledger.bits == 32 * layers * 4 * 6
    assert found.value == pytest.approx(task.loss(), abs=1e-5)
    assert rivals_literal.shorter(task, 1) == found or layers == 3


def test_alice_sends_x_once_and_the_shorter_message_wins():
    task = tasks(64, [0.3])[0]
    found = rivals_literal.send_x(task, 1)
    assert found.ledger.bits == 32 * 64
    assert found.value == pytest.approx(0.3, abs=1e-6)
    assert rivals_literal.shorter(task, 1).protocol == "send x"
    small = InferenceTask(np.ones(16), (RotationBlock(BOB, np.ones((1, 4))),))
    assert rivals_literal.shorter(small, 1).ledger.bits == 32 * 4


def test_needs_found_by_execution_are_the_exact_ones():
    def success(bits, trials):
        batch = rivals.best_batch(np.tile([0.0, 1.0], trials // 2), 1024, bits, seed=bits)
        return batch.right.mean(), len(batch.values)

    need = need_by_execution(success, 30.0, 2 / 3, 4000, two_sided=False)
    assert need.low < law.best_bits(1024) < need.high
    assert need.value == pytest.approx(law.best_bits(1024), rel=0.05)
    with pytest.raises(DataError, match="no crossing"):
        need_by_execution(lambda bits, trials: (0.5, trials), 10, 2 / 3, 1000, two_sided=False)


def test_same_seed_same_values_another_seed_others():
    runs = [rivals.top_batch(np.full(50, 0.4), 64, 3, seed).values for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).all()


ALICE_TOO = angle_task(16, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: rivals.best_batch([0.5, np.nan], 64, 5, 1),
        lambda: rivals.best_batch([0.5], 60, 5, 1),
        lambda: rivals.best_batch([0.5], 64, -5, 1),
        lambda: rivals.top_batch([0.5], 64, 64, 1),
        lambda: rivals.everything_batch([0.5], 64, 30, 1),
        lambda: rivals_literal.best_of(ALICE_TOO, 1, 4),
        lambda: rivals_literal.best_of(tasks(64, [1.0])[0], 1, 60),
        lambda: rivals_literal.parameters(tasks(64, [1.0])[0], 1),
        lambda: rivals_sketch.numbers_needed(64, 0.1, 1.5, 1),
        lambda: law.power_for_estimate(64, -0.1, 0.3),
        lambda: InferenceTask(np.zeros(16), ()),
        lambda: InferenceTask(np.ones(16), (np.eye(16),)),
        lambda: InferenceTask(np.ones(16), (ScrambleBlock.random("Carol", 16, generator("x")),)),
        lambda: InferenceTask(np.ones(12), ()),
        lambda: InferenceTask(np.ones(16), (ScrambleBlock.random(BOB, 8, generator("x")),)).loss(),
        lambda: InferenceTask(np.array([1, np.nan]), ()),
    ],
)
def test_bad_input_is_refused(make):
    with pytest.raises(ProtocolError):
        make()
