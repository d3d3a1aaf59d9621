"""Reports of unexpected errors, sent by a real server to a stand-in for Sentry."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest
import requests
from kit.databases import Backend
from kit.paths import ROOT
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.support import MASTER_KEY

from infrastructure.error_reports import flush_reports, reporter

PACKINGS = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}
REQUEST_ID = "the-request-of-the-test"
SECRETS = ("hunter2", MASTER_KEY, "the-user-agent", "the-cookie", "the-query")


class Sentry:
    """A server that accepts Sentry's envelopes and stores them unchanged."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.raw: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.raw.append(PACKINGS[self.headers.get("Content-Encoding")](body))
                outer.paths.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in the envelopes; an envelope is lines of JSON."""
        lines = [json.loads(line) for raw in self.raw for line in raw.splitlines()]
        return [line for line in lines if "exception" in line]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    sentry = Sentry()
    yield sentry
    sentry.close()


def broken_server(start: Start, folder: Path, dsn: str) -> Server:
    """A server whose watchlist fails with an unexpected error."""
    backend = Backend("sqlite", f"sqlite:///{folder / 'b.db'}")
    server = start([GUNICORN, "wsgi:app"], **production(backend, SENTRY_DSN=dsn, WEB_CONCURRENCY="1"))
    wait_until(server.answers)
    connection = sqlite3.connect(backend.path)
    connection.execute("DROP TABLE watchlist_items")
    connection.commit()
    connection.close()
    return server


@pytest.fixture
def server(start: Start, sentry: Sentry, tmp_path: Path) -> Server:
    return broken_server(start, tmp_path, sentry.dsn)


def break_it(server: Server) -> requests.Response:
    headers = {**KEY, "X-Request-ID": REQUEST_ID, "User-Agent": "the-user-agent", "Cookie": "c=the-cookie"}
    body = {"ticker": "AAPL", "notes": "hunter2"}
    return requests.post(server.url("/api/v1/watchlist"), json=body, headers=headers, timeout=60)


def test_an_unforeseen_error_is_reported_with_its_id_and_nothing_of_the_request(server: Server, sentry: Sentry) -> None:
    answer = break_it(server)
    assert (answer.status_code, answer.json()["code"], answer.json()["request_id"]) == (500, "internal_error", REQUEST_ID)
    (event,) = wait_until(lambda: sentry.events)
    assert sentry.paths[0] == "/api/1/envelope/"
    assert (event["tags"]["request_id"], event["tags"]["event"]) == (REQUEST_ID, "unhandled exception")
    assert (event["environment"], event["release"].partition("@")[0], event["level"]) == ("production", "bellwether", "error")
    raised = event["exception"]["values"][-1]
    assert raised["type"] == "OperationalError"
    assert "no such table" in raised["value"]
    assert "request" not in event
    assert "user" not in event
    assert not any("vars" in frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"])
    everything = b"\n".join(sentry.raw).decode()
    assert [secret for secret in SECRETS if secret in everything] == []


def test_what_is_foreseen_is_not_reported(server: Server, sentry: Sentry) -> None:
    calls = [("GET", "/api/v1/nothing", 404), ("GET", "/api/v1/prices/NOPE", 404), ("PATCH", "/api/v1/results", 405)]
    for method, path, status in calls:
        assert requests.request(method, server.url(path), headers=KEY, timeout=60).status_code == status
    assert requests.get(server.url("/api/v1/results"), timeout=60).status_code == 401
    assert server.analyze(ticker=5).status_code == 422
    break_it(server)
    assert server.stop() == 0  # it first sends the reports that are still queued
    assert [event["tags"]["request_id"] for event in sentry.events] == [REQUEST_ID]


def test_without_a_dsn_there_is_no_reporter() -> None:
    assert reporter(None, "test", "1") is None
    flush_reports()


def test_without_a_dsn_its_library_is_not_even_loaded() -> None:
    code = (
        "import infrastructure.error_reports as reports, sys; reports.reporter(None, 'test', '1'); reports.flush_reports(); "
        "sys.exit('sentry_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False).returncode == 0


def test_a_sentry_that_is_away_harms_nobody(start: Start, tmp_path: Path) -> None:
    server = broken_server(start, tmp_path, "http://key@127.0.0.1:1/1")
    assert break_it(server).status_code == 500
    assert server.get("/api/v1/tickers").status_code == 200
    assert server.stop() == 0
