"""Hop features written block by block, in memory as far as it goes and by panels of columns beyond."""

from __future__ import annotations

import math
import mmap
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qcomm.errors import ConfigError, DataError
from qcomm.files import ZIP_EPOCH, atomic_path
from qcomm.graphs.bfloat import narrowed
from qcomm.graphs.diffusion import Diffusion, row_blocks, steps, workers

ROWS = 1 << 16  # rows that pass through memory together on their way to a file
PANEL = 16  # columns: a panel of float32 fills whole cache lines
STORAGES = {"float32": np.float32, "bfloat16": np.uint16}


class NpzWriter:
    """Members of an open npz, written one by one; large ones in blocks of rows."""

    def __init__(self, archive: zipfile.ZipFile):
        self.archive = archive

    def add(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Whole arrays by name."""
        for name in sorted(arrays):
            array = np.asarray(arrays[name])
            self.stream(name, array.shape, array.dtype, [array])

    def stream(self, name: str, shape: tuple[int, ...], dtype, blocks: Iterable[np.ndarray]) -> None:
        """One array of the given shape and dtype whose rows come in blocks.

        Raises:
            DataError: the blocks hold more or less than `shape` says.
        """
        dtype, size = np.dtype(dtype), 0
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        with self.archive.open(zipfile.ZipInfo(f"{name}.npy", ZIP_EPOCH), "w", force_zip64=True) as member:
            np.lib.format.write_array_header_1_0(member, header)
            for block in blocks:
                size += block.size
                if block.size:
                    member.write(np.ascontiguousarray(block, dtype).reshape(-1).view(np.uint8).data)
        if size != math.prod(shape):
            raise DataError(f"{size} values were written for the shape {shape}", where=name)


@contextmanager
def npz_writer(path: str | Path) -> Iterator[NpzWriter]:
    """An npz that appears at `path` when the block ends well; equal arrays in equal order give equal bytes."""
    with atomic_path(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        yield NpzWriter(archive)


def drop_pages(array: np.ndarray) -> None:
    """Let go of the resident pages of a memory map; they come back from the file when they are used again."""
    while array is not None and not isinstance(array, mmap.mmap):
        array = getattr(array, "base", None)
    if array is not None and hasattr(mmap, "MADV_DONTNEED"):
        array.madvise(mmap.MADV_DONTNEED)


class Features:
    """Start features of a diffusion, handed out in blocks.

    Args:
        matrix: [N, D] dense, also a memory map.
        row_normalised: divide rows by their sums.
    """

    def __init__(self, matrix: np.ndarray, *, row_normalised: bool = False):
        self.matrix, self.row_normalised = matrix, row_normalised

    def block(self, start: int, stop: int, columns: slice = slice(None)) -> np.ndarray:
        """Rows start .. stop - 1 of some columns, float32.

        Raises:
            DataError: a value is not finite.
        """
        rows = self.matrix[start:stop]
        if not np.isfinite(rows).all():
            raise DataError(f"features of nodes {start} .. {stop - 1} are NaN or infinite", fix="mend the raw data")
        chosen = np.asarray(rows[:, columns], np.float32)
        if self.row_normalised:
            sums = rows.sum(axis=1, dtype=np.float64)
            scale = np.divide(1.0, sums, out=np.ones_like(sums), where=sums != 0)
            chosen = (chosen * scale[:, None]).astype(np.float32)
        drop_pages(self.matrix)
        return chosen


def hop_streams(
    operator: Diffusion,
    features: Features,
    hops: int,
    *,
    folder: str | Path,
    storage: str = "float32",
    memory_mb: float = 6000,
    threads: int = 1,
) -> Iterator[Iterator[np.ndarray]]:
    """Yield X, S X, .., S^hops X, each as blocks of rows in order, to be consumed before the next is asked for.

    Two hops are held in memory if `memory_mb` allows. Otherwise panels of columns pass through all steps one after the
    other, one panel of one hop in memory at a time, and wait in a folder beside `folder` until they are joined: columns
    do not depend on each other, so the values are the same to the last bit.

    Args:
        operator: of N nodes.
        features: X [N, D].
        hops: number of steps, >= 0.
        folder: where temporary files may lie; twice the size of the result is needed there.
        storage: float32, or bfloat16 (every hop rounded, sums in float32).
        memory_mb: for the features; the graph, if mapped, comes and goes page by page.
        threads: of the diffusion.

    Raises:
        ConfigError: a setting is impossible.
        DataError: sizes disagree, or features are not finite.
    """
    nodes, width = features.matrix.shape
    if hops < 0 or storage not in STORAGES:
        raise ConfigError(f"{hops} hops as {storage} are not possible", fix=f"0 or more, as {' or '.join(STORAGES)}")
    if nodes != operator.nodes:
        raise DataError(f"the adjacency has {operator.nodes} nodes, the features have {nodes} rows")
    room = memory_mb * 1e6 / (nodes * np.dtype(STORAGES[storage]).itemsize)  # columns
    if 2 * width <= room:
        yield from _in_memory(operator, features, hops, storage, threads)
        return
    if room < PANEL:
        raise ConfigError(f"{memory_mb} MB do not hold {PANEL} columns of {nodes} nodes", fix="allow more memory")
    count = math.ceil(width / (PANEL * int(room // PANEL)))
    panel = PANEL * math.ceil(width / count / PANEL)
    cuts = [slice(at, min(at + panel, width)) for at in range(0, width, panel)]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".hops.") as scratch, workers(threads) as pool:
        panels = [_panel(operator, features, hops, storage, cut, Path(scratch), pool) for cut in cuts]
        for hop in range(hops + 1):
            yield _joined([files[hop] for files in panels], cuts, nodes, storage)


def _start(features: Features, storage: str, columns: slice = slice(None)) -> np.ndarray:
    nodes, width = features.matrix.shape[0], len(range(*columns.indices(features.matrix.shape[1])))
    out = np.empty((nodes, width), STORAGES[storage])
    for start, stop in row_blocks(nodes, ROWS):
        block = features.block(start, stop, columns)
        out[start:stop] = block if storage == "float32" else narrowed(block)
    return out


def _in_memory(operator, features, hops, storage, threads) -> Iterator[Iterator[np.ndarray]]:
    start = _start(features, storage)
    yield (start[a:b] for a, b in row_blocks(operator.nodes, ROWS))
    chain = steps(operator, start, hops, threads)
    del start  # the chain lets go of it after the first step
    for hop in chain:
        yield (hop[a:b] for a, b in row_blocks(operator.nodes, ROWS))


def _panel(operator, features, hops, storage, columns, scratch: Path, pool) -> list[Path]:
    """All hops of some columns as raw files; returns their paths."""
    source = _start(features, storage, columns)
    files = [scratch / f"{columns.start}-{hop}" for hop in range(hops + 1)]
    source.tofile(files[0])
    block = np.empty((ROWS, source.shape[1]), source.dtype)
    for number, file in enumerate(files[1:], 1):
        with file.open("wb") as stream:
            for start, stop in row_blocks(operator.nodes, ROWS):
                operator.rows_into(source, start, block[: stop - start], pool)
                stream.write(block[: stop - start].data)
                drop_pages(operator.indices)
        if number < hops:
            with file.open("rb") as stream:
                stream.readinto(source.reshape(-1).view(np.uint8).data)
    return files


def _joined(files: list[Path], cuts: list[slice], nodes: int, storage: str) -> Iterator[np.ndarray]:
    for start, stop in row_blocks(nodes, ROWS):
        block = np.empty((stop - start, cuts[-1].stop), STORAGES[storage])
        for file, cut in zip(files, cuts, strict=True):
            width = cut.stop - cut.start
            count, offset = (stop - start) * width, start * width * block.itemsize
            block[:, cut] = np.fromfile(file, block.dtype, count, offset=offset).reshape(-1, width)
        yield block
    for file in files:
        file.unlink()
