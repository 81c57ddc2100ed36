import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.network import Link, Network
from qcomm.network.link import depolarise, depolarise_density
from qcomm.seeds import generator


def random_state(rng, n):
    state = rng.normal(size=2**n) + 1j * rng.normal(size=2**n)
    return state / np.linalg.norm(state)


def test_trajectories_average_to_the_exact_channel():
    rng = generator("trajectories")
    state = random_state(rng, 3)
    exact = depolarise_density(np.outer(state, state.conj()), 0.3)
    runs = depolarise(np.repeat(state[None, None], 40000, axis=0), 0.3, rng)[:, 0]
    mean = np.einsum("ti,tj->ij", runs, runs.conj()) / len(runs)
    assert np.abs(mean - exact).max() < 4 * 0.5 / np.sqrt(40000)


def test_exact_channel_keeps_the_trace_and_mixes_completely_at_one():
    rng = generator("channel")
    state = random_state(rng, 3)
    density = np.outer(state, state.conj())
    np.testing.assert_allclose(np.trace(depolarise_density(density, 0.2)), 1, atol=1e-12)
    np.testing.assert_allclose(depolarise_density(density, 1.0), np.eye(8) / 8, atol=1e-12)
    np.testing.assert_allclose(depolarise_density(density, 0.0), density, atol=0)


def test_real_states_stay_real_and_normalised():
    rng = generator("real")
    state = np.repeat(np.ones(8)[None, None] / np.sqrt(8), 50, axis=0)
    out = depolarise(state, 0.9, rng)
    assert out.dtype == np.float64
    np.testing.assert_allclose((out**2).sum(axis=(1, 2)), 1)


def delivered(link, copies, seed=3):
    def alice(me):
        me.send("Bob", me.prepare(np.ones(8), copies))

    def bob(me):
        register = yield "Alice"
        return register.copies, register.amplitudes.shape

    network = Network({"Alice": {}, "Bob": {}}, seed, link)
    return network, network.run({"Alice": alice, "Bob": bob})["Bob"]


def test_lost_copies_are_counted_as_sent_and_do_not_arrive():
    network, (copies, _) = delivered(Link(loss=0.2), 10000)
    assert abs(copies - 10000 * 0.8**3) < 5 * 50
    assert network.ledger.qubits == 30000
    assert delivered(Link(loss=1.0), 10)[1][0] == 0


def test_number_of_trajectories_is_at_most_that_of_copies():
    assert delivered(Link(depolarising=0.1, trajectories=64), 10)[1][1] == (10, 1, 8)
    assert delivered(Link(depolarising=0.1, trajectories=64), 100)[1][1] == (64, 1, 8)
    assert delivered(Link(), 100)[1][1] == (1, 1, 8)


@pytest.mark.parametrize(
    "options", [{"loss": -0.1}, {"depolarising": 1.1}, {"loss": np.nan}, {"trajectories": 0}, {"trajectories": 2.5}]
)
def test_impossible_links_are_refused(options):
    with pytest.raises(ProtocolError):
        Link(**options)


def test_density_of_wrong_shape_is_refused():
    with pytest.raises(ProtocolError):
        depolarise_density(np.ones((3, 3)), 0.1)
    with pytest.raises(ProtocolError):
        depolarise_density(np.eye(2), 1.5)
