"""Incremental decoder of the chunked transfer coding (RFC 9112, section 7.1)."""

from __future__ import annotations

import re

from gunicorn.http.body import CHUNK_EXT_RE
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkExtension, InvalidChunkSize, InvalidHeader, LimitRequestHeaders

LONGEST_LINE = 1_024
LONGEST_TRAILERS = 8_192
# One-byte chunks cost the server far more than their sender. A body may have this much framing beyond its payload:
FREE_FRAMING = 65_536
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
_LINE_END = b"\r\n"


class ChunkedDecoder:
    """Decodes one body. Raises errors of gunicorn.http.errors for invalid framing."""

    def __init__(self) -> None:
        self.is_complete = False
        self._buffer = bytearray()
        self._searched = 0  # the buffer has no line end before this index
        self._left = 0  # bytes of the present chunk that have not arrived
        self._is_after_data = False
        self._is_in_trailers = False
        self._trailers = self._payload = self._framing = 0  # bytes so far

    def feed(self, data: bytes | bytearray) -> bytes:
        """Decode received bytes and return their payload. Bytes behind the body stay in `rest`."""
        self._buffer += data
        payload = bytearray()
        while not self.is_complete:
            if self._left:
                piece = self._buffer[: self._left]
                if not piece:
                    break
                del self._buffer[: len(piece)]
                payload += piece
                self._left -= len(piece)
                self._is_after_data = not self._left
                continue
            if self._is_after_data and not _LINE_END.startswith(self._buffer[:2]):
                raise ChunkMissingTerminator(bytes(self._buffer[:2]))
            line = self._take_line()
            if line is None:
                break
            self._read_line(line)
        self._payload += len(payload)
        if self._framing > FREE_FRAMING + self._payload:
            raise InvalidChunkSize(b"chunks so small that they are mostly framing")
        return bytes(payload)

    @property
    def rest(self) -> bytes:
        """The bytes behind the body."""
        return bytes(self._buffer)

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(_LINE_END, max(0, self._searched - 1))
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > LONGEST_LINE or b"\n" in self._buffer:
                raise InvalidChunkSize(b"a line without an end")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + len(_LINE_END)]
        self._searched = 0
        self._framing += len(line) + len(_LINE_END)
        if len(line) > LONGEST_LINE or b"\n" in line or b"\r" in line:
            raise InvalidChunkSize(line[:40])
        return line

    def _read_line(self, line: bytes) -> None:
        if self._is_after_data:
            self._is_after_data = False
        elif self._is_in_trailers:
            self._read_trailer(line)
        else:
            self._left = _size_of(line)
            self._is_in_trailers = self._left == 0

    def _read_trailer(self, line: bytes) -> None:
        """Validate a trailer and drop it."""
        self._trailers += len(line)
        if self._trailers > LONGEST_TRAILERS:
            raise LimitRequestHeaders("the trailers are too large")
        if not line:
            self.is_complete = True
        elif line.find(b":") <= 0:
            raise InvalidHeader("a trailer without a name")


def _size_of(line: bytes) -> int:
    size, semicolon, extension = line.partition(b";")
    if semicolon:
        size = size.rstrip(b" \t")
        if not CHUNK_EXT_RE.fullmatch(semicolon + extension):
            raise InvalidChunkExtension("a chunk extension that is none")
    if not _SIZE.fullmatch(size):
        raise InvalidChunkSize(size[:40])
    return int(size, 16)
