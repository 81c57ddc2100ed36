"""Rows of the privacy tables: one number of an ensemble, with its interval, method and condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcomm.theory.intervals import mean_interval

CONDITION = "x enters only the state; semi-honest receiver"
RECORDS = "records"  # simulated measurement of actual states
SAMPLED_LAW = "law-sampled records"  # outcomes drawn from the measurement's closed-form law


def row(ensemble: str, quantity: str, dimension: int, copies: int, value: float, **facts: Any) -> dict[str, Any]:
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


def sampled(
    ensemble: str, quantity: str, dimension: int, copies: int, values: np.ndarray, *, method: str = RECORDS
) -> dict[str, Any]:
    """The mean over simulated records; a fidelity cannot leave [0, 1], nor bits fall below 0."""
    high = np.inf if quantity == "information" else 1.0
    mean, low, high = mean_interval(values, 0.0, high)
    return row(ensemble, quantity, dimension, copies, mean, low=low, high=high, method=method, records=len(values))
