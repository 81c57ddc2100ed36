"""The engine as one differentiable function of PyTorch."""

from __future__ import annotations

import torch

from qcomm.errors import ProtocolError
from qcomm.quantum.engine import Engine, _observable


class _Expectation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, parameters, vectors, engine: Engine, observable: str):
        zero, one = _observable(observable)
        numbers = parameters.detach().numpy()
        states = engine._run(numbers, vectors.detach().numpy())
        ctx.engine, ctx.numbers, ctx.states, ctx.observable = engine, numbers.copy(), states, (zero, one)
        ctx.kinds = parameters.dtype, vectors.dtype
        return torch.from_numpy(one + (zero - one) * engine._zero_weight(states)).to(parameters.dtype)

    @staticmethod
    def backward(ctx, upstream):
        weights, engine = upstream.detach().double().numpy(), ctx.engine
        gradient, others = engine.pull_back(ctx.numbers, ctx.states.copy(), weights, ctx.observable)
        by_input = None
        if ctx.needs_input_grad[1]:
            real = others[:, 0, :: 1 << engine._spare]
            by_input = torch.from_numpy(2 * real.copy()).to(ctx.kinds[1])
        return torch.from_numpy(gradient).to(ctx.kinds[0]), by_input, None, None


def expectation(engine: Engine, parameters: torch.Tensor, vectors: torch.Tensor, observable: str = "Z0"):
    """Exact expectations [B], differentiable by the parameters [P] and by real input amplitudes [B, 2^n].

    A length other than 1 is taken as it is, since gradients by the amplitudes need their neighbourhood.

    Raises:
        ProtocolError: a gradient by complex inputs is asked for, or an argument is wrong.
    """
    if vectors.requires_grad and vectors.is_complex():
        raise ProtocolError("gradients by complex amplitudes are not given", where="vectors", fix="detach them")
    return _Expectation.apply(parameters, vectors, engine, observable)
