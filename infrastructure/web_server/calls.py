"""Calls from threads and signal handlers to the loop."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any


class CallQueue:
    """A queue of calls with a file descriptor that is readable while calls wait. Any thread may `put`; one thread runs them."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._readable, False)
        os.set_blocking(self._writable, False)
        self._is_awake = False

    def fileno(self) -> int:
        """The file descriptor to wait for."""
        return self._readable

    def put(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Queue a call for the loop."""
        self._calls.put((call, arguments))
        if not self._is_awake:
            self._is_awake = True
            with suppress(OSError):  # the pipe is full, and so readable, or it is closed
                os.write(self._writable, b"\0")

    def run(self) -> None:
        """Run the queued calls in order."""
        with suppress(BlockingIOError):
            os.read(self._readable, 4096)
        # Reset before the queue is read: a call put from now on must write again.
        self._is_awake = False
        with suppress(Empty):
            while True:
                call, arguments = self._calls.get_nowait()
                call(*arguments)

    def close(self) -> None:
        """Close the pipe; later calls are dropped."""
        self._is_awake = True
        os.close(self._readable)
        os.close(self._writable)
