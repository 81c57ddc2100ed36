"""Training a distributed circuit as a classifier: exact gradients from the engine, traffic from executed walks.

Alice holds inputs, labels, her unitaries and the classical read-out; Bob holds his unitaries. In every step one graph
of the batch goes message by message through the channel, forwards for the loss and once per unitary for the gradient
states. The other graphs of the batch are different inputs, but travel the same way: who sends how many qubits to whom
depends on the circuit alone, so they are recorded with the first one as a multiplicity (tested graph by graph). Their
expectations and gradients come from the engine, each with its own amplitudes.

ASSUME: one copy of every state per graph and step is counted, although exact gradients stand for unlimited copies;
the copies that shot noise demands multiply these numbers. Alice tells Bob how much each graph's expectation weighs in
the gradient: one 32-bit float per graph, in one message.

The classical rival of all this traffic is one message: Bob sends his initial angles, and Alice, who holds inputs and
labels, trains alone (`train_alone`).
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
from qcomm.network import Ledger, Network, Party
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


@dataclass(frozen=True)
class Alone:
    """Training by Alice alone: final test accuracy, and the ledger of what Bob sent."""

    accuracy: float
    ledger: Ledger


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
    initial, rng = _start(model, fold, seed)
    result, sent = FoldResult(fold), Counter()

    def exchange(step: int, angles: torch.Tensor, batch: np.ndarray, shares: np.ndarray) -> None:
        ledger = step_traffic(model, angles.detach().numpy(), data.inputs[batch], shares, seed, check=step == 1)
        sent.update(qubits=ledger.qubits, bits=ledger.bits, messages=ledger.messages)
        result.step_ledger = ledger

    def evaluate(step: int, angles: torch.Tensor, read_out: torch.Tensor, loss: float) -> None:
        if step % settings["evaluate_every"] == 0 or step == settings["steps"]:
            result.accuracy = accuracy(model, angles, read_out, data, split.outer)
            result.curve.append({"step": step, "loss": loss, "accuracy": result.accuracy, **sent})
            if report:
                report(step, loss=loss, accuracy=result.accuracy)

    angles, read_out = _fit(model, data, split.train, initial, rng, settings, exchange, evaluate)
    result.weights = {"angles": angles.detach().numpy(), "read_out": read_out.detach().numpy()}
    return result


def train_alone(model: DistributedModel, data: EncodedGraphs, fold: int, settings: Mapping[str, Any]) -> Alone:
    """The same training after one message: Bob's initial angles, 32 bits each; Alice does everything else herself.

    She ends with all trained angles and Bob with none of his, which would cost him as many bits again.

    Args:
        model: the circuit, whose form is public.
        data: Alice's inputs and labels.
        fold: 0 .. 9.
        settings: steps, batch, lr, seed.
    """
    split = split_of(data.labels, fold, "gin")
    initial, rng = _start(model, fold, settings["seed"])
    rows = initial.reshape(len(model.circuit.blocks), -1)
    private = {ALICE: {"angles": rows[1::2], "data": data}, BOB: {"angles": rows[::2]}}

    def bob(me: Party) -> None:
        me.send(ALICE, from_floats(me.private["angles"]), "Bob's initial angles")

    def alice(me: Party) -> Any:
        heard = to_floats((yield BOB))
        mine, graphs = me.private["angles"], me.private["data"]
        together = np.stack([heard.reshape(mine.shape), mine], axis=1).ravel()
        fitted = _fit(model, graphs, split.train, together, rng, settings)
        return accuracy(model, *fitted, graphs, split.outer)

    network = Network(private, settings["seed"])
    return Alone(network.run({ALICE: alice, BOB: bob})[ALICE], network.ledger)


def _start(model: DistributedModel, fold: int, seed: int) -> tuple[np.ndarray, np.random.Generator]:
    """Initial angles [P], and the generator that goes on to draw the batches."""
    rng = generator("distributed", seed, fold)
    # ASSUME: small angles, so that the first circuit is near the identity and gradients do not vanish
    return rng.uniform(-0.3, 0.3, model.parameters), rng


def _fit(
    model: DistributedModel,
    data: EncodedGraphs,
    train: np.ndarray,
    initial: np.ndarray,
    rng: np.random.Generator,
    settings: Mapping[str, Any],
    exchange: Callable[..., None] = lambda *step: None,
    evaluate: Callable[..., None] = lambda *step: None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Trained angles and read-out. `exchange` is called in every step before the angles move, `evaluate` after."""
    angles = torch.tensor(initial, requires_grad=True)
    read_out = torch.tensor(READ_OUT, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([angles, read_out], lr=settings["lr"])
    inputs, labels = torch.from_numpy(data.inputs), torch.from_numpy(data.labels).double()
    for step in range(1, settings["steps"] + 1):
        batch = rng.permutation(train)[: settings["batch"]]
        expectation = model.expectation(angles, inputs[batch])
        expectation.retain_grad()
        logits = read_out[0] * expectation + read_out[1]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[batch])
        optimiser.zero_grad()
        loss.backward()
        exchange(step, angles, batch, expectation.grad.numpy())
        optimiser.step()
        evaluate(step, angles, read_out, loss.item())
    return angles, read_out


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
