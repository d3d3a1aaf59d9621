"""Postgres is stopped or frozen under real gunicorn workers: requests are refused at once, and the service recovers by itself."""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.chaos import WEB
from kit.databases import Backend, OwnPostgres, Postgres, own_postgres
from kit.paths import ROOT
from kit.production import ask_at_once, instances, metric, workers_of
from kit.servers import KEY, Server, production, wait_until
from kit.support import settings_for

import database
import db_migrations
from features.prices.providers.sample import FILE, SampleProvider
from features.prices.sample import load_if_empty

READY_SECONDS = 2.0
FROZEN_SECONDS = 30.0  # the timeout of a platform's proxy
AT_ONCE_SECONDS = 0.3  # for a response while the breaker is open
WORKERS = 2
MANY = 160
MOVED = "circuit breaker changed"
ASKED = (("GET", "/api/v1/results"), ("GET", "/api/v1/watchlist"), ("POST", "/api/v1/analyze"), ("POST", "/api/v1/bulk-analyze"))

# Text of a sitecustomize.py, which every Python process of the server imports at its start. It makes the stop of the error reports hang.
HANGING_STOP = """
import importlib.abc, importlib.machinery, sys, threading

class Hanging(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "infrastructure.error_reports":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        run = spec.loader.exec_module
        def exec_module(module):
            run(module)
            module.flush_reports = threading.Event().wait
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Hanging())
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def backend(postgres: OwnPostgres, tmp_path: Path) -> Iterator[Backend]:
    """The server's database with the sample prices."""
    postgres.start()  # an earlier test may have left it stopped
    database.configure(settings_for(postgres.url, tmp_path))
    db_migrations.up()
    load_if_empty(database.current(), SampleProvider())
    database.close()
    yield Backend("postgres", postgres.url)
    database.close()


def timed(server: Server, method: str, path: str) -> tuple[requests.Response, float]:
    body: Any = {"ticker": "AAPL"} if path.endswith("/analyze") else {"tickers": ["AAPL", "IBM"]}
    started = time.perf_counter()
    answer = requests.request(method, server.url(path), json=body if method == "POST" else None, headers=KEY, timeout=60)
    return answer, time.perf_counter() - started


def assert_refused(answer: requests.Response) -> None:
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= 10


def assert_ready_says_no_and_live_yes(server: Server) -> None:
    """Wait until /health/ready answers 503 and /health/live 200, both in time. Not at once: results are cached for a second."""

    def is_told() -> bool:
        outcomes = ask_at_once(lambda path: timed(server, "GET", path), ["/health/ready", "/health/live"] * 4, threads=8)
        assert {answer.status_code for answer, _ in outcomes[1::2]} == {200}
        is_in_time = max(seconds for _, seconds in outcomes) < READY_SECONDS
        return is_in_time and {answer.status_code for answer, _ in outcomes[::2]} == {503}

    wait_until(is_told)


def refused_at_once(server: Server) -> bool:
    """Send many concurrent requests, so that both workers notice, and check that all are refused. Returns True."""
    for answer, _ in ask_at_once(lambda asked: timed(server, *asked), ASKED * (MANY // len(ASKED))):
        assert_refused(answer)
    return True


def breakers(server: Server) -> set[str]:
    """The states of the database breaker in the workers that answer four requests."""
    answers = [requests.get(server.url("/health"), headers=KEY, timeout=60).json() for _ in range(4)]
    return {breaker["state"] for answer in answers for breaker in answer["breakers"] if breaker["name"] == "database"}


def moves(server: Server) -> list[tuple[str, str]]:
    return [(line["before"], line["now"]) for line in server.lines() if line["event"] == MOVED]


def gone_on_without(server: Server) -> list[str]:
    """The optional parts that did not start, according to the log."""
    return [line["part"] for line in server.lines() if line["event"] == "part not started, going on without it"]


def is_served(server: Server) -> bool:
    answers = [timed(server, method, path)[0].status_code for method, path in ASKED]
    assert set(answers) <= {200, 202, 503}, answers
    return max(answers) < 300


def test_a_database_that_is_stopped(backend: Backend, postgres: OwnPostgres, tmp_path: Path) -> None:
    environment = {"WEB_CONCURRENCY": str(WORKERS), "BREAKER_SECONDS": "2", "RATE_LIMIT_ENABLED": "false"}
    with instances(backend, tmp_path, 1, **environment) as (server,):
        wait_until(lambda: is_served(server))
        lasting = workers_of(server)
        assert metric(server, "bellwether_breaker_open", name="database") == 0
        postgres.stop()
        # The first requests, one after the other, detect the outage. A stopped server refuses connections at once.
        outcomes = [timed(server, *ASKED[number % len(ASKED)]) for number in range(20)]
        for answer, seconds in outcomes:
            assert_refused(answer)
            assert seconds < READY_SECONDS
        assert_ready_says_no_and_live_yes(server)
        wait_until(lambda: refused_at_once(server) and metric(server, "bellwether_breaker_open", name="database") == WORKERS)
        assert metric(server, "bellwether_breaker_opened_total", name="database") == WORKERS
        assert metric(server, "bellwether_breaker_refused_total", name="database") > 0
        wait_until(lambda: metric(server, "bellwether_database_up") == 0)
        assert breakers(server) <= {"open", "half-open"}
        assert moves(server)[:WORKERS] == [("closed", "open")] * WORKERS
        one_by_one = [timed(server, *ASKED[number % len(ASKED)]) for number in range(60)]
        assert statistics.median(seconds for _, seconds in one_by_one) < AT_ONCE_SECONDS
        postgres.start()
        wait_until(lambda: is_served(server))
        wait_until(lambda: is_served(server) and metric(server, "bellwether_breaker_open", name="database") == 0)
        assert breakers(server) == {"closed"}
        assert moves(server).count(("half-open", "closed")) == WORKERS
        wait_until(server.answers)
        wait_until(lambda: metric(server, "bellwether_database_up") == 1)
        assert workers_of(server) == lasting
        assert server.stop() == 0
        assert "Traceback" not in server.log


def test_a_database_that_freezes(backend: Backend, postgres: OwnPostgres, tmp_path: Path) -> None:
    """Requests that wait for the frozen database end with 503. Later requests are refused at once, as when it is stopped."""
    environment = {"WEB_CONCURRENCY": str(WORKERS), "BREAKER_SECONDS": "4", "DB_USE_SECONDS": "2", "DB_CONNECT_TIMEOUT": "2"}
    with instances(backend, tmp_path, 1, **environment, RATE_LIMIT_ENABLED="false") as (server,):
        wait_until(lambda: is_served(server))
        lasting = workers_of(server)
        with postgres.frozen():
            assert_ready_says_no_and_live_yes(server)
            # More concurrent requests than threads, and enough to open the breaker of each worker.
            for answer, seconds in ask_at_once(lambda asked: timed(server, *asked), ASKED * 10, threads=40):
                assert_refused(answer)
                assert seconds < FROZEN_SECONDS
            wait_until(lambda: metric(server, "bellwether_breaker_open", name="database") == WORKERS)
            assert_ready_says_no_and_live_yes(server)
            one_by_one = [timed(server, *ASKED[number % len(ASKED)]) for number in range(40)]
            assert {answer.status_code for answer, _ in one_by_one} == {503}
            assert statistics.median(seconds for _, seconds in one_by_one) < AT_ONCE_SECONDS
        wait_until(server.answers)
        wait_until(lambda: is_served(server))
        assert workers_of(server) == lasting
        assert server.stop() == 0


def test_a_database_that_is_away_at_the_start_and_when_a_worker_is_replaced(
    backend: Backend, postgres: OwnPostgres, tmp_path: Path
) -> None:
    """The first workers wait for the database. A worker that replaces another answers 503 until the database is back."""
    postgres.stop()
    environment = {"WEB_CONCURRENCY": "1", "BREAKER_FAILURES": "2", "BREAKER_SECONDS": "5"}  # the breaker opens during the wait
    server = Server(WEB, production(backend, **environment), tmp_path)
    try:
        wait_until(lambda: server.log.count("database not reachable yet") >= 3)
        assert server.process.poll() is None
        postgres.start()
        wait_until(server.answers)
        attempts = [line["attempt"] for line in server.lines() if line["event"] == "database not reachable yet"]
        assert attempts == list(range(1, len(attempts) + 1))
        assert sum(line["event"] == "started" for line in server.lines()) == 1
        postgres.stop()
        (first,) = workers_of(server)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: "database" in gone_on_without(server))
        wait_until(lambda: requests.get(server.url("/health/live"), timeout=60).status_code == 200)
        assert_refused(timed(server, *ASKED[0])[0])
        postgres.start()
        wait_until(server.answers)
        wait_until(lambda: is_served(server))
        assert server.stop() == 0
    finally:
        server.end()


def test_a_damaged_sample_and_a_part_that_does_not_stop(postgres: OwnPostgres, tmp_path: Path) -> None:
    """The service runs without an optional part. At the stop, a part that hangs is abandoned, and all others are stopped."""
    postgres.start()
    copy, slow = tmp_path / "copy", tmp_path / "slow"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks", "docs", "deploy"))
    (copy / FILE.relative_to(ROOT)).write_bytes(FILE.read_bytes()[:1_000])
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(HANGING_STOP)
    fresh = Backend("postgres", Postgres(postgres.url).create("damaged_sample"))
    environment = production(fresh, LOAD_SAMPLE="true", WEB_CONCURRENCY="1", PYTHONPATH=str(slow), LOG_LEVEL="debug")
    server = Server(["env", "--chdir", str(copy), *WEB], environment, tmp_path)
    try:
        wait_until(server.answers)
        assert server.get("/api/v1/tickers").json()["items"] == []
        assert requests.post(server.url("/api/v1/watchlist"), json={"ticker": "AAPL"}, headers=KEY, timeout=60).status_code == 201
        assert server.stop() == 0
        assert gone_on_without(server) == ["sample"]
        lines = server.lines()
        begun = [line["part"] for line in lines if line["event"] == "part started"]
        needed = ["secrets", "database", "schema", "live progress"]
        assert [part for part in begun if part in needed] == needed
        assert [line["part"] for line in lines if line["event"] == "part did not stop in time"] == ["error reports"]
        assert "was sent SIGKILL" not in server.log
    finally:
        server.end()
