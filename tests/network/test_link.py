import numpy as np
import pytest
from scipy.stats import chi2

from qcomm.errors import ProtocolError
from qcomm.network import Link, Network
from qcomm.network import link as links
from qcomm.network.link import depolarise
from qcomm.seeds import generator


def random_state(rng, n):
    state = rng.normal(size=2**n) + 1j * rng.normal(size=2**n)
    return state / np.linalg.norm(state)


@pytest.mark.parametrize("p", [0.3, 1.0])
def test_trajectories_average_to_the_exact_channel(p, noisy_density):
    rng, copies = generator("trajectories", p), 40000
    states = [random_state(rng, 3) for _ in range(2)]
    exact = noisy_density(sum(np.outer(state, state.conj()) for state in states) / 2, p)
    out, shares = depolarise(np.array(states)[:, None], np.array([copies // 2] * 2), p, rng)
    assert shares.sum() == copies
    mean = np.einsum("t,ti,tj->ij", shares, out[:, 0], out[:, 0].conj()) / copies
    assert np.abs(mean - exact).max() < 4 * 0.5 / np.sqrt(copies)


def test_the_oracle_keeps_the_trace_and_mixes_completely_at_one(noisy_density):
    state = random_state(generator("channel"), 3)
    density = np.outer(state, state.conj())
    np.testing.assert_allclose(np.trace(noisy_density(density, 0.2)), 1, atol=1e-12)
    np.testing.assert_allclose(noisy_density(density, 1.0), np.eye(8) / 8, atol=1e-12)
    np.testing.assert_allclose(noisy_density(density, 0.0), density, atol=0)


def test_real_states_stay_real_and_normalised():
    out, _ = depolarise(np.ones((1, 1, 8)) / np.sqrt(8), np.array([50]), 0.9, generator("real"))
    assert out.dtype == np.float64
    assert len(out) > 20
    np.testing.assert_allclose((out**2).sum(axis=(1, 2)), 1)


def delivered(link, copies, seed=3, measure=False):
    def alice(me):
        me.send("Bob", me.prepare(np.eye(8)[0], copies))

    def bob(me):
        register = yield "Alice"
        if measure:
            shots = register.copies // 2
            return register.measure_first_qubit(shots, me.random), shots
        return register.copies, register.amplitudes.shape

    network = Network({"Alice": {}, "Bob": {}}, seed, link)
    return network, network.run({"Alice": alice, "Bob": bob})["Bob"]


def test_lost_copies_are_counted_as_sent_and_do_not_arrive():
    network, (copies, _) = delivered(Link(loss=0.2), 10000)
    assert abs(copies - 10000 * 0.8**3) < 5 * 50
    assert network.ledger.qubits == 30000
    assert delivered(Link(loss=1.0), 10)[1][0] == 0
    assert delivered(Link(loss=1.0, depolarising=0.5), 10)[1] == (0, (1, 1, 8))


def test_copies_with_the_same_errors_share_a_trajectory():
    assert delivered(Link(depolarising=0.1), 10**12)[1] == (10**12, (64, 1, 8))  # I, X, Z, XZ of three qubits
    assert 2 < delivered(Link(depolarising=0.1), 100)[1][1][0] < 64
    assert delivered(Link(), 100)[1][1] == (1, 1, 8)


@pytest.mark.parametrize("copies", [300, 4000])
def test_every_copy_has_errors_of_its_own(copies):
    """Outcomes of a run scatter as independent copies do: binomially, at any number of them."""
    p, runs = 0.4, 400
    found = [delivered(Link(depolarising=p, loss=0.1), copies, seed, measure=True)[1] for seed in range(runs)]
    zeros, shots = np.array(found).T
    expected = 1 - p / 2
    square = ((zeros - shots * expected) ** 2 / (shots * expected * (1 - expected))).sum()
    low, high = chi2.ppf([1e-3, 1 - 1e-3], runs)
    assert low < square < high


def test_states_that_do_not_fit_the_memory_are_refused(monkeypatch):
    monkeypatch.setattr(links, "MOST_AMPLITUDES", 100)
    with pytest.raises(ProtocolError, match="too many states") as error:
        delivered(Link(depolarising=0.3), 200)
    assert "fewer copies" in error.value.fix
    delivered(Link(depolarising=0.3), 10)


@pytest.mark.parametrize("options", [{"loss": -0.1}, {"depolarising": 1.1}, {"loss": np.nan}])
def test_impossible_links_are_refused(options):
    with pytest.raises(ProtocolError):
        Link(**options)
