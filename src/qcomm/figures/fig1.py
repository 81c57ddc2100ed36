"""Fig 1: a computation composed over two devices, and the pipelined estimators of its gradients.

Both pictures are drawn from lists of nodes and edges; the costs beside them are those of executed walks.
"""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd

from qcomm.figures.style import COLOURS, WIDTH
from qcomm.network import ALICE, BOB

QUANTUM, CLASSICAL, LOCAL = "quantum", "classical", "local"
LETTER = {ALICE: "A", BOB: "B"}


@dataclass(frozen=True)
class Node:
    """A box: what happens, on which device (column), at which time (row)."""

    name: str
    label: str
    owner: str
    column: float
    time: float


@dataclass(frozen=True)
class Edge:
    """Traffic between boxes; between different columns it crosses a dashed line."""

    start: str
    end: str
    kind: str


@dataclass(frozen=True)
class Drawing:
    """A declarative description of a picture."""

    devices: tuple[str, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def crossings(self, kind: str) -> int:
        """Edges of a kind that run between different columns: messages."""
        place = {node.name: node.column for node in self.nodes}
        return sum(edge.kind == kind and place[edge.start] != place[edge.end] for edge in self.edges)


def owner_of(position: int) -> str:
    """Of the unitary at `position` = 1, 2, ..: B_1, A_1, B_2, .."""
    return BOB if position % 2 else ALICE


def unitary(position: int) -> str:
    return f"{LETTER[owner_of(position)]}_{{{(position + 1) // 2}}}"


def composed(layers: int) -> Drawing:
    """Left: x, then B_1, A_1, .., each on its owner's device, up to the loss."""
    columns = {ALICE: 0.0, BOB: 1.0}
    nodes = [Node("x", r"$x$", ALICE, 0.0, 0.0)]
    for position in range(1, 2 * layers + 1):
        owner = owner_of(position)
        nodes.append(Node(f"u{position}", f"${unitary(position)}$", owner, columns[owner], float(position)))
    nodes.append(Node("loss", r"$\mathcal{L}$", ALICE, 0.0, 2.0 * layers + 1))
    pairs = zip(nodes, nodes[1:], strict=False)
    edges = [Edge(a.name, b.name, CLASSICAL if a.column != b.column else LOCAL) for a, b in pairs]
    return Drawing((ALICE, BOB), tuple(nodes), tuple(edges))


def pipeline(layers: int) -> Drawing:
    """Right: features mu_l forwards, features nu_l backwards, and the estimators g_l where both meet.

    One column for Alice's input and one per unitary; copies for different g_l follow each other through the same pipe.
    The gradients' values are the only classical traffic: each goes to the optimiser of its own party, so from party to
    party there is none.
    """
    count = 2 * layers
    nodes, edges = [Node("x", r"$|\psi(x)\rangle$", ALICE, 0.0, 0.0)], [Edge("x", "mu1", QUANTUM)]
    for position in range(1, count + 1):
        owner, column = owner_of(position), float(position)
        back = 2.0 * count + 1 - position
        nodes.append(Node(f"mu{position}", rf"$\mu_{{{position}}}$", owner, column, float(position)))
        nodes.append(Node(f"nu{position}", rf"$\nu_{{{position}}}$", owner, column, back))
        nodes.append(Node(f"g{position}", f"$g_{{{position}}}$", owner, column, back + 1.0))
        edges.append(Edge(f"nu{position}", f"g{position}", CLASSICAL))
    for position in range(1, count):
        edges.append(Edge(f"mu{position}", f"mu{position + 1}", QUANTUM))
        edges.append(Edge(f"nu{position + 1}", f"nu{position}", QUANTUM))
    edges.append(Edge(f"mu{count}", f"nu{count}", QUANTUM))
    devices = tuple(f"{owner_of(p)}\n${unitary(p)}$" for p in range(1, count + 1))
    return Drawing((f"{ALICE}\n$x$", *devices), tuple(nodes), tuple(edges))


def draw(drawing: Drawing, ax: plt.Axes) -> plt.Axes:
    """Boxes, arrows coloured by what travels, dashed lines between devices, time upward."""
    place = {node.name: node for node in drawing.nodes}
    top = max(node.time for node in drawing.nodes)
    for boundary in range(1, len(drawing.devices)):
        ax.plot([boundary - 0.5] * 2, [-0.6, top + 0.6], "--", color="black", linewidth=0.7)
    colours = {QUANTUM: COLOURS["quantum"], CLASSICAL: COLOURS["classical"], LOCAL: "black"}
    for edge in drawing.edges:
        start, end = place[edge.start], place[edge.end]
        style = {"color": colours[edge.kind], "linewidth": 1.0 if edge.kind == LOCAL else 2.2, "arrowstyle": "-|>"}
        style |= {"shrinkA": 8, "shrinkB": 8, "mutation_scale": 9}
        ax.annotate("", (end.column, end.time), (start.column, start.time), arrowprops=style)
    for node in drawing.nodes:
        box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": COLOURS[node.owner], "linewidth": 1.2}
        ax.text(node.column, node.time, node.label, ha="center", va="center", fontsize=8, bbox=box)
    for column, name in enumerate(drawing.devices):
        ax.text(column, -0.9, name, ha="center", va="top", fontsize=7)
    ax.set(xlim=(-0.5, len(drawing.devices) - 0.5), ylim=(-1.9, top + 0.8))
    ax.grid(False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_ylabel("time", fontsize=8)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.annotate("", (0, 1), (0, 0), xycoords="axes fraction", arrowprops={"arrowstyle": "-|>", "color": "black"})
    return ax


def fig1(layers: int, costs: pd.DataFrame) -> tuple[plt.Figure, pd.DataFrame]:
    """Both pictures with their costs, and the costs as a table.

    Args:
        layers: L.
        costs: of executed walks: what, position, messages, qubits (`qcomm.protocols.walk_costs.walk_costs`).
    """
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 5.8), width_ratios=[1, 2.3])
    draw(composed(layers), axes[0])
    draw(pipeline(layers), axes[1])
    forward = costs[costs.what == "forward pass"].messages.iloc[0]
    axes[0].set_title(f"{forward} messages a run (2L, L = {layers}):\nN numbers, or n qubits", fontsize=8)
    estimators = costs[costs.what == "gradient estimator"].sort_values("position")
    each = ", ".join(str(m) for m in estimators.messages)
    text = rf"one copy for $g_m$: {each} messages of n+1 qubits" + "\n"
    axes[1].set_title(f"{text}(4L - m); for all of them {estimators.messages.sum()} (6L² - L)", fontsize=8)
    lines = [plt.Line2D([], [], color=COLOURS[kind], linewidth=2.2) for kind in (QUANTUM, CLASSICAL)]
    figure.legend(lines, ["quantum traffic", "classical traffic"], loc="outside lower center", ncols=2, fontsize=7)
    names = [unitary(p).replace("{", "").replace("}", "") if p else "" for p in costs.position]
    return figure, costs.assign(unitary=names, layers=layers)
