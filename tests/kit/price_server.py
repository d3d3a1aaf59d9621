"""A provider of prices on loopback: it answers as a test says, well or badly, and tells what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kit.deploy import tool


@dataclass(frozen=True)
class Reply:
    """An answer. `cut` sends a part of the body and closes; `silent` sends nothing until the server ends; `drips` sends slowly.

    `drips_headers` never comes to the body.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False
    drips: bool = False
    drips_headers: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    connection: int  # the client's port: the same one again is a connection that was kept


Answering = Callable[[Asked], Reply]


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


@dataclass
class PriceServer:
    """`answer` may be replaced at any time."""

    address: str
    answer: Answering
    asked: list[Asked] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate of nobody for 127.0.0.1, and what a server with it needs."""
    path, key = folder / "cert.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(path)]
    subprocess.run([tool("openssl"), "req", *options, *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return path, context


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """Nothing: clients break off, as they should."""


@contextmanager
def price_server(answer: Answering, context: ssl.SSLContext | None = None) -> Iterator[PriceServer]:
    """A server on a free port, until the end of the block; with a context, by HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            asked = Asked(
                split.path,
                dict(parse_qsl(split.query)),
                {name.lower(): value for name, value in self.headers.items()},
                self.client_address[1],
            )
            server.asked.append(asked)
            self.send(server.answer(asked))

        def send(self, reply: Reply) -> None:
            if reply.silent:
                server.ended.wait()
                self.close_connection = True
                return
            if reply.drips_headers:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not server.ended.wait(0.02):
                    self.wfile.write(b"x")
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if reply.cut:
                self.wfile.write(reply.body[: len(reply.body) // 2])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            elif reply.drips:
                for at in range(len(reply.body)):
                    if server.ended.wait(0.02):
                        return
                    self.wfile.write(reply.body[at : at + 1])
                    self.wfile.flush()
            else:
                self.wfile.write(reply.body)

        def log_message(self, *arguments: object) -> None:
            """Nothing: the tests read `asked`."""

    listener = _Listener(("127.0.0.1", 0), Handler)
    if context is not None:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server = PriceServer(f"http{'s' if context else ''}://127.0.0.1:{listener.server_address[1]}", answer)
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
