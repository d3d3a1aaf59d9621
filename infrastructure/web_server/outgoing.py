"""The write side of a connection: a thread writes; what the client does not accept at once, the loop sends later."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable

MOST_PENDING_BYTES = 1_048_576  # per connection; beyond it, a writing thread waits


class ClientGone(ConnectionError):
    """The client has closed the connection, or reads the response too slowly."""


class Outgoing:
    """Threads call `sendall`, the loop calls `flush`. gunicorn's Response uses it as a socket."""

    def __init__(self, sock: socket.socket, ask_to_flush: Callable[[], None]) -> None:
        """A thread calls `ask_to_flush` when the loop has something to send."""
        self._sock, self._ask_to_flush = sock, ask_to_flush
        self._pending: deque[memoryview] = deque()
        self._room = threading.Condition()
        self._is_broken = False
        self._is_held = False
        self._held = b""
        self.pending_bytes = 0

    @property
    def is_broken(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._is_broken

    def hold_first(self) -> None:
        """Hold back the next write, a response's head, to send it with the following one, or at `release`."""
        self._is_held = True

    def release(self) -> None:
        """Send what is held back. Raises ClientGone."""
        self._is_held = False
        if self._held:
            self.sendall(b"")

    def take_back(self) -> bool:
        """Drop what is held back; return whether nothing was sent since `hold_first`."""
        is_unsent = self._is_held or bool(self._held)
        self._is_held, self._held = False, b""
        return is_unsent

    def sendall(self, data: bytes) -> None:
        """Send, or queue for the loop; blocks while more than MOST_PENDING_BYTES are queued. Raises ClientGone."""
        if self._is_held:
            self._is_held, self._held = False, data
            return
        if self._held:
            data, self._held = self._held + data, b""
        with self._room:
            if self._is_broken:
                raise ClientGone
            sent = 0 if self._pending else self._send(data)
            if sent == len(data):
                return
            is_first = not self._pending
            self._pending.append(memoryview(data)[sent:])
            self.pending_bytes += len(data) - sent
        if is_first:
            self._ask_to_flush()
        with self._room:
            self._room.wait_for(lambda: self._is_broken or self.pending_bytes <= MOST_PENDING_BYTES)

    def flush(self) -> int:
        """Send what the client accepts now; return the number of bytes."""
        total = 0
        with self._room:
            while self._pending and not self._is_broken:
                piece = self._pending[0]
                try:
                    sent = self._send(piece)
                except ClientGone:
                    break
                total += sent
                if sent < len(piece):
                    self._pending[0] = piece[sent:]
                    break
                self._pending.popleft()
            if not self._is_broken:
                self.pending_bytes -= total
            self._room.notify_all()
        return total

    def give_up(self) -> None:
        """Drop queued bytes, and make a waiting thread raise ClientGone."""
        with self._room:
            self._break()

    def _send(self, data: bytes | memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._break()
            raise ClientGone from error

    def _break(self) -> None:
        self._is_broken = True
        self._pending.clear()
        self.pending_bytes = 0
        self._room.notify_all()
