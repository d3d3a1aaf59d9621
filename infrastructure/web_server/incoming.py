"""Parses received bytes into a request, without socket or clock; gunicorn's parser reads the head."""

from __future__ import annotations

import re
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

from infrastructure.web_server.chunked import ChunkedDecoder

MOST_HEAD_BYTES = 65_536
IN_MEMORY_BYTES = 65_536  # a longer body is in an unnamed temporary file
_END_OF_HEAD = b"\r\n\r\n"
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


class IncomingRequest:
    """A request that is being received. Raises errors of gunicorn.http.errors, or OSError when the body cannot be stored."""

    def __init__(self, cfg: Any, peer: Any, number: int, most_body_bytes: int) -> None:
        """`number` counts the requests of the connection, from 1. A body beyond `most_body_bytes` is not received."""
        self._cfg, self._peer, self._number, self._most_body_bytes = cfg, peer, number, most_body_bytes
        self._head = bytearray()
        self._searched = 0
        self._decoder: ChunkedDecoder | None = None
        self._left = 0  # bytes of a body with Content-Length that have not arrived
        self._rest = b""
        self.request: Any = None  # gunicorn's, once the head is complete
        self.body: IO[bytes] = BytesIO()
        self.body_bytes = 0
        self.is_complete = False  # the application may run
        self.is_cut = False  # the body is too large; the rest of it was not received

    @property
    def is_begun(self) -> bool:
        """Whether any byte has arrived."""
        return bool(self._head) or self.request is not None

    @property
    def rest(self) -> bytes:
        """The bytes behind a complete request: the start of the next one."""
        return self._rest

    @property
    def wants_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body."""
        return self.request is not None and self.request._expected_100_continue and not self.is_complete

    def feed(self, data: bytes) -> None:
        """Parse received bytes."""
        if self.request is None:
            self._head += data
            if not self._read_head():
                return
            data, self._head = self._rest, bytearray()
            self._rest = b""
        self._read_body(data)

    def close(self) -> None:
        """Close the body's file."""
        self.body.close()

    def _read_head(self) -> bool:
        """Whether the head is complete; bytes behind it are then in `rest`."""
        end = self._head.find(_END_OF_HEAD, max(0, self._searched - len(_END_OF_HEAD) + 1))
        if end < 0:
            is_invalid = len(self._head) > MOST_HEAD_BYTES or _BARE_LINE_FEED.search(self._head, self._searched)
            self._searched = len(self._head)
            if not is_invalid:
                return False
            end = len(self._head)
        elif end > MOST_HEAD_BYTES:
            raise LimitRequestHeaders(f"more than {MOST_HEAD_BYTES} bytes")
        try:
            self.request = Request(self._cfg, _Bytes(self._head[: end + len(_END_OF_HEAD)]), self._peer, self._number)
        except (NoMoreData, StopIteration) as error:
            raise LimitRequestHeaders(f"more than {MOST_HEAD_BYTES} bytes") from error
        self._rest = bytes(self._head[end + len(_END_OF_HEAD) :])
        self._begin_body()
        return True

    def _begin_body(self) -> None:
        reader = self.request.body.reader
        if isinstance(reader, ChunkedReader):
            self._decoder = ChunkedDecoder()
        elif isinstance(reader, LengthReader):
            self._left = reader.length
            self.is_cut = self._left > self._most_body_bytes
        self.is_complete = self.is_cut or (self._decoder is None and self._left == 0)
        if not self.is_complete and (self._decoder is not None or self._left > IN_MEMORY_BYTES):
            # Not for a body that is known to be small: creating and deleting this costs more than reading a request's head.
            self.body = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 — closed by `close`
        if self.is_cut:
            self.request.force_close()
        # gunicorn's own body would read from the socket.
        self.request.body = self.body

    def _read_body(self, data: bytes) -> None:
        if self.is_complete:
            self._rest += data
        elif self._decoder is not None:
            self._store(self._decoder.feed(data))
            self.is_complete, self._rest = self._decoder.is_complete, self._decoder.rest if self._decoder.is_complete else b""
            if self.body_bytes > self._most_body_bytes and not self.is_complete:
                self.is_complete = self.is_cut = True
                self.request.force_close()
        else:
            self._store(data[: self._left])
            self._rest = data[self._left :]
            self._left -= min(self._left, len(data))
            self.is_complete = self._left == 0
        if self.is_complete:
            self.body.seek(0)

    def _store(self, payload: bytes) -> None:
        self.body.write(payload)
        self.body_bytes += len(payload)


class _Bytes(Unreader):
    """The source for gunicorn's parser: bytes that are complete."""

    def __init__(self, data: bytes | bytearray) -> None:
        super().__init__()
        self.unread(bytes(data))

    def chunk(self, size_hint: int | None = None) -> bytes:
        """No more bytes."""
        return b""
