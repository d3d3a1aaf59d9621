"""A real gunicorn under requests designed to be expensive: each is refused with a message, and other requests are served meanwhile."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
import requests
from kit.databases import Backend
from kit.servers import GUNICORN, Server, Start, production, wait_until
from kit.support import MASTER_KEY

import database
from features.accounts.api_keys import create_key

HEADER = "Date,Open,High,Low,Close,Volume\n"
LARGEST = 5_000_000
AT_ONCE = 6
FILES = {
    "a cell of 120,000 digits and a letter": HEADER + f"2020-01-01,{'1' * 120_000}x,1,1,1,1\n",
    "1.2 million columns": "Open," * 800_000 + "x," * 400_000,
    "an unclosed quote": HEADER + '2020-01-01,"' + "1" * (LARGEST - 100),
    "line ends": HEADER + "\n" * (LARGEST - 100),
    "quotes and commas": HEADER + '","' * ((LARGEST - 100) // 3),
    "rows with faults": HEADER + "x,x,x,x,x,x\n" * ((LARGEST - 100) // 12),
}


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    # Capacity for all large files at once, so that none is refused as one too many, and one thread for the other requests.
    threads = {"WEB_THREADS": str(AT_ONCE + 2), "HEAVY_REQUESTS_AT_ONCE": str(AT_ONCE + 1)}
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", **threads))
    wait_until(server.answers)
    return server


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_hostile_uploads_are_refused_in_words_while_others_are_served(backend: Backend, server: Server) -> None:
    _, key = create_key(database.current(), 1, "uploads")
    is_over = Event()

    def upload(text: str) -> requests.Response:
        headers = {"X-API-Key": key, "Content-Type": "text/csv"}
        return requests.put(server.url("/api/v1/prices/BAD"), data=text, headers=headers, timeout=60)

    def ask_until_over() -> set[int]:
        statuses = {server.get("/api/v1/tickers").status_code, server.analyze(ticker="AAPL").status_code}
        while not is_over.is_set():
            statuses.add(server.get("/api/v1/tickers").status_code)
        return statuses

    with ThreadPoolExecutor(AT_ONCE + 1) as threads:
        asking = threads.submit(ask_until_over)
        try:
            for name, text in FILES.items():
                for answer in threads.map(upload, [text] * AT_ONCE):
                    problem = answer.json()
                    assert (answer.status_code, problem["code"]) == (422, "price_quality"), (name, problem)
                    assert problem["errors"][0]["field"].startswith("line "), name
                    assert len(problem["errors"]) == min(problem["errors_total"], 50), name
                    assert len(answer.content) < 20_000, name
        finally:
            is_over.set()
        assert asking.result() == {200}
    assert server.get("/api/v1/prices/BAD").status_code == 404
    assert [line for line in server.lines() if line["level"] in ("warning", "error", "critical")] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_broken_chunks_are_a_bad_request_and_no_fault_of_ours(server: Server) -> None:
    for path, method, kind in (
        ("/api/v1/analyze", "POST", "application/json"),
        ("/api/v1/prices/X", "PUT", "text/csv"),
        ("/login", "POST", "application/x-www-form-urlencoded"),
        ("/login", "POST", "multipart/form-data; boundary=x"),
    ):
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {MASTER_KEY}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for chunks in (b"zz\r\nxx\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"-1\r\nx\r\n0\r\n\r\n"):
            status, problem = exchange(server, head.encode() + chunks)
            assert (status, problem["code"]) == (400, "bad_request"), (path, chunks)
            assert problem["detail"]
    assert "Traceback" not in server.log
    assert [line for line in server.lines() if line["level"] in ("error", "critical")] == []


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_long_headers_are_refused_in_words(server: Server) -> None:
    gap = "a" + " " * 8_000 + "b"
    for name in ("Accept", "If-None-Match", "Accept-Encoding", "Range"):
        status, problem = exchange(server, f"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {gap}\r\n\r\n".encode())
        assert (status, problem["code"]) == (431, "headers_too_large"), name
    # Each of these lines is short; the server joins them into one long value.
    many = "Accept: text/html;q=0.1\r\n" * 90
    status, problem = exchange(server, f"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{many}\r\n".encode())
    assert (status, problem["code"]) == (431, "headers_too_large")


def exchange(server: Server, request: bytes) -> tuple[int, dict[str, str]]:
    """Send raw bytes, which no client library would send; return the status and the problem."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)
