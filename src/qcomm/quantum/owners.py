"""Who performs an operation of a circuit: a tag on every operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cirq

from qcomm.errors import ProtocolError


@dataclass(frozen=True)
class Owner:
    """A tag that names the party which performs an operation."""

    name: str

    def __str__(self) -> str:
        return self.name


def owned(operations: Iterable[cirq.Operation] | cirq.Circuit, owner: str) -> Iterator[cirq.Operation]:
    """The operations, each tagged with its owner."""
    given = operations.all_operations() if isinstance(operations, cirq.Circuit) else operations
    for operation in given:
        yield operation.with_tags(Owner(owner))


def owner_of(operation: cirq.Operation) -> str:
    """The owner's name.

    Raises:
        ProtocolError: the operation has no owner, or several.
    """
    names = [tag.name for tag in operation.tags if isinstance(tag, Owner)]
    if len(names) != 1:
        found = "no owner" if not names else f"{len(names)} owners ({', '.join(names)})"
        raise ProtocolError(
            f"operation {operation} has {found}", where="circuit", fix="tag it: owned([operation], 'Alice')"
        )
    return names[0]
