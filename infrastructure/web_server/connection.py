"""One connection: its socket, state and deadlines."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from infrastructure.web_server.incoming import IncomingRequest
from infrastructure.web_server.outgoing import Outgoing
from infrastructure.web_server.pace import Pace


@dataclass(frozen=True)
class Limits:
    """Limits for slow or large requests."""

    head_seconds: float  # from the connect, or the first byte of a later request, to the end of the head
    least_rate: float  # bytes per second, of a request's body and of a response
    most_body_bytes: int  # received before the application runs
    most_bodies_bytes: int = 268_435_456  # of all incomplete requests; beyond it the oldest are closed
    most_pending_bytes: int = 33_554_432  # of all responses in FLUSHING; beyond it the oldest are closed


class State(Enum):
    """The state of a connection. Only a WORKING connection occupies a thread."""

    IDLE = "idle"  # no byte of the next request has arrived
    HEAD = "head"  # a part of the head has arrived
    BODY = "body"  # the head is complete, the body is arriving
    WORKING = "working"  # the request is complete, and waits for a thread or has one
    FLUSHING = "flushing"  # the response is complete and is being sent
    CLOSING = "closing"  # closed for writing; input is dropped, so that the client can read the response


class Outcome(Enum):
    """What happens to a connection after a response."""

    KEEP = "keep"
    CLOSE = "close"
    DROP = "drop"  # close at once: the client is gone, or the response is incomplete
    LEAVE = "leave"  # it became a WebSocket, whose own thread reads from it


class Connection:
    """A client's connection. Belongs to the loop."""

    def __init__(self, sock: socket.socket, peer: Any, listener: Any, ask_to_flush: Callable[[Connection], None]) -> None:
        """`peer` and `listener` are socket addresses; a thread calls `ask_to_flush` when the loop has something to send."""
        self.sock, self.peer, self.listener = sock, peer, listener
        sock.setblocking(False)
        self.outgoing = Outgoing(sock, lambda: ask_to_flush(self))
        self.requests = 0
        self.state = State.IDLE
        self.since = 0.0  # when it entered its state
        self.deadline = 0.0
        self.pace: Pace | None = None  # of the transfer in its state
        self.keep = False  # whether it stays open after the present response
        self.drained = 0  # bytes dropped while closing
        self.events = 0  # that the poller waits for; 0 for none
        self.incoming: IncomingRequest

    def enter(self, state: State, moment: float, deadline: float = float("inf"), pace: Pace | None = None) -> None:
        """Enter a state."""
        self.state, self.since, self.deadline, self.pace = state, moment, deadline, pace

    def expect(self, cfg: Any, limits: Limits) -> None:
        """Prepare for the next request."""
        self.requests += 1
        self.incoming = IncomingRequest(cfg, self.peer, self.requests, limits.most_body_bytes)

    def is_late(self, moment: float) -> bool:
        """Whether the deadline has passed, or the transfer is too slow."""
        return moment > self.deadline or (self.pace is not None and self.pace.is_too_slow(moment))

    def is_client_gone(self) -> bool:
        """Whether the client has closed the connection, as far as the socket shows."""
        if self.outgoing.is_broken:
            return True
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def shut(self) -> None:
        """Close for writing: the client sees the end of the response."""
        with suppress(OSError):  # the client is gone
            self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close, and wake a thread that waits to write."""
        self.outgoing.give_up()
        self.incoming.close()
        with suppress(OSError):
            self.sock.close()
