"""The classical rivals on full vectors and blocks: ``run(task, seed, resource) -> Estimate``, as the quantum protocols.

Nothing is abbreviated: the codebook, the rotation and the sketch are drawn in full. `rivals` has the same protocols in
bulk.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
from qcomm.network.register import check_vector
from qcomm.protocols import rivals, rivals_sketch
from qcomm.protocols.blocks import RotationBlock, ScrambleBlock
from qcomm.protocols.rivals_law import best_power, unbiased
from qcomm.protocols.task import ALICE, BOB, Estimate, InferenceTask, clip_interval, estimate_of
from qcomm.theory.checks import whole

MOST_NUMBERS = 1 << 26  # of a codebook or sketch that is drawn in full: half a GiB


def best_of(task: InferenceTask, seed: int, bits: int) -> Estimate:
    """Alice sends the index of the best of 2^bits shared random unit vectors."""
    _drawable(task.size << min(whole(bits, "bits", 1), 60))

    def codebook(me: Party) -> np.ndarray:
        book = me.shared("codebook").standard_normal((2**bits, task.size))
        return book / np.linalg.norm(book, axis=1, keepdims=True)

    def encode(me: Party, unit: np.ndarray) -> Payload:
        return Payload(int(np.argmax(codebook(me) @ unit)), bits)

    return _rebuilt(
        task, seed, "best of 2^k", encode, lambda me, heard: codebook(me)[heard.number], best_power(bits, task.size)
    )


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

    return _rebuilt(task, seed, "top-q", encode, decode, rivals.top_mean_power(task.size, kept))


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

    return _rebuilt(task, seed, "send everything", encode, decode, rivals.everything_power(task.size, bits))


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
        return _answer(task, rivals_sketch.finish(total, seen, bits, control))

    return _one_way(task, seed, "random projection", alice, bob)


def parameters(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """Bob sends the angles of all his blocks, 32 bits each; Alice computes the loss. Any number of layers.

    Raises:
        ProtocolError: a block of Bob's has no angles to send.
    """
    mine = {i: block for i, block in enumerate(task.blocks) if block.owner == BOB}
    if not mine or not all(isinstance(block, RotationBlock) for block in mine.values()):
        raise ProtocolError("Bob's blocks are not all given by angles", where="task.blocks", fix="use RotationBlock")
    shapes = {i: (block.angles.shape, block.backwards) for i, block in mine.items()}  # the form of the ansatz is public

    def bob(me: Party) -> None:
        angles = [np.ravel(block.angles) for block in me.private["blocks"].values()]
        me.send(ALICE, from_floats(np.concatenate(angles)), "parameters")

    def alice(me: Party):
        heard, blocks = to_floats((yield BOB)), dict(me.private["blocks"])
        for i, (shape, backwards) in shapes.items():
            size = int(np.prod(shape))
            blocks[i], heard = RotationBlock(BOB, heard[:size].reshape(shape), backwards), heard[size:]
        state = _unit(me)
        for i in sorted(blocks):
            state = blocks[i].apply(state)
        return _answer(task, (np.abs(state[: task.size // 2]) ** 2).sum())

    network = Network(task.private(), seed)
    outputs = network.run({ALICE: alice, BOB: bob})
    return estimate_of("Bob's parameters", outputs, ALICE, network.ledger)


def send_x(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """Alice sends her vector once, 32 bits a coordinate; Bob does the rest."""
    _one_sided(task)

    def alice(me: Party) -> None:
        me.send(BOB, from_floats(_unit(me)), "x")

    def bob(me: Party):
        state = _through(me, to_floats((yield ALICE)))
        return _answer(task, (np.abs(state[: task.size // 2]) ** 2).sum() / (np.abs(state) ** 2).sum())

    return _one_way(task, seed, "send x", alice, bob)


def shorter(task: InferenceTask, seed: int, resource: None = None) -> Estimate:
    """The shorter of `send_x` and `parameters`, by their public sizes, of those that can answer."""
    bob = [block for block in task.blocks if block.owner == BOB]
    angles = sum(np.size(block.angles) if isinstance(block, RotationBlock) else np.inf for block in bob)
    numbers = task.size if len(bob) == len(task.blocks) else np.inf
    return parameters(task, seed) if angles < numbers else send_x(task, seed)


def _one_sided(task: InferenceTask) -> None:
    if any(block.owner != BOB for block in task.blocks):
        raise ProtocolError("Alice owns a block: a message about x alone does not do", where="task.blocks")
    if np.iscomplexobj(task.vector):
        raise ProtocolError("the rivals are for real vectors", where="task.vector")


def _drawable(numbers: int) -> None:
    if numbers > MOST_NUMBERS:
        raise ProtocolError(f"{numbers} shared numbers are too many", where="resource", fix="use the batch form")


def _unit(me: Party) -> np.ndarray:
    vector = check_vector(me.private["vector"])
    return vector / np.linalg.norm(vector)


def _through(me: Party, state: np.ndarray) -> np.ndarray:
    for i in sorted(me.private["blocks"]):
        state = me.private["blocks"][i].apply(state)
    return state


def _rotation(me: Party, size: int) -> ScrambleBlock:
    return ScrambleBlock.random("shared", size, me.shared("rotation"))


def _answer(task: InferenceTask, value: float) -> tuple[float, float, float]:
    return (float(value), *clip_interval(float(value), task.eps))


def _rebuilt(task: InferenceTask, seed: int, name: str, encode: Callable, decode: Callable, power: float) -> Estimate:
    _one_sided(task)

    def alice(me: Party) -> None:
        me.send(BOB, encode(me, _unit(me)), name)

    def bob(me: Party):
        state = _through(me, decode(me, (yield ALICE)))
        return _answer(task, unbiased((state[: task.size // 2] ** 2).sum(), power, task.size))

    return _one_way(task, seed, name, alice, bob)


def _one_way(task: InferenceTask, seed: int, name: str, alice: Any, bob: Any) -> Estimate:
    network = Network(task.private(), seed)
    return estimate_of(name, network.run({ALICE: alice, BOB: bob}), BOB, network.ledger)
