"""Configures glibc's allocator to return freed memory to the system."""

from __future__ import annotations

import ctypes

# Parameters of glibc's mallopt(3), from malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
ARENAS = 2
LARGE_BLOCK = 1_000_000  # bytes
TRIM_BYTES = 8_000_000  # free bytes at the end of a heap above which it is trimmed


def give_back_memory() -> None:
    """Configure glibc's allocator for few, large, short-lived blocks; do nothing with another C library.

    By default glibc keeps a heap for each thread. After a large block is freed, it allocates blocks of that size from such a heap, and a
    heap cannot shrink below a small block that lies behind them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE_BLOCK), (_TRIM_THRESHOLD, TRIM_BYTES)):
        mallopt(parameter, value)
