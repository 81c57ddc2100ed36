"""Tables of the privacy claim: Holevo quantities beside bounds, information and fidelity from simulated records."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcomm.errors import DataError
from qcomm.seeds import generator, seed_for
from qcomm.theory import bounds, covariant, dishonest, holevo, reconstruction

CONDITION = "x enters only the state; semi-honest receiver"
DISHONEST_CONDITION = "none: any probes, x in every unitary"


def _row(ensemble: str, quantity: str, dimension: int, copies: int, value: float, **facts: Any) -> dict[str, Any]:
    """One number with its interval; an exact number is its own interval."""
    return {
        "ensemble": ensemble,
        "quantity": quantity,
        "dimension": dimension,
        "copies": copies,
        "value": value,
        "low": facts.pop("low", value),
        "high": facts.pop("high", value),
        "method": facts.pop("method", "exact"),
        **facts,
    }


def _sampled(mean: float, error: float) -> dict[str, Any]:
    """The 95% interval of a mean over simulated records."""
    return {"low": mean - 1.96 * error, "high": mean + 1.96 * error, "method": "records"}


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values, ddof=1) / np.sqrt(len(values)))


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
        rows.append(_row("complex Haar", "holevo", dimension, copies, chi))
        rows.append(_row("real Haar", "holevo", dimension, copies, holevo.haar_holevo(copies, dimension, real=True)))
        rows.append(_row("any", "bound", dimension, copies, bound, condition=CONDITION))
        simple = bounds.simple_copies_bound(copies, dimension)
        rows.append(_row("any", "simple bound", dimension, copies, simple, condition=CONDITION))
    return rows


def scaling_rows(dimensions: list[int], copies: list[int], records: int, seed: int) -> list[dict[str, Any]]:
    """Random real data against N: bound, Holevo quantity, and the information of the best known measurement's records.

    `value` is in bits; `fraction` divides by the N bits of the data at one bit a number, the least that data can have.
    The same records give the fidelity of the guess.
    """
    rows = []
    for count in copies:
        for dimension in dimensions:
            rng = generator("privacy scaling", seed, dimension, count)
            cosines = covariant.sample_cosines(count, dimension, records, rng)
            gained = _mean(np.log2(covariant.density(count, dimension, cosines)))
            fidelity = _mean(cosines**2)
            facts = (dimension, count)
            rows += [
                _row("real Haar", "bound", *facts, bounds.copies_bound(count, dimension), condition=CONDITION),
                _row("real Haar", "holevo", *facts, covariant.holevo_bits(count, dimension)),
                _row("real Haar", "information", *facts, gained[0], **_sampled(*gained), records=records),
                _row("real Haar", "information", *facts, covariant.information_bits(count, dimension)),
                _row("real Haar", "fidelity", *facts, fidelity[0], **_sampled(*fidelity), records=records),
                _row("real Haar", "fidelity", *facts, covariant.fidelity(count, dimension)),
                _row("complex Haar", "fidelity", *facts, bounds.complex_fidelity(count, dimension)),
                *_practical_rows(dimension, count, records, rng),
            ]
    return rows


def _practical_rows(dimension: int, copies: int, records: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Fidelity of single-copy measurements in random bases, top eigenvector of the outcomes; small sizes only."""
    runs = min(records, int(4e6 / (copies * dimension)))
    if runs < 10:
        return []
    states = holevo.random_states(runs, dimension, rng, real=True)
    found = [
        reconstruction.top_vector_fidelity(state, reconstruction.random_basis_outcomes(state, copies, rng))
        for state in states
    ]
    mean = _mean(np.array(found))
    return [_row("real Haar", "practical fidelity", dimension, copies, mean[0], **_sampled(*mean), records=runs)]


def data_rows(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Encoded real data: Holevo quantity, bounds, information about the row and fidelity from records, against k.

    Rows of zeros have no state and are left out.
    """
    rows = rows[np.abs(rows).sum(axis=1) > 0]
    states = holevo.encoded(rows)
    gram, (samples, dimension) = states @ states.T, states.shape
    out = []
    for copies in settings["copies"]:
        rng = generator("privacy data", seed, name, copies)
        facts = (dimension, copies)
        known = reconstruction.recorded_information(states, copies, settings["records"], rng)
        bound = min(bounds.copies_bound(copies, dimension), bounds.entropy_bound(samples))
        out += [
            _row(name, "bound", *facts, bounds.copies_bound(copies, dimension), condition=CONDITION),
            _row(name, "tighter bound", *facts, bound, condition=f"{CONDITION}; one of {samples} known rows"),
            _row(name, "holevo", *facts, holevo.gram_holevo(gram, copies)),
            _row(name, "information", *facts, known[0], **_sampled(*known), records=settings["records"]),
            *_data_fidelities(name, states, copies, settings["records"], rng),
        ]
    return out


def _data_fidelities(name: str, states: np.ndarray, copies: int, records: int, rng) -> list[dict[str, Any]]:
    """Fidelity for random rows: best known for unknown real states, random bases, computational basis."""
    dimension = states.shape[1]
    best = _mean(covariant.sample_cosines(copies, dimension, records, rng) ** 2)
    rows = [_row(name, "fidelity", dimension, copies, best[0], **_sampled(*best), records=records)]
    chosen = states[rng.integers(len(states), size=max(10, min(records, int(4e6 / (copies * dimension)))))]
    tomography = [
        reconstruction.top_vector_fidelity(state, reconstruction.random_basis_outcomes(state, copies, rng))
        for state in chosen
    ]
    mean = _mean(np.array(tomography))
    rows.append(_row(name, "practical fidelity", dimension, copies, mean[0], **_sampled(*mean), records=len(chosen)))
    if (states >= 0).all():
        counted = [
            reconstruction.counts_fidelity(state, reconstruction.basis_counts(state, copies, 1, rng))[0]
            for state in states[rng.integers(len(states), size=records)]
        ]
        mean = _mean(np.array(counted))
        facts = _sampled(*mean) | {"records": records}
        rows.append(_row(name, "non-negative fidelity", dimension, copies, mean[0], **facts))
    return rows


def width_rows(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Leaked bits against N on real data: the first N coordinates by total weight, one copy count.

    An attacker who knows the rows reads computational-basis records; beside it the Holevo quantity and the bound.
    """
    order = np.argsort(-np.abs(rows).sum(axis=0), kind="stable")
    out, copies = [], settings["width_copies"]
    for dimension in [*[n for n in settings["widths"] if n < rows.shape[1]], rows.shape[1]]:
        part = rows[:, order[:dimension]]
        part = part[np.abs(part).sum(axis=1) > 0]
        rng = generator("privacy width", seed, name, dimension)
        picked = part[rng.permutation(len(part))[: settings["width_samples"]]]
        known = reconstruction.recorded_information(picked, copies, settings["records"], rng)
        facts = (dimension, copies)
        out += [
            _row(f"{name} widths", "information", *facts, known[0], **_sampled(*known), records=settings["records"]),
            _row(f"{name} widths", "holevo", *facts, holevo.ensemble_holevo(picked, copies)),
            _row(f"{name} widths", "bound", *facts, bounds.copies_bound(copies, dimension), condition=CONDITION),
        ]
    return out


def dishonest_rows(qubits: list[int], records: int, seed: int) -> list[dict[str, Any]]:
    """Bits per message that entangled probes read: the superdense attack, phases only, and the bounds.

    Bits read: the mutual information of sent and read words, log2 of the words where every record is right.
    """
    out = []
    for count in qubits:
        rng, size = generator("dishonest", seed, count), 2**count
        words = rng.integers(size**2, size=records)
        read, ledger = dishonest.superdense_attack(words, count, seed_for("superdense", seed, count))
        signs = rng.integers(size, size=records)
        phases = np.pi * (np.bitwise_count(np.arange(size)[None, :] & signs[:, None]) % 2)
        seen, _ = dishonest.phase_attack(phases, seed_for("phases", seed, count))
        sent = ledger.total("qubits", "Alice") // records  # qubits of one answer
        whole = 3 / records  # 95% upper limit of an error rate that was never seen
        for name, wins, bits in (("any unitary", read == words, 2 * count), ("phases only", seen == signs, count)):
            value = _read_bits(wins.mean(), bits)
            low = _read_bits(wins.mean() - whole, bits)
            out.append(
                _row(f"dishonest, {name}", "information", size, 1, value, low=low, method="records", records=records)
                | {"qubits": sent}
            )
        out.append(_row("dishonest", "bound", size, 1, bounds.dishonest_bound(1, size), condition=DISHONEST_CONDITION))
        out.append(_row("semi-honest", "bound", size, 1, bounds.copies_bound(1, size), condition=CONDITION))
        out.append(
            _row(
                "Bob's parameters",
                "bound",
                size,
                1,
                bounds.parameters_bound(1, size),
                condition="one use of his unitary",
            )
        )
    return out


def _read_bits(right: float, bits: int) -> float:
    """Information of a symmetric channel of 2^bits words that is right with this probability (equality in Fano)."""
    wrong = 1 - right
    if wrong <= 0:
        return float(bits)
    entropy = -right * np.log2(right) - wrong * np.log2(wrong) if right > 0 else 0.0
    return float(bits - entropy - wrong * np.log2(2**bits - 1))
