import numpy as np
import pytest
from scipy.stats import unitary_group

from qcomm.errors import ProtocolError
from qcomm.network import Link
from qcomm.protocols import amplitude as ae
from qcomm.protocols import amplitude_plan
from qcomm.protocols.amplitude_plan import failure_at, worst_failure
from qcomm.protocols.blocks import MatrixBlock, ScrambleBlock
from qcomm.protocols.task import ALICE, BOB, InferenceTask, vector_with_loss
from qcomm.seeds import generator
from qcomm.theory.success import outcome_distribution


def make_task(loss=0.2, size=16, layers=1, **options):
    rng = generator("task", size, layers)
    blocks = [ScrambleBlock.random(owner, size, rng) for _ in range(layers) for owner in (BOB, ALICE)]
    return InferenceTask(vector_with_loss(blocks, size, loss, rng), tuple(blocks), **options)


def literal_distribution(task, phases, monkeypatch):
    """Exact outcome distribution of the executed protocol, read off the register just before it is measured."""
    from qcomm.network.register import Register

    seen = []

    def peek(register, shots, rng):
        seen.append((np.abs(register.amplitudes) ** 2).sum(axis=(0, 2)))
        return np.zeros(shots, dtype=int)

    with monkeypatch.context() as patch:
        patch.setattr(Register, "measure_kept", peek)
        ae.run_amplitude_estimation(task, 1, chosen=ae.Plan(phases, 1, 1.0), literal=True)
    return seen[0]


@pytest.mark.parametrize(("loss", "phases", "layers"), [(0.2, 8, 1), (0.5, 7, 2), (0.95, 12, 1), (0.0, 5, 1)])
def test_executed_grover_calls_give_the_exact_distribution(loss, phases, layers, monkeypatch):
    task = make_task(loss, layers=layers)
    executed = literal_distribution(task, phases, monkeypatch)
    np.testing.assert_allclose(executed, outcome_distribution(phases, 2 * loss - 1, shifted=False), atol=1e-10)


def test_branches_of_the_control_have_the_same_distribution(monkeypatch):
    """Followed one by one through the channel, they give what the whole state vector gives."""
    rng = generator("branches")
    for size, phases in ((16, 9), (8, 6)):
        blocks = tuple(MatrixBlock(owner, unitary_group.rvs(size, random_state=3)) for owner in (BOB, ALICE))
        task = InferenceTask(rng.normal(size=size) + 1j * rng.normal(size=size), blocks)
        seen = []
        kept = ae.control_weights
        monkeypatch.setattr(ae, "control_weights", lambda b, kept=kept, seen=seen: seen.append(kept(b)) or seen[0])
        ae.outcomes(task, ae.Plan(phases, 1, 1.0), 3, 1, literal=False)
        monkeypatch.setattr(ae, "control_weights", kept)
        np.testing.assert_allclose(seen[0], literal_distribution(task, phases, monkeypatch), atol=1e-12)


@pytest.mark.parametrize("literal", [True, False])
def test_every_grover_call_takes_its_own_rounds(literal):
    ledger = ae.outcomes(make_task(), ae.Plan(8, 1, 1.0), 5, 1, literal=literal)[1]
    assert ledger.rounds == 2 + 4 * 7
    assert {entry.multiplicity for entry in ledger.entries} == {5}
    assert ledger.messages == 5 * 30


@pytest.mark.parametrize("literal", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
def test_skipping_any_block_breaks_ledger_and_estimate(layers, literal):
    """B_l and A_l for every l, A_L among them."""
    chosen = ae.Plan(8, 3, 1.0)  # loss 1 lies on the grid of phases
    task = make_task(loss=1.0, layers=layers)
    assert ae.run_amplitude_estimation(task, 1, chosen=chosen, literal=literal).value == 1.0
    for position in range(2 * layers):
        blocks = task.blocks[:position] + task.blocks[position + 1 :]
        found = ae.run_amplitude_estimation(InferenceTask(task.vector, blocks), 1, chosen=chosen, literal=literal)
        assert found.ledger != ae.planned_traffic(task, chosen)
        assert abs(found.value - 1.0) > 0.1


@pytest.mark.parametrize("dropped", [1, 2, 3, 6, 17])
def test_dropping_one_message_breaks_the_ledger_and_leaves_no_estimate(dropped, lossy_network, monkeypatch):
    kind, made = lossy_network(dropped)
    monkeypatch.setattr(ae, "Network", kind)
    task, chosen = make_task(), ae.Plan(5, 1, 1.0)
    with pytest.raises(ProtocolError, match="a message is missing"):
        ae.run_amplitude_estimation(task, 1, chosen=chosen, literal=True)
    assert made[0].ledger.entries == ae.planned_traffic(task, chosen).entries[: dropped - 1]


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("literal", [True, False])
def test_messages_are_2l_plus_4lj(layers, literal):
    task = make_task(layers=layers, eps=0.1, delta=0.05)
    chosen = ae.plan(0.1, 0.05)
    estimate = ae.run_amplitude_estimation(task, 5, literal=literal)
    assert estimate.ledger.messages == chosen.repeats * (2 * layers + 4 * layers * chosen.calls)
    assert estimate.ledger.qubits == 4 * estimate.ledger.messages
    assert estimate.ledger == ae.planned_traffic(task, chosen)
    assert estimate.ledger.rounds == estimate.ledger.messages // chosen.repeats
    assert abs(estimate.value - 0.2) <= 0.1


def test_both_ways_of_executing_it_agree_in_distribution():
    task = make_task(0.3)
    chosen = ae.Plan(6, 1, 1.0)
    draws = [ae.phase_value(ae.outcomes(task, chosen, 3000, 1, literal=mode)[0], 6) for mode in (True, False)]
    exact = outcome_distribution(6, -0.4, shifted=False)
    for values in draws:
        for outcome in (0, 1, 2, 3):
            value = ae.phase_value(outcome, 6)
            p = exact[np.isclose(ae.phase_value(np.arange(6), 6), value)].sum()
            assert abs(np.isclose(values, value).mean() - p) < 4 * np.sqrt(p * (1 - p) / 3000) + 1e-9


@pytest.mark.parametrize("literal", [True, False])
def test_a_grover_call_that_skips_a_block_is_noticed(literal):
    class Forgetful(ScrambleBlock):
        def inverse(self):
            return ScrambleBlock(self.owner, -self.signs[::-1].copy(), True)

    task = make_task(0.2)
    bad = (Forgetful(BOB, task.blocks[0].signs), task.blocks[1])
    with pytest.raises(ProtocolError, match="Grover calls are off"):
        ae.run_amplitude_estimation(InferenceTask(task.vector, bad), 1, literal=literal)


@pytest.mark.parametrize(("eps", "delta"), [(0.1, 1 / 3), (0.1, 0.05), (0.03, 0.1)])
def test_plan_keeps_its_promise_at_every_loss(eps, delta):
    chosen = ae.plan(eps, delta)
    rng = generator("plan", eps)
    failures = failure_at(rng.uniform(size=300), eps, chosen.phases, chosen.repeats)
    assert failures.max() <= chosen.failure + 1e-4
    assert failures.max() <= delta
    smaller = worst_failure(eps, chosen.phases - max(1, chosen.phases // 8), chosen.repeats)
    assert smaller > delta


def test_losses_are_looked_at_a_few_at_a_time(monkeypatch):
    """The same plan to the last bit, whatever is held at a time, and no more than that is."""
    wanted, sizes = ae.plan(0.05, 0.1), []
    for cached in (ae.plan, amplitude_plan._off_everywhere):
        cached.cache_clear()
    kept = np.stack
    monkeypatch.setattr(amplitude_plan, "BLOCK", 500)
    monkeypatch.setattr(amplitude_plan.np, "stack", lambda rows: sizes.append(kept(rows).size) or kept(rows))
    assert ae.plan(0.05, 0.1) == wanted
    assert 100 < max(sizes) <= 500


def test_failure_of_the_median_against_simulation():
    eps, phases, repeats, loss = 0.1, 12, 3, 0.4
    weights = outcome_distribution(phases, 2 * loss - 1, shifted=False)
    draws = generator("median").choice(phases, size=(20000, repeats), p=weights / weights.sum())
    off = np.abs(np.median(ae.phase_value(draws, phases), axis=1) - loss) > eps
    exact = failure_at(loss, eps, phases, repeats)[0]
    assert abs(off.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 20000)


def test_calls_grow_as_one_over_eps():
    assert ae.plan(0.01, 1 / 3).phases == pytest.approx(10 * ae.plan(0.1, 1 / 3).phases, rel=0.15)


def test_only_a_link_that_changes_nothing_is_taken():
    task, chosen = make_task(), ae.Plan(4, 1, 1.0)
    for link in (Link(depolarising=0.01), Link(loss=0.01)):
        with pytest.raises(ProtocolError, match="without noise and loss"):
            ae.run_amplitude_estimation(task, 1, chosen=chosen, link=link)
    ledger = ae.run_amplitude_estimation(task, 1, chosen=chosen, link=Link(teleport=True)).ledger
    assert (ledger.qubits, ledger.ebits, ledger.bits) == (0, 14 * 4, 14 * 8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: failure_at(0.2, -1, 8), "eps"),
        (lambda: failure_at(1.2, 0.1, 8), "loss"),
        (lambda: failure_at(0.2, 0.1, 0), "phases"),
        (lambda: failure_at(0.2, 0.1, 8, 2), "no median"),
        (lambda: ae.plan("x", 0.1), "eps"),
        (lambda: ae.plan(1e-9, 0.1), "take at least 0.002"),
        (lambda: worst_failure(0.1, 8, 2), "no median"),
        (lambda: ae.outcomes(make_task(), ae.Plan(0, 1, 1.0), 1, 1), "phases"),
        (lambda: ae.outcomes(make_task(), ae.Plan(4, 1, 1.0), 0, 1), "copies"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ProtocolError, match=words):
        call()


def test_alice_must_measure():
    task = make_task()
    with pytest.raises(ProtocolError, match="Alice"):
        ae.run_amplitude_estimation(InferenceTask(task.vector, task.blocks[:1], measured_by=BOB), 1)
