import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qcomm.errors import ProtocolError
from qcomm.network import payload as p


@given(st.lists(st.integers(0, 1), min_size=1, max_size=70))
@settings(max_examples=60, deadline=None)
def test_bits_survive_and_are_counted_one_by_one(bits):
    message = p.from_bits(np.array(bits))
    assert message.length == len(bits)
    np.testing.assert_array_equal(p.to_bits(message), bits)


@given(st.integers(1, 17), st.data())
@settings(max_examples=60, deadline=None)
def test_integers_survive(width, data):
    values = data.draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=9))
    message = p.from_integers(np.array(values), width)
    assert message.length == width * len(values)
    np.testing.assert_array_equal(p.to_integers(message, width), values)


def test_floats_cost_32_bits_and_keep_single_precision():
    values = np.array([0.1, -3.5e7, 0.0])
    message = p.from_floats(values)
    assert message.length == 96
    np.testing.assert_array_equal(p.to_floats(message), values.astype(np.float32))
    with pytest.raises(ProtocolError):
        p.from_floats(np.array([np.nan]))


@given(st.integers(1, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_subsets_cost_the_log_of_their_number(size, data):
    chosen = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=8))
    message = p.from_subset(np.array(list(chosen)), size)
    assert message.length == p.subset_bits(size, len(chosen))
    assert list(p.to_subset(message, size, len(chosen))) == sorted(chosen)


def test_every_subset_has_its_own_number():
    import itertools

    ranks = {p.from_subset(np.array(s), 7).number for s in itertools.combinations(range(7), 3)}
    assert ranks == set(range(35))


def test_concatenation_splits_again():
    a, b = p.Payload(5, 3), p.Payload(0, 4)
    assert (a + b).split(3, 4) == (a, b)
    with pytest.raises(ProtocolError):
        (a + b).split(3, 3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ProtocolError):
        p.Payload(8, 3)
    with pytest.raises(ProtocolError):
        p.Payload(0, 0)
    with pytest.raises(ProtocolError):
        p.from_integers(np.array([4]), 2)
    with pytest.raises(ProtocolError):
        p.from_subset(np.array([1, 1]), 4)
    with pytest.raises(ProtocolError):
        p.from_bits(np.array([0, 2]))


def test_width_of_possibilities_is_whole():
    assert [p.width_of(c) for c in (1, 2, 3, 4, 5)] == [1, 1, 2, 2, 3]
