"""Arrays of an npz as memory maps: nothing is read before it is used, so files may be larger than the memory."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from qcomm.errors import DataError

LOCAL_HEADER = 30  # bytes before the name in a zip member; the lengths of name and extra field end it
READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def map_npz(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays of an uncompressed npz as read-only memory maps, by name.

    Raises:
        DataError: the file is no npz, or an array is compressed or holds objects.
    """
    try:
        with zipfile.ZipFile(path) as archive, open(path, "rb") as stream:
            return {info.filename.removesuffix(".npy"): _member(path, stream, info) for info in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise DataError(f"not a readable npz: {error}", where=str(path), fix="delete the file and run again") from error


def _member(path: str | Path, stream, info: zipfile.ZipInfo) -> np.ndarray:
    if info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{info.filename} is compressed")
    stream.seek(info.header_offset)
    header = stream.read(LOCAL_HEADER)
    stream.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    shape, fortran, dtype = READERS[np.lib.format.read_magic(stream)](stream)
    if dtype.hasobject:
        raise ValueError(f"{info.filename} holds objects")
    if 0 in shape:
        return np.empty(shape, dtype)  # there is nothing to map
    return np.memmap(path, dtype, "r", offset=stream.tell(), shape=shape, order="F" if fortran else "C")
