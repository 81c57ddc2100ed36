import numpy as np
import pytest
from scipy.stats import binomtest, ks_2samp

from qcomm.errors import DataError, ProtocolError
from qcomm.network import Ledger, Party, Payload
from qcomm.protocols import rivals, rivals_literal, rivals_sketch
from qcomm.protocols import rivals_law as law
from qcomm.protocols.blocks import MatrixBlock, RotationBlock, ScrambleBlock
from qcomm.protocols.rivals_batch import Batch
from qcomm.protocols.rivals_need import need_by_execution
from qcomm.protocols.subspace import haar_block, subspace_task
from qcomm.protocols.task import ALICE, BOB, InferenceTask, clip_interval
from qcomm.quantum.blocks import circuit_blocks
from qcomm.quantum.circuits import DistributedCircuit, hardware_efficient, register
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
    either = rivals.best_either_batch(COIN, size, bits, seed=1)
    assert either.bits == bits
    low, high = binomtest(int(either.right.sum()), len(COIN)).proportion_ci(0.999)
    assert low < law.best_success(bits, size, either_sign=True) < high


@pytest.mark.parametrize("size", SPEC_BITS)
def test_the_vector_of_either_sign_saves_one_bit(size):
    either, plain = law.best_bits(size, either_sign=True), law.best_bits(size)
    assert either == pytest.approx(plain - 1, abs=0.05)
    assert law.best_success(either, size, either_sign=True) == pytest.approx(law.best_success(plain, size), abs=1e-9)


@pytest.mark.parametrize("either_sign", [False, True])
@pytest.mark.parametrize(("size", "bits"), [(16, 4), (64, 6), (256, 9)])
def test_sampler_agrees_with_the_codebook_drawn_in_full(size, bits, either_sign):
    losses = np.tile([0.0, 1.0], 100)
    runs = enumerate(tasks(size, losses))
    literal = [rivals_literal.best_of(task, seed, bits, either_sign=either_sign) for seed, task in runs]
    assert {run.ledger.bits for run in literal} == {bits}
    lazy = rivals.best_batch(COIN, size, bits, seed=2, either_sign=either_sign)
    assert lazy.bits == bits
    for truth in (0, 1):
        values = [run.value for run, p in zip(literal, losses, strict=True) if p == truth]
        assert ks_2samp(values, np.clip(lazy.values[lazy.losses == truth], 0, 1)).pvalue > 1e-3


@pytest.mark.parametrize(("size", "kept"), [(16, 2), (64, 3), (256, 6)])
def test_decisions_by_largest_entries_are_as_good_in_full_as_in_bulk_also_for_structured_subspaces(size, kept):
    rng, right = generator("structured", size), 0
    for seed in range(300):
        task = subspace_task(ScrambleBlock.random(BOB, size, rng), size, float(seed % 2), rng)
        found = rivals_literal.top_q(task, seed, kept)
        right += (found.value > 0.5) == seed % 2
        assert found.ledger.bits == rivals.top_bits(kept, size)
    low, high = binomtest(right, 300).proportion_ci(0.999)
    assert low < rivals.top_batch(COIN, size, kept, seed=3).right.mean() < high


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
    assert ks_2samp([one.value for one in literal], np.clip(bulk.values, 0, 1)).pvalue > 1e-3
    assert bulk.values.mean() == pytest.approx(0.3, abs=4 * bulk.values.std() / np.sqrt(3000))


@pytest.mark.parametrize(
    ("run", "resource"),
    [
        (rivals_literal.best_of, 9),
        (rivals_literal.top_q, 30),
        (rivals_literal.everything, 1),
        (rivals_literal.sketch, 40),
        (rivals_literal.send_x, None),
        (rivals_literal.parameters, None),
    ],
)
def test_the_message_alone_decides(run, resource, monkeypatch):
    given = [run(task, seed, resource).value for seed, task in enumerate(tasks(64, np.ones(40)))]
    original = Party.send
    monkeypatch.setattr(
        Party, "send", lambda me, to, item, label="": original(me, to, Payload(item.number >> 1, item.length), label)
    )
    found = [run(task, seed, resource).value for seed, task in enumerate(tasks(64, np.ones(40)))]
    assert np.mean(given) > 0.7
    assert np.mean(np.abs(np.subtract(found, given))) > 0.1


@pytest.mark.parametrize("delta", [1 / 3, 0.05])
@pytest.mark.parametrize(
    ("run", "resource"),
    [
        (rivals_literal.best_of, 2),
        (rivals_literal.best_of, 7),
        (rivals_literal.top_q, 1),
        (rivals_literal.top_q, 8),
        (rivals_literal.everything, 1),
        (rivals_literal.sketch, 4),
        (rivals_literal.sketch, 40),
        (rivals_literal.send_x, None),
    ],
)
def test_intervals_hold_the_loss_as_often_as_promised_whatever_was_sent(run, resource, delta):
    rng, held = generator("interval"), []
    for seed in range(200):
        loss = (0.0, 0.5, 0.9, 1.0)[seed % 4]
        found = run(subspace_task(haar_block(16, rng), 16, loss, rng, delta=delta), seed, resource)
        assert 0 <= found.low <= found.value <= found.high <= 1
        held.append(found.low - 1e-9 <= loss <= found.high + 1e-9)
    assert binomtest(sum(held), 200).proportion_ci(0.999).high > 1 - delta
    tight = rivals_literal.everything(subspace_task(haar_block(1024, rng), 1024, 0.4, rng, delta=delta), 1, 4)
    assert tight.high - tight.low < 0.05  # and no wider than needed


def test_deviation_of_an_estimate_is_exact():
    for size, bits in ((16, 4), (256, 12)):
        sigma = law.deviation(*law.best_moments(bits, size), size)
        spreads = [rivals.best_batch(np.full(20_000, p), size, bits, seed=1).values.std() for p in (0.0, 0.5, 1.0)]
        assert sigma == pytest.approx(max(spreads), rel=0.03)
    size, rng = 8, generator("all or nothing")  # Bob knows v with probability 1/2, else nothing: c^2 is 1 or 0
    share = rng.beta(1.5, 2, 40_000)  # of a random vector of the 7 other dimensions in the 3 that W has beside v
    values = law.unbiased(np.where(rng.random(40_000) < 0.5, 1.0, share), 0.5, size)
    assert values.mean() == pytest.approx(1, abs=0.03)
    assert law.deviation(0.5, 0.5, size) == pytest.approx(values.std(), rel=0.03)


def test_an_estimate_outside_the_unit_interval_is_moved_into_it():
    batch = Batch(np.array([1.0, 0.0, 0.5]), np.array([1.7, -0.4, 0.7]), Ledger())
    assert batch.within(0.1).tolist() == [True, True, False]
    assert clip_interval(1.5, 0.1) == (0.9, 1.0)
    assert clip_interval(-0.5, 0.1) == (0.0, 0.1)


def test_top_entries_of_large_vectors_have_the_law_of_drawn_ones():
    rng = generator("top")
    entries = np.sort(np.abs(rng.standard_normal((3000, 2048))), axis=1)
    drawn = entries[:, -9:].sum(axis=1) / np.sqrt(9 * (entries**2).sum(axis=1))
    assert ks_2samp(drawn, rivals.top_cosines(rng, 3000, 2048, 9)).pvalue > 1e-3
    assert rivals.top_moments(4096, 40)[0] == pytest.approx(law.top_power(40, 4096), rel=0.02)
    assert rivals.top_bits(13, 65536) == 189
    assert law.top_for_power(0.9, 256) is None
    assert law.top_power(law.most_top(256), 256) == pytest.approx(0.81, abs=0.01)


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
    assert rivals_literal.shorter(task, 1) == found


def test_alice_sends_x_once_and_the_shorter_message_wins():
    task = tasks(64, [0.3])[0]
    found = rivals_literal.send_x(task, 1)
    assert found.ledger.bits == 32 * 64
    assert found.value == pytest.approx(0.3, abs=1e-6)
    assert rivals_literal.shorter(task, 1).protocol == "send x"
    small = InferenceTask(np.ones(16), (RotationBlock(BOB, np.ones((1, 4))),))
    assert rivals_literal.shorter(small, 1).ledger.bits == 32 * 4


@pytest.mark.parametrize("size", [16, 64])
def test_bob_describes_a_subspace_by_as_many_numbers_as_it_takes(size):
    for loss in (0.0, 0.3, 1.0):
        task = tasks(size, [loss])[0]
        found = rivals_literal.parameters(task, 1)
        assert found.ledger.bits == 32 * size**2 // 4
        assert found.value == pytest.approx(loss, abs=1e-5)


def test_bob_sends_the_angles_of_a_circuit():
    qubits = register(4)
    circuit = DistributedCircuit(
        (hardware_efficient(qubits, "Bob", "B", 2), hardware_efficient(qubits, "Alice", "A", 2)), tuple(qubits)
    )
    angles = {f"{who}_{layer}_{q}": 0.1 + 0.2 * q for who in "AB" for layer in range(2) for q in range(4)}
    task = InferenceTask(np.arange(1.0, 17.0), circuit_blocks(circuit, angles))
    found = rivals_literal.parameters(task, 1)
    assert found.ledger.total("bits", "Bob") == found.ledger.bits == 32 * 8
    assert found.value == pytest.approx(task.loss(), abs=1e-6)
    assert rivals_literal.shorter(task, 1).protocol == "Bob's parameters"


def test_needs_found_by_execution_are_the_exact_ones():
    def success(bits, trials):
        batch = rivals.best_batch(np.tile([0.0, 1.0], trials // 2), 1024, bits, seed=bits)
        return batch.right.mean(), len(batch.values)

    need = need_by_execution(success, 30.0, 2 / 3, 4000, two_sided=False)
    assert need.low < law.best_bits(1024) < need.high
    assert need.value == pytest.approx(law.best_bits(1024), rel=0.05)
    with pytest.raises(DataError, match="no crossing") as error:
        need_by_execution(lambda bits, trials: (0.5, trials), 10, 2 / 3, 1000, two_sided=False)
    assert "more trials" in error.value.fix


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
        lambda: rivals_literal.parameters(InferenceTask(np.ones(4), (MatrixBlock(BOB, np.eye(4)),)), 1),
        lambda: rivals_literal.parameters(InferenceTask(np.ones(4), (haar_block(4, generator("x")),) * 2), 1),
        lambda: rivals_literal.parameters(InferenceTask(np.ones(4), ()), 1),
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
