"""Linear classification with a shared codebook: Alice names the best of 2^k shared random vectors."""

from __future__ import annotations

import numpy as np

from qcomm.network import Network, Party, Payload
from qcomm.protocols.linear import LinearRun, checked_pairs
from qcomm.seeds import generator
from qcomm.theory.checks import whole
from qcomm.theory.sphere import cosine_of_log_tail

LITERAL_NUMBERS = 2_000_000  # numbers of a codebook up to which it is drawn in full


def best_shared(
    x: np.ndarray,
    y: np.ndarray,
    bits: int,
    seed: int,
    *,
    repeats: int = 1,
    literal: bool | None = None,
    dimension: int | None = None,
) -> LinearRun:
    """Alice sends the index of the shared unit vector, of 2^bits, with the largest u.x; Bob outputs sign(u.y).

    Each pair is classified `repeats` times, each time with a fresh codebook. `literal` draws whole codebooks (by
    default where they have at most LITERAL_NUMBERS numbers); otherwise `LazyCodebooks` draw only the vectors that the
    parties look at, from their exact law. `dimension` is that of the codebook where the pairs are given in coordinates
    of their span (`linear.in_span`).
    """
    x, y, signs = checked_pairs(x, y)
    whole(bits, "bits", 1)
    if literal is None:
        literal = dimension is None and bits < 21 and x.shape[1] << bits <= LITERAL_NUMBERS
    private = {"Alice": {"x": x}, "Bob": {"y": y}}
    programs = {"Alice": lambda me: _alice(me, repeats), "Bob": lambda me: _bob(me, repeats)}
    if literal:
        programs = {
            "Alice": lambda me: _literal_alice(me, bits, repeats),
            "Bob": lambda me: _literal_bob(me, bits, repeats),
        }
    else:  # one and the same shared randomness, which both are given
        size = dimension or x.shape[1]
        books = LazyCodebooks(bits, size, len(x) * repeats, generator("shared", "codebooks", seed))
        private = {who: inputs | {"books": books} for who, inputs in private.items()}
    network = Network(private, seed)
    votes = network.run(programs)["Bob"]
    return LinearRun(votes, np.repeat(signs, repeats), network.ledger)


def _codebook(me: Party, trial: int, bits: int, dimension: int) -> np.ndarray:
    book = me.shared(f"codebook {trial}").standard_normal((2**bits, dimension))
    return book / np.linalg.norm(book, axis=1, keepdims=True)


def _literal_alice(me: Party, bits: int, repeats: int) -> None:
    for trial, row in enumerate(_repeated(me.private["x"], repeats)):
        me.send("Bob", Payload(int(np.argmax(_codebook(me, trial, bits, row.size) @ row)), bits), "index")


def _literal_bob(me: Party, bits: int, repeats: int):
    votes = []
    for trial, row in enumerate(_repeated(me.private["y"], repeats)):
        index = (yield "Alice").number
        votes.append(np.sign(_codebook(me, trial, bits, row.size)[index] @ row))
    return np.array(votes)


def _alice(me: Party, repeats: int) -> None:
    books = me.private["books"]
    for trial, row in enumerate(_repeated(me.private["x"], repeats)):
        me.send("Bob", Payload(books.best(trial, row), books.bits), "index")


def _bob(me: Party, repeats: int):
    votes = []
    for trial, row in enumerate(_repeated(me.private["y"], repeats)):
        votes.append(np.sign(me.private["books"].vector(trial, (yield "Alice").number) @ row))
    return np.array(votes)


def _repeated(rows: np.ndarray, repeats: int):
    return (row for row in rows for _ in range(repeats))


class LazyCodebooks:
    """For each trial 2^bits shared random unit vectors, of which only the best match of one query is ever drawn.

    The best match's index is uniform; its largest cosine has the law of the maximum of 2^bits draws (the largest order
    statistic), the rest of it is uniform in the complement. Every other entry is never looked at, so the joint law of
    index and vector is that of the full codebook. A simulator's device that stands for shared randomness, given to both
    parties: Bob finds a vector by the index that he heard. Where queries have fewer coordinates than `dimension`, only
    these coordinates of the vectors are drawn.
    """

    def __init__(self, bits: int, dimension: int, trials: int, shared: np.random.Generator):
        self.bits, self.dimension, self._shared = whole(bits, "bits", 1), whole(dimension, "dimension", 3), shared
        log_rate = np.log(shared.exponential(size=whole(trials, "trials", 1))) - self.bits * np.log(2)
        log_tail = np.where(log_rate > -30, np.log(-np.expm1(-np.exp(np.maximum(log_rate, -30)))), log_rate)
        self._cosines, self._sines = cosine_of_log_tail(log_tail, self.dimension)
        self._drawn: dict[tuple[int, int], np.ndarray] = {}

    def best(self, trial: int, vector: np.ndarray) -> int:
        """Index of the best match of a unit vector in the trial's codebook."""
        rest = self._shared.standard_normal(vector.size)
        rest -= (rest @ vector) * vector
        hidden = self._shared.chisquare(self.dimension - vector.size) if self.dimension > vector.size else 0.0
        index = int.from_bytes(self._shared.bytes((self.bits + 7) // 8), "big") >> -self.bits % 8
        scale = self._sines[trial] / np.sqrt(rest @ rest + hidden)
        self._drawn[trial, index] = self._cosines[trial] * vector + scale * rest
        return index

    def vector(self, trial: int, index: int) -> np.ndarray:
        """The vector of that index, which is then forgotten.

        Raises:
            KeyError: the index is not that of a best match: no one may look at another vector.
        """
        return self._drawn.pop((trial, index))
