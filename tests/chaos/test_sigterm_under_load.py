"""gunicorn is stopped or reloaded under load: every accepted request gets a complete response and takes effect once."""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.production import instances, workers_of
from kit.servers import KEY, Server, wait_until

import database

CLIENTS = 16
PATIENCE = 60.0
GRACE_SECONDS = 25  # WEB_GRACEFUL_TIMEOUT
LAST_DAY = date(2013, 3, 1)  # of the sample prices


@dataclass
class Client:
    """Sends requests over a keep-alive connection and records each outcome. Reconnects when the server closes the connection."""

    server: Server
    result_id: str
    numbers: Iterator[int]
    answers: list[tuple[str, str, int, Any]] = field(default_factory=list)  # kind of request, request id, status, body
    lost: list[tuple[str, str, str]] = field(default_factory=list)  # kind of request, request id, error
    is_refused: bool = False  # the server accepts no more connections
    _connection: http.client.HTTPConnection | None = None

    def run(self, is_over: Callable[[], bool]) -> None:
        while not is_over() and not self.is_refused:
            self._ask(next(self.numbers))
        if self._connection is not None:
            self._connection.close()

    def _ask(self, number: int) -> None:
        asked, path, sent = self._request(number)
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)
            try:
                self._connection.connect()
            except ConnectionRefusedError:
                self.is_refused = True
                return
        request_id = f"load-{number}"
        headers = {**KEY, "Content-Type": "application/json", "X-Request-ID": request_id}
        try:
            self._connection.request("GET" if sent is None else "POST", path, sent and json.dumps(sent), headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.lost.append((asked, request_id, repr(error)))
            self._connection.close()
            self._connection = None
            return
        self.answers.append((asked, request_id, answer.status, json.loads(body)))
        if answer.will_close:
            self._connection.close()
            self._connection = None

    def _request(self, number: int) -> tuple[str, str, Any]:
        match number % 3:
            case 0:
                return "result", f"/api/v1/results/{self.result_id}", None
            case 1:
                return "analysis", "/api/v1/analyze", {"ticker": "IBM", "as_of": (LAST_DAY - timedelta(days=number)).isoformat()}
            case _:
                return "watchlist", "/api/v1/watchlist", {"ticker": f"T{number}", "notes": "sent under load"}


class Load:
    """Clients that send requests concurrently, each in a thread."""

    def __init__(self, server: Server) -> None:
        result_id = server.analyze(ticker="AAPL").json()["id"]
        numbers = itertools.count(1)
        self._over = threading.Event()
        self.clients = [Client(server, result_id, numbers) for _ in range(CLIENTS)]
        self._threads = [threading.Thread(target=client.run, args=(self._over.is_set,)) for client in self.clients]
        for thread in self._threads:
            thread.start()

    @property
    def answers(self) -> list[tuple[str, str, int, Any]]:
        return [answer for client in self.clients for answer in client.answers]

    def wait_for_answers(self, more: int) -> None:
        """Wait until this many more requests have been answered."""
        before = len(self.answers)
        wait_until(lambda: len(self.answers) >= before + more, 120)

    def end(self) -> None:
        """Stop the clients, and wait for the outcome of their last requests."""
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)

    def check(self) -> None:
        """Check that every request succeeded, and that the database has exactly the rows that the responses report."""
        assert [lost for client in self.clients for lost in client.lost] == []
        good = {"result": 200, "analysis": 200, "watchlist": 201}
        assert [answer for answer in self.answers if answer[2] != good[answer[0]]] == []
        watched = database.query_db("SELECT ticker FROM watchlist_items WHERE notes = 'sent under load'")
        answered = [body["ticker"] for asked, _, _, body in self.answers if asked == "watchlist"]
        assert sorted(answered) == sorted(row["ticker"] for row in watched)
        stored = database.query_db("SELECT id FROM analysis_results WHERE ticker = 'IBM'")
        assert {body["id"] for asked, _, _, body in self.answers if asked == "analysis"} == {row["id"] for row in stored}
        assert {asked for asked, *_ in self.answers} == set(good)


@contextmanager
def under_load(backend: Backend, folder: Path) -> Iterator[tuple[Server, Load]]:
    limits = {"RATE_LIMIT_ENABLED": "false", "RESULTS_KEPT": "100000"}
    with instances(backend, folder, 1, WEB_CONCURRENCY="2", **limits) as (server,):
        load = Load(server)
        try:
            load.wait_for_answers(20 * CLIENTS)
            yield server, load
        finally:
            load.end()


def test_sigterm_loses_no_request(backend: Backend, tmp_path: Path) -> None:
    """Every accepted connection gets its responses. After the stop, connections are refused."""
    with under_load(backend, tmp_path) as (server, load):
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < GRACE_SECONDS
        wait_until(lambda: all(client.is_refused for client in load.clients), 120)
    load.check()
    assert "Traceback" not in server.log


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_reload_loses_no_request(backend: Backend, tmp_path: Path) -> None:
    """Old and new workers serve at the same time for a while."""
    with under_load(backend, tmp_path) as (server, load):
        for _ in range(2):
            old = set(workers_of(server))
            server.process.send_signal(signal.SIGHUP)
            wait_until(lambda old=old: not old & set(workers_of(server)), 120)
            load.wait_for_answers(5 * CLIENTS)
        assert not any(client.is_refused for client in load.clients)
        load.end()
        assert server.stop() == 0
    load.check()
    assert "Traceback" not in server.log
