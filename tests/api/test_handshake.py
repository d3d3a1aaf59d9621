"""The WebSocket handshake: a malformed one gets a clear error, pages of other sites are refused, and data sent after it does no harm."""

from __future__ import annotations

import base64
import json
import logging
import socket
from pathlib import Path
from typing import Any

import pytest
import requests
from kit.databases import Backend
from kit.jobs import UNKNOWN_ID, ask
from kit.protection import client_of
from kit.servers import GUNICORN, KEY, Server, Start, production, wait_until
from kit.support import MASTER_KEY, Client

from api.authentication import SESSION_COOKIE as COOKIE

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
NONCE = base64.b64encode(b"0123456789abcdef").decode()
GOOD = {
    "Host": "127.0.0.1",
    "X-API-Key": MASTER_KEY,
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": NONCE,
}
Changes = dict[str, str | None]


@pytest.fixture
def server(backend: Backend, start: Start) -> Server:
    """A gunicorn with one worker process and a stream for every connection of a test: a stream is free some seconds after its end."""
    server = start([GUNICORN, "wsgi:app"], **production(backend, WEB_CONCURRENCY="1", WEB_THREADS="64", MAX_STREAMS="60"))
    wait_until(server.answers)
    return server


@pytest.fixture
def path(client: Client) -> str:
    """The path of the WebSocket of a job that no worker runs."""
    return f"/ws/jobs/{ask(client, 'AAPL')['id']}"


def request_of(path: str, changes: Changes, line: str = "GET {} HTTP/1.1") -> bytes:
    """A handshake with some headers changed, or removed where the value is None."""
    lines = [line.format(path), *(f"{name}: {value}" for name, value in (GOOD | changes).items() if value is not None)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def head_of(connection: socket.socket) -> str:
    """The head of an answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(1)
        assert part, received
        received += part
    return received.decode("latin-1")


def rest_of(connection: socket.socket) -> bytes:
    """All bytes until the server closes the connection."""
    received = b""
    try:
        while part := connection.recv(65536):
            received += part
    except ConnectionResetError:
        pass  # the server closed before it had read all of our bytes
    return received


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def assert_quiet(server: Server, after: int = 0) -> None:
    """Wait until `after` connections have ended; then check that every log line is JSON and none is at error level."""
    ended = '"route":"/ws/jobs/<job_id>","status":200'
    wait_until(lambda: server.log.count(ended) == after)
    assert [line for line in server.lines() if line["level"] in ("error", "critical")] == []


GET = "GET {} HTTP/1.1"
VERSIONED = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
UPGRADE = {"Upgrade": "websocket"}
PLAIN: Changes = dict.fromkeys(("Upgrade", "Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key"))
# The changed headers, the request line, and the status and headers of the answer.
REFUSED: dict[str, tuple[Changes, str, int, dict[str, str]]] = {
    "a plain request": (PLAIN, GET, 426, UPGRADE),
    "no Upgrade": ({"Upgrade": None}, GET, 426, UPGRADE),
    "another Upgrade": ({"Upgrade": "h2c"}, GET, 426, UPGRADE),
    "no version": ({"Sec-WebSocket-Version": None}, GET, 426, VERSIONED),
    "an old version": ({"Sec-WebSocket-Version": "8"}, GET, 426, VERSIONED),
    "two versions": ({"Sec-WebSocket-Version": "13, 8"}, GET, 426, VERSIONED),
    "no number as version": ({"Sec-WebSocket-Version": "\xff"}, GET, 426, VERSIONED),
    "no key": ({"Sec-WebSocket-Key": None}, GET, 400, {}),
    "an empty key": ({"Sec-WebSocket-Key": ""}, GET, 400, {}),
    "a short key": ({"Sec-WebSocket-Key": "YQ=="}, GET, 400, {}),
    "a key that is no base64": ({"Sec-WebSocket-Key": "\xe9" * 24}, GET, 400, {}),
    "two keys": ({"Sec-WebSocket-Key": f"{NONCE}, {NONCE}"}, GET, 400, {}),
    "no Connection": ({"Connection": None}, GET, 400, {}),
    "a Connection that is kept": ({"Connection": "keep-alive"}, GET, 400, {}),
    "a body": ({"Content-Length": "5"}, GET, 400, {}),
    "HTTP/1.0": ({}, "GET {} HTTP/1.0", 400, {}),
    "a plain request of HTTP/1.0": (PLAIN, "GET {} HTTP/1.0", 400, {}),
    "POST": ({}, "POST {} HTTP/1.1", 405, {}),
    "PUT": ({}, "PUT {} HTTP/1.1", 405, {}),
    "HEAD": ({}, "HEAD {} HTTP/1.1", 405, {}),
    "a plain HEAD": (PLAIN, "HEAD {} HTTP/1.1", 405, {}),
    "no API key": ({"X-API-Key": None, "Sec-WebSocket-Key": None}, GET, 401, {}),
}
# Headers at which the WebSocket library would fail; the service needs none of them.
ODD: dict[str, Changes] = {
    "extensions with a number that is none": {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=x"},
    "extensions with a number that is too large": {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=99"},
    "extensions that are no text": {"Sec-WebSocket-Extensions": "\xff\xfe"},
    "compression": {"Sec-WebSocket-Extensions": "permessage-deflate"},
    "protocols that are no text": {"Sec-WebSocket-Protocol": "\xff\xfe"},
    "no host": {"Host": ""},
    "another header that is no text": {"X-Odd": "\x80\x9f"},
    "a long header": {"X-Long": "x" * 8000, "X-Longer": "y" * 8000, "X-Longest": "z" * 8000},
    "a list of connections": {"Connection": "keep-alive, Upgrade"},
    "other letters": {"Upgrade": "WebSocket", "Connection": "upgrade"},
}
# Bytes sent after the upgrade. A client's frames are masked: 0x80 in the second byte, and four bytes of mask before the text.
SENT_AFTER = {
    "words": b"hello, this is no frame at all\r\n\r\n",
    "HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": bytes(5000),
    "all ones": b"\xff" * 5000,
    "a frame without a mask": b"\x81\x02hi",
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "an unknown opcode": b"\x83\x80\0\0\0\0",
    "a continuation of nothing": b"\x80\x80\0\0\0\0",
    "a long ping": b"\x89\xfe\x01\x00\0\0\0\0" + bytes(256),
    "a ping in pieces": b"\x09\x80\0\0\0\0",
    "a length that is negative": b"\x81\xff" + b"\xff" * 8 + bytes(4),
    "text that is no UTF-8": b"\x81\x82\0\0\0\0\xc3\x28",
    "a close with half a code": b"\x88\x81\0\0\0\0\x03",
    "a close with a bad code": b"\x88\x82\0\0\0\0\x00\x01",
    "a close, and then more": b"\x88\x80\0\0\0\0" + b"\x81\x82\0\0\0\0hi",
    "a close, and then noise": b"\x88\x80\0\0\0\0" + b"\xff" * 5000,
    "a message that is too long": b"\x81\xfe\x08\x00\0\0\0\0" + b"x" * 2048,
    "a message that is too long in pieces": b"\x01\xfe\x04\x00\0\0\0\0" + b"x" * 1024 + b"\x00\xfe\x04\x00\0\0\0\0" + b"x" * 1024,
    "compressed": b"\xc1\x82\0\0\0\0hi",
}


@ON_SQLITE
def test_what_is_no_handshake_is_told_what_is_missing(server: Server, path: str) -> None:
    for name, (changes, line, status, headers) in REFUSED.items():
        with connect(server) as connection:
            connection.sendall(request_of(path, changes, line))
            connection.shutdown(socket.SHUT_WR)
            head, _, body = rest_of(connection).decode("latin-1").partition("\r\n\r\n")
        received_headers = dict(entry.split(": ", 1) for entry in head.split("\r\n")[1:])
        assert (name, head.split()[1], received_headers["Content-Type"]) == (name, str(status), "application/problem+json")
        assert headers.items() <= received_headers.items(), name
        if not line.startswith("HEAD"):
            assert json.loads(body)["status"] == status, name
    assert_quiet(server)


@ON_SQLITE
def test_what_is_not_needed_is_not_looked_at(server: Server, path: str) -> None:
    for name, changes in ODD.items():
        with connect(server) as connection:
            connection.sendall(request_of(path, changes))
            head = head_of(connection)
        assert (name, head.split()[1]) == (name, "101"), head
        assert "Sec-WebSocket-Extensions" not in head
    assert_quiet(server, after=len(ODD))


@ON_SQLITE
def test_what_is_no_frame_ends_the_connection_quietly(server: Server, path: str) -> None:
    for name, sent in SENT_AFTER.items():
        with connect(server) as connection:
            connection.sendall(request_of(path, {}))
            assert (name, head_of(connection).split()[1]) == (name, "101")
            connection.sendall(sent)
            received = rest_of(connection)
        assert len(received) < 2000, name  # the job, and a frame that closes
        assert b"Ping/Pong timeout" not in received, name  # the close was caused by the bytes that were sent
    assert_quiet(server, after=len(SENT_AFTER))


@ON_SQLITE
def test_clients_that_vanish_end_quietly(server: Server, path: str) -> None:
    """They vanish also while the server is sending a state."""
    job_id = path.rsplit("/", 1)[1]
    for _ in range(3):
        connection = connect(server)
        connection.sendall(request_of(path, {}))
        head_of(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close by a reset
        connection.close()
    assert requests.post(server.url(f"/api/v1/jobs/{job_id}/cancel"), headers=KEY, timeout=60).status_code == 202
    assert_quiet(server, after=3)


@ON_SQLITE
@pytest.mark.parametrize("vanishes", ["before the answer", "before the job"])
def test_a_client_that_vanishes_is_no_fault(
    client: Client, path: str, vanishes: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours, theirs = socket.socketpair()
    monkeypatch.setitem(client.app.config, "SOCK_SERVER_OPTIONS", {"thread_class": Deaf(theirs)})
    if vanishes == "before the answer":
        theirs.close()
    answer = open_socket(client, KEY, path=path, environ_overrides={"werkzeug.socket": ours})
    assert answer.status_code == (499 if vanishes == "before the answer" else 200)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    ours.close()


class Deaf:
    """Replaces the receiving thread: it reads nothing, and it closes the client right after the handshake."""

    def __init__(self, client: socket.socket) -> None:
        self._client, self.name = client, ""

    def __call__(self, target: object) -> Deaf:
        return self

    def start(self) -> None:
        self._client.close()


@ON_SQLITE
def test_a_client_that_talks_is_not_listened_to(server: Server, path: str) -> None:
    """The server drops the client's messages and keeps sending the job's states."""
    with connect(server) as connection:
        connection.sendall(request_of(path, {}))
        head_of(connection)
        for _ in range(2000):
            connection.sendall(b"\x81\x82\0\0\0\0hi")
        connection.sendall(b"\x89\x82\0\0\0\0hi")
        received = b""
        while b"\x8a\x02hi" not in received:  # the pong: the server has read everything before it
            part = connection.recv(65536)
            assert part, received
            received += part
    assert_quiet(server, after=1)


@ON_SQLITE
@pytest.mark.parametrize("headers", [{}, {k: v for k, v in GOOD.items() if k != "X-API-Key"}], ids=["plain", "as a handshake"])
def test_options_say_what_is_possible(client: Client, headers: dict[str, str]) -> None:
    answer = client.http.options(f"/ws/jobs/{UNKNOWN_ID}", headers=headers)
    assert answer.status_code == 200
    assert "GET" in answer.headers["Allow"]


# ---- where a handshake comes from -------------------------------------------------------------------------------------------------

OWN = "https://stocks.example"
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "stocks.example", "X-Forwarded-For": "192.0.2.1"}
PORT = {"X-Forwarded-Host": "stocks.example:8443"}
# The headers of the proxy, the Origin, and whether a page of that origin may follow jobs.
ORIGINS: dict[str, tuple[dict[str, str], str, bool]] = {
    "our own": (PROXIED, OWN, True),
    "in other letters": (PROXIED, "HTTPS://Stocks.Example", True),
    "with the default port": (PROXIED, f"{OWN}:443", True),
    "where the host has the default port": (PROXIED | {"X-Forwarded-Host": "stocks.example:443"}, OWN, True),
    "from a proxy that says wss": (PROXIED | {"X-Forwarded-Proto": "wss"}, OWN, True),
    "with the port of HTTP": (PROXIED, f"{OWN}:80", False),
    "another scheme": (PROXIED, "http://stocks.example", False),
    "another port": (PROXIED, f"{OWN}:8443", False),
    "another host": (PROXIED, "https://evil.example", False),
    "a host that begins as ours": (PROXIED, f"{OWN}.evil.example", False),
    "a host that ends as ours": (PROXIED, "https://evilstocks.example", False),
    "a host above ours": (PROXIED, "https://example", False),
    "our host as the user": (PROXIED, "https://stocks.example@evil.example", False),
    "a path": (PROXIED, f"{OWN}/", False),
    "null": (PROXIED, "null", False),
    "empty": (PROXIED, "", False),
    "twice": (PROXIED, f"{OWN},https://evil.example", False),
    "our own on a port": (PROXIED | PORT, f"{OWN}:8443", True),
    "without our port": (PROXIED | PORT, OWN, False),
    "one that may call": (PROXIED, "https://app.example", True),
    "one that may call, on its port": (PROXIED, "http://localhost:3000", True),
    "one that may call, on another port": (PROXIED, "http://localhost:3001", False),
    "plain HTTP": ({}, "http://localhost", True),
    "plain HTTP on a port": ({"Host": "10.0.0.5:8000"}, "http://10.0.0.5:8000", True),
    "plain HTTP with its port": ({"Host": "10.0.0.5:80"}, "http://10.0.0.5", True),
    "an IPv6 address": ({"Host": "[::1]:8000"}, "http://[::1]:8000", True),
    "no host": ({"Host": "a b"}, "http://", False),
}


@pytest.fixture
def proxied(backend: Backend, tmp_path: Path) -> Client:
    """A client of an application behind one proxy, where two other origins may call."""
    return client_of(backend, tmp_path, trusted_proxies=1, cors_origins=("https://app.example", "http://localhost:3000"))


def open_socket(client: Client, headers: dict[str, str], path: str = f"/ws/jobs/{UNKNOWN_ID}", **more: Any) -> Any:
    """The answer to a handshake for an unknown job: 404 if the caller passed the checks."""
    handshake = {name: value for name, value in GOOD.items() if name not in ("Host", "X-API-Key")}
    without_jar = client.app.test_client(use_cookies=False)  # its cookies would replace the header Cookie of `headers`
    return without_jar.get(path, headers=handshake | headers, **more)


@ON_SQLITE
@pytest.mark.parametrize("caller", ["a key", "a session"])
def test_pages_of_other_origins_are_refused(proxied: Client, caller: str) -> None:
    key = {"X-API-Key": MASTER_KEY}
    if caller == "a session":
        token = sign_in(proxied)
    for name, (headers, origin, is_let_in) in ORIGINS.items():
        who = key if caller == "a key" else {"Cookie": f"{COOKIE}={token}"}
        answer = open_socket(proxied, headers | who | {"Origin": origin})
        assert (name, answer.status_code) == (name, 404 if is_let_in else 403)
        assert answer.json["code"] == ("job_not_found" if is_let_in else "forbidden")


@ON_SQLITE
def test_without_an_origin_a_key_is_let_in_and_a_session_is_not(proxied: Client) -> None:
    assert open_socket(proxied, {"X-API-Key": MASTER_KEY}).status_code == 404
    answer = open_socket(proxied, {"Cookie": f"{COOKIE}={sign_in(proxied)}"})
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert open_socket(proxied, {"Origin": OWN}).status_code == 401


@ON_SQLITE
def test_every_origin_is_not_one(backend: Backend, tmp_path: Path) -> None:
    """`*` allows calls with a key only, and a browser's WebSocket cannot send a key."""
    client = client_of(backend, tmp_path, cors_origins=("*",))
    session = {"Cookie": f"{COOKIE}={sign_in(client)}"}
    assert open_socket(client, session | {"Origin": "https://evil.example"}).status_code == 403


@ON_SQLITE
def test_who_believes_no_proxy_is_not_told_by_one_what_its_origin_is(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path, trusted_proxies=0)
    who = {"X-API-Key": MASTER_KEY, **PROXIED}
    assert open_socket(client, who | {"Origin": OWN}).status_code == 403
    assert open_socket(client, who | {"Origin": "http://localhost"}).status_code == 404


@ON_SQLITE
def test_a_session_follows_a_job_from_its_own_page(server: Server, path: str) -> None:
    answer = requests.post(server.url("/login"), data={"key": MASTER_KEY}, allow_redirects=False, timeout=60)
    own = f"127.0.0.1:{server.port}"
    who = {"X-API-Key": None, "Cookie": f"{COOKIE}={answer.cookies[COOKIE]}", "Host": own}
    for origin, status in ((f"http://{own}", "101"), ("http://127.0.0.1:1", "403"), (None, "403")):
        with connect(server) as connection:
            connection.sendall(request_of(path, {**who, "Origin": origin}))
            assert (origin, head_of(connection).split()[1]) == (origin, status)


def sign_in(client: Client) -> str:
    """The token of a new session of the master key."""
    answer = client.http.post("/login", data={"key": MASTER_KEY})
    assert answer.status_code == 303
    return str(answer.headers["Set-Cookie"].split(";")[0].removeprefix(f"{COOKIE}="))
