"""Clients that keep a server waiting: they send nothing, send slowly, disconnect, or do not read. One thread runs hundreds of them."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle

from kit.support import MASTER_KEY

DEAF = "takes no answer"
DEAF_SECONDS = 20.0  # after which such a client is replaced
DRIP_EVERY = 1.0  # seconds between two bytes of a client that sends slowly
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset

_KEY = f"X-API-Key: {MASTER_KEY}\r\n"
_JSON = "Content-Type: application/json\r\n"
_FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
HALF_HEAD = b"POST /api/v1/analyze HTTP/1.1\r\nHost: a\r\nX-Half: "
KINDS: dict[str, bytes] = {
    "silent": b"",
    "half a head": HALF_HEAD,
    "half a line": b"GET /api/v1/res",
    "half a body": f"POST /api/v1/analyze HTTP/1.1\r\nHost: a\r\n{_JSON}{_KEY}Content-Length: 1000\r\n\r\n{{".encode(),
    "half a body, no key": f"POST /api/v1/analyze HTTP/1.1\r\nHost: a\r\n{_JSON}Content-Length: 1000\r\n\r\n{{".encode(),
    "half a log-in": f"POST /login HTTP/1.1\r\nHost: a\r\n{_FORM}Content-Length: 900\r\n\r\nkey=".encode(),
    "half a file": (
        f"PUT /api/v1/prices/SLOW HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n{_KEY}Content-Length: 4000000\r\n\r\n".encode()
        + b"x" * 100_000
    ),
    "half a chunk": f"POST /api/v1/analyze HTTP/1.1\r\nHost: a\r\n{_JSON}{_KEY}Transfer-Encoding: chunked\r\n\r\n3e8\r\n{{".encode(),
    "idle after an answer": b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n",
    DEAF: b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 40,
}


@dataclass
class Storm:
    """Keeps `connections` connections, of all kinds in turn, open during a `with` block. Replaces those that the server closes."""

    port: int
    connections: int
    opened: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)  # status lines that the server sent, by kind and status

    def __post_init__(self) -> None:
        self._kinds = cycle(KINDS)
        self._over = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._deaf: deque[tuple[socket.socket, float]] = deque()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Storm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
        for client, _since in self._deaf:
            client.close()

    @property
    def open(self) -> int:
        """The number of open connections."""
        return len(self._selector.get_map()) + len(self._deaf)

    def _run(self) -> None:
        drips_at = 0.0
        while not self._over.is_set():
            while self.open < self.connections and self._open():
                pass
            for key, _ in self._selector.select(0.05):
                self._read(key.fileobj, key.data)  # type: ignore[arg-type]
            while self._deaf and time.monotonic() - self._deaf[0][1] > DEAF_SECONDS:
                self._deaf.popleft()[0].close()
            if time.monotonic() >= drips_at:
                drips_at = time.monotonic() + DRIP_EVERY
                self._drip()

    def _open(self) -> bool:
        kind = next(self._kinds)
        client = socket.socket()
        if kind == DEAF:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(2)
        try:
            client.connect(("127.0.0.1", self.port))
            client.setblocking(False)
            if KINDS[kind]:
                client.send(KINDS[kind])
        except OSError:
            client.close()
            return False
        self.opened[kind] += 1
        if kind == DEAF:
            self._deaf.append((client, time.monotonic()))
        else:
            self._selector.register(client, selectors.EVENT_READ, kind)
        return True

    def _read(self, client: socket.socket, kind: str) -> None:
        try:
            data = client.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data.startswith(b"HTTP/1.1 "):
            self.answered[f"{kind}: {data[9:12].decode()}"] += 1
        if not data:
            self._end(client)

    def _drip(self) -> None:
        """Send one more byte from half of the clients. Of the others, end some with a reset."""
        for number, key in enumerate(list(self._selector.get_map().values())):
            client = key.fileobj
            assert isinstance(client, socket.socket)
            if key.data not in ("silent", "idle after an answer") and number % 2:
                with suppress(OSError):
                    client.send(b"a")
            elif number % 50 == 0:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self._end(client)

    def _end(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        client.close()
