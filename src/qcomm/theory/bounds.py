"""Information bounds of the privacy claim, each with its condition and source."""

from __future__ import annotations

import numpy as np
from scipy import special

from qcomm.theory.checks import in_range, whole
from qcomm.theory.needed import qubits


def copies_bound(copies: int, dimension: int) -> float:
    """log2 binom(N+k-1, k) bits: the most that k copies of a pure state can tell.

    Condition: the data enter only through the state, and the receiver is semi-honest (he gets k copies and nothing
    else). Source: Holevo 1973 with rank(rho) <= dim Sym^k(C^N); equality for the complex Haar ensemble. The same number
    bounds real states: real product states span Sym^k as well.
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
    Source: Holevo's bound with prior entanglement (Cleve, van Dam, Nielsen, Tapp 1998); superdense coding (Bennett,
    Wiesner 1992) attains it.
    """
    return 2.0 * whole(messages, "messages", 0) * qubits(dimension)


def parameters_bound(uses: int, dimension: int) -> float:
    """2 k log2 N bits about Bob's parameters from k uses of his unitary on n qubits.

    Source: as `dishonest_bound`; each use is one message of log2 N qubits from Bob. Derived in the specification.
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

    E[(x.y)^4] N with y = the outcome of any real basis; derived in the specification, above 2/(N+1) of complex states.
    """
    return 3 / (whole(dimension, "dimension", 1) + 2)


def leaked_fraction(bits: float, dimension: int, bits_per_number: float = 1.0) -> float:
    """Leaked bits over the bits of the data, N numbers of `bits_per_number` bits each."""
    return bits / (
        whole(dimension, "dimension", 1) * in_range(bits_per_number, "bits_per_number", 0, np.inf, open_low=True)
    )
