"""Data as amplitudes and as phases."""

from __future__ import annotations

import cirq
import numpy as np

from qcomm.errors import ProtocolError
from qcomm.quantum.owners import owned


def amplitude_encoding(vector: np.ndarray) -> np.ndarray:
    """The state_vector |x> of a real or complex vector: zero-padded to a power of two, length 1.

    It is handed to simulators as ``initial_state``: preparing a general state by gates costs 2^n of them.

    Raises:
        ProtocolError: not a vector of numbers, NaN or infinity, or all zeros.
    """
    vector = np.asarray(vector)
    if vector.ndim != 1 or vector.size == 0 or vector.dtype.kind not in "iufc":
        raise ProtocolError(f"expected a vector of numbers, got shape {vector.shape}", where="vector")
    if not np.isfinite(vector).all():
        raise ProtocolError("the vector holds NaN or infinity", where="vector")
    largest = np.abs(vector).max()
    if largest == 0:
        raise ProtocolError("the vector is zero and has no direction", where="vector")
    vector = vector / largest  # squares of huge or tiny numbers would overflow or vanish
    padded = np.zeros(1 << max(1, (vector.size - 1).bit_length()), np.result_type(vector.dtype, np.float64))
    padded[: vector.size] = vector / np.linalg.norm(vector)
    return padded


def data_phases(qubits: list[cirq.Qid], owner: str, values: np.ndarray, frequency: float = 1.0) -> cirq.Circuit:
    """Re-uploading of data: basis state j < len(values) gets exp(i frequency values_j), the others 1.

    Args:
        qubits: n of them.
        owner: who holds the data.
        values: real [N'], N' <= 2^n.
        frequency: lambda of the layer.

    Raises:
        ProtocolError: too many values, or values that are not finite.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 1 or values.size > 1 << len(qubits) or not np.isfinite(values).all():
        raise ProtocolError(
            f"expected at most {1 << len(qubits)} finite values, got shape {values.shape}", where="values"
        )
    angles = np.zeros(1 << len(qubits))
    angles[: values.size] = frequency * values
    return cirq.Circuit(owned([cirq.DiagonalGate(angles.tolist()).on(*qubits)], owner))
