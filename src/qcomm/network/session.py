"""Runs the parties' programs in turn; the only way between them is the channel, and the ledger sees all of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import Any

from qcomm.errors import ProtocolError
from qcomm.network.ledger import Entry, Ledger
from qcomm.network.link import Link
from qcomm.network.party import Party
from qcomm.network.payload import Payload
from qcomm.network.register import Register
from qcomm.seeds import generator
from qcomm.theory.checks import whole

Program = Callable[[Party], Any]


class Network:
    """Parties, the links between them, and a ledger.

    A program is a generator function ``program(me)``: ``item = yield "Alice"`` waits for the next message from Alice,
    ``me.send("Alice", item)`` sends, ``return`` gives its output. It is given its own `Party` and nothing else, so two
    programs share no variable. (Python cannot hide objects from deliberate introspection; it is mistakes that are
    excluded.) A program that never waits may be a plain function.

    Args:
        private: private inputs by party.
        seed: of shared and private randomness and of the noise on the links.
        links: by (sender, receiver); perfect ones where none is given.
    """

    def __init__(
        self,
        private: Mapping[str, Mapping[str, Any]],
        seed: int = 0,
        links: Mapping[tuple[str, str], Link] | Link | None = None,
    ):
        if len(private) < 2:
            raise ProtocolError(f"a network needs at least two parties, got {len(private)}", where="private")
        self.ledger = Ledger()
        self._links = links or {}
        self._noise = generator("noise", seed)
        self._inbox: dict[tuple[str, str], deque] = {(a, b): deque() for a in private for b in private if a != b}
        self._parties = {name: Party(name, inputs, seed, self._outlet(name)) for name, inputs in private.items()}
        self._round, self._last_sender = 0, None

    def run(self, programs: Mapping[str, Program]) -> dict[str, Any]:
        """Run one program per party to its end; the outputs by party. May be called again: the ledger goes on.

        Raises:
            ProtocolError: programs do not match the parties, everyone waits (a message is missing), or a message was
                never read.
        """
        if set(programs) != set(self._parties):
            raise ProtocolError(
                f"programs for {sorted(programs)}, parties are {sorted(self._parties)}", where="Network.run"
            )
        started = {name: program(self._parties[name]) for name, program in programs.items()}
        outputs = {name: value for name, value in started.items() if not isinstance(value, Generator)}
        waiting: dict[str, str] = {}
        running = {name: value for name, value in started.items() if isinstance(value, Generator)}
        for name in list(running):
            self._advance(name, None, running, waiting, outputs)
        while running:
            ready = [name for name in running if self._inbox[waiting[name], name]]
            if not ready:
                who = ", ".join(f"{name} for {sender}" for name, sender in waiting.items())
                raise ProtocolError(f"every party waits ({who}): a message is missing", where="Network.run")
            for name in ready:
                self._advance(name, self._inbox[waiting[name], name].popleft(), running, waiting, outputs)
        unread = sum(map(len, self._inbox.values()))
        if unread:
            raise ProtocolError(f"{unread} messages were sent and never read", where="Network.run")
        return outputs

    def _advance(self, name: str, item: Any, running: dict, waiting: dict, outputs: dict) -> None:
        """Resume a program until it waits for a message again or ends."""
        waiting.pop(name, None)
        try:
            sender = running[name].send(item)
        except StopIteration as end:
            outputs[name] = end.value
            del running[name]
            return
        if (sender, name) not in self._inbox:
            raise ProtocolError(f"{name} waits for {sender!r}, who is no other party", where="Network.run")
        waiting[name] = sender

    def _outlet(self, sender: str) -> Callable[[str, Any, str, int], None]:
        """A party's end of the channel."""

        def post(receiver: str, item: Register | Payload, label: str, times: int) -> None:
            if (sender, receiver) not in self._inbox:
                raise ProtocolError(f"there is no channel to {receiver!r}", where=f"{sender}.send")
            times = whole(times, "times", 1)
            if isinstance(item, Register):
                item = self._transmit(sender, receiver, item, label, times)
            else:
                self._record(sender, receiver, "bits", item.length, times, label)
            self._inbox[sender, receiver].append(item)

        return post

    def _transmit(self, sender: str, receiver: str, register: Register, label: str, times: int) -> Register:
        link = self._links if isinstance(self._links, Link) else self._links.get((sender, receiver), Link())
        qubits, many = register.qubits, register.copies * times
        if link.teleport:
            self._record(sender, receiver, "ebits", qubits, many, label)
            self._record(sender, receiver, "bits", 2 * qubits, many, label)
        else:
            self._record(sender, receiver, "qubits", qubits, many, label)
        return register.hand_over(receiver, lambda state, shares: link.transmit(state, shares, self._noise))

    def _record(self, sender: str, receiver: str, kind: str, size: int, multiplicity: int, label: str) -> None:
        """Book a message; a change of sender opens a new round."""
        if multiplicity == 0:  # every copy was lost on the way here: nothing is left to send, and silence is free
            return
        self._round += sender != self._last_sender
        self._last_sender = sender
        self.ledger.record(Entry(self._round, sender, receiver, kind, size, multiplicity, label))
