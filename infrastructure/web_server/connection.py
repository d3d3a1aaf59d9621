"""One connection: its socket, what it is doing, and until when it may."""

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
    """What clients may take their time for, and how much is held for them meanwhile."""

    head_seconds: float  # from connecting, or from the first byte of a later request, to the end of the head
    least_rate: float  # bytes a second, of a body that comes and of an answer that goes
    most_body_bytes: int  # taken in before the application is asked
    most_bodies_bytes: int = 268_435_456  # of all requests that are coming in; beyond it the slowest are given up
    most_pending_bytes: int = 33_554_432  # of all answers that are being sent; beyond it the slowest are given up


class State(Enum):
    """What a connection is doing. Only one that is WORKING has a thread."""

    IDLE = "idle"  # no byte of its next request has come
    HEAD = "head"  # a part of a head has come
    BODY = "body"  # the head is there, the body is coming
    WORKING = "working"  # its request waits for a thread, or has one
    FLUSHING = "flushing"  # its answer has been made and is being sent
    CLOSING = "closing"  # it is closed for writing; what still comes is dropped, so that the client reads its answer


class Outcome(Enum):
    """What becomes of a connection after an answer."""

    KEEP = "keep"
    CLOSE = "close"
    DROP = "drop"  # at once: its client is gone, or its answer broke off
    LEAVE = "leave"  # it was taken over as a WebSocket, whose own thread reads what still comes


class Connection:
    """A client's connection as the loop sees it."""

    def __init__(self, sock: socket.socket, peer: Any, listener: Any, ask_to_flush: Callable[[Connection], None]) -> None:
        """`peer` and `listener` are the two addresses."""
        self.sock, self.peer, self.listener = sock, peer, listener
        sock.setblocking(False)
        self.outgoing = Outgoing(sock, lambda: ask_to_flush(self))
        self.requests = 0
        self.state = State.IDLE
        self.since = 0.0  # when it came into its state
        self.deadline = 0.0
        self.pace: Pace | None = None  # of the bytes that must move in its state
        self.keep = False  # after the answer that is being sent
        self.drained = 0  # bytes dropped while closing
        self.events = 0  # which the poller looks for; 0 when it looks for none
        self.incoming: IncomingRequest

    def enter(self, state: State, moment: float, deadline: float = float("inf"), pace: Pace | None = None) -> None:
        """Change the state."""
        self.state, self.since, self.deadline, self.pace = state, moment, deadline, pace

    def expect(self, cfg: Any, limits: Limits) -> None:
        """Be ready for the next request."""
        self.requests += 1
        self.incoming = IncomingRequest(cfg, self.peer, self.requests, limits.most_body_bytes)

    def is_late(self, moment: float) -> bool:
        """Whether its time is over, or its bytes move too slowly."""
        return moment > self.deadline or (self.pace is not None and self.pace.is_too_slow(moment))

    def is_client_gone(self) -> bool:
        """Whether the client has closed the connection, as far as can be seen from here."""
        if self.outgoing.is_broken:
            return True
        try:
            return not self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def shut(self) -> None:
        """End it for writing: the client sees the end of the answer."""
        with suppress(OSError):  # it is gone already
            self.sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it, and whatever waits for it."""
        self.outgoing.give_up()
        self.incoming.close()
        with suppress(OSError):
            self.sock.close()
