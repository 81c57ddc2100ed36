"""Tables of the privacy claim: Haar ensembles, random real data against N, and what dishonest parties read."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcomm.errors import DataError
from qcomm.seeds import generator, seed_for
from qcomm.theory import bounds, covariant, dishonest, holevo, reconstruction
from qcomm.theory.intervals import clopper_pearson
from qcomm.theory.privacy_rows import CONDITION, RECORDS, SAMPLED_LAW, row, sampled

DISHONEST_CONDITION = "none: any probes, x in every unitary"
PRACTICAL_NUMBERS = 3e6  # of the outcomes of one point of tomography: fewer runs where one takes many
LEAST_RUNS = 10


def haar_rows(sizes: list[list[int]]) -> list[dict[str, Any]]:
    """Holevo quantity of complex and real Haar ensembles from exact moments, beside the bound. sizes: [N, k] pairs.

    Raises:
        DataError: the complex value differs from log2 binom(N+k-1, k), an exact identity.
    """
    rows = []
    for dimension, copies in sizes:
        bound = bounds.copies_bound(copies, dimension)
        chi = holevo.haar_holevo(copies, dimension, real=False)
        if abs(chi - bound) > 1e-9:
            raise DataError(f"chi = {chi!r} but log2 binom = {bound!r}", where=f"complex Haar N={dimension} k={copies}")
        rows.append(row("complex Haar", "holevo", dimension, copies, chi))
        rows.append(row("real Haar", "holevo", dimension, copies, holevo.haar_holevo(copies, dimension, real=True)))
        rows.append(row("any", "bound", dimension, copies, bound, condition=CONDITION))
        simple = bounds.simple_copies_bound(copies, dimension)
        rows.append(row("any", "simple bound", dimension, copies, simple, condition=CONDITION))
    return rows


def sampled_haar_rows(sizes: list[list[int]], states: int, batches: int, seed: int) -> list[dict[str, Any]]:
    """Holevo quantity of sampled complex Haar states, which knows nothing of the moments; interval over batches.

    A finite sample of S states falls short of the ensemble by about d/(2 S ln 2) bits, d = dim Sym^k (the mean of the
    spectrum's second-order change): that is added, and half of it widens the interval.
    """
    rows = []
    for dimension, copies in sizes:
        rng = generator("privacy sampled Haar", seed, dimension, copies)
        size = 2 ** bounds.copies_bound(copies, dimension)
        short = size / (2 * states * np.log(2))
        found = [
            holevo.ensemble_holevo(holevo.random_states(states, dimension, rng, real=False), copies) + short
            for _ in range(batches)
        ]
        facts = sampled("complex Haar", "information", dimension, copies, np.array(found))
        facts |= {"quantity": "holevo", "low": facts["low"] - short / 2, "high": facts["high"] + short / 2}
        rows.append(facts | {"records": states * batches, "method": "sampled states"})
    return rows


def scaling_rows(dimensions: list[int], copies: list[int], records: int, seed: int) -> list[dict[str, Any]]:
    """Random real data against N: bound, Holevo quantity, and what the best known measurement gives.

    `value` is in bits, or a fidelity. Records of this measurement are drawn from its closed-form law (which
    `privacy_data.frame_rows` compares with the measurement itself on actual rows); those of tomography are simulated
    state by state.
    """
    rows = []
    for count in copies:
        for dimension in dimensions:
            rng = generator("privacy scaling", seed, dimension, count)
            cosines = covariant.sample_cosines(count, dimension, records, rng)
            gained = np.log2(covariant.density(count, dimension, cosines))
            facts = (dimension, count)
            rows += [
                row("real Haar", "bound", *facts, bounds.copies_bound(count, dimension), condition=CONDITION),
                row("real Haar", "holevo", *facts, covariant.holevo_bits(count, dimension)),
                sampled("real Haar", "information", *facts, gained, method=SAMPLED_LAW),
                row("real Haar", "information", *facts, covariant.information_bits(count, dimension)),
                sampled("real Haar", "fidelity", *facts, cosines**2, method=SAMPLED_LAW),
                row("real Haar", "fidelity", *facts, covariant.fidelity(count, dimension)),
                row("complex Haar", "fidelity", *facts, bounds.complex_fidelity(count, dimension)),
            ]
            states = holevo.random_states(runs_of(records, dimension, count), dimension, rng, real=True)
            rows += tomography_rows("real Haar", states, count, rng)
    return rows


def runs_of(records: int, dimension: int, copies: int) -> int:
    """Runs of tomography that are affordable, LEAST_RUNS at least."""
    return max(LEAST_RUNS, min(records, int(PRACTICAL_NUMBERS / (copies * dimension))))


def tomography_rows(ensemble: str, states: np.ndarray, copies: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Fidelity of single-copy measurements in random bases, top eigenvector of the outcomes, one run for each state."""
    found = [
        reconstruction.top_vector_fidelity(state, reconstruction.random_basis_outcomes(state, copies, rng))
        for state in states
    ]
    return [sampled(ensemble, "practical fidelity", states.shape[1], copies, np.array(found))]


def dishonest_rows(qubits: list[int], records: int, seed: int) -> list[dict[str, Any]]:
    """Bits per message that entangled probes read: superdense attack in both directions, phases only, and the bounds.

    Bits read: the information of a symmetric channel that is right as often as the records, with the exact binomial
    interval of that rate.
    """
    out = []
    for count in qubits:
        rng, size = generator("dishonest", seed, count), 2**count
        words = rng.integers(size**2, size=records)
        read, ledger = dishonest.superdense_attack(words, count, seed_for("superdense", seed, count))
        seen_by_alice, _ = dishonest.superdense_attack(words, count, seed_for("swapped", seed, count), attacker="Alice")
        signs = rng.integers(size, size=records)
        phases = np.pi * (np.bitwise_count(np.arange(size)[None, :] & signs[:, None]) % 2)
        seen, _ = dishonest.phase_attack(phases, seed_for("phases", seed, count))
        sent = ledger.total("qubits", "Alice") // records  # qubits of one answer
        stranger = (bounds.dishonest_bound(1, size), DISHONEST_CONDITION)
        parameters = (bounds.parameters_bound(1, size), "one use of his unitary")
        for name, wins, bits, (bound, condition) in (
            ("dishonest, any unitary", read == words, 2 * count, stranger),
            ("dishonest, phases only", seen == signs, count, stranger),
            ("Bob's parameters, any unitary", seen_by_alice == words, 2 * count, parameters),
        ):
            low, high = (read_bits(rate, bits) for rate in clopper_pearson(int(wins.sum()), records))
            found = row(name, "information", size, 1, read_bits(wins.mean(), bits), low=low, high=high, method=RECORDS)
            out.append(found | {"records": records, "qubits": sent})
            out.append(row(name, "bound", size, 1, bound, condition=condition))
        out.append(row("semi-honest", "bound", size, 1, bounds.copies_bound(1, size), condition=CONDITION))
    return out


def read_bits(right: float, bits: int) -> float:
    """Information of a symmetric channel of 2^bits words that is right with this probability (equality in Fano).

    A rate at or below that of guessing tells nothing.
    """
    wrong = 1 - right
    if wrong <= 0:
        return float(bits)
    if right <= 2.0**-bits:
        return 0.0
    entropy = -right * np.log2(right) - wrong * np.log2(wrong)
    return float(bits - entropy - wrong * np.log2(2**bits - 1))
