"""The disk of the database fills up while it is served: what is stored is read on, writes say why not, and nothing needs a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests
from disk_support import no_file_may_grow, small_disk
from support import Backend
from support_production import workers_of
from test_servers import GUNICORN, KEY, Server, Start, production, wait_until
from test_servers import start as start  # noqa: PLC0414 — a fixture

STORED = {"ticker": "AAPL"}


def analyse(server: Server, day: str | None = None) -> requests.Response:
    return server.analyze(**STORED, **({"as_of": day} if day else {}))


def serving(start: Start, url: str, **more: str) -> tuple[Server, str]:
    """A server over a database with the sample, and the id of a result that is stored there."""
    server = start([GUNICORN, "wsgi:app"], **production(Backend("sqlite", url), LOAD_SAMPLE="true", WEB_CONCURRENCY="1", **more))
    wait_until(server.answers)
    return server, str(analyse(server).json()["id"])


def assert_read_on(server: Server, result_id: str) -> None:
    for path in (f"/api/v1/results/{result_id}", "/api/v1/tickers", "/api/v1/history/AAPL", "/api/v1/jobs", "/api/v1/prices/AAPL", "/docs"):
        assert server.get(path).status_code == 200, path
    assert analyse(server).json()["id"] == result_id


def assert_writes_say_why_not(server: Server, words: str) -> None:
    calls = [
        requests.post(server.url("/api/v1/watchlist"), json={"ticker": "IBM"}, headers=KEY, timeout=60),
        requests.post(server.url("/api/v1/bulk-analyze"), json={"tickers": ["IBM"]}, headers=KEY, timeout=60),
        analyse(server, "2012-06-01"),
    ]
    for answer in calls:
        assert (answer.status_code, answer.json()["code"], "Retry-After" in answer.headers) == (503, "unavailable", True), answer.text
        assert words in answer.json()["detail"]
    # Several failures in a row are no absence: nobody is refused to read.
    assert server.get("/api/v1/tickers").status_code == 200


@contextmanager
def growing_forbidden(server: Server) -> Iterator[None]:
    with no_file_may_grow([psutil.Process(process_id) for process_id in workers_of(server)]):
        yield


def test_a_full_disk(start: Start, tmp_path: Path) -> None:
    with small_disk(8) as disk:
        server, result_id = serving(start, f"sqlite:///{disk.folder}/bellwether.db", BREAKER_FAILURES="2")
        disk.fill()
        for _ in range(3):
            assert_writes_say_why_not(server, "no space left")
            assert_read_on(server, result_id)
        assert server.get("/health/live").status_code == 200
        disk.free()
        assert analyse(server, "2012-06-01").status_code == 200
        assert requests.post(server.url("/api/v1/watchlist"), json={"ticker": "IBM"}, headers=KEY, timeout=60).status_code == 201
        wait_until(server.answers)
        assert server.stop() == 0
        assert "Traceback" not in server.log


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_file_that_may_not_grow(empty_backend: Backend, start: Start) -> None:
    """A quota, say; it needs no right to be tested."""
    server, result_id = serving(start, empty_backend.url, BREAKER_FAILURES="2", LOG_LEVEL="error")
    with growing_forbidden(server):
        for _ in range(2):
            assert_writes_say_why_not(server, "refuses to be written to")
            assert_read_on(server, result_id)
    assert analyse(server, "2012-06-01").status_code == 200
