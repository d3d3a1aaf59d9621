"""The interface of storages. No key is ever made of a name that somebody sent: see `new_key`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Protocol

from utils.ids import new_id

PIECE_BYTES = 256 * 1024
PROBE_FOLDER = "probe"
PROBE_CONTENT = b"Bellwether tries whether it can write here."
_KEY = re.compile(rf"(\d{{1,19}}|{PROBE_FOLDER})/[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", re.ASCII)


@dataclass(frozen=True)
class Receipt:
    """What a storage has taken: the number of bytes, and their sha256."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Shown:
    """How a browser saves what a link gives: under a name, of a content type, never shown in the page."""

    name: str
    content_type: str


class Readable(Protocol):
    """An open object."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, empty at the end. Raises StorageAway."""

    def close(self) -> None:
        """Give back what it holds. Idempotent."""


class Storage(Protocol):
    """Holds objects by key. Thread-safe; opens no connection before it is used.

    Every method raises StorageAway when the storage cannot be reached, is full or refuses.
    """

    @property
    def description(self) -> str:
        """The place, for operators."""

    def put(self, key: str, content: IO[bytes]) -> Receipt:
        """Store a seekable file, read in pieces from its start. It is there whole and on disk, or not at all."""

    def open(self, key: str) -> Readable:
        """Open an object. Raises ObjectMissing."""

    def size(self, key: str) -> int | None:
        """The number of bytes of an object; None where there is none."""

    def delete(self, key: str) -> None:
        """Delete an object. Idempotent."""

    def link(self, key: str, shown: Shown, seconds: int) -> str:
        """An address that gives an object to anybody, for some seconds. One of our own begins with a slash."""

    def tidy(self, before: datetime) -> int:
        """Remove what writers that were killed before a moment have left; return how many."""


def new_key(org_id: int) -> str:
    """A new key for an organization's object."""
    return f"{org_id}/{new_id()}"


def checked_key(key: str) -> str:
    """The key. Raises ValueError for a text that `new_key` does not make."""
    if not _KEY.fullmatch(key):
        raise ValueError("this is no key of a stored object")
    return key


def pieces_of(content: Readable | IO[bytes]) -> Iterator[bytes]:
    """The content in pieces."""
    while piece := content.read(PIECE_BYTES):
        yield piece


def measure(content: Readable | IO[bytes]) -> Receipt:
    """The size and digest of what can be read from here on."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces_of(content):
        digest.update(piece)
        size += len(piece)
    return Receipt(size, digest.hexdigest())
