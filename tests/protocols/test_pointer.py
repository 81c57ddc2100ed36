import numpy as np
import pandas as pd
import pytest

from qcomm.errors import ProtocolError
from qcomm.figures.fig1 import CLASSICAL, QUANTUM, composed, cost_rows, pipeline
from qcomm.protocols import inference_traffic as traffic
from qcomm.protocols import pointer
from qcomm.protocols.sampling import run_sampling
from qcomm.protocols.task import ALICE, BOB
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


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_gradient_messages_are_counted_from_ownership(layers):
    counts = traffic.gradient_messages(layers)
    assert counts == [4 * layers - m for m in range(1, 2 * layers + 1)]
    assert sum(counts) == 6 * layers**2 - layers
    assert traffic.gradient_traffic(layers, 1, 7, copies=3).qubits == 3 * 8 * (4 * layers - 1)
    with pytest.raises(ProtocolError):
        traffic.gradient_walk(layers, 2 * layers + 1)


@pytest.mark.parametrize("layers", [1, 3])
def test_drawn_arrows_are_the_counted_messages(layers):
    assert composed(layers).crossings(CLASSICAL) == 2 * layers
    assert pipeline(layers).crossings(QUANTUM) == 4 * layers - 1 == traffic.gradient_messages(layers)[0]
    assert pipeline(layers).crossings(CLASSICAL) == 0
    assert [row["messages"] for row in cost_rows(layers)][-1] == 6 * layers**2 - layers
    assert {node.owner for node in pipeline(layers).nodes} == {ALICE, BOB}
