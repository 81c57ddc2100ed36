import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ProtocolError
from qcomm.figures.fig1 import CLASSICAL, QUANTUM, composed, fig1, pipeline
from qcomm.protocols import gradient, pointer
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import ALICE, BOB
from qcomm.protocols.walk_costs import walk_costs
from qcomm.seeds import generator


def task(layers=3, qubits=5, seed=0):
    return pointer.pointer_task(2**qubits, layers, generator("chase", seed))


@pytest.mark.parametrize("messages", [1, 2, 4, 6])
def test_any_number_of_rounds_finds_the_pointer_with_tables(messages):
    for seed in range(8):
        one = task(seed=seed)
        found = pointer.chase(one, seed, messages)
        assert 1 - found.bit == round(one.loss())
        assert found.ledger.rounds == messages
        tables = 3 - messages // 2
        assert found.ledger.bits == messages // 2 * 2 * 5 + tables * 32 * 5


def test_quantum_register_follows_the_pointer():
    one = task()
    found = run_sampling(one, 1, copies=1)
    assert found.value == one.loss()
    assert found.ledger.messages == 6
    assert found.ledger.qubits == 30


def test_guessing_is_a_coin_and_following_is_not():
    rows = pd.DataFrame(pointer.pointer_rows(6, 2, 300, 0))
    guess = rows[rows.protocol == "pointer and guess"]
    assert ((guess.low < 0.5) & (guess.high > 0.5)).all()
    assert (rows[rows.protocol != "pointer and guess"].success == 1).all()
    tables = rows[rows.protocol == "pointer and tables"].sort_values("rounds").cost.to_numpy()
    assert (np.diff(tables) < 0).all()


@pytest.mark.parametrize("messages", [0, 3, 8])
def test_rounds_that_do_not_fit_are_refused(messages):
    with pytest.raises(ProtocolError, match="do not fit"):
        pointer.chase(task(), 1, messages)


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_costs_are_those_of_executed_walks(layers, monkeypatch):
    rows = list(walk_costs(layers))
    assert [row["messages"] for row in rows] == [2 * layers, *(4 * layers - m for m in range(1, 2 * layers + 1))]
    assert [row["qubits"] / row["messages"] for row in rows] == [2, *[3] * (2 * layers)]
    assert sum(row["messages"] for row in rows[1:]) == 6 * layers**2 - layers
    with pytest.raises(ProtocolError):
        list(walk_costs(0))
    monkeypatch.setattr(gradient, "stop_label", lambda *given: 1 / 0)  # the walk itself is run
    with pytest.raises(ZeroDivisionError):
        list(walk_costs(layers))


@pytest.mark.parametrize("layers", [1, 3])
def test_drawn_arrows_are_the_counted_messages(layers):
    costs = pd.DataFrame(walk_costs(layers))
    assert composed(layers).crossings(CLASSICAL) == costs.messages[0]
    assert pipeline(layers).crossings(QUANTUM) == costs.messages[1]
    assert pipeline(layers).crossings(CLASSICAL) == 0
    assert {node.owner for node in pipeline(layers).nodes} == {ALICE, BOB}


def test_figure_1_shows_the_costs_that_it_is_given():
    costs = pd.DataFrame(walk_costs(2))
    figure, rows = fig1(2, costs.assign(messages=costs.messages + 40))
    titles = " ".join(ax.get_title() for ax in figure.axes)
    assert "44 messages" in titles
    assert "47, 46, 45, 44" in titles
    assert list(rows.unitary) == ["", "B_1", "A_1", "B_2", "A_2"]
    plt.close(figure)
