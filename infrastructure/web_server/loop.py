"""The loop: one thread that accepts, reads, writes and closes all connections, and hands complete requests to other threads."""

from __future__ import annotations

import select
import selectors
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, ParseException

from infrastructure.web_server.calls import CallQueue
from infrastructure.web_server.connection import Connection, Limits, Outcome, State
from infrastructure.web_server.outgoing import ClientGone
from infrastructure.web_server.pace import Pace
from infrastructure.web_server.refusal import BROKEN_OFF, NO_ROOM, STOPPING, TOO_SLOW_BODY, TOO_SLOW_HEAD, Refusal, refusal_of

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.5  # between two checks of the deadlines
PACE_SECONDS = 10.0  # the window of the minimum rate
LINGER_SECONDS = 2.0  # for a client to close after the last response, and to send its next request while the server stops
LAST_LINGER_SECONDS = 0.5  # for a client to close while the server stops
UNREAD_SECONDS = 30.0  # how long, and how many bytes of, the rest of a refused body is read and dropped
UNREAD_BYTES = 32_000_000
RECENT_SECONDS = 1.0  # a new client that connected or began its request more recently is waited for when the server stops
RECEIVE_BYTES = 65_536
LOG_SECONDS = 10.0  # between two log lines about connections that the server ended
BAD_REQUEST_ERRORS = (ParseException, ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize)


class ConnectionLoop:
    """The connections of one process. Only `calls` may be used from other threads.

    Only the loop changes a connection's state; a thread reads the request and writes to `outgoing`.
    """

    def __init__(self, cfg: Any, limits: Limits, most_connections: int, answer: Callable[[Connection], None]) -> None:
        """`cfg` is gunicorn's; `answer` hands a complete request to a thread, which then puts a call of `served`."""
        self._cfg, self._limits, self._most_connections, self._answer = cfg, limits, most_connections, answer
        self._poller = selectors.DefaultSelector()
        self._connections: set[Connection] = set()
        self._ended: Counter[str] = Counter()  # connections that the server ended since the last log line, by reason
        self._logged_at = self._checked_at = 0.0
        self._is_stopping = False
        self.calls = CallQueue()
        self._poller.register(self.calls, selectors.EVENT_READ, self.calls.run)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    @property
    def body_bytes(self) -> int:
        """Bytes in memory of the bodies of incomplete requests."""
        return sum(connection.incoming.body_bytes for connection in self._in(State.BODY))

    @property
    def pending_bytes(self) -> int:
        """Bytes in memory of responses that are complete and not yet sent."""
        return sum(connection.outgoing.pending_bytes for connection in self._in(State.FLUSHING))

    def listen(self, listeners: Sequence[Any]) -> None:
        """Accept connections from these listeners."""
        for listener in listeners:
            listener.setblocking(False)
            self._poller.register(listener, selectors.EVENT_READ, partial(self._accept, listener))

    def turn(self) -> None:
        """Wait up to TICK_SECONDS for events, and handle them."""
        for key, _ in self._poller.select(TICK_SECONDS):
            if isinstance(key.data, Connection):
                self._on_event(key.data)
            else:
                key.data()
        moment = time.monotonic()
        if moment - self._checked_at >= TICK_SECONDS:
            self._checked_at = moment
            self._check_deadlines(moment)

    def served(self, connection: Connection, outcome: Outcome) -> None:
        """Continue with a connection whose application call has ended."""
        connection.incoming.close()
        moment = time.monotonic()
        if outcome is Outcome.DROP or connection.outgoing.is_broken:
            self._close(connection)
            return
        if outcome is Outcome.LEAVE:
            self._watch(connection, 0)
            connection.shut()
            connection.enter(State.CLOSING, moment, moment + LINGER_SECONDS)
            return
        connection.keep = outcome is Outcome.KEEP
        if connection.outgoing.pending_bytes:
            connection.enter(State.FLUSHING, moment, pace=connection.pace or self._pace(moment))
            if self._is_stopping:
                self._hurry(connection, moment)
            self._flush(connection)
        else:
            self._finish(connection)

    def stop(self, listeners: Sequence[Any], grace_seconds: float, notify: Callable[[], None]) -> None:
        """Accept the connections that wait, close the listeners, and serve until `grace_seconds` are over.

        Complete requests are answered within `grace_seconds`, incomplete ones have LINGER_SECONDS. `notify` is called once per turn.
        """
        for listener in listeners:
            for _ in range(self._most_connections - self.connections):
                if not select.select([listener], [], [], 0)[0]:
                    break
                self._accept(listener)
            self._poller.unregister(listener)
            listener.close()
        self._is_stopping = True
        moment = time.monotonic()
        for connection in self._connections:
            self._hurry(connection, moment)
        until = moment + grace_seconds
        while self._connections and time.monotonic() < until:
            notify()
            self.turn()
        for connection in list(self._connections):
            self._close(connection)
        self._poller.close()
        self.calls.close()

    # ---- input and output -------------------------------------------------------------------------------------------------------

    def _accept(self, listener: Any) -> None:
        try:
            sock, peer = listener.accept()
        except BlockingIOError:
            return  # another worker accepted it
        except OSError as error:
            # Too many open files, for example.
            log.warning("connection not accepted", reason=str(error))
            self._evict_oldest("no_room")
            return
        if self.connections >= self._most_connections:
            self._evict_oldest("no_room")
        connection = Connection(sock, peer, listener.getsockname(), partial(self.calls.put, self._begin_flush))
        self._connections.add(connection)
        connection.expect(self._cfg, self._limits)
        moment = time.monotonic()
        connection.enter(State.IDLE, moment, moment + self._limits.head_seconds)
        self._receive(connection)

    def _on_event(self, connection: Connection) -> None:
        if connection not in self._connections:
            return  # closed by an earlier event of this turn
        try:
            if connection.state in (State.WORKING, State.FLUSHING):
                if connection.events == selectors.EVENT_WRITE:
                    self._flush(connection)
                else:
                    # The next request, or the client's close, waits until the present response is sent. Unregistering only now, not before
                    # each request, saves two system calls per request, since most clients send nothing before the response.
                    self._watch(connection, 0)
            elif connection.state is State.CLOSING:
                self._drop_input(connection)
            else:
                self._receive(connection)
        except Exception:
            # An error of one connection must not end the loop.
            log.exception("connection failed, it is closed")
            self._close(connection)

    def _receive(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            self._watch(connection, selectors.EVENT_READ)
            return
        except OSError:
            data = b""
        if data:
            self._feed(connection, data)
        elif connection.state is State.IDLE:
            self._close(connection)
        else:
            # The client may have closed only its write side, and still read.
            self._refuse(connection, BROKEN_OFF)

    def _feed(self, connection: Connection, data: bytes) -> None:
        """Parse received bytes; hand a complete request to the threads."""
        incoming, moment = connection.incoming, time.monotonic()
        try:
            incoming.feed(data)
        except BAD_REQUEST_ERRORS as error:
            self._refuse(connection, refusal_of(error), is_sending=True)
            return
        except OSError as error:
            log.error("a body cannot be taken in", reason=str(error))
            self._refuse(connection, NO_ROOM, is_sending=True)
            return
        if incoming.is_complete:
            incoming.request._expected_100_continue = False  # or gunicorn would send `100 Continue`, too late
            connection.enter(State.WORKING, moment)
            self._answer(connection)
            return
        if incoming.wants_continue:
            incoming.request._expected_100_continue = False
            with suppress(ClientGone):
                connection.outgoing.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if connection.state is State.BODY:
            assert connection.pace is not None
            connection.pace.add(len(data))
        elif incoming.request is not None:
            connection.enter(State.BODY, moment, pace=self._pace(moment))
        elif connection.state is State.IDLE:
            # The deadline of the first request counts from the connect.
            connection.enter(State.HEAD, moment, connection.deadline if connection.requests == 1 else moment + self._limits.head_seconds)
        self._watch(connection, selectors.EVENT_READ)

    def _begin_flush(self, connection: Connection) -> None:
        """Start to send what a thread has queued."""
        if connection not in self._connections:
            return
        if connection.pace is None:
            connection.pace = self._pace(time.monotonic())
        self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        sent = connection.outgoing.flush()
        if connection.pace is not None:
            connection.pace.add(sent)
        if connection.outgoing.is_broken:
            self._watch(connection, 0)
            if connection.state is State.FLUSHING:
                self._close(connection)
        elif connection.outgoing.pending_bytes:
            self._watch(connection, selectors.EVENT_WRITE)
        else:
            self._watch(connection, 0)
            if connection.state is State.FLUSHING:
                self._finish(connection)
            else:
                connection.pace = None

    def _finish(self, connection: Connection) -> None:
        """Continue after a response has been sent."""
        if not connection.keep:
            self._end_answer(connection, is_sending=connection.incoming.is_cut)
            return
        rest = connection.incoming.rest
        connection.expect(self._cfg, self._limits)
        moment = time.monotonic()
        # A client with a keep-alive connection may be sending its next request already, also while the server stops.
        patience = self._cfg.keepalive if not self._is_stopping else min(self._cfg.keepalive, LINGER_SECONDS)
        connection.enter(State.IDLE, moment, moment + patience)
        if rest:
            self._feed(connection, rest)
        else:
            self._watch(connection, selectors.EVENT_READ)

    def _end_answer(self, connection: Connection, is_sending: bool) -> None:
        """Close for writing only: after a full close, a client that is still sending would get an error instead of the response."""
        connection.shut()
        moment = time.monotonic()
        if is_sending and not self._is_stopping:
            connection.enter(State.CLOSING, moment, moment + UNREAD_SECONDS, self._pace(moment))
        else:
            connection.enter(State.CLOSING, moment, moment + (LINGER_SECONDS if not self._is_stopping else LAST_LINGER_SECONDS))
        self._watch(connection, selectors.EVENT_READ)

    def _drop_input(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.drained += len(data)
        if not data or connection.drained > UNREAD_BYTES:
            self._close(connection)
        elif connection.pace is not None:
            connection.pace.add(len(data))

    def _refuse(self, connection: Connection, refusal: Refusal, is_sending: bool = False) -> None:
        """Send an error response and close."""
        request_id, answer = refusal.render()
        log.info("refused by the server", status=refusal.status.value, detail=refusal.detail, request_id=request_id)
        connection.incoming.close()
        try:
            connection.outgoing.sendall(answer)
        except ClientGone:
            self._close(connection)
        else:
            self._end_answer(connection, is_sending)

    def _close(self, connection: Connection) -> None:
        self._watch(connection, 0)
        connection.close()
        self._connections.discard(connection)

    def _watch(self, connection: Connection, events: int) -> None:
        """Set the events of a connection that the poller waits for; 0 for none."""
        if events == connection.events:
            return
        if not events:
            self._poller.unregister(connection.sock)
        elif connection.events:
            self._poller.modify(connection.sock, events, connection)
        else:
            self._poller.register(connection.sock, events, connection)
        connection.events = events

    # ---- deadlines and memory -----------------------------------------------------------------------------------------------------

    def _pace(self, moment: float) -> Pace:
        return Pace(self._limits.least_rate, PACE_SECONDS if not self._is_stopping else LINGER_SECONDS, moment)

    def _check_deadlines(self, moment: float) -> None:
        for connection in [connection for connection in self._connections if connection.is_late(moment)]:
            self._end_late(connection)
        self._make_room()
        if self._ended and moment - self._logged_at >= LOG_SECONDS:
            log.warning("connections ended by the server", connections=self.connections, **self._ended)
            self._ended.clear()
            self._logged_at = moment

    def _end_late(self, connection: Connection) -> None:
        match connection.state:
            case State.IDLE if connection.requests > 1 or self._is_stopping:
                self._close(connection)  # the keep-alive time is over, or nothing was sent
            case State.IDLE | State.HEAD:
                self._ended["slow_head"] += 1
                self._refuse(connection, TOO_SLOW_HEAD if not self._is_stopping else STOPPING)
            case State.BODY:
                self._ended["slow_body"] += 1
                self._refuse(connection, TOO_SLOW_BODY if not self._is_stopping else STOPPING)
            case State.WORKING:
                self._ended["slow_reader"] += 1
                connection.outgoing.give_up()  # its thread gets ClientGone, and the connection is closed in `served`
                self._watch(connection, 0)
                connection.pace = None
            case State.FLUSHING:
                self._ended["slow_reader"] += 1
                self._close(connection)
            case State.CLOSING:
                self._close(connection)

    def _make_room(self) -> None:
        """Close the oldest slow connections while their bodies or responses take too much memory."""
        while self.body_bytes > self._limits.most_bodies_bytes:
            self._evict(min(self._in(State.BODY), key=_since), "no_room")
        while self.pending_bytes > self._limits.most_pending_bytes:
            self._evict(min(self._in(State.FLUSHING), key=_since), "no_room")

    def _evict_oldest(self, reason: str) -> None:
        """Close the connection that has been without a thread for longest, if any."""
        waiting = [connection for connection in self._connections if connection.state is not State.WORKING]
        if waiting:
            self._evict(min(waiting, key=_since), reason)

    def _evict(self, connection: Connection, reason: str) -> None:
        self._ended[reason] += 1
        self._close(connection)

    def _in(self, state: State) -> Iterator[Connection]:
        return (connection for connection in self._connections if connection.state is state)

    def _hurry(self, connection: Connection, moment: float) -> None:
        """Shorten the deadline of a connection, because the server stops."""
        if connection.pace is not None:
            connection.pace.hurry(LINGER_SECONDS)
        if connection.state in (State.WORKING, State.FLUSHING):
            return
        is_new = connection.requests == 1 and connection.state in (State.IDLE, State.HEAD)
        if connection.state is State.CLOSING:
            patience = LAST_LINGER_SECONDS
        elif is_new and moment - connection.since > RECENT_SECONDS:
            patience = 0.0
        else:
            patience = LINGER_SECONDS
        connection.deadline = min(connection.deadline, moment + patience)


def _since(connection: Connection) -> float:
    return connection.since
