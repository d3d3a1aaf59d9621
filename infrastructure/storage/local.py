"""Objects as files of a folder of this machine, with links that the service signs and serves itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import structlog
from itsdangerous import BadData, URLSafeSerializer

from infrastructure.storage.base import PROBE_FOLDER, Readable, Receipt, Shown, checked_key, measure, pieces_of
from models.storage_errors import ObjectMissing, StorageAway
from utils.ids import new_id

log = structlog.get_logger(__name__)

INCOMING = ".incoming"  # files that are being written
LINK_PATH = "/api/files/"
_SALT = "stored file"


class LocalStorage:
    """A folder, which is created when the first object is written. Only the account of the service may read it."""

    def __init__(self, folder: Path, secret_key: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        """`secret_key` signs links; `clock` gives the seconds since 1970."""
        self._folder, self._read_secret_key, self._clock = folder, secret_key, clock

    @property
    def description(self) -> str:
        """The path of the folder."""
        return str(self._folder)

    def put(self, key: str, content: IO[bytes]) -> Receipt:
        """Write a file beside the others, read it back, and give it its name at once."""
        path = self._path(key)
        draft = self._folder / INCOMING / new_id()
        with _translated("write"):
            for folder in (self._folder, draft.parent, path.parent):
                _make(folder)
            try:
                receipt = _write(draft, content)
                draft.rename(path)
                _sync(path.parent)
            finally:
                draft.unlink(missing_ok=True)
        return receipt

    def open(self, key: str) -> Readable:
        """Open a file. Raises ObjectMissing."""
        with _translated("read"):
            try:
                return _OpenFile(self._path(key).open("rb"))
            except (FileNotFoundError, NotADirectoryError) as error:
                raise ObjectMissing(key) from error

    def size(self, key: str) -> int | None:
        """The size of a file."""
        with _translated("read"):
            try:
                return self._path(key).stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return None

    def delete(self, key: str) -> None:
        """Delete a file."""
        with _translated("delete"), suppress(FileNotFoundError):
            self._path(key).unlink()

    def link(self, key: str, shown: Shown, seconds: int) -> str:
        """A path of this service; the name and the type are read when it is asked."""
        signed = self._serializer().dumps([checked_key(key), int(self._clock()) + seconds])
        return LINK_PATH + (signed if isinstance(signed, str) else signed.decode())

    def key_of_link(self, token: str) -> str | None:
        """The key in the last part of a link; None for one that is forged or has expired."""
        try:
            key, expires_at = self._serializer().loads(token)
            return checked_key(key) if self._clock() < expires_at else None
        except (BadData, ValueError, TypeError):
            return None

    def tidy(self, before: datetime) -> int:
        """Remove files that were being written, and those of probes."""
        removed = 0
        with _translated("delete"):
            for folder in (self._folder / INCOMING, self._folder / PROBE_FOLDER):
                for path in folder.glob("*"):
                    with suppress(FileNotFoundError):
                        if path.stat().st_mtime < before.timestamp():
                            path.unlink()
                            removed += 1
        return removed

    def _path(self, key: str) -> Path:
        return self._folder / checked_key(key)

    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._read_secret_key(), salt=_SALT)


class _OpenFile:
    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        with _translated("read"):
            return self._file.read(size)

    def close(self) -> None:
        self._file.close()


@contextmanager
def _translated(verb: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("storage failed", verb=verb, reason=error.strerror)
        message = f"The storage of files cannot {verb} a file: {error.strerror}. Nothing was stored; try again later."
        raise StorageAway(message, error.strerror) from error


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)


def _write(draft: Path, content: IO[bytes]) -> Receipt:
    content.seek(0)
    with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        for piece in pieces_of(content):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        written = measure(file)
    content.seek(0)
    if measure(content) != written:
        raise OSError(5, "what was written is not what is read back")
    return written


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
