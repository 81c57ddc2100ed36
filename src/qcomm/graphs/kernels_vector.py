"""Register-blocked products as explicit vector code, because LLVM does not vectorise gathered rows well by itself.

A panel of columns is walked six rows of the result at a time; these stay in registers over the whole sum. The code is
portable: on a machine without wide registers LLVM splits the vectors.
"""

from __future__ import annotations

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.core.extending import intrinsic

WIDE = 64 if binding.get_host_cpu_features().get("avx512f", False) else 32  # bytes of a vector register
CONTRACT = ("contract",)  # a product and a sum may become one fused operation


ROWS = 6  # of the result at a time: with two registers each, twelve sums hide the latency of the additions


def panel(vectors: int, vector_bytes: int, transposed: bool):
    """An intrinsic ``f(a, cols, source, target, column)`` for a panel of columns; rows of all arrays are contiguous.

    Plain: target[r, column..] += sum over k of a[r, k] source[cols[k], column..].
    Transposed: target[cols[j], column..] += sum over r of a[r, j] source[r, column..].

    Args:
        vectors: vector registers per row.
        vector_bytes: bytes of a register; one number at least.
        transposed: which of the two forms.
    """

    @intrinsic
    def add_panel(typing_context, a, cols, source, target, column):
        def generate(context, builder, signature, args):
            kinds = signature.args[:4]
            arrays = [_Array(context, builder, kind, value) for kind, value in zip(kinds, args, strict=False)]
            _all_rows(builder, arrays, args[4], (vectors, vector_bytes, transposed))
            return context.get_dummy_value()

        return types.void(a, cols, source, target, types.intp), generate

    return add_panel


def _all_rows(builder, arrays, column, form):
    """Blocks of `ROWS` rows in a loop, then the remaining rows in blocks of 3, 2 and 1."""
    a = arrays[0]
    rows = a.shape[1] if form[2] else a.shape[0]
    index = rows.type
    blocks = builder.sdiv(rows, index(ROWS))
    with cgutils.for_range(builder, blocks) as loop:
        _block(builder, *arrays, builder.mul(loop.index, index(ROWS)), column, (ROWS, *form))
    done = cgutils.alloca_once_value(builder, builder.mul(blocks, index(ROWS)))
    for size in (3, 2, 1):
        first = builder.load(done)
        after = builder.add(first, index(size))
        with builder.if_then(builder.icmp_signed("<=", after, rows)):
            _block(builder, *arrays, first, column, (size, *form))
            builder.store(after, done)


class _Array:
    """Pointers into a numba array whose last axis is contiguous."""

    def __init__(self, context, builder, kind, value):
        self.builder = builder
        array = context.make_array(kind)(context, builder, value)
        self.data, self.item = array.data, context.get_data_type(kind.dtype)
        self.item_bytes = kind.dtype.bitwidth // 8
        self.shape = cgutils.unpack_tuple(builder, array.shape, kind.ndim)
        stride = cgutils.unpack_tuple(builder, array.strides, kind.ndim)[0]
        self.stride = builder.sdiv(stride, stride.type(self.item_bytes))

    def at(self, row, column=None):
        """Pointer to [row, column] or, of a vector, to [row]."""
        place = row if column is None else self.builder.add(self.builder.mul(row, self.stride), column)
        return self.builder.gep(self.data, [place])


def _block(builder, a, cols, source, target, first, column, form):
    """One block of rows: load the result, add all products, store it."""
    mr, vectors, vector_bytes, transposed = form
    lanes = max(1, vector_bytes // target.item_bytes)
    kind = ir.VectorType(target.item, lanes)
    index = first.type
    columns = [builder.add(column, index(lanes * n)) for n in range(vectors)]
    rows = [builder.add(first, index(m)) for m in range(mr)]
    targets = [builder.load(cols.at(row)) if transposed else row for row in rows]
    places = [[builder.bitcast(target.at(row, c), kind.as_pointer()) for c in columns] for row in targets]
    sums = [[cgutils.alloca_once(builder, kind) for _ in columns] for _ in rows]  # LLVM keeps them in registers
    for line, store in zip(places, sums, strict=True):
        for place, cell in zip(line, store, strict=True):
            builder.store(builder.load(place, align=target.item_bytes), cell)
    with cgutils.for_range(builder, source.shape[0] if transposed else cols.shape[0]) as loop:
        at = loop.index if transposed else builder.load(cols.at(loop.index))
        factors = [builder.bitcast(source.at(at, c), kind.as_pointer()) for c in columns]
        factors = [builder.load(place, align=target.item_bytes) for place in factors]
        for row, store in zip(rows, sums, strict=True):
            number = builder.load(a.at(loop.index, row) if transposed else a.at(row, loop.index))
            spread = _spread(builder, number, kind)
            for factor, cell in zip(factors, store, strict=True):
                product = builder.fmul(spread, factor, flags=CONTRACT)
                builder.store(builder.fadd(builder.load(cell), product, flags=CONTRACT), cell)
    for line, store in zip(places, sums, strict=True):
        for place, cell in zip(line, store, strict=True):
            builder.store(builder.load(cell), place, align=target.item_bytes)


def _spread(builder, number, kind):
    """A vector with the same number in every lane."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)
