"""Diagram of a distributed circuit, drawn from the circuit object itself, owners coloured."""

from __future__ import annotations

from collections.abc import Iterator

import cirq
import matplotlib.pyplot as plt
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH
from qcomm.network import Ledger, stop_label
from qcomm.quantum.circuits import DistributedCircuit
from qcomm.quantum.owners import owner_of

Column = list[cirq.Operation]


def columns_of(circuit: cirq.Circuit, qubits: list[cirq.Qid]) -> Iterator[Column]:
    """Operations that can be drawn side by side: of one moment, and with spans that do not overlap."""
    place = {qubit: row for row, qubit in enumerate(qubits)}
    for moment in circuit:
        waiting = sorted(moment.operations, key=lambda op: min(place[q] for q in op.qubits))
        while waiting:
            column, below, later = [], -1, []
            for operation in waiting:
                rows = [place[q] for q in operation.qubits]
                if min(rows) > below:
                    column.append(operation)
                    below = max(rows)
                else:
                    later.append(operation)
            yield column
            waiting = later


def draw_operation(operation: cirq.Operation, column: float, rows: list[int], ax: plt.Axes) -> None:
    """One gate: dots for controlled-Z, else a box over its rows with the gate's name."""
    colour, gate = COLOURS[owner_of(operation)], operation.gate
    if isinstance(gate, cirq.CZPowGate) and gate.exponent == 1:
        ax.plot([column, column], [min(rows), max(rows)], color=colour, linewidth=1, zorder=3)
        ax.plot([column] * len(rows), rows, "o", color=colour, markersize=3.5, zorder=4)
        return
    low, high = min(rows) - 0.32, max(rows) + 0.32
    box = plt.Rectangle((column - 0.36, low), 0.72, high - low, facecolor="white", edgecolor=colour, zorder=3)
    ax.add_patch(box)
    ax.text(column, (low + high) / 2, label_of(operation), ha="center", va="center", fontsize=6, zorder=4)


def label_of(operation: cirq.Operation) -> str:
    """Short name of a gate."""
    gate = operation.gate
    if cirq.is_measurement(operation):
        return r"$P_0$"
    names = {cirq.YPowGate: "$R_y$", cirq.ZPowGate: "$R_z$", cirq.XPowGate: "$R_x$", cirq.MatrixGate: "$U$"}
    return next((name for kind, name in names.items() if isinstance(gate, kind)), type(gate).__name__)


def messages_by_part(circuit: DistributedCircuit, ledger: Ledger) -> dict[int, int]:
    """Number of the message that delivers the register before a block (0, 1, ..) or, last, before the measurement."""
    last = len(circuit.blocks) + 1
    labels = {stop_label(part + 1, last): part for part in range(last)}
    return {labels[entry.label]: number for number, entry in enumerate(ledger.entries, start=1)}


def circuit_diagram(circuit: DistributedCircuit, ledger: Ledger, ax: plt.Axes) -> plt.Axes:
    """The whole run: preparation by Alice, blocks on a background of their owner's colour, messages, measurement.

    Args:
        circuit: at most eight qubits are legible.
        ledger: of an executed run; its messages are drawn.
        ax: axes to draw on.
    """
    qubits = list(circuit.qubits)
    place = {qubit: row for row, qubit in enumerate(qubits)}
    prepare = plt.Rectangle((-0.45, -0.4), 0.9, len(qubits) - 0.2, facecolor="white", edgecolor=COLOURS["Alice"])
    ax.add_patch(prepare)
    ax.text(0, (len(qubits) - 1) / 2, r"$|\psi(x)\rangle$", rotation=90, ha="center", va="center", fontsize=8)
    start, messages = 1.0, messages_by_part(circuit, ledger)
    for number, part in enumerate(circuit.circuit_parts(measured=True)):
        columns = list(columns_of(part, qubits))
        owner = owner_of(columns[0][0])
        if number in messages:
            mark_message(start - 0.5, messages[number], len(qubits), ax)
        if number < len(circuit.blocks):
            title = f"${owner[0]}_{{{number // 2 + 1}}}$"
            shade_block(start - 0.5, len(columns), owner, title, len(qubits), ax)
        for offset, column in enumerate(columns):
            for operation in column:
                draw_operation(operation, start + offset, [place[q] for q in operation.qubits], ax)
        start += len(columns)
    for row in range(len(qubits)):
        ax.plot([0.45, start - 0.5], [row, row], color="black", linewidth=0.6, zorder=1)
    ax.set(xlim=(-0.8, start), ylim=(len(qubits) + 0.1, -1.2), aspect="equal")
    ax.axis("off")
    return ax


def shade_block(left: float, width: int, owner: str, title: str, rows: int, ax: plt.Axes) -> None:
    """Background of one block and its name."""
    area = plt.Rectangle(
        (left + 0.06, -0.55), width - 0.12, rows + 0.1, color=COLOURS[owner], alpha=0.12, linewidth=0, zorder=0
    )
    ax.add_patch(area)
    ax.text(left + width / 2, -0.75, title, ha="center", fontsize=8, color=COLOURS[owner])


def mark_message(at: float, number: int, qubits: int, ax: plt.Axes) -> None:
    """The register changes hands here."""
    ax.plot([at, at], [-0.6, qubits - 0.4], color="black", linestyle="--", linewidth=0.7, zorder=2)
    ax.text(at, qubits - 0.05, str(number), ha="center", va="center", fontsize=6)


def figure2(circuit: DistributedCircuit, ledger: Ledger) -> tuple[plt.Figure, pd.DataFrame]:
    """Fig 2 of the paper, and its operations in order: operation, owner, and the messages sent before it.

    Args:
        circuit: the object that is simulated.
        ledger: of an executed run of it.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 2.2))
    circuit_diagram(circuit, ledger, ax)
    handles = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[name], alpha=0.5) for name in ("Alice", "Bob")]
    dashed = plt.Line2D([], [], color="black", linestyle="--", linewidth=0.7)
    message = f"message of {len(circuit.qubits)} qubits"
    figure.legend([*handles, dashed], ["Alice", "Bob", message], loc="outside lower center", ncols=3, fontsize=7)
    sent, rows, messages = 0, [], messages_by_part(circuit, ledger)
    for number, part in enumerate(circuit.circuit_parts(measured=True)):
        sent = messages.get(number, sent)
        rows += [(str(op.untagged), owner_of(op), sent) for op in part.all_operations()]
    return figure, pd.DataFrame(rows, columns=["operation", "owner", "messages"])
