"""Configures glibc's allocator to return freed memory to the system."""

from __future__ import annotations

import ctypes

# Parameters of mallopt(3), from glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
ARENAS = 2
LARGE_BLOCK = 1_000_000  # bytes
TRIM_ABOVE = 8_000_000  # bytes that are free at the end of a heap


def give_back_memory() -> None:
    """Tune glibc's allocator for large, short-lived blocks; without glibc, do nothing.

    By default glibc has heaps per thread, and once a large block is freed, takes further blocks of that size from such a heap, which cannot
    shrink below a small block behind them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE_BLOCK), (_TRIM_THRESHOLD, TRIM_ABOVE)):
        mallopt(parameter, value)
