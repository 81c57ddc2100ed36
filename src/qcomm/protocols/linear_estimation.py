"""Linear classification by amplitude estimation of p = (1 + x.y)/2, over the channel.

The register holds a flag (1 where Bob's clock says that this step still runs), the control of the Hadamard test, and n
qubits. A = (Alice: x on control 0, then H on the control)(Bob: H on the control, then y on control 1) prepares
|psi>; Q = A (2|0><0| - 1) A^dagger (1 - 2|good><good|) with good = control 0. Alice holds the reflection of the good
states and Bob that of |0..0>, so the flag travels in every message. Only the clock is measured, hence the last A need
not be run: M clock levels take 2(M-1) messages of n+2 qubits (2M-1 uses of A or its inverse, counting that last one).
"""

from __future__ import annotations

import numpy as np

from qcomm.errors import ProtocolError
from qcomm.network import Network, Party
from qcomm.protocols.linear import LinearRun, checked_pairs
from qcomm.protocols.linear_quantum import interfere, on_one, padded, preparation, zero_vector
from qcomm.theory.checks import whole
from qcomm.theory.success import grid_shift, votes_for_plus

CLOCKED_AMPLITUDES = 2**15  # clock and register together are simulated in full up to this many amplitudes


def amplitude_estimation(
    x: np.ndarray, y: np.ndarray, calls: int, seed: int, repeats: int = 1, *, clocked: bool | None = None
) -> LinearRun:
    """Classify each pair `repeats` times with M = `calls` levels of the clock.

    `clocked` simulates clock and register together (by default where that is small). Otherwise only the branch whose
    flag stays 1 is simulated, message by message: the clock's reduced state has the entries <psi|Q^(s-t)|psi>/M, all
    of which that branch shows, so the outcome distribution is exact there too.

    Raises:
        ProtocolError: fewer than two calls, or bad pairs.
    """
    x, y, signs = checked_pairs(x, y)
    whole(calls, "calls", 2)
    if clocked is None:
        clocked = 4 * padded(x[:1]).size * calls <= CLOCKED_AMPLITUDES
    network = Network({"Alice": {"x": padded(x)}, "Bob": {"y": padded(y)}}, seed)
    programs = {
        "Alice": lambda me: _alice(me, calls),
        "Bob": lambda me: _bob(me, calls, repeats, _Clock(calls) if clocked else _Branch(calls)),
    }
    return LinearRun(network.run(programs)["Bob"], np.repeat(signs, repeats), network.ledger)


def _alice(me: Party, calls: int):
    for row in me.private["x"]:
        prepare = preparation(row)
        for _ in range(1, calls):
            register = yield "Bob"
            register.transform(lambda state, prepare=prepare: _alice_turn(state, prepare))
            me.send("Bob", register, "estimate")


def _bob(me: Party, calls: int, repeats: int, clock: _Clock | _Branch):
    votes, worth = [], 2 * votes_for_plus(calls) - 1
    for row in me.private["y"]:
        prepare = preparation(row)
        register = me.prepare(clock.start(4 * row.size), repeats, clock.levels)
        register.transform(lambda state, prepare=prepare: _bob_forward(clock.begin(state), prepare))
        for step in range(1, calls):
            me.send("Alice", register, "estimate")
            register = yield "Alice"

            def turn(state: np.ndarray, step=step, prepare=prepare) -> np.ndarray:
                back = clock.after(_bob_backward(state, prepare), step)
                return back if step == calls - 1 else _bob_forward(back, prepare)

            register.transform(turn)
        votes.append(worth[me.random.choice(calls, size=repeats, p=clock.distribution())])
    return np.concatenate(votes)


def _both_flags(state: np.ndarray, operation) -> np.ndarray:
    """`operation` on control and vector, whatever the flag."""
    half = state.shape[-1] // 2
    return np.concatenate([operation(state[..., :half]), operation(state[..., half:])], axis=-1)


def _bob_forward(state: np.ndarray, prepare) -> np.ndarray:
    return _both_flags(state, lambda part: on_one(interfere(part), prepare))


def _bob_backward(state: np.ndarray, prepare) -> np.ndarray:
    """Undo `_bob_forward`, then 2|0><0| - 1 where the flag is 1."""
    back = _both_flags(state, lambda part: interfere(on_one(part, prepare)))
    half = state.shape[-1] // 2
    kept = back[..., half].copy()
    back[..., half:] *= -1
    back[..., half] = kept
    return back


def _alice_turn(state: np.ndarray, prepare) -> np.ndarray:
    """Finish A, change the sign of the good states where the flag is 1, undo: all that Alice does in one step."""

    def on_zero(part: np.ndarray) -> np.ndarray:
        half = part.shape[-1] // 2
        return np.concatenate([prepare(part[..., :half]), part[..., half:]], axis=-1)

    ahead = _both_flags(state, lambda part: interfere(on_zero(part)))
    half = state.shape[-1] // 2
    ahead[..., half : half + half // 2] *= -1
    return _both_flags(ahead, lambda part: on_zero(interfere(part)))


class _Clock:
    """Clock and register together: the clock's M levels are the axis of the register that Bob keeps."""

    def __init__(self, calls: int):
        self.levels = self.calls = calls
        self._state: np.ndarray | None = None

    def start(self, size: int) -> np.ndarray:
        return zero_vector(size)

    def begin(self, state: np.ndarray) -> np.ndarray:
        """The flag is 1 in the levels 1 .. M-1, which run the first step."""
        return self._flipped(state, slice(1, None))

    def after(self, state: np.ndarray, step: int) -> np.ndarray:
        """Level `step` has run all its steps: its flag goes back to 0."""
        self._state = self._flipped(state, slice(step, step + 1))
        return self._state

    def _flipped(self, state: np.ndarray, levels: slice) -> np.ndarray:
        flipped = state.copy()
        flipped[:, levels] = np.roll(state[:, levels], state.shape[-1] // 2, axis=-1)
        return flipped

    def distribution(self) -> np.ndarray:
        """Probabilities (M,) of the clock after the (shifted) inverse Fourier transform."""
        waves = np.fft.fft(_shift(self.calls)[:, None] * self._state[0], axis=0, norm="ortho")
        return (np.abs(waves) ** 2).sum(axis=1)


class _Branch:
    """The branch with flag 1 only; it collects the overlaps <psi|Q^s|psi> = <0|A^dagger Q^s A|0>."""

    levels = 1

    def __init__(self, calls: int):
        self.calls = calls
        self._overlaps: list[float] = []

    def start(self, size: int) -> np.ndarray:
        return np.roll(zero_vector(size), size // 2)

    def begin(self, state: np.ndarray) -> np.ndarray:
        self._overlaps = [1.0]
        return state

    def after(self, state: np.ndarray, step: int) -> np.ndarray:
        self._overlaps.append(float(state[0, 0, state.shape[-1] // 2].real))
        return state

    def distribution(self) -> np.ndarray:
        """P(y) = sum over lags of (M - |lag|) overlap(lag) exp(-2 pi i lag (y + shift)/M) / M^2."""
        if len(self._overlaps) != self.calls:
            raise ProtocolError(f"{len(self._overlaps)} of {self.calls} steps were run", where="amplitude_estimation")
        weighted = np.arange(self.calls, 0, -1) * np.array(self._overlaps) * _shift(self.calls)
        probabilities = (2 * np.fft.fft(weighted).real - self.calls) / self.calls**2
        return probabilities.clip(0) / probabilities.clip(0).sum()


def _shift(calls: int) -> np.ndarray:
    """Phases on the clock's levels that move the grid of outcomes by half a step where it would tie."""
    return np.exp(-2j * np.pi * grid_shift(calls) * np.arange(calls) / calls)
