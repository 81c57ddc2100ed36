"""Checks of the linear claim on trained classifiers: agreement as expected, and how costs grow as margins shrink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from qcomm.protocols.linear import in_span, sign_sketch
from qcomm.protocols.linear_data import LinearTask
from qcomm.protocols.linear_estimation import amplitude_estimation
from qcomm.protocols.linear_protocols import PROTOCOLS
from qcomm.protocols.linear_quantum import hadamard_test
from qcomm.protocols.linear_sweep import EXECUTED, IN_SPAN, crossing_of, ladder_of
from qcomm.protocols.linear_tables import slope_row
from qcomm.seeds import generator, seed_for
from qcomm.theory.checks import check_row

EXPONENTS = {"sign sketch": -2.0, "Hadamard test": -2.0, "amplitude estimation": -1.0}
NEED_COLUMNS = [
    *("dataset", "dimension", "target", "margin", "margin_low", "margin_high", "inputs", "protocol", "kind", "method"),
    *("trials", "resource", "cost", "low", "high", "sigma_log"),
]


def data_checks(runs: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Executed agreement against the expected one on the same inputs, for each protocol over all classifiers."""
    if runs.empty:
        return
    inside = (runs.low <= runs.expected) & (runs.expected <= runs.high)
    yield check_row("share of classifier runs whose 95% interval holds the expected agreement", inside.mean(), 0.85, 1)
    for name, part in runs[runs.protocol != "weights sent"].groupby("protocol", sort=False):
        variance = (part.inputs * part.expected * (1 - part.expected)).sum()
        surplus = (part.inputs * (part.agreement - part.expected)).sum()
        deviations = surplus / np.sqrt(max(variance, 0.25))
        yield check_row(f"right votes on classifiers, in deviations from the expected: {name}", deviations, -3.3, 3.3)


def margin_rows(tasks: list[LinearTask], settings: dict[str, Any], target: float, seed: int) -> list[dict[str, Any]]:
    """Needs on a data set's own test inputs, grouped by their measured margin |x.y| to all its classifiers.

    For each of `margin_groups` margins between the 5% and the 95% quantile: the `margin_inputs` inputs with the nearest
    margins, each with its classifier, classified over and over on a ladder of resources; where the success crosses
    `target`, with its interval, as for random vectors. The sketch runs in the span of each input and its classifier.
    """
    margins = np.concatenate([task.margins for task in tasks])
    owner = np.repeat(np.arange(len(tasks)), [len(task.x) for task in tasks])
    place = np.concatenate([np.arange(len(task.x)) for task in tasks])
    rows = []
    wanted_margins = np.geomspace(*np.quantile(margins, [0.05, 0.95]), settings["margin_groups"])
    for group, wanted in enumerate(wanted_margins):
        chosen = np.argsort(np.abs(np.log(margins / wanted)), kind="stable")[: settings["margin_inputs"]]
        x = np.array([tasks[owner[i]].x[place[i]] for i in chosen])
        y = np.array([tasks[owner[i]].y for i in chosen])
        gamma = float(np.exp(np.log(margins[chosen]).mean()))
        facts = {"dataset": tasks[0].dataset, "dimension": x.shape[1], "target": target, "margin": gamma}
        facts |= {"margin_low": margins[chosen].min(), "margin_high": margins[chosen].max(), "inputs": len(chosen)}
        identity = ("linear margins", seed, tasks[0].dataset, group)  # no measured number: its last bit may vary
        rows += [facts | _margin_need(name, x, y, gamma, target, settings, identity) for name in EXPONENTS]
    return rows


def _margin_need(
    name: str, x: np.ndarray, y: np.ndarray, gamma: float, target: float, settings: dict[str, Any], group: tuple
) -> dict[str, Any]:
    protocol, repeats = PROTOCOLS[name], settings["margin_repeats"]
    identity = (*group, name)
    runs = {}
    for rung in ladder_of(protocol, protocol.need(gamma, target, x.shape[1])):
        rung_seed = seed_for(*identity, rung)
        if name == "amplitude estimation":
            runs[rung] = amplitude_estimation(x, y, rung, rung_seed, repeats)
        elif name == "Hadamard test":
            runs[rung] = hadamard_test(x, y, rung, rung_seed, repeats)
        else:
            plane = [np.repeat(rows, repeats, axis=0) for rows in in_span(x, y)]
            runs[rung] = sign_sketch(*plane, rung, rung_seed)
    method = IN_SPAN if name == "sign sketch" else EXECUTED
    facts = {"protocol": name, "kind": protocol.kind, "method": method, "trials": len(x) * repeats}
    return facts | crossing_of(runs, target, generator(*identity))


def margin_slopes(needs: pd.DataFrame, tolerance: float) -> list[dict[str, Any]]:
    """Slope of the resource (bits, copies, calls) against the measured margin, over all data sets that there are."""
    if needs.empty:
        return []
    rows = []
    for name, exponent in EXPONENTS.items():
        part = needs[needs.protocol == name]
        claimed = (exponent - tolerance, exponent + tolerance)
        rows.append(slope_row((name, EXECUTED, "margin of data"), part, part.margin, part.resource, claimed))
    return rows
