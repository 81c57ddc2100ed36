import numpy as np
import pytest

from qcomm.errors import ProtocolError
from qcomm.network import Link, Network, Payload
from qcomm.network.payload import from_integers, to_integers
from qcomm.network.register import unit_vector
from qcomm.seeds import generator

SECRET = np.arange(1.0, 9.0)


class Flip:
    """Swaps the halves: first qubit 0 <-> 1."""

    def __init__(self, owner):
        self.owner = owner

    def apply(self, state):
        return np.roll(state, state.shape[-1] // 2, axis=-1)


def two(alice, bob, seed=0, links=None):
    network = Network({"Alice": {"x": SECRET}, "Bob": {"w": 3}}, seed, links)
    return network, network.run({"Alice": alice, "Bob": bob})


def test_classical_exchange_is_counted_in_whole_bits_and_rounds():
    def alice(me):
        me.send("Bob", from_integers(np.array([5, 2]), 3), "x")
        me.send("Bob", Payload(1, 1), "more")
        reply = yield "Bob"
        return int(to_integers(reply, 4)[0])

    def bob(me):
        first = yield "Alice"
        yield "Alice"
        me.send("Alice", from_integers(np.array([to_integers(first, 3).sum() + me.private["w"]]), 4))

    network, outputs = two(alice, bob)
    assert outputs["Alice"] == 10
    assert [(e.round, e.size) for e in network.ledger.entries] == [(1, 6), (1, 1), (2, 4)]


def reachable(root):
    """Everything that attributes of `root` lead to, without deliberate introspection of functions."""
    todo, seen = [root], []
    while todo:
        item = todo.pop()
        if any(item is s for s in seen):
            continue
        seen.append(item)
        if isinstance(item, dict):
            todo.extend(item.values())
        for name in [*getattr(type(item), "__slots__", ()), *getattr(item, "__dict__", {})]:
            todo.append(getattr(item, name))
        if type(item).__name__ == "mappingproxy":
            todo.extend(item.values())
    return seen


def test_a_party_cannot_reach_the_other_partys_private_state():
    def alice(me):
        return None

    def bob(me):
        with pytest.raises(KeyError):
            me.private["x"]
        assert not any(isinstance(o, np.ndarray) and np.array_equal(o, SECRET) for o in reachable(me))
        assert not any(isinstance(o, Network) for o in reachable(me))
        return sorted(me.private)

    network, outputs = two(alice, bob)
    assert outputs["Bob"] == ["w"]
    assert len(network.ledger) == 0


def test_private_arrays_cannot_be_changed():
    def alice(me):
        with pytest.raises(ValueError, match="read-only"):
            me.private["x"][0] = 0
        return me.private["x"][0]

    assert two(alice, lambda me: None)[1]["Alice"] == 1.0


def test_shared_randomness_is_common_private_randomness_is_not():
    def program(me):
        return (
            me.shared("rotation").integers(1 << 40),
            me.shared("other").integers(1 << 40),
            me.random.integers(1 << 40),
        )

    _, first = two(program, program, seed=1)
    _, again = two(program, program, seed=1)
    _, other = two(program, program, seed=2)
    assert first["Alice"][:2] == first["Bob"][:2]
    assert first["Alice"][0] != first["Alice"][1]
    assert first["Alice"][2] != first["Bob"][2]
    assert first == again
    assert set(first["Alice"]).isdisjoint(other["Alice"])


def test_a_register_moves_and_the_old_handle_is_dead():
    def alice(me):
        register = me.prepare(SECRET, copies=5)
        me.send("Bob", register, "state")
        for use in (lambda: register.apply(Flip("Alice")), lambda: register.qubits, lambda: me.send("Bob", register)):
            with pytest.raises(ProtocolError, match="no longer holds"):
                use()
        back = yield "Bob"
        return back.probabilities()[0], back.holder, back.copies

    def bob(me):
        register = yield "Alice"
        with pytest.raises(ProtocolError, match="cannot apply a block of Alice"):
            register.apply(Flip("Alice"))
        register.apply(Flip("Bob"))
        me.send("Alice", register, "state")

    network, outputs = two(alice, bob)
    expected = (SECRET[4:] ** 2).sum() / (SECRET**2).sum()
    assert outputs["Alice"] == (pytest.approx(expected, abs=1e-14), "Alice", 5)
    assert (network.ledger.qubits, network.ledger.messages) == (2 * 3 * 5, 10)


def test_only_as_many_shots_as_copies():
    def alice(me):
        register = me.prepare(SECRET, copies=5)
        register.measure_first_qubit(3, me.random)
        with pytest.raises(ProtocolError, match="3 shots need 3 copies, 2 are here"):
            register.measure_first_qubit(3, me.random)
        with pytest.raises(ProtocolError, match="too many to count"):
            me.prepare(SECRET, copies=10**20)
        for shots in (0, -1, 1.5):
            with pytest.raises(ProtocolError):
                register.measure_first_qubit(shots, me.random)
        return register.copies

    assert two(alice, lambda me: None)[1]["Alice"] == 2


def test_a_message_that_is_dropped_or_never_read_is_an_error():
    def silent(me):
        return None

    def sends(me):
        me.send("Bob", Payload(0, 1))

    def waits(me):
        yield "Alice"

    with pytest.raises(ProtocolError, match="a message is missing"):
        two(silent, waits)
    with pytest.raises(ProtocolError, match="never read"):
        two(sends, silent)


def test_only_payloads_and_registers_can_be_sent():
    def alice(me):
        with pytest.raises(ProtocolError, match="cannot be sent"):
            me.send("Bob", [1, 2])
        with pytest.raises(ProtocolError, match="no channel"):
            me.send("Eve", Payload(0, 1))
        return True

    assert two(alice, lambda me: None)[1]["Alice"]


@pytest.mark.parametrize("times", [0, 0.5, -1, 1.5, True, None])
@pytest.mark.parametrize("quantum", [True, False])
def test_no_message_crosses_uncounted(times, quantum):
    def alice(me):
        me.send("Bob", me.prepare(SECRET) if quantum else Payload(1, 1), times=times)

    def bob(me):
        yield "Alice"

    network = Network({"Alice": {}, "Bob": {}})
    with pytest.raises(ProtocolError, match="times: "):
        network.run({"Alice": alice, "Bob": bob})
    assert len(network.ledger) == 0


def test_silence_is_free_where_every_copy_was_lost():
    def alice(me):
        me.send("Bob", me.prepare(SECRET, copies=3))
        return (yield "Bob").copies

    def bob(me):
        me.send("Alice", (yield "Alice"), times=2)

    network, outputs = two(alice, bob, links={("Alice", "Bob"): Link(loss=1.0)})
    assert outputs["Alice"] == 0
    assert [(e.sender, e.multiplicity) for e in network.ledger.entries] == [("Alice", 3)]


@pytest.mark.parametrize("vector", [np.full(4, 1e-170), np.full(4, 1e200), np.array([5e-324, 0]), np.full(4, 1e308j)])
def test_vectors_of_any_size_have_a_direction(vector):
    def alice(me):
        return me.prepare(vector).amplitudes[0, 0]

    found = two(alice, lambda me: None)[1]["Alice"]
    np.testing.assert_allclose(found, vector / np.abs(vector).max() / np.sqrt((vector != 0).sum()), rtol=1e-15)


def test_vectors_of_ordinary_size_are_divided_by_their_length():
    vector = generator("ordinary").normal(size=64)
    np.testing.assert_array_equal(unit_vector(vector), vector / np.linalg.norm(vector))
    np.testing.assert_array_equal(unit_vector(1e-200 * np.ones(4)), np.full(4, 0.5))


@pytest.mark.parametrize("vector", [np.zeros(4), np.array([1, np.nan]), np.ones(3), np.ones((2, 2)), np.array(["a"])])
def test_bad_vectors_are_refused(vector):
    def alice(me):
        with pytest.raises(ProtocolError):
            me.prepare(vector)
        return True

    assert two(alice, lambda me: None)[1]["Alice"]


def test_non_unitary_and_misfitting_blocks_are_refused():
    class Double(Flip):
        def apply(self, state):
            return 2 * state

    class Cut(Flip):
        def apply(self, state):
            return state[..., :2]

    def alice(me):
        register = me.prepare(SECRET)
        with pytest.raises(ProtocolError, match="not unitary"):
            register.apply(Double("Alice"))
        with pytest.raises(ProtocolError, match="shape"):
            register.apply(Cut("Alice"))
        return True

    assert two(alice, lambda me: None)[1]["Alice"]


def test_programs_must_match_the_parties():
    network = Network({"Alice": {}, "Bob": {}})
    with pytest.raises(ProtocolError, match="parties are"):
        network.run({"Alice": lambda me: None})
    with pytest.raises(ProtocolError):
        Network({"Alice": {}})


def test_teleportation_costs_a_pair_and_two_bits_per_qubit():
    def alice(me):
        me.send("Bob", me.prepare(SECRET, copies=7))

    def bob(me):
        return (yield "Alice").copies

    network, outputs = two(alice, bob, links=Link(teleport=True))
    assert outputs["Bob"] == 7
    assert (network.ledger.qubits, network.ledger.ebits, network.ledger.bits) == (0, 21, 42)
    assert network.ledger.messages == 7
