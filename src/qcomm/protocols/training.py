"""Training a distributed circuit as a classifier: exact gradients from the engine, traffic from executed walks.

Alice holds inputs, labels, her unitaries and the classical read-out; Bob holds his unitaries. In every step one graph
of the batch goes message by message through the channel, forwards for the loss and once per unitary for the gradient
states. The other graphs of the batch are different inputs, but travel the same way: who sends how many qubits to whom
depends on the circuit alone, so they are recorded with the first one as a multiplicity (tested graph by graph). Their
expectations and gradients come from the engine, each with its own amplitudes.

ASSUME: one copy of every state per graph and step is counted, although exact gradients stand for unlimited copies;
the copies that shot noise demands multiply these numbers. Alice tells Bob how much each graph's expectation weighs in
the gradient: one 32-bit float per graph, in one message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from qcomm.errors import ProtocolError
from qcomm.graphs.graph_training import split_of
from qcomm.network import Ledger, Network
from qcomm.network.payload import from_floats, to_floats
from qcomm.protocols.gradient import all_gradient_states
from qcomm.protocols.relay import relay
from qcomm.protocols.task import ALICE, BOB, InferenceTask
from qcomm.protocols.training_data import EncodedGraphs
from qcomm.quantum.model import DistributedModel
from qcomm.seeds import generator

AGREEMENT = 1e-6  # of a derivative from an executed walk with the engine's, on the first step
READ_OUT = (4.0, 0.0)  # ASSUME: initial slope and offset of the logit; <Z0> stays well inside -1 .. 1


@dataclass
class FoldResult:
    """One fold: rows of the curve (traffic cumulative), the ledger of the last step, final test accuracy, weights."""

    fold: int
    accuracy: float = 0.0
    curve: list[dict[str, Any]] = field(default_factory=list)
    step_ledger: Ledger = field(default_factory=Ledger)
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def train_fold(
    model: DistributedModel,
    data: EncodedGraphs,
    fold: int,
    settings: Mapping[str, Any],
    report: Callable[..., None] | None = None,
) -> FoldResult:
    """Train on all but the outer fold and test on it after the last step; nothing is selected on the test graphs.

    Args:
        model: the circuit; `data` has its number of qubits.
        data: Alice's inputs.
        fold: 0 .. 9.
        settings: steps, batch, lr, evaluate_every, seed.
        report: called as ``report(step, loss=.., accuracy=..)`` after evaluations.
    """
    split, seed = split_of(data.labels, fold, "gin"), settings["seed"]
    rng = generator("distributed", seed, fold)
    # ASSUME: small angles, so that the first circuit is near the identity and gradients do not vanish
    angles = torch.tensor(rng.uniform(-0.3, 0.3, model.parameters), requires_grad=True)
    read_out = torch.tensor(READ_OUT, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([angles, read_out], lr=settings["lr"])
    inputs, labels = torch.from_numpy(data.inputs), torch.from_numpy(data.labels).double()
    result, sent = FoldResult(fold), Counter()
    for step in range(1, settings["steps"] + 1):
        batch = rng.permutation(split.train)[: settings["batch"]]
        expectation = model.expectation(angles, inputs[batch])
        expectation.retain_grad()
        logits = read_out[0] * expectation + read_out[1]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[batch])
        optimiser.zero_grad()
        loss.backward()
        shares = expectation.grad.numpy()
        ledger = step_traffic(model, angles.detach().numpy(), data.inputs[batch], shares, seed, check=step == 1)
        sent.update(qubits=ledger.qubits, bits=ledger.bits, messages=ledger.messages)
        optimiser.step()
        if step % settings["evaluate_every"] == 0 or step == settings["steps"]:
            result.accuracy = accuracy(model, angles, read_out, data, split.outer)
            result.curve.append({"step": step, "loss": loss.item(), "accuracy": result.accuracy, **sent})
            if report:
                report(step, loss=loss.item(), accuracy=result.accuracy)
    result.step_ledger = ledger
    result.weights = {"angles": angles.detach().numpy(), "read_out": read_out.detach().numpy()}
    return result


def accuracy(model: DistributedModel, angles, read_out, data: EncodedGraphs, graphs: np.ndarray) -> float:
    """Share of graphs on the right side of logit 0."""
    with torch.no_grad():
        logits = read_out[0] * model.expectation(angles, torch.from_numpy(data.inputs[graphs])) + read_out[1]
    return float(((logits.numpy() > 0) == (data.labels[graphs] == 1)).mean())


def step_traffic(
    model: DistributedModel, angles: np.ndarray, batch: np.ndarray, shares: np.ndarray, seed: int, *, check: bool
) -> Ledger:
    """Execute the messages of one step for the first graph of a batch; the others, which travel alike, multiply them.

    Args:
        model: the circuit.
        angles: current parameters [P].
        batch: unit vectors [B, 2^n].
        shares: derivative of the loss with respect to each graph's <Z0> [B]; Alice sends them to Bob.
        seed: of the network.
        check: compare a derivative from every delivered gradient state with the engine's.

    Raises:
        ProtocolError: they do not agree, or Bob did not get the shares.
    """
    task = InferenceTask(batch[0], model.blocks(angles))
    states = all_gradient_states(task, seed, times=len(batch))
    if check:
        _compare(model, angles, batch[0], states)
    return sum((state.ledger for state in states), start=_forward_and_shares(task, shares, seed))


def _forward_and_shares(task: InferenceTask, shares: np.ndarray, seed: int) -> Ledger:
    """Forward runs of the batch, then the shares as 32-bit floats."""

    def program(me):
        register = me.prepare(me.private["vector"]) if me.name == ALICE else None
        yield from relay(me, me.private["owners"], register, times=shares.size)
        if me.name == BOB:
            return to_floats((yield ALICE))
        me.send(BOB, from_floats(me.private["shares"]), "share of each graph in the gradient")
        return None

    private = task.private(owners=task.owners)
    private[ALICE]["shares"] = shares
    network = Network(private, seed)
    received = network.run({ALICE: program, BOB: program})[BOB]
    if not np.allclose(received, shares, rtol=1e-6):
        raise ProtocolError("Bob's shares of the graphs are not Alice's", where="_forward_and_shares")
    return network.ledger


def _compare(model: DistributedModel, angles: np.ndarray, vector: np.ndarray, states) -> None:
    point = torch.tensor(angles, requires_grad=True)
    model.expectation(point, torch.from_numpy(vector[None]))[0].backward()
    per_unitary = point.grad.numpy().reshape(len(states), -1)
    for m, state in enumerate(states):
        found = state.derivative(model.derivative(angles, m, 0))
        if abs(found - per_unitary[m, 0]) > AGREEMENT:
            raise ProtocolError(
                f"the walk to unitary {m + 1} gives a derivative of {found:.9f}, the engine {per_unitary[m, 0]:.9f}"
            )
