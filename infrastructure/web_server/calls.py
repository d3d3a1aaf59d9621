"""Calls that threads, and handlers of signals, hand to the loop."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any


class CallQueue:
    """Wakes whoever waits for its file descriptor to be readable. Any number may put calls, one runs them."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()
        self._readable, self._writable = os.pipe()
        os.set_blocking(self._readable, False)
        os.set_blocking(self._writable, False)
        self._is_awake = False

    def fileno(self) -> int:
        """What is readable once there are calls."""
        return self._readable

    def put(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Have the loop call it soon."""
        self._calls.put((call, arguments))
        if not self._is_awake:
            self._is_awake = True
            with suppress(OSError):  # full: then it is readable; closed: then nobody waits any more
                os.write(self._writable, b"\0")

    def run(self) -> None:
        """Make the calls that were put so far, in their order."""
        with suppress(BlockingIOError):
            os.read(self._readable, 4096)
        # Before the queue is looked at: a call put from here on writes again.
        self._is_awake = False
        with suppress(Empty):
            while True:
                call, arguments = self._calls.get_nowait()
                call(*arguments)

    def close(self) -> None:
        """Close the pipe; what is put afterwards is dropped."""
        self._is_awake = True
        os.close(self._readable)
        os.close(self._writable)
