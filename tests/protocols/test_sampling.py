import numpy as np
import pytest
from scipy.stats import chi2

from qcomm.errors import ProtocolError
from qcomm.network import Link
from qcomm.protocols.blocks import MatrixBlock, ScrambleBlock, random_halves
from qcomm.protocols.inference_runs import ansatz_blocks, scrambled_blocks, tasks_with_losses
from qcomm.protocols.sampling import _at_worst, calibrated, copies_with_noise, run_sampling, visibility
from qcomm.protocols.task import ALICE, BOB, InferenceTask, clip_answer, copies_needed, vector_with_loss
from qcomm.seeds import generator


def make_task(loss=0.2, size=16, layers=2, **options):
    rng = generator("task", size, layers)
    blocks = [ScrambleBlock.random(owner, size, rng) for _ in range(layers) for owner in (BOB, ALICE)]
    return InferenceTask(vector_with_loss(blocks, size, loss, rng), tuple(blocks), **options)


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_inputs_have_exactly_the_loss_asked_for(loss):
    assert make_task(loss).loss() == pytest.approx(loss, abs=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_channel_counts_what_the_ownership_of_the_blocks_implies(layers):
    task = make_task(layers=layers, eps=0.1, delta=0.05)
    estimate = run_sampling(task, seed=1)
    k = copies_needed(0.1, 0.05)
    assert k == 185
    assert estimate.ledger == task.traffic(k)
    assert estimate.ledger.qubits == 2 * layers * k * 4
    assert estimate.ledger.messages == 2 * layers * k
    assert abs(estimate.value - 0.2) < 0.1
    assert estimate.low < 0.2 < estimate.high


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_skipping_any_block_breaks_ledger_and_estimate(layers):
    """B_l and A_l for every l, A_L among them: the way back to Alice is walked all the same, but not for a block."""
    task = make_task(loss=1.0, layers=layers, eps=0.1, delta=0.05)
    assert run_sampling(task, seed=1).value == 1.0
    for position in range(2 * layers):
        blocks = task.blocks[:position] + task.blocks[position + 1 :]
        estimate = run_sampling(InferenceTask(task.vector, blocks, task.eps, task.delta), seed=1)
        assert estimate.ledger != task.traffic(185)
        assert abs(estimate.value - 1.0) > 0.1


def test_dropping_a_layer_s_two_messages_breaks_ledger_and_estimate(monkeypatch):
    """The hop to B_2 and back is left out: B_2 never acts, the ledger is short, the estimate is off."""
    from qcomm.protocols import sampling
    from qcomm.protocols.relay import relay

    def forgetful(me, owners, register, **options):
        return (yield from relay(me, (*owners[:3], owners[-1]), register, **options))

    monkeypatch.setattr(sampling, "relay", forgetful)
    task = make_task(loss=1.0, layers=2, eps=0.1, delta=0.05)
    estimate = run_sampling(task, seed=1)
    assert estimate.ledger.messages == task.traffic(185).messages // 2
    assert abs(estimate.value - 1.0) > 0.1


@pytest.mark.parametrize("dropped", [1, 2, 3, 4])
def test_dropping_one_message_breaks_the_ledger_and_leaves_no_estimate(dropped, lossy_network, monkeypatch):
    kind, made = lossy_network(dropped)
    monkeypatch.setattr("qcomm.protocols.sampling.Network", kind)
    task = make_task(layers=2)
    with pytest.raises(ProtocolError, match="a message is missing"):
        run_sampling(task, seed=1, copies=10)
    assert made[0].ledger.entries == task.traffic(10).entries[: dropped - 1]


def test_same_seed_same_estimate_other_seed_another():
    task = make_task(loss=0.5)
    values = [run_sampling(task, seed).value for seed in (1, 1, 2, 3, 4)]
    assert values[0] == values[1]
    assert len(set(values)) > 2


def test_bob_may_measure_and_saves_the_way_back():
    basis, rest = random_halves(16, generator("w"))
    task = InferenceTask(basis @ np.ones(8), (MatrixBlock(BOB, np.hstack([basis, rest]).T),), measured_by=BOB)
    estimate = run_sampling(task, seed=1, copies=1)
    assert estimate.value == 1.0
    assert (estimate.ledger.qubits, estimate.ledger.messages) == (4, 1)


def test_heralded_loss_repeats_until_all_copies_arrived():
    task = make_task(eps=0.05, delta=0.05)
    k = copies_needed(0.05, 0.05)
    estimate = run_sampling(task, seed=1, link=Link(loss=0.02))
    sent = [e.multiplicity for e in estimate.ledger.entries if e.kind == "qubits" and e.sender == ALICE]
    survival = 0.98 ** (4 * 4)
    assert abs(estimate.value - 0.2) < 0.05
    assert estimate.ledger.bits > 0
    assert sent[0] == k
    assert sum(sent[::2]) == pytest.approx(k / survival, rel=0.15)


def test_estimate_is_divided_by_the_visibility():
    task = make_task(loss=0.95, layers=1, eps=0.05, delta=0.01)
    p = 0.05
    seen = visibility(p, task.qubits, 2)
    link = Link(depolarising=p)
    raw = run_sampling(task, seed=2, link=link, copies=4000, seen=1.0)
    mended = run_sampling(task, seed=2, link=link, copies=4000, seen=seen)
    assert calibrated(task, link) == seen
    assert calibrated(task, None) == 1.0
    assert raw.value < 0.9
    assert abs(mended.value - 0.95) < 0.06
    assert mended.value - 0.5 == pytest.approx((raw.value - 0.5) / seen)


def test_visibility_is_the_exact_channel_averaged_over_generic_blocks(noisy_density):
    """One message, Haar-random halves: the deviation from 1/2 shrinks by (1 - 3p/4)^n up to terms of order 1/N."""
    rng, n, p = generator("visibility"), 5, 0.1
    found = []
    for _ in range(60):
        basis, _ = random_halves(2**n, rng)
        v = basis @ rng.normal(size=2 ** (n - 1))
        v /= np.linalg.norm(v)
        found.append(2 * np.trace(basis.T @ noisy_density(np.outer(v, v), p) @ basis) - 1)
    assert np.mean(found) == pytest.approx(visibility(p, n, 1), abs=3 * np.std(found) / np.sqrt(60) + 2.0**-n)
    assert visibility(p, n, 1) > (1 - p) ** n


@pytest.mark.parametrize("layers", [1, 2])
def test_visibility_of_all_messages_of_a_walk_is_the_exact_channel_s(layers, noisy_density):
    """2 L noisy messages and Haar-random blocks, as density matrices."""
    rng, n, p, size = generator("walk", layers), 4, 0.05, 16
    found = []
    for _ in range(40):
        matrices = [np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(2 * layers)]
        together = np.linalg.multi_dot(matrices[::-1])
        vector = together.T @ np.concatenate([rng.normal(size=size // 2), np.zeros(size // 2)])
        vector /= np.linalg.norm(vector)
        density = np.outer(vector, vector)
        for matrix in matrices:  # one message before every block, the first one to Bob
            density = matrix @ noisy_density(density, p) @ matrix.T
        found.append(2 * np.trace(density[: size // 2, : size // 2]) - 1)
        blocks = tuple(MatrixBlock((BOB, ALICE)[m % 2], matrix) for m, matrix in enumerate(matrices))
        assert InferenceTask(vector, blocks).traffic().messages == 2 * layers
    expected = visibility(p, n, 2 * layers)
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(40) + 2.0**-n * (1 - expected))


def test_the_default_number_of_copies_makes_up_for_the_noise():
    task = make_task(loss=0.8, layers=1, eps=0.1, delta=0.05)
    link = Link(depolarising=0.03)
    estimates = [run_sampling(task, seed, link=link, seen=calibrated(task, link)) for seed in range(6)]
    copies = copies_with_noise(0.1, 0.05, calibrated(task, link))
    assert estimates[0].ledger == task.traffic(copies)
    assert copies > 185
    assert all(abs(found.value - 0.8) < 0.1 for found in estimates)


def ansatz_tasks(loss, count):
    """Circuits of few gates, in which many errors leave the loss as it was."""
    rng, made = generator("ansatz over noise", loss), []
    for _ in range(count):
        made += tasks_with_losses(ansatz_blocks(256, 1, 2, rng), 256, [loss], rng, eps=0.1, delta=1 / 3)
    return made


def scrambling_tasks(loss, count):
    rng, made = generator("scrambling over noise", loss), []
    for _ in range(count):
        made += tasks_with_losses(scrambled_blocks(256, 1, rng), 256, [loss], rng, eps=0.1, delta=1 / 3)
    return made


@pytest.mark.parametrize("loss", [0.2, 0.8])
def test_a_noisy_link_is_mended_where_blocks_scramble_and_nowhere_else_in_silence(loss):
    link = Link(depolarising=0.05)
    for make in (ansatz_tasks, scrambling_tasks):
        with pytest.raises(ProtocolError, match="depends on the blocks") as error:
            run_sampling(make(loss, 1)[0], 1, link=link)
        assert "seen=calibrated(task, link)" in error.value.fix
    failed = {}
    for make in (ansatz_tasks, scrambling_tasks):
        runs = [run_sampling(t, s, link=link, seen=calibrated(t, link)) for s, t in enumerate(make(loss, 60))]
        failed[make] = np.mean([abs(found.value - loss) > 0.1 for found in runs])
    assert failed[scrambling_tasks] < 1 / 3 < 0.5 < failed[ansatz_tasks]


@pytest.mark.parametrize("make", [ansatz_tasks, scrambling_tasks])
@pytest.mark.parametrize("loss", [0.0, 0.2, 0.8, 1.0])
def test_the_interval_of_an_estimate_as_measured_allows_for_what_errors_may_do(make, loss):
    link = Link(depolarising=0.02)
    runs = [run_sampling(t, s, link=link, seen=1, copies=400) for s, t in enumerate(make(loss, 60))]
    assert np.mean([found.low <= loss <= found.high for found in runs]) >= 2 / 3
    assert all(0 <= found.low <= found.value <= found.high <= 1 for found in runs)
    assert np.mean([found.high - found.low for found in runs]) < 0.9


def test_the_worst_that_errors_can_do_is_not_more_than_the_interval_allows():
    """Errors that send the loss to 0, or to 1: the ends of the interval are met."""
    v = 0.8
    for loss in (0.1, 0.6):
        assert _at_worst(v * loss, v * loss, v * loss, v)[2] == pytest.approx(loss)
        sent_to_one = v * loss + 1 - v
        assert _at_worst(sent_to_one, sent_to_one, sent_to_one, v)[1] == pytest.approx(loss)
    assert _at_worst(0.3, 0.2, 0.4, 1.0) == (0.3, 0.2, 0.4)
    assert _at_worst(0.3, 0.2, 0.4, 0.0) == (0.3, 0.0, 1.0)


def test_a_mended_estimate_keeps_the_width_of_its_interval_at_the_edge():
    """Of 40 estimates of the loss 1 many are above it: none answers 1 with certainty."""
    task = make_task(loss=1.0, layers=1)
    link = Link(depolarising=0.05)
    runs = [run_sampling(task, s, link=link, seen=calibrated(task, link), copies=100) for s in range(40)]
    at_the_edge = [found for found in runs if found.value == 1]
    assert len(at_the_edge) > 10
    assert all(found.low < 0.99 for found in at_the_edge)
    assert clip_answer(1.2, 1.15, 1.3) == (1.0, pytest.approx(0.95), 1.0)
    assert clip_answer(-0.2, -0.3, -0.1) == (0.0, 0.0, pytest.approx(0.1))
    assert clip_answer(0.3, 0.1, 0.4) == (0.3, 0.1, 0.4)


@pytest.mark.parametrize("copies", [300, 3000])
def test_many_copies_over_a_noisy_link_fail_as_often_as_they_may(copies):
    """At delta = 0.05 the interval of the measured share misses its mean in at most 5% of the runs: copies that shared
    their errors would scatter more than it says."""
    rng = generator("many copies", copies)
    blocks = scrambled_blocks(16, 1, rng)
    task = tasks_with_losses(blocks, 16, [0.9], rng, eps=0.1, delta=0.05)[0]
    link, runs = Link(depolarising=0.1), 300
    shares = np.array([run_sampling(task, s, link=link, seen=1, copies=copies).value for s in range(runs)])
    scatter = ((shares - shares.mean()) ** 2).sum() / (shares.mean() * (1 - shares.mean()) / copies)
    low, high = chi2.ppf([1e-3, 1 - 1e-3], runs - 1)
    assert low < scatter < high


def test_a_tiny_error_costs_one_draw():
    found = run_sampling(make_task(eps=1e-6), seed=1)
    assert found.ledger.messages == 4 * copies_needed(1e-6, 1 / 3)
    assert abs(found.value - 0.2) < 2e-6


def test_noise_costs_copies_as_the_inverse_square_of_the_visibility():
    assert copies_with_noise(0.1, 0.05, 1.0) == 185
    assert copies_with_noise(0.1, 0.05, 0.5) == 738
    with pytest.raises(ProtocolError):
        copies_with_noise(0.1, 0.05, 0.0)


@pytest.mark.parametrize("options", [{"eps": 0}, {"eps": 1}, {"delta": 0}, {"delta": 1.5}, {"eps": np.nan}])
def test_accuracy_outside_the_unit_interval_is_refused(options):
    with pytest.raises(ProtocolError, match=next(iter(options))):
        make_task(**options)


@pytest.mark.parametrize("vector", [np.zeros(16), np.full(16, np.nan), np.ones(8), np.ones(12)])
def test_bad_inputs_are_refused(vector):
    with pytest.raises(ProtocolError):
        run_sampling(InferenceTask(vector, make_task().blocks), seed=1)


@pytest.mark.parametrize("copies", [-3, 0, 2.5, True])
def test_impossible_numbers_of_copies_are_refused(copies):
    with pytest.raises(ProtocolError, match="copies"):
        run_sampling(make_task(), seed=1, copies=copies)


@pytest.mark.parametrize("seen", [0, -1, 1.5, np.nan])
def test_impossible_visibilities_are_refused(seen):
    for call in (
        lambda: run_sampling(make_task(), seed=1, copies=10, seen=seen),
        lambda: copies_with_noise(0.1, 0.05, seen),
    ):
        with pytest.raises(ProtocolError, match="seen"):
            call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: copies_with_noise(0.1, 0, 0.5), "delta"),
        (lambda: copies_with_noise(0.1, 5, 0.5), "delta"),
        (lambda: copies_with_noise("x", 0.1, 0.5), "eps"),
        (lambda: copies_with_noise(0.1, 0.1, 1e-9), "copies"),
        (lambda: run_sampling(make_task(), seed=1, link=Link(depolarising=0.01)), "seen=calibrated"),
        (lambda: run_sampling(make_task(), seed=1, link=Link(depolarising=1.0), seen=0.25**16), "lower the noise"),
        (lambda: copies_with_noise(0.1, 0.05, 1e-200), "lower the noise"),
        (lambda: copies_needed(1e-200, 0.1), "give at least 1e-08"),
        (lambda: visibility(5, 3, 1), "depolarising"),
        (lambda: visibility(0.1, 0, 1), "qubits"),
        (lambda: visibility(0.1, 3, -1), "messages"),
        (lambda: make_task().traffic(0), "multiplicity"),
        (lambda: make_task(measured_by="Carol"), "'Carol' is neither Alice nor Bob"),
        (lambda: make_task(eps="x"), "eps"),
        (lambda: vector_with_loss([], 7, 0.2, generator("x")), "7 is not a power of two"),
        (lambda: run_sampling(make_task(), seed=1, link=Link(loss=1.0)), "delivers nothing"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ProtocolError, match=words):
        call()
