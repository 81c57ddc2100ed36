"""Process-wide settings of a stage: threads and the C allocator. Call before numpy or torch are imported."""

from __future__ import annotations

import ctypes
import os
import sys

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def set_threads(threads: int) -> None:
    """Let BLAS, OpenMP, numba and torch use exactly `threads` threads, so that sums add up in one order everywhere."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(threads)
    if "numpy" in sys.modules:  # its BLAS has read the variables already
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def keep_freed_memory(bytes_: int = 1 << 30) -> None:
    """Ask glibc to reuse freed blocks instead of returning them to the kernel.

    Training allocates the same large temporaries in every step; by default each one is mapped, page-faulted and
    unmapped anew. Other C libraries have no ``mallopt``: then nothing happens.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(trim_threshold, bytes_)
    mallopt(mmap_threshold, bytes_)
