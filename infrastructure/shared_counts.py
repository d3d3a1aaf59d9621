"""Counters that the worker processes of one server share: a table in memory that they all map, without a server to ask.

A counter lives until its window ends. The table has a fixed size; under more counters than it holds, those that would end soonest give way.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import structlog

log = structlog.get_logger(__name__)

SLOTS = 65_536
PROBES = 16  # slots that a key may lie in
_SLOT = struct.Struct("<Qqd")  # the key's digest, its count, when its window ends (by _now)


class SharedCounts:
    """Safe between threads and processes; a process that dies holding the lock gives it back."""

    # The file of the server whose worker this process is; None where a process is alone.
    server_file: ClassVar[Path | None] = None

    def __init__(self, path: Path | None) -> None:
        """Map the table in a file, which is made when there is none; without a path or a place for it, one of this process alone."""
        self._lock = threading.Lock()  # the file's lock knows processes, no threads
        self._to_epoch = time.time() - _now()
        self._descriptor: int | None = None
        size = SLOTS * _SLOT.size
        if path is not None:
            try:
                self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                # Taken now: where a disk is full, a page that is first written later would end the process.
                os.posix_fallocate(self._descriptor, 0, size)
            except OSError as error:
                log.error("requests are counted by each process for itself", file=str(path), reason=str(error))
                self._let_go()
        self._table = mmap.mmap(-1 if self._descriptor is None else self._descriptor, size)

    def add(self, key: str, seconds: float, amount: int = 1) -> tuple[int, float]:
        """Count in a window of so many seconds that began with its first count; the count, and when the window ends (of the epoch)."""
        digest = _digest(key)
        with self._locked():
            moment = _now()
            place, found = self._find(digest, moment)
            count, ends = found or (0, moment + seconds)
            _SLOT.pack_into(self._table, place, digest, count + amount, ends)
        return count + amount, ends + self._to_epoch

    def get(self, key: str) -> tuple[int, float]:
        """A window's count and end; 0 and now when there is none."""
        with self._locked():
            _, found = self._find(_digest(key), _now())
        return (0, time.time()) if found is None else (found[0], found[1] + self._to_epoch)

    def clear(self, key: str) -> None:
        """Forget a window."""
        with self._locked():
            place, found = self._find(_digest(key), _now())
            if found:
                _SLOT.pack_into(self._table, place, 0, 0, 0.0)

    def reset(self) -> None:
        """Forget every window."""
        with self._locked():
            self._table[:] = bytes(len(self._table))

    def close(self) -> None:
        """Let go of the table."""
        self._table.close()
        self._let_go()

    def _let_go(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            if self._descriptor is None:
                yield
                return
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)

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


def _now() -> float:
    """The clock of windows: one for all processes of a machine, which nobody sets back."""
    return time.monotonic()


def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
