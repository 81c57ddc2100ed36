"""The ledger: every message that crossed a channel, with its sender, receiver, round, kind and size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qcomm.errors import ProtocolError

KINDS = ("qubits", "bits", "ebits")
TRAFFIC = ("messages", "qubits", "bits")  # totals of a `Ledger` that tables report
COLUMNS = ("round", "sender", "receiver", "kind", "size", "multiplicity", "label")


@dataclass(frozen=True)
class Entry:
    """One message, or `multiplicity` identical ones of identical runs.

    Attributes:
        round: counts from 1 and grows whenever the sender changes.
        sender, receiver: names of the parties.
        kind: "qubits", "bits", or "ebits" (shared pairs consumed by teleportation; no message of their own).
        size: qubits, bits or pairs in *one* message, a whole number.
        multiplicity: number of messages that this line stands for.
        label: what the message is for; of a register in a circuit, the block that is applied to it next.
    """

    round: int
    sender: str
    receiver: str
    kind: str
    size: int
    multiplicity: int = 1
    label: str = ""

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ProtocolError(f"unknown kind {self.kind!r}; known are {', '.join(KINDS)}", where="Entry.kind")
        for name in ("round", "size", "multiplicity"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ProtocolError(f"{value!r} is not a whole number of at least 1", where=f"Entry.{name}")
        if self.sender == self.receiver:
            raise ProtocolError(f"{self.sender} sends to itself", where="Entry.receiver")

    @property
    def total(self) -> int:
        """Size of all the messages of this line together."""
        return self.size * self.multiplicity


class Ledger:
    """An append-only list of entries. Ledgers add with ``+`` and are equal where their entries are."""

    def __init__(self, entries: Iterable[Entry] = ()):
        self._entries = list(entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def record(self, entry: Entry) -> None:
        self._entries.append(entry)

    def total(self, kind: str, sender: str | None = None) -> int:
        """Qubits, bits or ebits that were sent, by everyone or by one party.

        Raises:
            ProtocolError: unknown kind.
        """
        if kind not in KINDS:
            raise ProtocolError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}", where="Ledger.total")
        return sum(e.total for e in self._entries if e.kind == kind and sender in (None, e.sender))

    @property
    def qubits(self) -> int:
        return self.total("qubits")

    @property
    def bits(self) -> int:
        return self.total("bits")

    @property
    def ebits(self) -> int:
        return self.total("ebits")

    @property
    def messages(self) -> int:
        """Number of messages, multiplicities included; ebits are no messages."""
        return sum(e.multiplicity for e in self._entries if e.kind != "ebits")

    @property
    def rounds(self) -> int:
        """Number of changes of direction plus one; identical parallel runs share their rounds."""
        return max((e.round for e in self._entries), default=0)

    def __add__(self, other: Ledger) -> Ledger:
        """`other` happened after `self`: its rounds are counted on."""
        return Ledger.one_after_another([self, other])

    @classmethod
    def one_after_another(cls, parts: Iterable[Ledger]) -> Ledger:
        """All parts in time order, their rounds counted on."""
        entries, rounds = [], 0
        for part in parts:
            entries += [replace(e, round=e.round + rounds) for e in part._entries] if rounds else part._entries
            rounds += part.rounds
        return cls(entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and self._entries == other._entries

    __hash__ = None

    def __len__(self) -> int:
        return len(self._entries)

    def frame(self):
        """One row per entry as a ``pandas.DataFrame`` with `COLUMNS`."""
        import pandas as pd

        return pd.DataFrame([[getattr(e, name) for name in COLUMNS] for e in self._entries], columns=list(COLUMNS))

    def write(self, path: str | Path) -> None:
        """Write the entries as tidy csv."""
        from qcomm.files import write_csv

        write_csv(path, self.frame())

    def __repr__(self) -> str:
        return f"Ledger({self.messages} messages, {self.qubits} qubits, {self.bits} bits, {self.ebits} ebits)"


def stop_label(stop: int, last: int, back: bool = False) -> str:
    """What a register is sent for: 0 is the input, 1, 2, .. are the blocks, `last` is the measurement."""
    name = "input" if stop == 0 else "measurement" if stop == last else f"block {stop}"
    return f"{name}, back" if back else name


def circuit_traffic(owners: Sequence[str], qubits: int, copies: int = 1, *, back: bool = False) -> Ledger:
    """The traffic that a circuit implies: one message of the register wherever its owner changes.

    Args:
        owners: owner of the preparation, of every block in order, and of the measurement.
        qubits: size of the register.
        copies: identical runs, side by side.
        back: from the measurement through the inverses of all blocks to the input.
    """
    last = len(owners) - 1
    stops = range(last, -1, -1) if back else range(last + 1)
    ledger = Ledger()
    for here, there in zip(stops, stops[1:], strict=False):
        if owners[here] != owners[there]:
            label = stop_label(there, last, back)
            ledger.record(Entry(len(ledger) + 1, owners[here], owners[there], "qubits", qubits, copies, label))
    return ledger
