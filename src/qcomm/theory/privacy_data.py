"""Tables of the privacy claim on encoded rows of data sets: information, fidelity, and Bob's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcomm.seeds import generator, seed_for
from qcomm.theory import bounds, covariant, dishonest, holevo, reconstruction
from qcomm.theory.privacy import runs_of, tomography_rows
from qcomm.theory.privacy_rows import CONDITION, RECORDS, SAMPLED_LAW, row, sampled

FRAMES = ((3, 2), (3, 4), (4, 1), (4, 2), (4, 3), (6, 2))  # (N, k) at which the best measurement is built
GUESSES = 4000  # outcomes of a built measurement


def without_zeros(rows: np.ndarray) -> np.ndarray:
    """Rows of zeros have no state and are left out."""
    return rows[np.abs(rows).sum(axis=1) > 0]


def heaviest(rows: np.ndarray, dimension: int) -> np.ndarray:
    """The coordinates of largest total weight, rows of zeros left out."""
    order = np.argsort(-np.abs(rows).sum(axis=0), kind="stable")
    return without_zeros(rows[:, order[:dimension]])


def subsets(rows: np.ndarray, samples: int, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """`count` random subsets of at most `samples` rows; all rows once where there are no more."""
    if len(rows) <= samples:
        return [rows]
    return [rows[np.sort(rng.permutation(len(rows))[:samples])] for _ in range(count)]


def data_rows(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Encoded real data: Holevo quantity, bounds, information about the row and fidelity from records, against k.

    Each of `subsets` random ensembles of `samples` rows has a Holevo quantity: their mean, and smallest and largest.
    """
    rng = generator("privacy subsets", seed, name)
    ensembles = [
        holevo.encoded(each) for each in subsets(without_zeros(rows), settings["samples"], settings["subsets"], rng)
    ]
    states, out = ensembles[0], []
    grams = [each @ each.T for each in ensembles]
    samples, dimension = states.shape
    for copies in settings["copies"]:
        rng = generator("privacy data", seed, name, copies)
        facts = (dimension, copies)
        chi = [holevo.gram_holevo(gram, copies) for gram in grams]
        known = reconstruction.recorded_information(states, copies, settings["records"], rng)
        bound = min(bounds.copies_bound(copies, dimension), bounds.entropy_bound(samples))
        out += [
            row(name, "bound", *facts, bounds.copies_bound(copies, dimension), condition=CONDITION),
            row(name, "tighter bound", *facts, bound, condition=f"{CONDITION}; one of {samples} known rows"),
            row(name, "holevo", *facts, float(np.mean(chi)), low=min(chi), high=max(chi), records=len(chi)),
            _information(name, *facts, known, settings["records"]),
            *_fidelities(name, states, copies, settings["records"], rng),
        ]
    return out


def _information(
    name: str, dimension: int, copies: int, found: tuple[float, float, float], records: int
) -> dict[str, Any]:
    value, low, high = found
    return row(name, "information", dimension, copies, value, low=low, high=high, method=RECORDS, records=records)


def _fidelities(name: str, states: np.ndarray, copies: int, records: int, rng) -> list[dict[str, Any]]:
    """Fidelity for random rows: best known for unknown real states, random bases, computational basis.

    The best measurement has the same law for every state: records drawn from that law.
    """
    dimension = states.shape[1]
    best = covariant.sample_cosines(copies, dimension, records, rng) ** 2
    chosen = states[rng.integers(len(states), size=runs_of(records, dimension, copies))]
    rows = [sampled(name, "fidelity", dimension, copies, best, method=SAMPLED_LAW)]
    rows += tomography_rows(name, chosen, copies, rng)
    if (states >= 0).all():
        counted = [
            reconstruction.counts_fidelity(state, reconstruction.basis_counts(state, copies, 1, rng))[0]
            for state in states[rng.integers(len(states), size=records)]
        ]
        rows.append(sampled(name, "non-negative fidelity", dimension, copies, np.array(counted)))
    return rows


def width_rows(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """Leaked bits and fidelity against N on real data: the heaviest N coordinates, one copy count.

    An attacker who knows the rows reads computational-basis records; one who does not reconstructs them by tomography.
    Beside them the Holevo quantity, the bound, and log2 of the number of rows: all that a choice among them tells.
    """
    out, copies = [], settings["width_copies"]
    for dimension in [*[n for n in settings["widths"] if n < rows.shape[1]], rows.shape[1]]:
        part = heaviest(rows, dimension)
        rng = generator("privacy width", seed, name, dimension)
        picked = part[rng.permutation(len(part))[: settings["width_samples"]]]
        known = reconstruction.recorded_information(picked, copies, settings["records"], rng)
        states = holevo.encoded(picked)
        runs = runs_of(settings["records"], dimension, copies)
        facts, ensemble = (dimension, copies), f"{name} widths"
        out += [
            _information(ensemble, *facts, known, settings["records"]),
            row(ensemble, "holevo", *facts, holevo.ensemble_holevo(picked, copies)),
            row(ensemble, "bound", *facts, bounds.copies_bound(copies, dimension), condition=CONDITION),
            row(ensemble, "entropy", *facts, bounds.entropy_bound(len(picked))),
            *tomography_rows(ensemble, states[rng.integers(len(states), size=runs)], copies, rng),
        ]
    return out


def frame_rows(name: str, rows: np.ndarray, records: int, seed: int) -> list[dict[str, Any]]:
    """The best known measurement built on x^(x)k and applied to actual rows, beside its closed-form law."""
    out = []
    for dimension, copies in FRAMES:
        if dimension > rows.shape[1]:
            continue
        rng = generator("privacy frame", seed, name, dimension, copies)
        states = holevo.encoded(heaviest(rows, dimension))
        chosen = states[rng.integers(len(states), size=records)]
        measured = covariant.FrameMeasurement(copies, dimension, GUESSES, rng).sample_cosines(chosen, rng)
        ensemble = f"{name} built measurement"
        out.append(sampled(ensemble, "fidelity", dimension, copies, measured**2))
        out.append(row(ensemble, "fidelity", dimension, copies, covariant.fidelity(copies, dimension)))
    return out


def parameter_rows(name: str, rows: np.ndarray, settings: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """What a dishonest Alice learns about Bob's parameters: his unitary's phases are pi times an encoded row of data.

    She probes k uses with entangled registers and applies Bayes' rule over all rows; bits about which row it is, beside
    the bound 2 k log2 N and the log2 S bits that a choice among S rows has.
    """
    out, size = [], 2 ** settings["parameter_qubits"]
    if size > rows.shape[1]:
        return out
    picked = heaviest(rows, size)
    phases = np.pi * picked / np.abs(picked).max()
    most = bounds.entropy_bound(len(phases))
    log_p = np.log(np.maximum(dishonest.phase_outcomes(phases), 1e-300))
    for uses in settings["uses"]:
        rng, ensemble = generator("privacy parameters", seed, name, uses), f"Bob's parameters, {name}"
        sent = rng.integers(len(phases), size=settings["records"])
        attack_seed = seed_for("privacy parameters", seed, name, uses)
        words, _ = dishonest.phase_attack(np.repeat(phases[sent], uses, axis=0), attack_seed, attacker="Alice")
        score = log_p[:, words.reshape(len(sent), uses)].sum(axis=2)  # (rows, records)
        posterior = np.exp(score - score.max(axis=0))
        posterior /= posterior.sum(axis=0)
        gained = most + np.sum(posterior * np.log2(np.maximum(posterior, 1e-300)), axis=0)
        found = reconstruction.information_interval(gained, most)
        out += [
            _information(ensemble, size, uses, found, len(sent)),
            row(ensemble, "bound", size, uses, bounds.parameters_bound(uses, size), condition="k uses of his unitary"),
            row(ensemble, "entropy", size, uses, most),
        ]
    return out
