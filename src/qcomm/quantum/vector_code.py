"""Rotations of several qubits at a time as explicit vector code: amplitudes stay in registers between qubits.

LLVM does not vectorise butterflies on one array by itself. Here 2^R vectors of neighbouring amplitudes are loaded, the
rotations of the log2(lanes) qubits inside a vector (shuffles) and of R qubits across vectors are applied, and they are
stored again. The code is portable: on a machine without wide registers LLVM splits the vectors.

A rotation R_y(theta) maps amplitudes (a, b) of one qubit to (c a - s b, s a + c b), c = cos(theta/2), s = sin(theta/2).
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core.extending import intrinsic

WIDE = 64 if binding.get_host_cpu_features().get("avx512f", False) else 32  # bytes of a vector register
CONTRACT = ("contract",)  # a product and a sum may become one fused operation


def lane_bits(item_bytes: int) -> int:
    """log2 of the amplitudes in one vector: that many qubits live inside it."""
    return (WIDE // item_bytes).bit_length() - 1


def rotation(radix: int, inside: bool):
    """An intrinsic ``f(x, at, stride, c, s, first)``: rotate 2^radix vectors at ``x[at + j * stride]`` in place.

    c[first + i], s[first + i] belong to the qubit of bit i of the vector number j; with `inside`, the log2(lanes)
    qubits within a vector come first: c[first] is that of the lowest bit.
    """

    @intrinsic
    def rotate(typing_context, x, at, stride, c, s, first):
        def generate(context, builder, signature, args):
            code = _Code(context, builder, signature.args[0])
            state = code.load(signature.args[0], args[0], args[1], args[2], radix)
            angles = _Angles(code, signature.args[3], args[3], args[4], args[5])
            for bit in range(code.bits if inside else 0):
                state = [code.turned_inside(v, bit, angles) for v in state]
                angles.used()
            for bit in range(radix):
                _turn_across(code, state, bit, angles)
                angles.used()
            code.store(state)
            return context.get_dummy_value()

        return types.void(x, types.intp, types.intp, c, s, types.intp), generate

    return rotate


def adjoint(radix: int, inside: bool):
    """An intrinsic ``f(x, y, at, stride, c, s, first, sums)``: rotate two states back and sum the derivatives.

    sums[(first + i) * lanes ..] += y_b x_a - y_a x_b over all pairs of the qubit, lane by lane; for qubits inside a
    vector lanes hold y_k x_(k xor bit), to be added with sign - where the bit of k is 0.
    """

    @intrinsic
    def rotate_back(typing_context, x, y, at, stride, c, s, first, sums):
        def generate(context, builder, signature, args):
            kind = signature.args[0]
            one, two = _Code(context, builder, kind), _Code(context, builder, kind)
            xs = one.load(kind, args[0], args[2], args[3], radix)
            ys = two.load(signature.args[1], args[1], args[2], args[3], radix)
            angles = _Angles(one, signature.args[4], args[4], args[5], args[6], back=True)
            totals = _Sums(one, signature.args[7], args[7], args[6])
            for bit in range(one.bits if inside else 0):
                swapped = [one.swapped(v, bit) for v in xs]
                totals.add([(y, v) for y, v in zip(ys, swapped, strict=True)], [])
                xs = [one.turned_inside(v, bit, angles, w) for v, w in zip(xs, swapped, strict=True)]
                ys = [one.turned_inside(v, bit, angles) for v in ys]
                angles.used()
            for bit in range(radix):
                low = [j for j in range(1 << radix) if not j >> bit & 1]
                high = [j | 1 << bit for j in low]
                totals.add(
                    [(ys[b], xs[a]) for a, b in zip(low, high, strict=True)],
                    [(ys[a], xs[b]) for a, b in zip(low, high, strict=True)],
                )
                _turn_across(one, xs, bit, angles)
                _turn_across(one, ys, bit, angles)
                angles.used()
            one.store(xs)
            two.store(ys)
            return context.get_dummy_value()

        return types.void(x, y, types.intp, types.intp, c, s, types.intp, sums), generate

    return rotate_back


def _turn_across(code, state, bit, angles):
    c, s, _ = angles.current()
    for a in range(len(state)):
        if not a >> bit & 1:
            b = a | 1 << bit
            state[a], state[b] = (
                code.fused(state[b], s, code.product(state[a], c), minus=True),
                code.fused(state[a], s, code.product(state[b], c)),
            )


class _Code:
    """Vector operations on amplitudes of one array."""

    def __init__(self, context, builder, kind):
        self.context, self.builder = context, builder
        self.item = context.get_data_type(kind.dtype)
        self.item_bytes = kind.dtype.bitwidth // 8
        self.lanes = WIDE // self.item_bytes
        self.bits = self.lanes.bit_length() - 1
        self.vector = ir.VectorType(self.item, self.lanes)
        self.places = []

    def data(self, kind, value):
        return self.context.make_array(kind)(self.context, self.builder, value).data

    def load(self, kind, value, at, stride, radix):
        data, place = self.data(kind, value), at
        for j in range(1 << radix):
            pointer = self.builder.gep(data, [place])
            self.places.append(self.builder.bitcast(pointer, self.vector.as_pointer()))
            if j + 1 < 1 << radix:
                place = self.builder.add(place, stride)
        return [self.builder.load(pointer, align=self.item_bytes) for pointer in self.places]

    def store(self, vectors):
        for vector, place in zip(vectors, self.places, strict=True):
            self.builder.store(vector, place, align=self.item_bytes)

    def product(self, a, b):
        return self.builder.fmul(a, b, flags=CONTRACT)

    def fused(self, a, b, c, minus=False):
        """c + a b, or c - a b."""
        combine = self.builder.fsub if minus else self.builder.fadd
        return combine(c, self.product(a, b), flags=CONTRACT)

    def swapped(self, vector, bit):
        """Lane k becomes lane k xor 2^bit."""
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [k ^ 1 << bit for k in range(self.lanes)])
        return self.builder.shuffle_vector(vector, ir.Constant(self.vector, ir.Undefined), order)

    def turned_inside(self, vector, bit, angles, swapped=None):
        c, s, minus_s = angles.current()
        signs = ir.Constant(
            ir.VectorType(ir.IntType(32), self.lanes),
            [self.lanes * (1 - (k >> bit & 1)) + k for k in range(self.lanes)],
        )
        factor = self.builder.shuffle_vector(s, minus_s, signs)  # -s where the bit is 0, s where it is 1
        swapped = self.swapped(vector, bit) if swapped is None else swapped
        return self.fused(swapped, factor, self.product(vector, c))

    def spread(self, number):
        """A vector with the same number in every lane."""
        undefined = ir.Constant(self.vector, ir.Undefined)
        one = self.builder.insert_element(undefined, number, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(one, undefined, zeros)


class _Angles:
    """Cosines and sines of one qubit after the other, spread over vectors."""

    def __init__(self, code, kind, c, s, first, back=False):
        self.code, self.back = code, back
        self.c, self.s, self.at = code.data(kind, c), code.data(kind, s), first

    def current(self):
        builder = self.code.builder
        c = self.code.spread(builder.load(builder.gep(self.c, [self.at])))
        s = self.code.spread(builder.load(builder.gep(self.s, [self.at])))
        minus = builder.fsub(ir.Constant(self.code.vector, [0.0] * self.code.lanes), s)
        return (c, minus, s) if self.back else (c, s, minus)

    def used(self):
        self.at = self.code.builder.add(self.at, self.at.type(1))


class _Sums:
    """Running sums of one qubit after the other."""

    def __init__(self, code, kind, value, first):
        self.code, self.data, self.at = code, code.data(kind, value), first

    def add(self, plus, minus):
        builder, code = self.code.builder, self.code
        place = builder.gep(self.data, [builder.mul(self.at, self.at.type(code.lanes))])
        place = builder.bitcast(place, code.vector.as_pointer())
        total = builder.load(place, align=code.item_bytes)
        for a, b in plus:
            total = code.fused(a, b, total)
        for a, b in minus:
            total = code.fused(a, b, total, minus=True)
        builder.store(total, place, align=code.item_bytes)
        self.at = builder.add(self.at, self.at.type(1))
