"""Numbers that users give are checked by name, whatever their type."""

import pytest

from qcomm.errors import ProtocolError
from qcomm.theory.checks import check_row, in_range, whole


@pytest.mark.parametrize("value", [-1, 0, 1.5, True, float("nan"), float("inf"), "x", None])
def test_what_is_no_whole_number_is_refused_by_name(value):
    with pytest.raises(ProtocolError, match="copies"):
        whole(value, "copies", 1)


@pytest.mark.parametrize("value", [0.0, 1.0, float("nan"), "x", None])
def test_what_lies_outside_is_refused_by_name(value):
    with pytest.raises(ProtocolError, match="delta"):
        in_range(value, "delta", 0.0, 1.0, open_low=True, open_high=True)


def test_good_numbers_pass():
    assert whole(3.0, "copies", 1) == 3
    assert in_range(1, "p", 0.0, 1.0) == 1.0


def test_a_check_says_whether_its_value_is_inside():
    assert check_row("slope", 1.0, 0.9, 1.1)["ok"]
    assert not check_row("slope", 1.2, 0.9, 1.1)["ok"]
    assert not check_row("nan", float("nan"), 0.0, 1.0)["ok"]
