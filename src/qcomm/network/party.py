"""A party: its name, its private inputs, its randomness, and its end of the channel; nothing else is within reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network.payload import Payload
from qcomm.network.register import Register
from qcomm.seeds import generator

ALICE, BOB = "Alice", "Bob"  # the two parties of every protocol here; a network takes any names


def party(name: str, where: str) -> str:
    """`name`, where it is Alice or Bob.

    Raises:
        ProtocolError: someone else.
    """
    if name not in (ALICE, BOB):
        raise ProtocolError(f"{name!r} is neither Alice nor Bob", where=where)
    return name


class Party:
    """What a party's program is given; it holds no reference to the other party or to the network's state.

    Attributes:
        name: of this party.
        random: private randomness, a ``numpy.random.Generator`` that no one else can read.
    """

    __slots__ = ("_post", "_private", "_seed", "name", "random")

    def __init__(self, name: str, private: Mapping[str, Any], seed: int, post: Callable[[str, Any, str, int], None]):
        self.name = name
        self.random = generator("private", name, seed)
        self._private = MappingProxyType({key: frozen(value) for key, value in private.items()})
        self._seed, self._post = seed, post

    @property
    def private(self) -> Mapping[str, Any]:
        """Private inputs; arrays are read-only."""
        return self._private

    def shared(self, label: str) -> np.random.Generator:
        """Shared randomness: every party that asks for `label` gets a generator with the same stream, from its start.

        Not counted, as in communication complexity with public coins.
        """
        return generator("shared", label, self._seed)

    def prepare(self, vector: np.ndarray, copies: int = 1, kept: int = 1) -> Register:
        """A register of `copies` of |vector>, see `Register.prepared`."""
        return Register.prepared(vector, copies, self.name, kept)

    def send(self, receiver: str, item: Register | Payload, label: str = "", times: int = 1) -> None:
        """Send a register (it moves) or a payload. What is neither cannot be sent.

        Args:
            receiver: name of a party.
            item: what is sent.
            label: for the ledger.
            times: number of identical exchanges that this message stands for (their multiplicity in the ledger).

        Raises:
            ProtocolError: an item that cannot be sent or is not here, no such receiver, or times that are not a whole
                number of at least 1.
        """
        if not isinstance(item, Register | Payload):
            raise ProtocolError(
                f"a {type(item).__name__} cannot be sent", where=f"{self.name}.send", fix="serialise it to a Payload"
            )
        if isinstance(item, Register) and item.holder != self.name:
            raise ProtocolError(f"{self.name} does not hold this register of {item.holder}", where=f"{self.name}.send")
        self._post(receiver, item, label, times)


def frozen(value: Any) -> Any:
    """Arrays as read-only views, everything else as it is."""
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value
