"""The register's walk through all blocks: whoever owns the next block is sent the register first."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from qcomm.network import Party, Register, stop_label


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
        times: walks that this one stands for: they go side by side and send the same sizes between the same parties.

    Returns:
        the register where `me` ends up with it, else None.
    """
    last = len(owners) - 1
    stops = range(last, -1, -1) if inverse else range(last + 1)
    holder = owners[stops[0]]
    for stop in stops[1:]:
        owner = owners[stop]
        if owner != holder:
            if me.name == holder:
                me.send(owner, register, stop_label(stop, last, inverse), times)
                register = None
            elif me.name == owner:
                register = yield holder
            holder = owner
        if 0 < stop < last and me.name == owner:
            block = me.private["blocks"][stop - 1]
            register.apply(block.inverse() if inverse else block)
    return register
