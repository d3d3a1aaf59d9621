"""A load generator for HTTP/1.1 on loopback: closed loop, keep-alive, raw sockets, one process.

`python -m benchmarks.load PORT CONNECTIONS SECONDS` repeats the request on standard input and prints a Load as JSON. The first
response that is not a success ends it, because errors are answered faster than results.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

HOST = "127.0.0.1"
WARM_UP = 0.5  # seconds that are not counted
LAST_CHUNK = b"0\r\n\r\n"
TIMEOUT = 60.0  # seconds without any answer
CHUNK = 262_144  # bytes


@dataclass(frozen=True)
class Load:
    """How many requests were answered in how many seconds."""

    requests: int
    seconds: float

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


class Connection:
    """A keep-alive connection with one outstanding request."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, request: bytes) -> None:
        """Send a request, after the last response was read."""
        self._received = b""
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """Read received bytes; return the body when it is complete, else None."""
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise ConnectionError("the server closed a connection that should stay open")
        received = self._received = self._received + chunk if self._received else chunk
        end = received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = received[:end].lower()
        length = head.find(b"content-length:")
        if length < 0:
            body = _dechunk(received, end + 4) if received.endswith(LAST_CHUNK) else None
        else:
            stop = head.find(b"\r\n", length)
            body_end = end + 4 + int(head[length + 15 :] if stop < 0 else head[length + 15 : stop])
            body = received[end + 4 : body_end] if len(received) >= body_end else None
        if body is not None and not head.startswith(b"http/1.1 20"):
            raise RuntimeError(f"answered {received[:1000]!r}")
        return body

    def exchange(self, request: bytes) -> tuple[float, bytes]:
        """The seconds from the first byte sent to the last byte read, and the body."""
        started = perf_counter()
        self.send(request)
        while (body := self.receive()) is None:
            pass
        return perf_counter() - started, body

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


def _dechunk(received: bytes, start: int) -> bytes:
    """The body of a response in chunks, whose first chunk begins at `start`."""
    pieces = []
    while True:
        line_end = received.index(b"\r\n", start)
        size = int(received[start:line_end], 16)
        if not size:
            return b"".join(pieces)
        start = line_end + 2
        pieces.append(received[start : start + size])
        start += size + 2


def request(method: str, path: str, key: str = "", body: object = None) -> bytes:
    """The bytes of a request, with the API key and a JSON body if given."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    content = b"" if body is None else json.dumps(body).encode()
    if key:
        lines.append(f"X-API-Key: {key}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


def drive(port: int, requests: Iterator[bytes], connections: int, seconds: float = float("inf"), warm_up: float = 0.0) -> Load:
    """Keep all connections busy until the requests are used up or the seconds after the warm-up are over."""
    begun = perf_counter()
    idle = []
    for first in itertools.islice(requests, connections):
        connection = Connection(port)
        idle.append(connection)
        # Connect one at a time: one worker may accept nearly all of many simultaneous connections.
        connection.exchange(first)
    answered, counted_from = len(idle), begun
    counts_from = perf_counter() + warm_up if warm_up else begun
    stops_at = perf_counter() + warm_up + seconds
    with selectors.DefaultSelector() as selector:
        busy = 0
        for connection, following in zip(idle, requests, strict=False):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(following)
            busy += 1
        now = begun
        while busy and now < stops_at:
            events = selector.select(TIMEOUT)
            if not events:
                raise TimeoutError(f"no answer for {TIMEOUT:.0f} s")
            now = perf_counter()
            if counted_from < counts_from <= now:
                answered, counted_from = 0, now
            for event, _ in events:
                connection = event.data
                if connection.receive() is None:
                    continue
                answered += 1
                following = next(requests, b"")
                if following:
                    connection.send(following)
                else:
                    busy -= 1
    finished = perf_counter()
    for connection in idle:
        connection.close()
    return Load(answered, finished - counted_from)


def drive_from_process(port: int, repeated: bytes, connections: int, seconds: float) -> Load:
    """Repeat one request from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), str(connections), str(seconds)]
    finished = subprocess.run(command, input=repeated, stdout=subprocess.PIPE, check=True, start_new_session=True)
    return Load(**json.loads(finished.stdout))


def main(arguments: list[str]) -> None:
    """Repeat the request on standard input and print the Load."""
    port, connections, seconds = int(arguments[0]), int(arguments[1]), float(arguments[2])
    load = drive(port, itertools.repeat(sys.stdin.buffer.read()), connections, seconds, WARM_UP)
    print(json.dumps(dataclasses.asdict(load)))


if __name__ == "__main__":
    main(sys.argv[1:])
