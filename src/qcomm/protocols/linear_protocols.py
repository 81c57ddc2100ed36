"""The linear protocols as the sweeps see them: exact need, cost, executed runs, and the claimed exponent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qcomm.protocols.linear import LinearRun, in_span, quantised_vector, sign_sketch, weights_sent
from qcomm.protocols.linear_codebook import best_shared
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_quantum import hadamard_test, swap_test
from qcomm.seeds import seed_for
from qcomm.theory import needed, success

RUNG_FACTORS = (0.6, 1.0, 1.7, 2.8)  # a ladder of resources around the exact need
BLOCK_NUMBERS = 3e6  # Gaussians that the blocks of one run of the sketch draw together
LITERAL_NUMBERS = 2e7  # and up to which the codebooks of one run are drawn in full


@dataclass(frozen=True)
class Protocol:
    """A linear protocol.

    Attributes:
        kind: classical or quantum.
        resource: what it counts.
        need: exact resource, of (gamma, target, N).
        cost: bits or qubits, of (resource, N).
        success: exact probability of the right answer, both signs equally likely, of (resource, gamma, N).
        run: executes classifications of rows x with rows y, of (x, y, resource, gamma, trials, seed).
        exponent: the claimed slope of the cost in gamma, where nothing saturates; None where it is saturated by design.
        seconds: nominal time of one trial, of (resource, N): decides how many trials a run gets, the same everywhere.
        paired: every trial gets a pair of its own; otherwise one pair of each sign is classified over and over, with
            fresh shared vectors or fresh copies each time.
        span: whether runs in the span of the pair have the same law (`linear.in_span`).
        message: qubits of one message, of N: the log N that a slope in N leaves out.
        even: resources are even numbers.
        share: of the trials asked for.
        flat_share: more of them in the sweep over N, where the claimed slope is 0 and its interval narrow.
        rungs: factors of the ladder.
    """

    kind: str
    resource: str
    need: Callable[[float, float, int], float]
    cost: Callable[[float, int], float]
    success: Callable[[int, float, int], float]
    run: Callable[[np.ndarray, np.ndarray, int, float, int, int], LinearRun]
    exponent: float | None
    seconds: Callable[[float, int], float]
    paired: bool = False
    span: Callable[[np.ndarray, np.ndarray, int, int, int, int], LinearRun] | None = None
    span_seconds: Callable[[float], float] = lambda _: 1e-4
    message: Callable[[int], int] = lambda _: 1
    even: bool = False
    share: float = 1.0
    flat_share: float = 1.0
    rungs: tuple[float, ...] = RUNG_FACTORS


def _run_sketch(x, y, bits: int, gamma: float, trials: int, seed: int) -> LinearRun:
    block = int(np.ceil(bits * x.shape[1] * trials / BLOCK_NUMBERS))
    return sign_sketch(x[:trials], y[:trials], bits, seed, block=min(block, trials))


def _span_sketch(x, y, bits: int, dimension: int, trials: int, seed: int) -> LinearRun:
    rows = [np.repeat(row, -(-trials // 2), axis=0) for row in in_span(x[:2], y[:2])]
    return sign_sketch(*rows, bits, seed)


def _run_codebook(x, y, bits: int, gamma: float, trials: int, seed: int) -> LinearRun:
    literal = bits < 21 and (x.shape[1] << bits) * trials <= LITERAL_NUMBERS
    return best_shared(x, y, bits, seed, repeats=trials // 2, literal=literal)


def _span_codebook(x, y, bits: int, dimension: int, trials: int, seed: int) -> LinearRun:
    return best_shared(*in_span(x, y), bits, seed, repeats=trials // 2, dimension=dimension)


def _run_quantised(x, y, bits: int, gamma: float, trials: int, seed: int) -> LinearRun:
    return quantised_vector(x[:trials], y[:trials], bits, seed)


def _run_weights(x, y, bits: int, gamma: float, trials: int, seed: int) -> LinearRun:
    """One message of weights for each classification: the price that Bob pays where he serves a single input."""
    runs = [weights_sent(x[t : t + 1], y[t], bits, seed_for(seed, t)) for t in range(trials)]
    ledger = sum((run.ledger for run in runs[1:]), runs[0].ledger)
    return LinearRun(np.concatenate([r.votes for r in runs]), np.concatenate([r.signs for r in runs]), ledger)


def _run_hadamard(x, y, copies: int, gamma: float, trials: int, seed: int) -> LinearRun:
    return hadamard_test(x, y, copies, seed, trials // 2)


def _run_swap(x, y, copies: int, gamma: float, trials: int, seed: int) -> LinearRun:
    return swap_test(x, y, copies, gamma, seed, trials // 2)


def _run_estimation(x, y, calls: int, gamma: float, trials: int, seed: int) -> LinearRun:
    return amplitude_estimation(x, y, calls, seed, trials // 2)


def _coordinates(need_bits: float, dimension: int) -> float:
    return need_bits * dimension


def _quantised_need(gamma: float, target: float, dimension: int) -> float:
    return needed.quantised_bits(gamma, target, dimension) / dimension


PROTOCOLS = {
    "sign sketch": Protocol(
        "classical",
        "bits",
        lambda gamma, target, _: needed.sign_sketch_bits(gamma, target),
        lambda bits, _: bits,
        lambda bits, gamma, _: success.sign_sketch(bits, gamma),
        _run_sketch,
        -2.0,
        lambda bits, dimension: 4e-10 * bits * dimension + 2e-8 * bits + 5e-5,
        paired=True,
        span=_span_sketch,
        span_seconds=lambda bits: 5e-8 * bits + 1e-4,
        share=2.0,
    ),
    "best of 2^k": Protocol(
        "classical",
        "bits",
        lambda gamma, target, dimension: float(np.ceil(needed.best_shared_bits(gamma, target, dimension))),
        lambda bits, _: bits,
        lambda bits, gamma, dimension: success.best_shared(bits, gamma, dimension),
        _run_codebook,
        -2.0,
        lambda _, dimension: 1.2e-8 * dimension + 5e-5,
        span=_span_codebook,
        span_seconds=lambda _: 5e-5,
        flat_share=5.0,
    ),
    "quantised vector": Protocol(
        "classical",
        "bits a number",
        _quantised_need,
        _coordinates,
        lambda bits, gamma, dimension: success.quantised(bits, gamma, dimension),
        _run_quantised,
        None,
        lambda _, dimension: 3e-7 * dimension + 3e-4,
        paired=True,
        share=0.25,
    ),
    "weights sent": Protocol(
        "classical",
        "bits a number",
        _quantised_need,
        _coordinates,
        lambda bits, gamma, dimension: success.quantised(bits, gamma, dimension),
        _run_weights,
        None,
        lambda _, dimension: 3e-7 * dimension + 5e-4,
        paired=True,
        share=0.1,
    ),
    "Hadamard test": Protocol(
        "quantum",
        "copies",
        lambda gamma, target, _: needed.hadamard_copies(gamma, target),
        needed.qubits_of_copies,
        lambda copies, gamma, _: success.hadamard_test(copies, gamma),
        _run_hadamard,
        -2.0,
        lambda copies, _: 1e-5,
        message=lambda dimension: needed.qubits(dimension) + 1,
    ),
    "swap test": Protocol(
        "quantum",
        "copies",
        lambda gamma, target, _: needed.swap_copies(gamma, target),
        needed.qubits_of_copies,
        lambda copies, gamma, _: sum(success.swap_test_signs(copies, gamma)) / 2,
        _run_swap,
        -2.0,
        lambda copies, _: 1e-6,
        message=lambda dimension: needed.qubits(dimension) + 1,
        share=5.0,
    ),
    "amplitude estimation": Protocol(
        "quantum",
        "calls",
        lambda gamma, target, _: needed.estimation_calls(gamma, target),
        needed.qubits_of_calls,
        lambda calls, gamma, _: success.amplitude_estimation(calls, gamma),
        _run_estimation,
        -1.0,
        lambda calls, _: 1e-6,
        message=lambda dimension: needed.qubits(dimension) + 2,
        even=True,
        share=5.0,
        rungs=(0.6, 0.85, 1.2, 1.7),
    ),
}
