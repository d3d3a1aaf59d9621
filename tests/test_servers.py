"""Real servers: gunicorn and the development server, started, used, stopped and killed as a platform does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import requests
from kit.databases import Backend
from kit.paths import ROOT
from kit.servers import GUNICORN, KEY, NOT_BOOTED, Start, production, wait_until
from kit.support import MASTER_KEY, SECRET_KEY


def test_gunicorn_from_an_empty_database_to_a_verdict(empty_backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(empty_backend, LOAD_SAMPLE="true", WEB_CONCURRENCY="4"))
    wait_until(server.answers)
    result = server.analyze(ticker="AAPL")
    assert (result.status_code, result.json()["verdict"]) == (200, "Sell")
    assert server.get("/health/migrations").json()["state"] == "current"
    assert len(server.get("/api/v1/tickers").json()["items"]) == 5
    assert server.stop() == 0
    lines = server.lines()
    assert sum(line["event"] == "migration applied" and line["migration"] == "0001_initial" for line in lines) == 1
    assert sum(line["event"] == "prices loaded" for line in lines) == 1
    wanted = {"method": "POST", "route": "/api/v1/analyze", "status": 200}
    request = next(line for line in lines if wanted.items() <= line.items())
    assert request["request_id"] == result.headers["X-Request-ID"]
    assert request["ms"] > 0
    for secret in (MASTER_KEY, SECRET_KEY):
        assert secret not in server.log


def test_what_gunicorn_itself_refuses_is_a_problem_too(backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1"))
    wait_until(server.answers)
    for sent in (b"BROKEN\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(sent)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert b"application/problem+json" in head
        assert json.loads(body)["status"] in (400, 414)


def test_a_large_body_is_answered_rather_than_cut_off(backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1"))
    wait_until(server.answers)
    for path, kind in (("/api/v1/analyze", "application/json"), ("/api/v1/prices/X", "text/csv")):
        for body in (b"x" * 6_000_000, (b"x" * 100_000 for _ in range(60))):  # once with a length, once in chunks
            method = "PUT" if kind == "text/csv" else "POST"
            answer = requests.request(method, server.url(path), data=body, headers={**KEY, "Content-Type": kind}, timeout=30)
            assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_sigterm_answers_what_is_in_flight(backend: Backend, start: Start) -> None:
    many = {"WEB_THREADS": "32", "HEAVY_REQUESTS_AT_ONCE": "16"}
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="2", **many))
    wait_until(server.answers)
    result_id = server.analyze(ticker="AAPL").json()["id"]
    outcomes: list[int | str] = []
    begun = threading.Barrier(9)

    def ask() -> None:
        begun.wait()
        # A request for flips runs the engine some hundred times, so it is still running when the signal arrives.
        try:
            outcomes.append(server.get(f"/api/v1/results/{result_id}/flips").status_code)
        except requests.RequestException as error:
            outcomes.append(repr(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    accepted = '"route":"/api/v1/results/<result_id>/flips"'
    wait_until(lambda: accepted in server.log)  # the first request has been answered; the others are still running
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    assert outcomes == [200] * 8


def test_bad_production_settings_refuse_to_start_and_name_every_fault(start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], ENVIRONMENT="production", CORS_ORIGINS="*", PORT="http")
    assert server.process.wait(60) == 1
    for variable in ("MASTER_API_KEY", "SECRET_KEY", "CORS_ORIGINS", "DATABASE_URL", "PORT"):
        assert variable in server.log
    assert "Traceback" not in server.log


def test_a_worker_that_is_behind_and_may_not_migrate_stops_gunicorn(empty_backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(empty_backend, AUTO_MIGRATE="false"))
    assert server.process.wait(60) in NOT_BOOTED
    assert "behind" in server.log


def test_a_database_that_cannot_be_reached_is_told(start: Start) -> None:
    nowhere = Backend("postgres", "postgresql://u:hunter2@127.0.0.1:1/x")
    server = start([GUNICORN, "wsgi:app"], **production(nowhere, DB_CONNECT_ATTEMPTS="2"))
    assert server.process.wait(60) in NOT_BOOTED
    assert "database not reachable yet" in server.log
    assert "hunter2" not in server.log


def test_a_killed_worker_is_replaced(backend: Backend, start: Start) -> None:
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1"))
    wait_until(server.answers)
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    first = children.read_text().split()
    os.kill(int(first[0]), signal.SIGKILL)
    wait_until(lambda: children.read_text().split() not in ([], first))
    wait_until(server.answers)


def test_a_worker_and_its_streams_end_with_the_master(backend: Backend, start: Start) -> None:
    """Were the streams left open, the worker would wait for them for the graceful timeout."""
    settings = {"WEB_CONCURRENCY": "1", "WEB_GRACEFUL_TIMEOUT": "600", "LOCAL_WORKERS": "0"}
    server = start([GUNICORN, "wsgi:app"], **production(backend, **settings))
    wait_until(server.answers)
    (worker,) = psutil.Process(server.process.pid).children()
    job = requests.post(server.url("/api/v1/bulk-analyze"), json={"tickers": ["AAPL"]}, headers=KEY, timeout=60).json()
    with requests.get(server.url(f"/api/v1/jobs/{job['id']}/events"), headers=KEY, stream=True, timeout=60) as stream:
        server.process.kill()
        assert b"event: job" in b"".join(stream.iter_content(None))
    wait_until(lambda: not worker.is_running())


@pytest.mark.parametrize(("argument", "status"), [("--help", 0), ("--port", 2)])
def test_the_development_server_takes_no_arguments(tmp_path: Path, argument: str, status: int) -> None:
    command = [sys.executable, str(ROOT / "app.py"), argument]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "usage: python app.py" in done.stdout + done.stderr) == (status, True)
    assert list(tmp_path.iterdir()) == []


def test_the_development_server(tmp_path: Path, start: Start) -> None:
    first = start([sys.executable, "app.py"])
    wait_until(lambda: first.answers("/health/ready"))
    key_file = tmp_path / "var" / "master_api_key"
    assert str(key_file) in first.log
    headers = {"X-API-Key": key_file.read_text().strip()}
    assert requests.get(first.url("/api/v1/watchlist"), headers=headers, timeout=60).status_code == 200
    assert requests.get(first.url("/api/v1/watchlist"), headers=KEY, timeout=60).status_code == 401
    table = [line.split() for line in first.log.splitlines() if line[:4] in ("AAPL", "FB  ", "GOOG", "IBM ", "MSFT")]
    assert [row[:2] for row in table] == [[ticker, "2013-03-01"] for ticker in ("AAPL", "FB", "GOOG", "IBM", "MSFT")]
    assert [" ".join(row[5:]) for row in table[:3]] == ["sell, or stay out", "sell, or stay out", "817.06 798.68 853.83"]
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(60) == 0
    assert "Traceback" not in first.log
    second = start([sys.executable, "app.py"])
    wait_until(lambda: second.answers("/health/ready"))
    assert "AAPL" in second.log
    for repeated in ("migration applied", "prices loaded"):
        assert repeated in first.log
        assert repeated not in second.log
    assert second.stop() == 0


def test_a_port_in_use_is_named(tmp_path: Path, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start([sys.executable, "app.py"], PORT=str(port))
        assert server.process.wait(60) == 1
        assert f"Cannot listen on 127.0.0.1:{port}" in server.log
        assert "Traceback" not in server.log


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_database_that_went_away_and_came_back(backend: Backend, start: Start, request: pytest.FixtureRequest) -> None:
    """Connections that are cut are replaced; no restart is needed."""
    from kit.databases import Postgres

    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", DB_PING_AFTER_IDLE="0"))
    wait_until(server.answers)
    name = backend.url.split("?")[0].rsplit("/", 1)[1]
    postgres = Postgres(request.getfixturevalue("postgres_server"))
    result = f"/api/v1/results/{server.analyze(ticker='AAPL').json()['id']}"
    postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert server.get("/health/live").status_code == 200
    for path in (result, "/api/v1/tickers"):
        refused = server.get(path)
        assert (refused.status_code, refused.json()["code"], "Retry-After" in refused.headers) == (503, "unavailable", True)
    postgres.run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert [server.get(path).status_code for path in (result, "/api/v1/tickers")] == [200, 200]
