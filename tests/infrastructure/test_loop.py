"""The connection loop with real sockets and a test application: which connection is closed when there are too many."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from gunicorn.config import Config
from kit.servers import wait_until

from infrastructure.web_server.calls import CallQueue
from infrastructure.web_server.connection import Connection, Limits, Outcome
from infrastructure.web_server.loop import ConnectionLoop
from infrastructure.web_server.outgoing import MOST_PENDING_BYTES, ClientGone, Outgoing
from infrastructure.web_server.pace import Pace

MOST_CONNECTIONS = 4
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
Answer = Callable[[Connection], Outcome]


class Running:
    """A loop in a thread of its own; each request is answered in a thread by `answer`."""

    def __init__(self, answer: Answer, **limits: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.loop = ConnectionLoop(Config(), Limits(30.0, 1.0, 1_000_000, **limits), MOST_CONNECTIONS, self._take)
        self._answer = answer
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def connect(self, sent: bytes = b"") -> socket.socket:
        client = socket.create_connection(self.listener.getsockname(), timeout=60)
        client.sendall(sent)
        return client

    def look(self, at: Callable[[ConnectionLoop], int]) -> int:
        """A figure of the loop, read in the loop's thread."""
        figure: Future[int] = Future()
        self.loop.calls.put(lambda: figure.set_result(at(self.loop)))
        return figure.result(60)

    def stop(self) -> None:
        self._is_over.set()
        self.loop.calls.put(lambda: None)
        self._thread.join()

    def _take(self, connection: Connection) -> None:
        threading.Thread(target=lambda: self.loop.calls.put(self.loop.served, connection, self._answer(connection)), daemon=True).start()

    def _run(self) -> None:
        self.loop.listen([self.listener])
        while not self._is_over.is_set():
            self.loop.turn()
        self.loop.stop([self.listener], 5.0, lambda: None)


Run = Callable[..., Running]


@pytest.fixture
def run() -> Iterator[Run]:
    running: list[Running] = []

    def make(answer: Answer, **limits: int) -> Running:
        running.append(Running(answer, **limits))
        return running[-1]

    yield make
    for one in running:
        one.stop()


def say_ok(connection: Connection) -> Outcome:
    connection.outgoing.sendall(OK)
    return Outcome.KEEP


def is_closed(client: socket.socket) -> bool:
    client.settimeout(60)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_who_has_waited_longest_makes_room_for_who_comes(run: Run) -> None:
    running = run(say_ok)
    silent = []
    for _ in range(MOST_CONNECTIONS):
        silent.append(running.connect(b"GET / HT"))
    for number in range(3):
        late = running.connect(GET)
        assert late.recv(100) == OK
        assert is_closed(silent[number])
        silent.append(late)  # it is kept alive and waits like the others
    for client in silent:
        client.close()


def test_a_connection_at_work_never_makes_room(run: Run) -> None:
    goes_on = threading.Event()

    def wait_and_say_ok(connection: Connection) -> Outcome:
        goes_on.wait(60)
        return say_ok(connection)

    running = run(wait_and_say_ok)
    at_work = [running.connect(GET) for _ in range(MOST_CONNECTIONS)]
    one_more = running.connect(GET)
    goes_on.set()
    assert [client.recv(100) for client in [*at_work, one_more]] == [OK] * (MOST_CONNECTIONS + 1)
    for client in [*at_work, one_more]:
        client.close()


def test_the_oldest_body_makes_room_when_too_much_is_held(run: Run) -> None:
    running = run(say_ok, most_bodies_bytes=150_000)
    head = b"PUT / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n"
    oldest = running.connect(head + b"x" * 100_000)
    wait_until(lambda: running.look(lambda loop: loop.body_bytes) == 100_000)
    newer = running.connect(head + b"x" * 100_000)
    assert is_closed(oldest)
    newer.sendall(b"x" * 100_000)
    assert newer.recv(100) == OK
    oldest.close()
    newer.close()


def test_the_oldest_answer_makes_room_when_too_much_is_held(run: Run) -> None:
    answered: list[Connection] = []

    def say_more_than_is_taken(connection: Connection) -> Outcome:
        while connection.outgoing.pending_bytes < 300_000:
            connection.outgoing.sendall(b"x" * 100_000)
        answered.append(connection)
        return Outcome.CLOSE

    running = run(say_more_than_is_taken, most_pending_bytes=500_000)
    oldest = running.connect(GET)
    wait_until(lambda: running.look(lambda loop: loop.pending_bytes) >= 300_000)
    newer = running.connect(GET)
    wait_until(lambda: len(answered) == 2 and running.look(lambda loop: loop.connections) == 1)
    assert sum(map(len, iter(lambda: newer.recv(65536), b""))) >= 300_000  # the whole answer
    oldest.close()
    newer.close()


def test_a_thread_with_much_to_send_waits_and_goes_free_with_its_client(run: Run) -> None:
    writing: list[Connection] = []
    ended = threading.Event()

    def say_much(connection: Connection) -> Outcome:
        writing.append(connection)
        try:
            for _ in range(100):
                connection.outgoing.sendall(b"x" * 500_000)
        except ClientGone:
            return Outcome.DROP
        finally:
            ended.set()
        return Outcome.KEEP

    running = run(say_much)
    client = running.connect(GET)
    wait_until(lambda: writing and writing[0].outgoing.pending_bytes > MOST_PENDING_BYTES)
    assert not ended.is_set()
    client.close()
    assert ended.wait(60)
    wait_until(lambda: running.look(lambda loop: loop.connections) == 0)


def test_one_request_after_another_in_one_piece(run: Run) -> None:
    running = run(say_ok)
    client = running.connect(GET * 50)
    received = b""
    while len(received) < 50 * len(OK):
        received += client.recv(65536)
    assert received == OK * 50
    client.close()


# ---- its parts --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "is_too_slow"),
    [
        pytest.param([(9.9, 0)], False, id="the window has not ended"),
        pytest.param([(10.0, 0)], True, id="nothing moved"),
        pytest.param([(5.0, 999), (10.0, 0)], True, id="too little"),
        pytest.param([(5.0, 1_000), (10.0, 0)], False, id="enough"),
        pytest.param([(5.0, 9_999), (10.0, 0), (20.0, 0)], True, id="what moved before does not count again"),
        pytest.param([(15.0, 1_000)], True, id="too little for a window that was looked at late"),
    ],
)
def test_pace(moves: list[tuple[float, int]], is_too_slow: bool) -> None:
    pace = Pace(100.0, 10.0, 0.0)
    verdicts = []
    for moment, count in moves:
        pace.add(count)
        verdicts.append(pace.is_too_slow(moment))
    assert verdicts[-1] is is_too_slow
    assert not any(verdicts[:-1])


def test_what_a_client_does_not_take_is_sent_in_order_when_it_does() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    calls = itertools.count()

    def ask() -> None:
        next(calls)

    outgoing = Outgoing(ours, ask)
    parts = [bytes([number]) * 150_000 for number in range(6)]
    for part in parts:
        outgoing.sendall(part)
    assert 0 < outgoing.pending_bytes <= MOST_PENDING_BYTES
    received = b""
    while len(received) < 900_000:
        received += theirs.recv(65536)
        outgoing.flush()
    assert received == b"".join(parts)
    assert (outgoing.pending_bytes, next(calls)) == (0, 1)
    ours.close()
    theirs.close()


def test_a_thread_that_waits_for_room_is_told_that_the_client_is_gone() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    outgoing = Outgoing(ours, lambda: None)
    outcomes: list[Any] = []

    def write() -> None:
        try:
            while True:
                outgoing.sendall(b"x" * 500_000)
        except ClientGone as error:
            outcomes.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    wait_until(lambda: outgoing.pending_bytes > MOST_PENDING_BYTES)
    outgoing.give_up()
    thread.join()
    assert len(outcomes) == 1
    assert outgoing.pending_bytes == 0
    ours.close()
    theirs.close()


def test_the_head_of_an_answer_goes_with_what_follows_or_is_taken_back() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    outgoing = Outgoing(ours, lambda: None)
    for following, release in ((b"body", False), (b"", True)):
        outgoing.hold_first()
        outgoing.sendall(b"head ")
        with pytest.raises(BlockingIOError):
            theirs.recv(10, socket.MSG_DONTWAIT)
        if release:
            outgoing.release()
        else:
            outgoing.sendall(following)
        assert theirs.recv(100) == b"head " + following
    outgoing.hold_first()
    outgoing.sendall(b"head ")
    assert outgoing.take_back()
    outgoing.sendall(b"other")
    assert not outgoing.take_back()
    assert theirs.recv(100) == b"other"
    ours.close()
    theirs.close()


def test_calls_from_many_threads_are_made_once_each() -> None:
    calls, numbers = CallQueue(), []
    threads = [threading.Thread(target=lambda: [calls.put(numbers.append, 1) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(numbers) < 4000:
        calls.run()
    for thread in threads:
        thread.join()
    calls.run()
    assert len(numbers) == 4000
    calls.close()
    calls.put(numbers.append, 1)  # a call after the close is dropped without an error
