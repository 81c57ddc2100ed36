import pandas as pd
import pytest

from qcomm.errors import ProtocolError
from qcomm.network import Entry, Ledger, circuit_traffic


def test_totals_count_multiplicity_and_kind():
    ledger = Ledger([Entry(1, "Alice", "Bob", "qubits", 3, 10), Entry(2, "Bob", "Alice", "bits", 7)])
    assert (ledger.qubits, ledger.bits, ledger.ebits) == (30, 7, 0)
    assert (ledger.messages, ledger.rounds) == (11, 2)
    assert ledger.total("qubits", "Bob") == 0


def test_ledgers_add_and_compare():
    one = Ledger([Entry(1, "Alice", "Bob", "qubits", 3)])
    two = one + Ledger([Entry(1, "Bob", "Alice", "qubits", 3)])
    assert [e.round for e in two.entries] == [1, 2]
    assert two != one
    assert one == Ledger(one.entries)


def test_written_csv_is_tidy_and_reads_back(tmp_path):
    ledger = circuit_traffic(["Alice", "Bob", "Alice"], qubits=4, copies=9)
    ledger.write(tmp_path / "ledger.csv")
    frame = pd.read_csv(tmp_path / "ledger.csv")
    assert list(frame.columns) == ["round", "sender", "receiver", "kind", "size", "multiplicity", "label"]
    assert (frame["size"] * frame["multiplicity"]).sum() == ledger.qubits == 72


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"size": 1.5}, {"multiplicity": -1}, {"kind": "bytes"}, {"receiver": "Alice"}]
)
def test_entries_that_make_no_sense_are_refused(change):
    fields = {"round": 1, "sender": "Alice", "receiver": "Bob", "kind": "bits", "size": 1} | change
    with pytest.raises(ProtocolError):
        Entry(**fields)


def test_circuit_traffic_counts_ownership_changes_only():
    owners = ["Alice", "Alice", "Bob", "Bob", "Alice", "Bob", "Bob"]
    ledger = circuit_traffic(owners, qubits=2)
    assert [(e.sender, e.receiver) for e in ledger.entries] == [("Alice", "Bob"), ("Bob", "Alice"), ("Alice", "Bob")]
    assert [e.label for e in ledger.entries] == ["block 2", "block 4", "block 5"]
    assert len(circuit_traffic(["Alice", "Alice"], qubits=2)) == 0


def test_circuit_traffic_runs_backwards_to_the_input():
    ledger = circuit_traffic(["Alice", "Bob", "Alice", "Alice"], qubits=2, copies=3, back=True)
    assert [(e.sender, e.label, e.multiplicity) for e in ledger.entries] == [
        ("Alice", "block 1, back", 3),
        ("Bob", "input, back", 3),
    ]


def test_ledgers_one_after_another_add_up():
    parts = [circuit_traffic(["Alice", "Bob", "Alice"], 2), circuit_traffic(["Alice", "Bob"], 3), Ledger()]
    whole = Ledger.one_after_another([*parts, parts[0]])
    assert whole == parts[0] + parts[1] + parts[0]
    assert [e.round for e in whole.entries] == [1, 2, 3, 4, 5]
    assert [e.round for e in parts[0].entries] == [1, 2]
