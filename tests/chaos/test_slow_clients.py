"""Clients that send nothing, send slowly, disconnect or do not read occupy no thread: others are served, and the server stops quickly."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.clients import DEAF, KINDS, Storm
from kit.databases import Backend
from kit.effort import effort
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until

CONNECTIONS = 500
STORM_SECONDS = effort(60.0, 25.0)
PATIENCE = 8.0  # for one response: a blocked thread would be blocked for at least ten seconds
STOP_PATIENCE = 10.0  # WEB_GRACEFUL_TIMEOUT is 25 s
FILE = b"Date,Open,High,Low,Close,Volume\n"


def gunicorn(start: Start, backend: Backend, **more: str) -> Server:
    server = start([GUNICORN, "wsgi:app"], **production(backend, RATE_LIMIT_ENABLED="false", **more))
    wait_until(server.answers)
    return server


def test_a_storm_of_connections(backend: Backend, start: Start) -> None:
    server = gunicorn(start, backend)
    with Storm(server.port, CONNECTIONS) as storm:
        wait_until(lambda: storm.open == CONNECTIONS)
        until = time.monotonic() + STORM_SECONDS
        while time.monotonic() < until:
            assert requests.get(server.url("/health/live"), timeout=PATIENCE).status_code == 200
            answer = requests.post(server.url("/api/v1/analyze"), json={"ticker": "AAPL"}, headers=KEY, timeout=PATIENCE)
            assert answer.status_code == 200
            time.sleep(0.05)
        assert set(storm.opened) == set(KINDS)
        for kind in set(KINDS) - {DEAF, "idle after an answer"}:
            assert storm.answered[f"{kind}: 408"] > 0, storm.answered
        server.process.terminate()
        assert server.process.wait(STOP_PATIENCE) == 0
    assert not [line for line in server.lines() if line["level"] == "error"], server.log


def test_who_is_too_slow_is_told_and_closed_out(backend: Backend, start: Start) -> None:
    server = gunicorn(start, backend, WEB_CONCURRENCY="1", WEB_HEAD_SECONDS="2")
    clients = {kind: connect(server) for kind in KINDS if kind != DEAF}
    for kind, client in clients.items():
        client.sendall(KINDS[kind])
    for kind, client in clients.items():
        answer = read_to_end(client)
        if kind == "idle after an answer":
            assert answer.startswith(b"HTTP/1.1 200")
            assert b"HTTP/1.1 408" not in answer  # 408 alone may be part of a request id
            continue
        status, headers, problem = parse(answer)
        assert (status, problem["code"], headers["connection"]) == (408, "request_timeout", "close"), kind
        assert problem["request_id"] == headers["x-request-id"]
        assert headers["x-request-id"] in server.log
    assert server.answers()


def test_who_takes_no_answer_is_closed_out(backend: Backend, start: Start) -> None:
    server = gunicorn(start, backend, WEB_CONCURRENCY="1")
    client = connect(server, receive_buffer=4096)
    client.sendall(KINDS[DEAF] * 10)  # responses of many megabytes
    wait_until(lambda: any("slow_reader" in line for line in server.lines()))
    client.close()
    assert server.answers()


def test_an_answer_before_the_body_was_read_leaves_the_connection_whole(backend: Backend, start: Start) -> None:
    server = gunicorn(start, backend, WEB_CONCURRENCY="1")
    bad = {"X-API-Key": "bad"}
    refused: list[tuple[str, str, dict[str, str], int]] = [
        ("PUT", "/api/v1/prices/X", {**bad, "Content-Type": "text/csv"}, 401),
        ("POST", "/api/v1/analyze", bad, 401),
        ("POST", "/nowhere", KEY, 404),
        ("DELETE", "/api/v1/analyze", KEY, 405),
        ("PUT", "/api/v1/prices/X", {**KEY, "Content-Type": "image/png"}, 415),
        ("PUT", "/api/v1/prices/@@@", {**KEY, "Content-Type": "text/csv"}, 422),
        ("GET", "/health/live", {}, 200),
    ]
    client = connect(server)
    body = b"x" * 5_000_000
    for is_chunked, (method, path, headers, status) in itertools.product((False, True), refused):
        client.sendall(head(method, path, {**headers, **framing(body, is_chunked)}) + framed(body, is_chunked))
        code, answered, _ = read_answer(client)
        assert (code, answered["connection"]) == (status, "keep-alive"), path
    client.close()


def test_a_body_beyond_all_bounds_is_answered_and_dropped(backend: Backend, start: Start) -> None:
    server = gunicorn(start, backend, WEB_CONCURRENCY="1")
    body = b"x" * 25_000_000  # more than any route takes
    for is_chunked, (headers, status) in itertools.product((False, True), (({"X-API-Key": "bad"}, 401), (KEY, 413))):
        client = connect(server)
        client.sendall(head("PUT", "/api/v1/prices/X", {**headers, "Content-Type": "text/csv", **framing(body, is_chunked)}))
        client.sendall(framed(body, is_chunked))  # raises BrokenPipeError if the server closes at once
        code, answered, _ = parse(read_to_end(client))
        assert (code, answered["connection"]) == (status, "close")


@pytest.mark.parametrize("kind", ["a head", "a body"])
def test_who_is_half_way_when_the_server_stops_is_told(backend: Backend, start: Start, kind: str) -> None:
    server = gunicorn(start, backend, WEB_CONCURRENCY="1")
    client, other = connect(server), connect(server)
    client.sendall(KINDS["half " + kind])
    other.sendall(b"GET /health/live HTTP/1.1\r\n")
    assert server.answers()  # by now the server has read from both
    server.process.terminate()
    other.sendall(b"Host: a\r\n\r\n")
    status, headers, problem = parse(read_to_end(client))
    assert (status, problem["code"], "retry-after" in headers) == (503, "unavailable", True)
    assert read_to_end(other).startswith(b"HTTP/1.1 200")
    assert server.process.wait(60) == 0


def test_framing_that_is_none(backend: Backend, start: Start) -> None:
    """Invalid framing is refused, with or without a key, and is not logged as an error of the service."""
    server = gunicorn(start, backend, WEB_CONCURRENCY="1", SENTRY_DSN="http://key@127.0.0.1:1/1")
    chunked = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    for key in ({}, KEY):
        for sent in (b"4\r\nabc\r\n", b"no number\r\n", b"4\nabcd", b"2\r\n{}\r\n0\r\nno colon\r\n\r\n"):
            client = connect(server)
            client.sendall(head("POST", "/api/v1/analyze", {**key, **chunked}) + sent)
            status, _, problem = parse(read_to_end(client))
            assert (status, problem["code"]) == (400, "bad_request"), sent
        client = connect(server)
        client.sendall(head("POST", "/api/v1/analyze", {**key, "Transfer-Encoding": "rot13"}))
        status, _, problem = parse(read_to_end(client))
        assert (status, problem["code"]) == (501, "not_implemented")
        with connect(server) as client:
            client.sendall(head("POST", "/api/v1/analyze", {**key, **chunked}) + b"\x00\xff")  # then the client disconnects
    assert server.answers()
    assert not [line for line in server.lines() if line["level"] == "error" or "exception" in line]


def test_no_room_for_a_body(backend: Backend, start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    server = gunicorn(start, backend, WEB_CONCURRENCY="1", TMPDIR=str(folder))

    def upload() -> requests.Response:
        return requests.put(server.url("/api/v1/prices/X"), data=FILE * 10_000, headers={**KEY, "Content-Type": "text/csv"}, timeout=60)

    assert upload().status_code == 422  # the file has been read and has no valid row
    shutil.rmtree(folder)
    refused = upload()
    assert (refused.status_code, refused.json()["code"], "Retry-After" in refused.headers) == (503, "unavailable", True)
    assert server.analyze(ticker="AAPL").status_code == 200  # a small body needs no temporary file
    folder.mkdir()
    assert upload().status_code == 422


# ---- requests over plain sockets --------------------------------------------------------------------------------------------------


def connect(server: Server, receive_buffer: int | None = None) -> socket.socket:
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(60)
    client.connect(("127.0.0.1", server.port))
    return client


def head(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: a", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def framing(body: bytes, is_chunked: bool) -> dict[str, str]:
    return {"Transfer-Encoding": "chunked"} if is_chunked else {"Content-Length": str(len(body))}


def framed(body: bytes, is_chunked: bool) -> bytes:
    if not is_chunked:
        return body
    pieces = [body[at : at + 100_000] for at in range(0, len(body), 100_000)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def read_to_end(client: socket.socket) -> bytes:
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))


def read_answer(client: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Read one response from a connection that stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += read_some(client)
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", received)
    assert length is not None
    end = received.index(b"\r\n\r\n") + 4 + int(length[1])
    while len(received) < end:
        received += read_some(client)
    return parse(received)


def read_some(client: socket.socket) -> bytes:
    data = client.recv(65536)
    assert data, "the connection was closed"
    return data


def parse(answer: bytes) -> tuple[int, dict[str, str], Any]:
    lines, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = lines.decode("latin-1").split("\r\n")
    parsed = {name.lower(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    return int(status.split()[1]), parsed, json.loads(body) if body else None
