"""Linear classification with a shared codebook: Alice names the best of 2^k shared random vectors."""

from __future__ import annotations

import numpy as np

from qcomm.network import Network, Party, Payload
from qcomm.protocols.linear import LITERAL_NUMBERS, LinearRun, checked_pairs
from qcomm.theory.checks import whole
from qcomm.theory.sphere import cosine_of_log_tail


def best_shared(
    x: np.ndarray,
    y: np.ndarray,
    bits: int,
    seed: int,
    *,
    literal: bool | None = None,
    dimension: int | None = None,
) -> LinearRun:
    """Alice sends the index of the shared unit vector, of 2^bits, with the largest u.x; Bob outputs sign(u.y).

    `literal` draws the whole codebook (by default where it has at most LITERAL_NUMBERS numbers); otherwise a
    `LazyCodebook` draws only the vector that the parties look at, from its exact law. `dimension` is that of the
    codebook where the pairs are given in coordinates of their span (`linear.in_span`).
    """
    x, y, signs = checked_pairs(x, y)
    whole(bits, "bits", 1)
    if literal is None:
        literal = dimension is None and bits < 21 and x.shape[1] << bits <= LITERAL_NUMBERS
    network = Network({"Alice": {"x": x}, "Bob": {"y": y}}, seed)
    programs = _literal_programs(bits) if literal else _lazy_programs(bits, dimension or x.shape[1])
    votes = network.run(programs)["Bob"]
    return LinearRun(votes, signs, network.ledger)


def _literal_programs(bits: int) -> dict:
    def codebook(me: Party, trial: int, dimension: int) -> np.ndarray:
        book = me.shared(f"codebook {trial}").standard_normal((2**bits, dimension))
        return book / np.linalg.norm(book, axis=1, keepdims=True)

    def alice(me: Party) -> None:
        for trial, row in enumerate(me.private["x"]):
            me.send("Bob", Payload(int(np.argmax(codebook(me, trial, row.size) @ row)), bits), "index")

    def bob(me: Party):
        votes = []
        for trial, row in enumerate(me.private["y"]):
            index = (yield "Alice").number
            votes.append(np.sign(codebook(me, trial, row.size)[index] @ row))
        return np.array(votes)

    return {"Alice": alice, "Bob": bob}


def _lazy_programs(bits: int, dimension: int) -> dict:
    books: dict[int, LazyCodebook] = {}

    def alice(me: Party) -> None:
        for trial, row in enumerate(me.private["x"]):
            books[trial] = LazyCodebook(bits, dimension, me.shared(f"codebook {trial}"))
            me.send("Bob", Payload(books[trial].best(row), bits), "index")

    def bob(me: Party):
        votes = []
        for trial, row in enumerate(me.private["y"]):
            votes.append(np.sign(books[trial].vector((yield "Alice").number) @ row))
        return np.array(votes)

    return {"Alice": alice, "Bob": bob}


class LazyCodebook:
    """2^bits shared random unit vectors of which only the best match of one query is ever drawn.

    The best match's index is uniform; its largest cosine has the law of the maximum of 2^bits draws (the largest order
    statistic), the rest of it is uniform in the complement. Every other entry is never looked at, so the joint law of
    index and vector is that of the full codebook. A simulator's device: it is shared randomness, not a message. Where
    queries have fewer coordinates than `dimension`, only these coordinates of the vectors are drawn.
    """

    def __init__(self, bits: int, dimension: int, shared: np.random.Generator):
        self.bits, self.dimension, self._shared = whole(bits, "bits", 1), whole(dimension, "dimension", 3), shared
        self._drawn: dict[int, np.ndarray] = {}

    def best(self, vector: np.ndarray) -> int:
        """Index of the codebook's best match of a unit vector."""
        log_rate = np.log(self._shared.exponential()) - self.bits * np.log(2)
        log_tail = np.log(-np.expm1(-np.exp(log_rate))) if log_rate > -30 else log_rate
        cosine, sine = cosine_of_log_tail(np.array([log_tail]), self.dimension)
        rest = self._shared.standard_normal(vector.size)
        rest -= (rest @ vector) * vector
        hidden = self._shared.chisquare(self.dimension - vector.size) if self.dimension > vector.size else 0.0
        index = int.from_bytes(self._shared.bytes((self.bits + 7) // 8), "big") >> -self.bits % 8
        self._drawn[index] = cosine[0] * vector + sine[0] / np.sqrt(rest @ rest + hidden) * rest
        return index

    def vector(self, index: int) -> np.ndarray:
        """The drawn vector of that index."""
        return self._drawn[index]
