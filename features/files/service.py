"""Writes, reads and removes files, so that a row and its object do not drift apart.

The order of writing: a row that says `writing`, the object, then `stored` in the transaction of whatever the file belongs to. The order of
removing: `removed` in the transaction of whoever removes it, the object, then the row. So after a kill at any step there is a row for every
object, which the hourly task finds, and no row is shown whose object was not written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from os import SEEK_END
from typing import IO

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import AnyReader, Database
from features.files.store import file as file_store
from infrastructure.foundation import Foundation
from infrastructure.limits import lock_organization
from infrastructure.sql.transaction import after_commit
from infrastructure.storage.base import Readable, Shown, Storage, new_key, pieces_of
from infrastructure.storage.local import LocalStorage
from infrastructure.storage.opening import storage_of
from models.limits import StorageLimit
from models.storage_errors import FileDamaged, FileNotKept, ObjectMissing, StorageAway
from models.stored_file import NewFile, Purpose, StoredFile, Usage, WrittenFile
from utils.clock import now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

ABANDONED_AFTER = timedelta(days=1)  # a writer that has not come back; far longer than any job runs
BATCH = 100
LONGEST_NAME = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# Windows opens the device for any name that has it before the first dot: there is a ticker CON.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


class Draft:
    """A file whose object is written. Whoever keeps it calls `keep` in the transaction of what it belongs to."""

    def __init__(self, written: WrittenFile) -> None:
        self.written = written
        self.is_kept = False

    @property
    def id(self) -> str:
        """The id of the file."""
        return self.written.id

    def keep(self, connection: Connection, subjects: Sequence[str] = ()) -> None:
        """Keep the file, if the transaction commits."""
        keep(connection, self.written, subjects)
        after_commit(connection, self._note)

    def _note(self) -> None:
        self.is_kept = True


class FileContent:
    """The content of a file in pieces, read once. Close it at the end, whether it was read or not."""

    def __init__(self, file: StoredFile, content: Readable) -> None:
        self.file, self._content = file, content
        self._pieces = self._checked()

    def __iter__(self) -> Iterator[bytes]:
        """Each piece once the next one has been read.

        Raises StorageAway, or FileDamaged before the last piece of what is not the content that was written: nobody takes it for whole.
        """
        return self._pieces

    def close(self) -> None:
        """Close the object. Idempotent."""
        self._content.close()

    def _checked(self) -> Iterator[bytes]:
        digest, size, held = hashlib.sha256(), 0, b""
        for piece in pieces_of(self._content):
            digest.update(piece)
            size += len(piece)
            if size > self.file.bytes:
                break
            if held:
                yield held
            held = piece
        if (size, digest.hexdigest()) != (self.file.bytes, self.file.sha256):
            log.error("stored file is damaged", file_id=self.file.id, bytes=size)
            raise FileDamaged(f"the stored file {self.file.id} does not have the content that was written")
        if held:
            yield held


class Files:
    """The files of a process. Thread-safe."""

    def __init__(self, database: Database, storage: Storage, most_bytes: Callable[[int], int | None] = lambda org_id: None) -> None:
        """`most_bytes` is how many an organization may keep; None for any number."""
        self._database, self.storage, self._most_bytes = database, storage, most_bytes

    @classmethod
    def of(cls, foundation: Foundation) -> Files:
        """Those of a process."""
        return cls(foundation.database, storage_of(foundation), lambda org_id: foundation.limits.quantities_of(org_id).stored_bytes)

    def write(self, new: NewFile, content: IO[bytes]) -> WrittenFile:
        """Write an object, which lasts only if `keep` is called within a day. Raises StorageAway or StorageLimit."""
        most = self.require_room(new.org_id, _size_of(content))
        file_id, key = new_id(), new_key(new.org_id)
        with self._database.bookkeeping() as connection:
            file_store.insert(connection, file_id, key, replace(new, name=safe_name(new.name)), now())
        try:
            receipt = self.storage.put(key, content)
        except StorageAway:
            self._forget(new.org_id, file_id)
            raise
        return WrittenFile(file_id, new.org_id, receipt.bytes, receipt.sha256, most)

    def require_room(self, org_id: int, size: int = 1) -> int | None:
        """Refuse what an organization has no room for; return how many bytes it may keep, None for any number. Raises StorageLimit."""
        most = self._most_bytes(org_id)
        if most is not None:
            with self._database.reader() as connection:
                if file_store.total_bytes(connection, org_id) + size > most:
                    raise StorageLimit(most)
        return most

    @contextmanager
    def writing(self, new: NewFile, content: IO[bytes]) -> Iterator[Draft]:
        """A draft that is removed at the end unless it was kept. Raises StorageAway or StorageLimit before anything else is done."""
        draft = Draft(self.write(new, content))
        try:
            yield draft
        except Exception:
            if not draft.is_kept:
                self._forget(new.org_id, draft.id)
            raise
        if not draft.is_kept:
            self._forget(new.org_id, draft.id)

    def read(self, file: StoredFile) -> FileContent:
        """The content of a file. Raises FileNotKept or StorageAway."""
        try:
            content = self.storage.open(file.key)
        except ObjectMissing as error:
            log.error("stored file has no object", file_id=file.id)
            raise FileNotKept("The file is not in the storage any more. The operator finds why in docs/operations.md.") from error
        return FileContent(file, content)

    def link(self, file: StoredFile, seconds: int) -> str:
        """An address under which anybody gets the file for some seconds; a path where this service serves it itself."""
        return self.storage.link(file.key, Shown(file.name, file.content_type), seconds)

    def find_linked(self, token: str) -> StoredFile:
        """The file of a link of ours. Raises FileNotKept for one that is forged, has expired, or whose file is gone."""
        key = self.storage.key_of_link(token) if isinstance(self.storage, LocalStorage) else None
        with self._database.reader() as connection:
            file = None if key is None else file_store.find_by_key(connection, key, now())
        if file is None:
            raise FileNotKept("This link has expired, or its file is kept no longer. Ask for a new one.")
        return file

    def clear(self, file_ids: Sequence[str]) -> int:
        """Remove the objects and rows of removed files now, rather than within the hour; return how many. Never raises for the storage."""
        with self._database.read() as connection:
            removed = file_store.find_removed(connection, file_ids) if file_ids else []
        return self._clear(removed)

    def remove_all(self, org_id: int) -> bool:
        """Remove every file of an organization, some at a time; return whether no row is left.

        Otherwise the storage is away, or a file is still being written: the hourly task removes what its writer has abandoned.
        """
        while True:
            with self._database.bookkeeping() as connection:
                file_store.remove_some(connection, org_id, BATCH)
            with self._database.read() as connection:
                removed = file_store.list_removed_of(connection, org_id, BATCH)
                if not removed:
                    return not file_store.has_any(connection, org_id)
            if self._clear(removed) < len(removed):
                return False

    def sweep(self, moment: datetime | None = None) -> int:
        """Remove what has expired, what its writers abandoned, and what was removed; return the number of objects."""
        moment = moment or now()
        with self._database.bookkeeping() as connection:
            file_store.remove_expired(connection, moment, moment - ABANDONED_AFTER)
        cleared, after = 0, ""
        while True:
            with self._database.read() as connection:
                removed = file_store.list_removed(connection, after, BATCH)
            if not removed:
                return cleared
            if (done := self._clear(removed)) < len(removed):
                return cleared + done  # the storage is away: the rest is done within the hour
            cleared, after = cleared + done, removed[-1][0]

    def tidy(self, moment: datetime | None = None) -> int:
        """Remove the half-written files of writers that were killed more than a day ago; return how many."""
        return self.storage.tidy((moment or now()) - ABANDONED_AFTER)

    def _clear(self, removed: Sequence[tuple[str, str]]) -> int:
        for done, (file_id, key) in enumerate(removed):
            try:
                self.storage.delete(key)
            except StorageAway as error:
                log.warning("removed files stay in the storage for now", reason=str(error), files=len(removed) - done)
                return done
            with self._database.bookkeeping() as connection:
                file_store.delete(connection, file_id)
        return len(removed)

    def _forget(self, org_id: int, file_id: str) -> None:
        """Remove a file that came to nothing. What fails here is left to the hourly task: the caller has an error of its own to tell."""
        try:
            with self._database.bookkeeping() as connection:
                file_store.remove(connection, org_id, file_id)
            self.clear([file_id])
        except SQLAlchemyError as error:
            log.warning("a file that came to nothing is left to the hourly task", reason=type(error).__name__)


def files_of(foundation: Foundation) -> Files:
    """The files of a process, made once."""
    return foundation.part(Files.of)


def keep(connection: Connection, written: WrittenFile, subjects: Sequence[str] = ()) -> None:
    """Keep a written file within the caller's transaction.

    Raises StorageAway where it was swept away meanwhile, and StorageLimit, before it is kept, where others have filled the room meanwhile.
    """
    if written.most_bytes is not None:
        lock_organization(connection, written.org_id)
        if file_store.total_bytes(connection, written.org_id) + written.bytes > written.most_bytes:
            raise StorageLimit(written.most_bytes)
    if not file_store.store(connection, written):
        raise StorageAway("The file took too long to be stored, and was removed. Try again.")
    file_store.add_subjects(connection, written.org_id, written.id, subjects)


def add_subjects(connection: Connection, org_id: int, file_id: str, subjects: Sequence[str]) -> None:
    """Note what a stored file is about; nothing where it was removed meanwhile."""
    file_store.add_subjects(connection, org_id, file_id, subjects)


def is_newest(connection: Connection, purpose: Purpose, series: str, written: WrittenFile) -> bool:
    """Whether the newest file of a series has the content of a written one."""
    return file_store.newest_digest(connection, written.org_id, purpose, series) == written.sha256


def find(connection: AnyReader, org_id: int, file_id: str) -> StoredFile:
    """A file of an organization. Raises FileNotKept."""
    file = file_store.find(connection, org_id, file_id, now()) if is_id(file_id) else None
    if file is None:
        raise FileNotKept
    return file


def find_many(connection: AnyReader, org_id: int, file_ids: Sequence[str]) -> dict[str, StoredFile]:
    """Those of the files that are there, by id."""
    return {file.id: file for file in file_store.find_many(connection, org_id, file_ids, now())} if file_ids else {}


def find_about(connection: AnyReader, org_id: int, purpose: Purpose, subject: str, file_id: str) -> StoredFile:
    """A file of an organization that is kept for a purpose and about a subject. Raises FileNotKept."""
    file = file_store.find_about(connection, org_id, (purpose, subject), file_id, now()) if is_id(file_id) else None
    if file is None:
        raise FileNotKept
    return file


def list_about(connection: AnyReader, org_id: int, about: tuple[Purpose, str], before: str | None, limit: int) -> list[StoredFile]:
    """Files about a subject, newest first, behind the id `before`."""
    return file_store.list_about(connection, org_id, about, (before, limit), now())


def list_all(connection: AnyReader, org_id: int, after: str, limit: int) -> list[StoredFile]:
    """Files of an organization in the order of their ids, behind the id `after`."""
    return file_store.list_stored(connection, org_id, after, limit)


def remove(connection: Connection, org_id: int, file_id: str) -> None:
    """Remove a file within the caller's transaction. Afterwards `Files.clear` removes its object at once, else the hourly task does."""
    file_store.remove(connection, org_id, file_id)


def remove_older(connection: Connection, org_id: int, purpose: Purpose, series: str, kept: int) -> None:
    """Remove all but the newest `kept` files of a series within the caller's transaction."""
    file_store.remove_older(connection, org_id, purpose, series, kept)


def total_bytes(connection: AnyReader, org_id: int) -> int:
    """The bytes of all files of an organization."""
    return file_store.total_bytes(connection, org_id)


def usage(connection: Connection) -> list[Usage]:
    """The files of all organizations by purpose."""
    return file_store.usage(connection)


def count_unfinished(connection: Connection) -> dict[str, int]:
    """The files of all organizations that are being written and that are to be removed, counted by these states."""
    return file_store.count_unfinished(connection)


def _size_of(content: IO[bytes]) -> int:
    """The bytes from where a file stands to its end."""
    begin = content.tell()
    size = content.seek(0, SEEK_END) - begin
    content.seek(begin)
    return size


def safe_name(name: str) -> str:
    """A name that is harmless in a header and on any disk. Names are shown to browsers, and never are paths."""
    plain = _UNSAFE.sub("_", name).lstrip(".")[-LONGEST_NAME:] or "file"
    return f"_{plain}" if _DEVICE.match(plain) else plain
