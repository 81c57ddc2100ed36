import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.network import Link
from qcomm.network.link import depolarise_density
from qcomm.protocols.blocks import MatrixBlock, ScrambleBlock, random_halves
from qcomm.protocols.sampling import copies_with_noise, planned_traffic, run_sampling, visibility
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
    assert estimate.ledger == planned_traffic(task)
    assert estimate.ledger.qubits == 2 * layers * k * 4
    assert estimate.ledger.messages == 2 * layers * k
    assert abs(estimate.value - 0.2) < 0.1
    assert estimate.low < 0.2 < estimate.high


def test_a_skipped_block_breaks_ledger_and_estimate():
    task = make_task(loss=1.0, layers=2, eps=0.1, delta=0.05)
    skipped = InferenceTask(task.vector, task.blocks[:1] + task.blocks[2:], task.eps, task.delta)
    estimate = run_sampling(skipped, seed=1)
    assert run_sampling(task, seed=1).value == 1.0
    assert estimate.ledger.messages == 2 * 185
    assert estimate.ledger != planned_traffic(task)
    assert abs(estimate.value - 1.0) > 0.1


def test_a_dropped_message_breaks_ledger_and_estimate(monkeypatch):
    """The channel loses the hop to B_2 and back: B_2 never acts, the ledger is short, the estimate is off."""
    from qcomm.protocols import sampling
    from qcomm.protocols.relay import relay

    def forgetful(me, owners, register, **options):
        return (yield from relay(me, (*owners[:3], owners[-1]), register, **options))

    monkeypatch.setattr(sampling, "relay", forgetful)
    task = make_task(loss=1.0, layers=2, eps=0.1, delta=0.05)
    estimate = run_sampling(task, seed=1)
    assert estimate.ledger.messages == planned_traffic(task).messages // 2
    assert abs(estimate.value - 1.0) > 0.1


def test_a_message_lost_without_notice_stops_the_protocol(monkeypatch):
    from qcomm.network import session

    kept = session.Network._outlet

    def lossy(self, sender):
        return (lambda *message: None) if sender == BOB else kept(self, sender)

    monkeypatch.setattr(session.Network, "_outlet", lossy)
    with pytest.raises(ProtocolError, match="a message is missing"):
        run_sampling(make_task(), seed=1)


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
    raw = run_sampling(task, seed=2, link=link, copies=4000)
    mended = run_sampling(task, seed=2, link=link, copies=4000, seen=seen)
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


@pytest.mark.parametrize("copies", [-3, 2.5])
def test_impossible_numbers_of_copies_are_refused(copies):
    with pytest.raises(ProtocolError):
        run_sampling(make_task(), seed=1, copies=copies)
