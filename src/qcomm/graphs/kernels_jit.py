"""The decorator of all compiled kernels of graph training: cached on disk, and never stale.

Numba's own cache looks at the file of the compiled function alone: an edit of a function that it calls in another file
would go unnoticed. Here the folder of the cache is named after the content of all kernel files.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path

import numba
from numba.core import config

HERE = Path(__file__).resolve().parent

# Sums may be reordered and products fused, once, at compile time: the same machine repeats the same bytes.
# NaN and infinity stay what they are, so that a diverged training run is noticed.
FASTMATH = {"contract", "reassoc", "nsz"}


@cache
def cache_folder() -> str:
    """A writable folder that belongs to exactly this version of the kernels."""
    digest = hashlib.sha256()
    for file in sorted(HERE.glob("kernels_*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    name = f"kernels-{digest.hexdigest()[:16]}"
    beside = HERE / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)
        writable = os.access(beside, os.W_OK)
    except OSError:
        writable = False
    base = beside if writable else Path(tempfile.gettempdir()) / f"qcomm-{os.getuid()}"
    return str(base / name)


def kernel(function):
    """`numba.njit` without threads and the interpreter lock, with the cache described above."""
    before = config.CACHE_DIR
    config.CACHE_DIR = cache_folder()
    try:
        return numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", fastmath=FASTMATH)(function)
    finally:
        config.CACHE_DIR = before
