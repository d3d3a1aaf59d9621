"""Memory that is freed goes back to the system, instead of staying with the thread that used it."""

from __future__ import annotations

import ctypes

# Parameters of glibc's mallopt(3), as malloc.h has them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
ARENAS = 2
LARGE_BLOCK = 1_000_000  # bytes
MOST_KEPT = 8_000_000  # bytes at the end of a heap


def give_back_memory() -> None:
    """Set up glibc's allocator for a process of few, large and passing blocks; nothing happens where there is another.

    By itself it keeps a heap for each thread, and after the first large block is freed takes the next ones of that size from such a heap,
    which cannot shrink below whatever small block lies behind them.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_ARENA_MAX, ARENAS), (_MMAP_THRESHOLD, LARGE_BLOCK), (_TRIM_THRESHOLD, MOST_KEPT)):
        mallopt(parameter, value)
