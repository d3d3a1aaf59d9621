"""Request targets that no browser sends: answered by their path or with a problem, never with an HTML redirect."""

from __future__ import annotations

import json
import socket
import sys

import pytest
from flask import Flask
from kit.databases import Backend
from kit.servers import GUNICORN, Server, Start, production, wait_until

from utils.api_utils import register_error_handlers

TARGETS = [
    (b"GET http://127.0.0.1/health/live", 200),
    (b"GET http://elsewhere.example/health/live", 200),
    (b"GET http://elsewhere.example", 303),  # the root is a page, which redirects to the sign-in
    (b"GET http://elsewhere.example?x=1", 303),
    (b"GET //health/live", None),
    (b"GET //elsewhere.example/%2e%2e", 404),
    (b"OPTIONS *", 404),
    (b"GET /health/live/", 404),
    (b"GET /api/v1/analyze/", 404),
]


def ask(server: Server, line: bytes) -> tuple[int, dict[str, str], bytes]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(line + b" HTTP/1.1\r\nHost: here.example\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return int(status.split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}, body


@pytest.mark.parametrize("command", [[GUNICORN, "wsgi:app"], [sys.executable, "app.py"]], ids=["gunicorn", "app.py"])
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_targets(backend: Backend, start: Start, command: list[str]) -> None:
    server = start(command, **production(backend))
    wait_until(server.answers)
    for line, wanted in TARGETS:
        status, headers, body = ask(server, line)
        assert status in ((200, 404) if wanted is None else (wanted,)), line
        if status >= 400:
            assert (headers["content-type"], json.loads(body)["status"]) == ("application/problem+json", status), line
        if 300 <= status < 400:
            assert headers["location"].startswith("/login"), line


def test_a_redirection_of_the_framework_has_no_page() -> None:
    app = Flask(__name__)
    register_error_handlers(app)
    app.add_url_rule("/folder/", view_func=lambda: "x", endpoint="folder")
    answer = app.test_client().get("/folder?x=1")
    assert (answer.status_code, answer.headers["Location"].endswith("/folder/?x=1"), answer.data) == (308, True, b"")
