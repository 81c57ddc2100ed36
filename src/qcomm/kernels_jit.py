"""The decorator of all compiled kernels: cached on disk, and never stale.

Numba's own cache looks at the file of the compiled function alone: an edit of a function that it calls in another file
would go unnoticed. Here the folder of the cache is named after the content of a module and of all that it imports.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

import numba
from numba.core import config

from qcomm.audit.closure import code_digest

HERE = Path(__file__).resolve().parent

# Sums may be reordered and products fused, once, at compile time: the same machine repeats the same bytes.
# NaN and infinity stay what they are, so that a diverged training run is noticed.
FASTMATH = {"contract", "reassoc", "nsz"}
# Kernels that kernels call become part of them: a process that compiles would otherwise run its own copy of the
# called kernel on its own, later processes the one inside its cached caller, and the two order their sums differently.
COMPILED = {"fastmath": FASTMATH, "forceinline": True}


@cache
def cache_folder(module: str) -> str:
    """A writable folder that belongs to exactly this version of a module and of all modules that it imports."""
    beside = HERE / "__pycache__"
    try:
        beside.mkdir(exist_ok=True)
        writable = os.access(beside, os.W_OK)
    except OSError:
        writable = False
    base = beside if writable else Path(tempfile.gettempdir()) / f"qcomm-{os.getuid()}"
    return str(base / f"kernels-{code_digest(module)[:16]}")


def kernel(function):
    """`numba.njit` without threads and the interpreter lock, with the cache described above."""
    before = config.CACHE_DIR
    config.CACHE_DIR = cache_folder(function.__module__)
    try:
        return numba.njit(cache=True, nogil=True, boundscheck=False, error_model="numpy", **COMPILED)(function)
    finally:
        config.CACHE_DIR = before
