"""The classical rivals on full vectors and blocks: ``run(task, seed, resource) -> Estimate``, as the quantum protocols.

Nothing is abbreviated: the codebook, the rotation and the sketch are drawn in full, and Bob knows what the message says
and no more. `rivals` samples from the law of the same protocols, in bulk. The interval of an estimate is its own
standard deviation (at the worst loss) times the normal score of delta: ASSUME normal errors, tested by the coverage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from qcomm.errors import ProtocolError
from qcomm.network import Network, Party, Payload
from qcomm.network.payload import (
    from_bits,
    from_floats,
    from_integers,
    from_subset,
    subset_bits,
    to_bits,
    to_floats,
    to_integers,
    to_subset,
)
from qcomm.network.register import unit_vector
from qcomm.protocols import rivals, rivals_sketch
from qcomm.protocols.blocks import ScrambleBlock, SubspaceBlock
from qcomm.protocols.rivals_law import best_moments, deviation, unbiased
from qcomm.protocols.task import ALICE, BOB, Estimate, InferenceTask, clip_interval, estimate_of
from qcomm.theory.checks import whole

MOST_NUMBERS = 1 << 26  # of a codebook or sketch that is drawn in full: half a GiB
ROUNDING = 1e-3  # more than single precision does to a loss; the communication stage checks it at every N


def best_of(task: InferenceTask, seed: int, bits: int, *, either_sign: bool = False) -> Estimate:
    """Alice sends the index of the best of 2^bits shared random unit vectors u, by <u, v> or by |<u, v>|."""
    _drawable(task.size << min(whole(bits, "bits", 1), 60))

    def codebook(me: Party) -> np.ndarray:
        return me.shared("codebook").standard_normal((2**bits, task.size))

    def encode(me: Party, unit: np.ndarray) -> Payload:
        book = codebook(me)
        scores = book @ unit / np.sqrt(np.einsum("kn,kn->k", book, book))
        return Payload(int(np.argmax(np.abs(scores) if either_sign else scores)), bits)

    def decode(me: Party, heard: Payload) -> np.ndarray:
        named = codebook(me)[heard.number]
        return named / np.linalg.norm(named)

    name = "best of 2^k, either sign" if either_sign else "best of 2^k"
    return _rebuilt(task, seed, name, encode, decode, best_moments(bits, task.size, either_sign=either_sign))


def top_q(task: InferenceTask, seed: int, kept: int) -> Estimate:
    """Alice sends positions and signs of the `kept` largest coordinates after a shared rotation."""
    rivals.check_kept(kept, task.size)

    def encode(me: Party, unit: np.ndarray) -> Payload:
        turned = _rotation(me, task.size).apply(unit)
        chosen = np.sort(np.argpartition(np.abs(turned), -kept)[-kept:])
        return from_subset(chosen, task.size) + from_bits(turned[chosen] > 0)

    def decode(me: Party, heard: Payload) -> np.ndarray:
        where, signs = heard.split(subset_bits(task.size, kept), kept)
        seen = np.zeros(task.size)
        seen[to_subset(where, task.size, kept)] = (2.0 * to_bits(signs) - 1) / np.sqrt(kept)
        return _rotation(me, task.size).inverse().apply(seen)

    return _rebuilt(task, seed, "top-q", encode, decode, rivals.top_moments(task.size, kept))


def everything(task: InferenceTask, seed: int, bits: int) -> Estimate:
    """Alice sends all N coordinates after a shared rotation, dithered, `bits` each."""
    rivals.check_real(bits)

    def dither(me: Party) -> np.ndarray:
        return me.shared("dither").uniform(-0.5, 0.5, size=task.size)

    def encode(me: Party, unit: np.ndarray) -> Payload:
        scaled = _rotation(me, task.size).apply(unit) * np.sqrt(task.size)
        return from_integers(rivals.quantise(scaled, bits, dither(me)), bits)

    def decode(me: Party, heard: Payload) -> np.ndarray:
        seen = rivals.rebuild(to_integers(heard, bits), bits, dither(me))
        return _rotation(me, task.size).inverse().apply(seen / np.linalg.norm(seen))

    return _rebuilt(task, seed, "send everything", encode, decode, rivals.everything_moments(task.size, bits))


def sketch(task: InferenceTask, seed: int, count: int, *, bits: int = 1, control: bool = True) -> Estimate:
    """Alice sends `count` random projections of `bits` bits; Bob forms U and the control variate."""
    _one_sided(task)
    _drawable(whole(count, "count", 2) * task.size)

    def shared(me: Party) -> np.ndarray:
        return me.shared("sketch").standard_normal((count, task.size))

    def alice(me: Party) -> None:
        cells, _ = rivals_sketch.levels(shared(me) @ _unit(me), rivals.check_real(bits))
        me.send(BOB, from_integers(cells, bits), "sketch")

    def bob(me: Party):
        seen = rivals_sketch.level_of(to_integers((yield ALICE), bits), bits)
        rows = _through(me, shared(me))[:, : task.size // 2]
        total = ((seen @ rows) ** 2).sum() - (seen**2 @ (rows**2).sum(axis=1))
        sigma = np.sqrt(rivals_sketch.worst_variance(task.size, count, bits))
        return _answer(task, rivals_sketch.finish(total, seen, bits, control), sigma)

    return _one_way(task, seed, "random projection", alice, bob)


def parameters(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """Bob sends the parameters of all his blocks, 32 bits each; Alice computes the loss. Any number of layers.

    A block can be sent if it has ``parameters`` and ``with_parameters(numbers)``; its form (the circuit, the number of
    its parameters) is public.

    Raises:
        ProtocolError: a block of Bob's has no parameters to send, or they do not say all that matters of it.
    """
    if not describable(task):
        raise ProtocolError(
            "Bob's blocks are not all given by parameters",
            where="task.blocks",
            fix="use RotationBlock or CircuitBlock, or SubspaceBlock with nothing behind it",
        )
    mine = {i: block for i, block in enumerate(task.blocks) if block.owner == BOB}
    forms = {i: block.with_parameters(np.zeros(block.parameters.size)) for i, block in mine.items()}

    def bob(me: Party) -> None:
        numbers = [block.parameters for block in me.private["blocks"].values()]
        me.send(ALICE, from_floats(np.concatenate(numbers)), "parameters")

    def alice(me: Party):
        heard, blocks = to_floats((yield BOB)), dict(me.private["blocks"])
        for i, form in forms.items():
            count = form.parameters.size
            blocks[i], heard = form.with_parameters(heard[:count]), heard[count:]
        state = _unit(me)
        for i in sorted(blocks):
            state = blocks[i].apply(state)
        return _exactly((np.abs(state[: task.size // 2]) ** 2).sum())

    network = Network(task.private(), seed)
    outputs = network.run({ALICE: alice, BOB: bob})
    return estimate_of("Bob's parameters", outputs, ALICE, network.ledger)


def describable(task: InferenceTask) -> bool:
    """Whether Bob can send all his blocks as numbers. Those of a subspace leave the bases open: nothing may follow."""
    mine = [(i, block) for i, block in enumerate(task.blocks) if block.owner == BOB]
    last = len(task.blocks) - 1
    sent = all(hasattr(block, "with_parameters") and block.parameters.size for _, block in mine)
    return bool(mine) and sent and all(i == last for i, block in mine if isinstance(block, SubspaceBlock))


def send_x(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """Alice sends her vector once, 32 bits a coordinate; Bob does the rest."""
    _one_sided(task)

    def alice(me: Party) -> None:
        me.send(BOB, from_floats(_unit(me)), "x")

    def bob(me: Party):
        state = _through(me, to_floats((yield ALICE)))
        return _exactly((np.abs(state[: task.size // 2]) ** 2).sum() / (np.abs(state) ** 2).sum())

    return _one_way(task, seed, "send x", alice, bob)


def shorter(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """The shorter of `send_x` and `parameters`, by their public sizes, of those that can answer."""
    bob = [block for block in task.blocks if block.owner == BOB]
    numbers = sum(block.parameters.size for block in bob) if describable(task) else np.inf
    one_sided = len(bob) == len(task.blocks)
    return parameters(task, seed) if numbers < (task.size if one_sided else np.inf) else send_x(task, seed)


def _one_sided(task: InferenceTask) -> None:
    if any(block.owner != BOB for block in task.blocks):
        raise ProtocolError("Alice owns a block: a message about x alone does not do", where="task.blocks")
    if np.iscomplexobj(task.vector):
        raise ProtocolError("the rivals are for real vectors", where="task.vector")


def _drawable(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise ProtocolError(f"{numbers} shared numbers are too many", where="resource", fix="use the batch form")


def _unit(me: Party) -> np.ndarray:
    return unit_vector(me.private["vector"])


def _through(me: Party, state: np.ndarray) -> np.ndarray:
    for i in sorted(me.private["blocks"]):
        state = me.private["blocks"][i].apply(state)
    return state


def _rotation(me: Party, size: int) -> ScrambleBlock:
    return ScrambleBlock.random("shared", size, me.shared("rotation"))


def _answer(task: InferenceTask, value: float, sigma: float) -> tuple[float, float, float]:
    """An estimate with standard deviation `sigma`, moved into [0, 1], and its interval at confidence 1 - delta."""
    inside = float(np.clip(value, 0, 1))
    return (inside, *clip_interval(inside, float(special.ndtri(1 - task.delta / 2) * sigma)))


def _exactly(value: float) -> tuple[float, float, float]:
    """An answer that is off by the rounding of its numbers alone."""
    inside = float(np.clip(value, 0, 1))
    return (inside, *clip_interval(inside, ROUNDING))


def _rebuilt(task: InferenceTask, seed: int, name: str, encode: Callable, decode: Callable, moments) -> Estimate:
    _one_sided(task)
    power, fourth = moments

    def alice(me: Party) -> None:
        me.send(BOB, encode(me, _unit(me)), name)

    def bob(me: Party):
        state = _through(me, decode(me, (yield ALICE)))
        share = (state[: task.size // 2] ** 2).sum()
        return _answer(task, unbiased(share, power, task.size), deviation(power, fourth, task.size))

    return _one_way(task, seed, name, alice, bob)


def _one_way(task: InferenceTask, seed: int, name: str, alice: Any, bob: Any) -> Estimate:
    network = Network(task.private(), seed)
    return estimate_of(name, network.run({ALICE: alice, BOB: bob}), BOB, network.ledger)
