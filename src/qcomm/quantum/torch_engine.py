"""The engine in plain PyTorch, for GPUs: planar real tensors, rotations as Kronecker blocks, adjoint gradients.

Complex numbers are kept as two planes, because products of real matrices are what GPUs do best; a layer of rotations
is one matrix of up to 2^5 x 2^5 for every five qubits.
"""

from __future__ import annotations

import numpy as np
import torch

from qcomm.errors import ProtocolError
from qcomm.quantum.engine import _observable, check_unit
from qcomm.quantum.program import DiagonalStep, MatrixStep, Program, RotationStep, Step, is_real
from qcomm.theory.checks import whole

GROUP = 5  # qubits per Kronecker block


class TorchEngine:
    """A lowered circuit on a torch device.

    Args:
        program: from `qcomm.quantum.program.lower`.
        device: "cpu", "cuda", ..
        dtype: torch.float32 or torch.float64, of the planes.

    Raises:
        ProtocolError: the device is not there.
    """

    def __init__(self, program: Program, device: str = "cpu", dtype: torch.dtype = torch.float32):
        if torch.device(device).type == "cuda" and not torch.cuda.is_available():
            raise ProtocolError("torch sees no CUDA device", where="device", fix="use device cpu")
        self.program, self.device, self.dtype = program, torch.device(device), dtype
        self.qubits, self.symbols = program.qubits, program.symbols
        self.planes = 1 if program.real else 2
        place = {name: index for index, name in enumerate(program.symbols)}
        self.steps = [self._made(step, place) for step in program.steps]

    def _made(self, step: Step, place: dict[str, int]):
        if isinstance(step, RotationStep):
            return _Rotation(self, step, place)
        if isinstance(step, DiagonalStep):
            return _Diagonal(self, step, place)
        return _Matrix(self, step)

    def expectation(self, parameters: torch.Tensor, vectors: torch.Tensor, observable: str = "P0") -> torch.Tensor:
        """Exact expectations [B] of unit vectors [B, 2^n], real or complex, differentiable by both.

        A length other than 1 is taken as it is, since gradients by the vectors need their neighbourhood.

        Raises:
            ProtocolError: wrong shapes, NaN or infinity.
        """
        return _Expectation.apply(self._checked(parameters), self.packed(vectors), self, _observable(observable))

    def sample(
        self, parameters: torch.Tensor, vectors: torch.Tensor, shots: int, rng: np.random.Generator
    ) -> torch.Tensor:
        """How many of `shots` measurements of the first qubit gave 0, int64 [B] on the CPU.

        Raises:
            ProtocolError: shots below 1, vectors of another length than 1, or as for `expectation`.
        """
        shots = whole(shots, "shots", 1)
        with torch.no_grad():
            chance = self.expectation(parameters.double(), vectors)
        check_unit(vectors.detach().cpu().numpy())
        return torch.from_numpy(rng.binomial(shots, chance.cpu().numpy().clip(0, 1)))  # clips rounding only

    def _checked(self, parameters: torch.Tensor) -> torch.Tensor:
        """Real, finite and as many as there are symbols.

        Raises:
            ProtocolError: they are not.
        """
        if parameters.shape != (len(self.symbols),) or parameters.is_complex():
            shape, kind = tuple(parameters.shape), parameters.dtype
            raise ProtocolError(
                f"expected {len(self.symbols)} real parameters, got shape {shape} of {kind}", where="parameters"
            )
        if not torch.isfinite(parameters).all():
            raise ProtocolError("a parameter is NaN or infinite", where="parameters")
        return parameters

    def state_vector(self, parameters: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Final states [B, 2^n], real where all of it is real.

        Raises:
            ProtocolError: wrong shapes, NaN or infinity.
        """
        state, parameters = self.packed(vectors), self._checked(parameters)
        for step in self.steps:
            state = step.apply(state, step.angles(parameters.to(self.device, self.dtype)))
        return state[:, 0] if state.shape[1] == 1 else torch.complex(state[:, 0], state[:, 1])

    def packed(self, vectors: torch.Tensor) -> torch.Tensor:
        """[B, planes, 2^n] of [B, 2^n].

        Raises:
            ProtocolError: wrong length, NaN or infinity.
        """
        if vectors.ndim != 2 or vectors.shape[1] != 1 << self.qubits:
            raise ProtocolError(
                f"expected vectors [B, {1 << self.qubits}], got shape {tuple(vectors.shape)}", where="vectors"
            )
        if not torch.isfinite(vectors).all():
            raise ProtocolError("a vector holds NaN or infinity", where="vectors")
        planes = [vectors.real, vectors.imag] if vectors.is_complex() else [vectors]
        if len(planes) < self.planes:
            planes.append(torch.zeros_like(planes[0]))
        return torch.stack([plane.to(self.device, self.dtype) for plane in planes], 1)


class _Expectation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, parameters, state, engine: TorchEngine, observable):
        numbers = parameters.detach().to(engine.device, engine.dtype)
        for step in engine.steps:
            state = step.apply(state, step.angles(numbers))
        zero, one = observable
        half = state.shape[2] // 2
        ctx.engine, ctx.numbers, ctx.state, ctx.observable, ctx.kind = engine, numbers, state, observable, parameters
        weight = (state[:, :, :half].double() ** 2).sum((1, 2))  # sums in float64
        return (one + (zero - one) * weight).to(parameters.device, parameters.dtype)

    @staticmethod
    def backward(ctx, upstream):
        engine, state, (zero, one) = ctx.engine, ctx.state, ctx.observable
        half = state.shape[2] // 2
        other = state * upstream.detach().to(engine.device, engine.dtype)[:, None, None]
        other = torch.cat([zero * other[:, :, :half], one * other[:, :, half:]], 2)
        gradient = torch.zeros(len(engine.symbols), dtype=torch.float64, device=engine.device)
        for step in reversed(engine.steps):
            angles = step.angles(ctx.numbers)
            state, other = step.undo(state, other, angles, gradient)
        return gradient.to(ctx.kind.device, ctx.kind.dtype), 2 * other, None, None


class _Linear:
    """Angles of one step as a linear map of the parameters."""

    def __init__(self, engine: TorchEngine, angles: list, place: dict[str, int]):
        entries = [(row, place[name], value) for row, (_, given) in enumerate(angles) for name, value in given.items()]
        row, column, value = zip(*entries, strict=True) if entries else ((), (), ())
        options = {"dtype": engine.dtype, "device": engine.device}
        self.base = torch.tensor([constant for constant, _ in angles], **options)
        self.row = torch.tensor(row, dtype=torch.long, device=engine.device)
        self.column = torch.tensor(column, dtype=torch.long, device=engine.device)
        self.value = torch.tensor(value, **options)

    def angles(self, parameters: torch.Tensor) -> torch.Tensor:
        return self.base.index_add(0, self.row, self.value * parameters[self.column])

    def add_gradient(self, by_angle: torch.Tensor, gradient: torch.Tensor) -> None:
        gradient.index_add_(0, self.column, self.value.double() * by_angle.double()[self.row])


class _Rotation:
    def __init__(self, engine: TorchEngine, step: RotationStep, place: dict[str, int]):
        self.qubits = engine.qubits
        self.map = _Linear(engine, [step.angles.get(q, (0.0, {})) for q in range(engine.qubits)], place)
        self.groups = [range(q, min(q + GROUP, engine.qubits)) for q in range(0, engine.qubits, GROUP)]

    def angles(self, parameters):
        return self.map.angles(parameters)

    def _blocks(self, angles):
        c, s = torch.cos(angles / 2), torch.sin(angles / 2)
        single = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
        for group in self.groups:
            block = single[group[0]]
            for qubit in group[1:]:
                block = torch.kron(block, single[qubit].contiguous())
            yield group, block

    def _split(self, state, group):
        right = 1 << (self.qubits - group[-1] - 1)
        return state.reshape(-1, 1 << len(group), right)

    def apply(self, state, angles):
        for group, block in self._blocks(angles):
            state = (block @ self._split(state, group)).reshape(state.shape)
        return state

    def undo(self, state, other, angles, gradient):
        by_angle = torch.zeros_like(angles, dtype=torch.float64)
        for group, block in self._blocks(angles):
            x, y = self._split(state, group), self._split(other, group)
            overlap = (y @ x.transpose(1, 2)).double().sum(0)  # [i, j] = sum of y_i x_j
            difference = overlap - overlap.T
            index = torch.arange(len(overlap), device=overlap.device)
            for place, qubit in enumerate(group):
                bit = 1 << (len(group) - 1 - place)
                low = index[(index & bit) == 0]
                by_angle[qubit] = difference[low | bit, low].sum()
            state, other = ((block.T @ part).reshape(state.shape) for part in (x, y))
        self.map.add_gradient(by_angle, gradient)
        return state, other


class _Diagonal:
    def __init__(self, engine: TorchEngine, step: DiagonalStep, place: dict[str, int]):
        index, count = np.arange(1 << engine.qubits), engine.qubits
        product = step.fixed(count)
        self.real = is_real(product)
        options = {"dtype": engine.dtype, "device": engine.device}
        self.factor = torch.tensor(np.stack([product.real, product.imag]), **options)
        masks = [sum(1 << (count - 1 - p) for p in positions) for positions in step.terms]
        signs = [1 - 2.0 * (np.bitwise_count(index & mask) & 1) for mask in masks]
        self.signs = torch.tensor(np.array(signs).reshape(len(masks), index.size), **options)
        self.map = _Linear(engine, list(step.terms.values()), place)

    def angles(self, parameters):
        return self.map.angles(parameters)

    def _factor(self, angles):
        re, im = self.factor
        if len(self.signs):
            phase = angles @ self.signs / 2
            c, s = torch.cos(phase), -torch.sin(phase)
            re, im = re * c - im * s, re * s + im * c
        return re, im

    def _multiplied(self, state, re, im):
        if self.real and not len(self.signs):
            return state * re
        a, b = state[:, 0], state[:, 1]
        return torch.stack([a * re - b * im, a * im + b * re], 1)

    def apply(self, state, angles):
        return self._multiplied(state, *self._factor(angles))

    def undo(self, state, other, angles, gradient):
        if len(self.signs):
            weight = (other[:, 0] * state[:, 1] - other[:, 1] * state[:, 0]).sum(0)
            self.map.add_gradient(self.signs @ weight, gradient)
        re, im = self._factor(angles)
        return self._multiplied(state, re, -im), self._multiplied(other, re, -im)


class _Matrix:
    def __init__(self, engine: TorchEngine, step: MatrixStep):
        self.qubits, self.positions = engine.qubits, step.positions
        options = {"dtype": engine.dtype, "device": engine.device}
        self.real = is_real(step.matrix)
        self.planes = [
            torch.tensor(np.ascontiguousarray(part), **options) for part in (step.matrix.real, step.matrix.imag)
        ]

    def angles(self, parameters):
        return None

    def apply(self, state, angles, adjoint: bool = False):
        axes = [2 + p for p in self.positions]
        cube = state.reshape(*state.shape[:2], *(2,) * self.qubits).movedim(axes, list(range(2, 2 + len(axes))))
        flat = cube.reshape(*state.shape[:2], 1 << len(axes), -1)
        re, im = (self.planes[0].T, -self.planes[1].T) if adjoint else self.planes
        if self.real:
            flat = re @ flat
        else:
            a, b = flat[:, 0], flat[:, 1]
            flat = torch.stack([re @ a - im @ b, im @ a + re @ b], 1)
        return flat.reshape(cube.shape).movedim(list(range(2, 2 + len(axes))), axes).reshape(state.shape)

    def undo(self, state, other, angles, gradient):
        return self.apply(state, None, adjoint=True), self.apply(other, None, adjoint=True)
