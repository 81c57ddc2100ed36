"""The register's walk through all blocks: whoever owns the next block is sent the register first."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from qcomm.network.party import Party
from qcomm.network.register import Register

FORWARDS, BACKWARDS = "register", "register back"  # labels in the ledger


def relay(
    me: Party, owners: Sequence[str], register: Register | None, *, inverse: bool = False, times: int = 1
) -> Generator[str, Register, Register | None]:
    """One party's part in taking the register through all blocks (or back through their inverses).

    Use as ``register = yield from relay(me, owners, register)`` in every party's program.

    Args:
        me: whose private input ``blocks`` maps positions to blocks.
        owners: of the preparation, of each block, and of the measurement.
        register: where `me` holds it at the start, else None.
        inverse: from the last block back to the first.
        times: identical walks that this one stands for.

    Returns:
        the register where `me` ends up with it, else None.
    """
    steps = [*enumerate(owners[1:-1]), (None, owners[-1])]
    holder = owners[0]
    if inverse:
        steps = [*reversed(steps[:-1]), (None, owners[0])]
        holder = owners[-1]
    for position, owner in steps:
        if owner != holder:
            if me.name == holder:
                me.send(owner, register, BACKWARDS if inverse else FORWARDS, times)
                register = None
            elif me.name == owner:
                register = yield holder
            holder = owner
        if position is not None and me.name == owner:
            block = me.private["blocks"][position]
            register.apply(block.inverse() if inverse else block)
    return register
