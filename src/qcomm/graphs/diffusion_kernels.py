"""Kernels of diffusion: gathered rows are fetched ahead of their use, since their addresses are known but scattered."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from qcomm.kernels_jit import kernel

AHEAD = 16  # edges between asking for a row and using it
LINE = 64  # bytes per cache line


@intrinsic
def prefetch(typing_context, array, row, offset):
    """Ask for the cache line `offset` bytes behind the start of array[row]; has no other effect."""

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = cgutils.unpack_tuple(builder, view.strides)[0]
        base = builder.bitcast(view.data, ir.IntType(8).as_pointer())
        place = builder.gep(base, [builder.add(builder.mul(arguments[1], stride), arguments[2])])
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [base.type, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [place, word(0), word(3), word(1)])  # to read, soon, data
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


@intrinsic
def widen(typing_context, value):
    """bfloat16 bits (uint16) as float32; floating-point values as they are."""
    if value != types.uint16:
        return value(value), lambda context, builder, signature, arguments: arguments[0]

    def generate(context, builder, signature, arguments):
        wide = builder.shl(builder.zext(arguments[0], ir.IntType(32)), ir.IntType(32)(16))
        return builder.bitcast(wide, ir.FloatType())

    return types.float32(types.uint16), generate


@kernel
def diffuse(indptr, indices, weights, loops, rows, columns, source, start, out):
    """out[i - start] = rows[i] * (loops[i] columns[i] source[i] + sum over edges i -> j of w columns[j] source[j]).

    Edges are those of a CSR matrix; `weights` is empty where all are 1, `loops` where there are none. `source` [N, D]
    holds floats or bfloat16 bits, `out` [block, D] floats. Four gathered rows are added per pass over a row of `out`.
    """
    width, last = out.shape[1], indices.size - 1
    lines = (width * source.itemsize + LINE - 1) // LINE
    plain, zero = weights.size == 0, out.dtype.type(0)
    for k in range(out.shape[0]):
        row = start + k
        at, end = np.intp(indptr[row]), np.intp(indptr[row + 1])
        if loops.size:
            own = loops[row] * columns[row]
            for u in range(width):
                out[k, u] = own * widen(source[row, u])
        else:
            for u in range(width):
                out[k, u] = zero
        while at + 4 <= end:
            for near in range(4):
                ahead = np.intp(indices[min(at + AHEAD + near, last)])
                for line in range(lines):
                    prefetch(source, ahead, line * LINE)
            i0, i1 = np.intp(indices[at]), np.intp(indices[at + 1])
            i2, i3 = np.intp(indices[at + 2]), np.intp(indices[at + 3])
            a0, a1, a2, a3 = columns[i0], columns[i1], columns[i2], columns[i3]
            if not plain:
                a0, a1 = a0 * weights[at], a1 * weights[at + 1]
                a2, a3 = a2 * weights[at + 2], a3 * weights[at + 3]
            for u in range(width):
                first = a0 * widen(source[i0, u]) + a1 * widen(source[i1, u])
                out[k, u] += first + (a2 * widen(source[i2, u]) + a3 * widen(source[i3, u]))
            at += 4
        while at < end:
            i0 = np.intp(indices[at])
            a0 = columns[i0] if plain else columns[i0] * weights[at]
            for u in range(width):
                out[k, u] += a0 * widen(source[i0, u])
            at += 1
        for u in range(width):
            out[k, u] *= rows[row]


@kernel
def gathered_sums(indptr, indices, weights, values, out):
    """out[i] += sum over edges i -> j of w values[j]; `weights` is empty where all are 1."""
    for row in range(indptr.size - 1):
        total = values.dtype.type(0)
        for at in range(indptr[row], indptr[row + 1]):
            weight = values.dtype.type(1) if weights.size == 0 else values.dtype.type(weights[at])
            total += weight * values[indices[at]]
        out[row] += total


@kernel
def diagonal_of(indptr, indices, weights, out):
    """out[i] += weights of edges i -> i."""
    for row in range(indptr.size - 1):
        for at in range(indptr[row], indptr[row + 1]):
            if indices[at] == row:
                out[row] += out.dtype.type(1) if weights.size == 0 else out.dtype.type(weights[at])
