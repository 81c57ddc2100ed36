"""Bounds of the privacy claim and of linear classification, each with its condition and source."""

from __future__ import annotations

import numpy as np
from scipy import special

from qcomm.theory.checks import in_range, whole
from qcomm.theory.needed import qubits


def copies_bound(copies: int, dimension: int) -> float:
    """log2 binom(N+k-1, k) bits: the most that k copies of a pure state can tell.

    Condition: the data enter only through the state, and the receiver is semi-honest (he gets k copies and nothing
    else). Where he answers and the data enter later unitaries too, it holds for the first message only: see
    `dishonest_bound`.
    Source: Holevo 1973 with rank(rho) <= dim Sym^k(C^N); equality for the complex Haar ensemble. The same number bounds
    real states: real product states span Sym^k as well.
    """
    copies, dimension = whole(copies, "copies", 0), whole(dimension, "dimension", 1)
    if copies == 0 or dimension == 1:
        return 0.0
    return float(-(np.log(dimension + copies) + special.betaln(dimension, copies + 1)) / np.log(2))


def simple_copies_bound(copies: int, dimension: int) -> float:
    """k log2 N bits, the simpler and weaker form of `copies_bound`; same condition and source."""
    return whole(copies, "copies", 0) * float(np.log2(whole(dimension, "dimension", 1)))


def entropy_bound(samples: int) -> float:
    """log2 S bits: nothing can tell more about a uniform choice among S rows than the choice itself (Shannon 1948)."""
    return float(np.log2(whole(samples, "samples", 1)))


def dishonest_bound(messages: int, dimension: int) -> float:
    """2 n bits for each message of n qubits that Alice sends, n = ceil(log2 N), whatever Bob sent before.

    Condition: none on Bob's behaviour; probes may be entangled with what he keeps, and the data may enter every A_l.
    (`copies_bound` then covers the first message only, before he could send a probe.)
    Source: Holevo's bound with prior entanglement (Cleve, van Dam, Nielsen, Tapp 1998); superdense coding (Bennett,
    Wiesner 1992) attains it.
    """
    return 2.0 * whole(messages, "messages", 0) * qubits(dimension)


def parameters_bound(uses: int, dimension: int) -> float:
    """2 k log2 N bits about Bob's parameters from k uses of his unitary on n qubits.

    Condition: none on Alice's behaviour. Derivation: one use answers one message of log2 N qubits with another;
    whatever Alice sent and kept, a message of m qubits raises what she knows by at most 2m bits (Cleve, van Dam,
    Nielsen, Tapp 1998: `dishonest_bound` with the roles swapped), and k uses are k such messages.
    """
    return 2.0 * whole(uses, "uses", 0) * float(np.log2(whole(dimension, "dimension", 1)))


def complex_fidelity(copies: int, dimension: int) -> float:
    """(k+1)/(k+N): the largest mean fidelity from k copies of a Haar-random complex state.

    Source: Massar, Popescu 1995 for N = 2; Bruss, Macchiavello 1999 for any N.
    """
    copies, dimension = whole(copies, "copies", 0), whole(dimension, "dimension", 1)
    return (copies + 1) / (copies + dimension)


def real_one_copy_fidelity(dimension: int) -> float:
    """3/(N+2): the largest mean fidelity from one copy of a Haar-random *real* state.

    Guessing the basis vector y that was seen: the sum over N outcomes of E[(x.y)^2 (x.y)^2] is N E[x_1^4], and x_1^2 is
    Beta(1/2, (N-1)/2), so E[x_1^4] = 3/(N(N+2)). No measurement does better: E[x^(x)4] has this largest overlap for any
    rank-one outcome (`covariant` with one copy gives the same number). Complex states: 2/(N+1), less.
    """
    return 3 / (whole(dimension, "dimension", 1) + 2)


def recalled_classical(gamma: float, dimension: int) -> float:
    """min(N, 1/gamma^2): growth of the classical bits of linear classification, up to constants and logarithms.

    Condition: promise |x.y| >= gamma. Source: the paper's claim C9 *as we recall it*, Theta~(min(N, 1/gamma^2)); its
    text was not at hand. The sign sketch and the quantised vector reach it (executed); that nothing does better is
    recalled, not checked.
    """
    return min(float(whole(dimension, "dimension", 1)), in_range(gamma, "gamma", 0, 1, open_low=True) ** -2.0)


def recalled_quantum(gamma: float, dimension: int) -> float:
    """min(N, 1/gamma): growth of the quantum calls, up to constants; condition and source as `recalled_classical`.

    Theta(min(N, 1/gamma)) as we recall it. Amplitude estimation reaches 1/gamma calls of log N qubits (executed).
    """
    return min(float(whole(dimension, "dimension", 1)), 1.0 / in_range(gamma, "gamma", 0, 1, open_low=True))
