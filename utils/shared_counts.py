"""Counters that the worker processes of one server share: a table in memory that they all map, without a server to ask.

A counter lives until its window ends. The table has a fixed size; under more counters than it holds, those that would end soonest give way.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

SLOTS = 65_536
PROBES = 16  # slots that a key may lie in
_SLOT = struct.Struct("<Qqd")  # the key's digest, its count, when its window ends (seconds since the epoch)


class SharedCounts:
    """Safe between threads and processes; a process that dies holding the lock gives it back."""

    # The file of the server whose worker this process is; None where a process is alone.
    server_file: ClassVar[Path | None] = None

    def __init__(self, path: Path | None) -> None:
        """Map the table in a file, which is made when there is none; without a path, one that is this process's alone."""
        size = SLOTS * _SLOT.size
        if path is None:
            descriptor, name = tempfile.mkstemp(prefix="counts-")
            Path(name).unlink()
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(descriptor).st_size < size:
            os.ftruncate(descriptor, size)
        self._descriptor = descriptor
        self._table = mmap.mmap(descriptor, size)
        self._lock = threading.Lock()  # the file's lock knows processes, no threads

    def add(self, key: str, seconds: float, amount: int = 1) -> tuple[int, float]:
        """Count in a window of so many seconds that began with its first count; the count, and when the window ends."""
        digest = _digest(key)
        with self._lock:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                moment = time.time()
                place, found = self._find(digest, moment)
                count, ends = found or (0, moment + seconds)
                _SLOT.pack_into(self._table, place, digest, count + amount, ends)
                return count + amount, ends
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

    def get(self, key: str) -> tuple[int, float]:
        """A window's count and end; 0 and now when there is none."""
        moment = time.time()
        _, found = self._find(_digest(key), moment)
        return found or (0, moment)

    def clear(self, key: str) -> None:
        """Forget a window."""
        place, found = self._find(_digest(key), time.time())
        if found:
            _SLOT.pack_into(self._table, place, 0, 0, 0.0)

    def reset(self) -> None:
        """Forget every window."""
        self._table[:] = bytes(len(self._table))

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()
        os.close(self._descriptor)

    def _find(self, digest: int, moment: float) -> tuple[int, tuple[int, float] | None]:
        """Where a key's window is, or is to be made."""
        best, best_ends = 0, float("inf")
        for step in range(PROBES):
            place = (digest + step) % SLOTS * _SLOT.size
            held, count, ends = _SLOT.unpack_from(self._table, place)
            if ends <= moment:
                ends = 0.0
            elif held == digest:
                return place, (count, ends)
            if ends < best_ends:
                best, best_ends = place, ends
        return best, None


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
