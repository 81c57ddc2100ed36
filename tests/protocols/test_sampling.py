import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.network import Link
from qcomm.network.link import depolarise_density
from qcomm.protocols.blocks import MatrixBlock, ScrambleBlock, random_halves
from qcomm.protocols.sampling import calibrated, copies_with_noise, run_sampling, visibility
from qcomm.protocols.task import ALICE, BOB, InferenceTask, copies_needed, vector_with_loss
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
    link = Link(depolarising=p, trajectories=5000)
    raw = run_sampling(task, seed=2, link=link, copies=4000, seen=1.0)
    mended = run_sampling(task, seed=2, link=link, copies=4000)
    assert calibrated(task, link) == seen
    assert calibrated(task, None) == 1.0
    assert raw.value < 0.9
    assert abs(mended.value - 0.95) < 0.06
    assert mended.value - 0.5 == pytest.approx((raw.value - 0.5) / seen)


def test_visibility_is_the_exact_channel_averaged_over_generic_blocks():
    """One message, Haar-random halves: the deviation from 1/2 shrinks by (1 - 3p/4)^n up to terms of order 1/N."""
    rng, n, p = generator("visibility"), 5, 0.1
    found = []
    for _ in range(60):
        basis, _ = random_halves(2**n, rng)
        v = basis @ rng.normal(size=2 ** (n - 1))
        v /= np.linalg.norm(v)
        found.append(2 * np.trace(basis.T @ depolarise_density(np.outer(v, v), p) @ basis) - 1)
    assert np.mean(found) == pytest.approx(visibility(p, n, 1), abs=3 * np.std(found) / np.sqrt(60) + 2.0**-n)
    assert visibility(p, n, 1) > (1 - p) ** n


@pytest.mark.parametrize("layers", [1, 2])
def test_visibility_of_all_messages_of_a_walk_is_the_exact_channel_s(layers):
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
            density = matrix @ depolarise_density(density, p) @ matrix.T
        found.append(2 * np.trace(density[: size // 2, : size // 2]) - 1)
        blocks = tuple(MatrixBlock((BOB, ALICE)[m % 2], matrix) for m, matrix in enumerate(matrices))
        assert InferenceTask(vector, blocks).traffic().messages == 2 * layers
    expected = visibility(p, n, 2 * layers)
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / np.sqrt(40) + 2.0**-n * (1 - expected))


def test_the_default_number_of_copies_makes_up_for_the_noise():
    task = make_task(loss=0.8, layers=1, eps=0.1, delta=0.05)
    link = Link(depolarising=0.03, trajectories=4000)
    estimates = [run_sampling(task, seed, link=link) for seed in range(6)]
    copies = copies_with_noise(0.1, 0.05, calibrated(task, link))
    assert estimates[0].ledger == task.traffic(copies)
    assert copies > 185
    assert all(abs(found.value - 0.8) < 0.1 for found in estimates)


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
        (lambda: run_sampling(make_task(), seed=1, link=Link(depolarising=1.0)), "lower the noise"),
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
