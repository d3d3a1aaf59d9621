"""Receivers on loopback that answer as a test says, well or badly, and tell what they were sent."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOOPBACK = ("127.0.0.0/8",)


@dataclass(frozen=True)
class Received:
    """A request that came. The names of its headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Returned:
    """An answer. `cut` sends half the body and closes; `silent` sends nothing, `drips` a byte now and then, until the server ends."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False
    drips: bool = False


Answering = Callable[[Received], Returned]


@dataclass
class Receiver:
    """`answer` may be replaced at any time."""

    port: int
    answer: Answering
    is_secure: bool = False
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http{'s' if self.is_secure else ''}://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str]:
        """The `webhook-id` of what came, in order."""
        return [each.headers["webhook-id"] for each in self.received]


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *arguments: object) -> None:
        """Nothing: clients break off, as they should."""


@contextmanager
def receiving(answer: Answering | None = None, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a free port, until the end of the block; with a context, by HTTPS."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.take()

        def do_POST(self) -> None:
            self.take()

        def take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            received = Received(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(received)
            self.give(receiver.answer(received))

        def give(self, returned: Returned) -> None:
            if returned.silent:
                receiver.ended.wait()
                self.close_connection = True
                return
            if returned.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while not receiver.ended.wait(0.02):
                    self.wfile.write(b"x")
                return
            self.send_response(returned.status)
            for name, value in {"Content-Length": str(len(returned.body)), **returned.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if returned.cut:
                self.wfile.write(returned.body[: len(returned.body) // 2])
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self.wfile.write(returned.body)

        def log_message(self, *arguments: object) -> None:
            """Nothing: the tests read `received`."""

    listener = _Listener(("127.0.0.1", 0), Handler)
    if context is not None:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    receiver = Receiver(listener.server_address[1], answer or (lambda received: Returned()), is_secure=context is not None)
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        listener.shutdown()
        thread.join()
        listener.server_close()
