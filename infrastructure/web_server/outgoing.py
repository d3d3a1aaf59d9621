"""What a thread writes an answer through. What the client does not take at once, the loop sends when it does."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable

MOST_PENDING_BYTES = 1_048_576  # of one connection; a thread with more to write waits


class ClientGone(ConnectionError):
    """The client has closed the connection, or takes its answer too slowly."""


class Outgoing:
    """The writing half of a connection: `sendall` is for threads, `flush` for the loop. gunicorn's Response takes it for a socket."""

    def __init__(self, sock: socket.socket, ask_to_flush: Callable[[], None]) -> None:
        """`ask_to_flush` is called, by a thread, when there is something for the loop to send."""
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
        """Keep what is written next, the head of an answer, to send it together with what follows, or with `release`."""
        self._is_held = True

    def release(self) -> None:
        """Nothing follows. Raises ClientGone."""
        self._is_held = False
        if self._held:
            self.sendall(b"")

    def take_back(self) -> bool:
        """Whether nothing was sent since `hold_first`; what was kept is dropped."""
        is_unsent = self._is_held or bool(self._held)
        self._is_held, self._held = False, b""
        return is_unsent

    def sendall(self, data: bytes) -> None:
        """Send, or leave it to the loop; waits while there is much to send. Raises ClientGone."""
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
        """Send what the client takes now; how many bytes that were."""
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
        """Nobody takes any more: drop what is left, and tell whoever waits."""
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
