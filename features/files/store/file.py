"""SQL of stored files and of what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.stored_file import NewFile, Purpose, StoredFile, Usage, WrittenFile

INSERT = text(
    """
    INSERT INTO stored_files (id, org_id, purpose, series, name, content_type, storage_key, state, created_at, created_by, expires_at)
    VALUES (:id, :org_id, :purpose, :series, :name, :content_type, :key, 'writing', :created_at, :created_by, :expires_at)
    """
)


def insert(connection: Connection, file_id: str, key: str, new: NewFile, created_at: datetime) -> None:
    """Note a file that is about to be written."""
    values = {
        "id": file_id,
        "org_id": new.org_id,
        "purpose": new.purpose,
        "series": new.series,
        "name": new.name,
        "content_type": new.content_type,
        "key": key,
        "created_at": created_at,
        "created_by": new.created_by,
        "expires_at": new.expires_at,
    }
    connection.execute(INSERT, values)


STORE = text(
    """
    UPDATE stored_files
    SET state = 'stored', bytes = :bytes, sha256 = :sha256
    WHERE org_id = :org_id AND id = :id AND state = 'writing'
    """
)


def store(connection: Connection, written: WrittenFile) -> bool:
    """Mark a file as whole; return whether it was being written."""
    values = {"org_id": written.org_id, "id": written.id, "bytes": written.bytes, "sha256": written.sha256}
    return connection.execute(STORE, values).rowcount == 1


NEWEST = text(
    """
    SELECT sha256
    FROM stored_files
    WHERE org_id = :org_id AND purpose = :purpose AND series = :series AND state = 'stored'
    ORDER BY id DESC
    LIMIT 1
    """
)


def newest_digest(connection: AnyReader, org_id: int, purpose: Purpose, series: str) -> str | None:
    """The sha256 of the newest file of a series."""
    row = connection.execute(NEWEST, {"org_id": org_id, "purpose": purpose, "series": series}).first()
    return None if row is None else str(row[0])


ADD_SUBJECT = text(
    """
    INSERT INTO stored_file_subjects (org_id, purpose, subject, file_id)
    SELECT f.org_id, f.purpose, :subject, f.id
    FROM stored_files AS f
    WHERE f.org_id = :org_id AND f.id = :file_id AND f.state = 'stored'
    ON CONFLICT (org_id, purpose, subject, file_id) DO NOTHING
    """
)


def add_subjects(connection: Connection, org_id: int, file_id: str, subjects: Sequence[str]) -> None:
    """Note what a stored file is about."""
    if subjects:
        connection.execute(ADD_SUBJECT, [{"org_id": org_id, "file_id": file_id, "subject": subject} for subject in subjects])


_COLUMNS = "f.id, f.org_id, f.purpose, f.name, f.content_type, f.storage_key, f.bytes, f.sha256, f.created_at, f.created_by, f.expires_at"
_SHOWN = "f.state = 'stored' AND (f.expires_at IS NULL OR f.expires_at > :now)"
FIND = text(f"SELECT {_COLUMNS} FROM stored_files AS f WHERE f.org_id = :org_id AND f.id = :id AND {_SHOWN}")


def find(connection: AnyReader, org_id: int, file_id: str, moment: datetime) -> StoredFile | None:
    """A file that is whole and has not expired."""
    row = connection.execute(FIND, {"org_id": org_id, "id": file_id, "now": moment}).first()
    return None if row is None else _from_row(row)


FIND_MANY = text(f"SELECT {_COLUMNS} FROM stored_files AS f WHERE f.org_id = :org_id AND f.id IN :ids AND {_SHOWN}").bindparams(
    bindparam("ids", expanding=True)
)


def find_many(connection: AnyReader, org_id: int, file_ids: Iterable[str], moment: datetime) -> list[StoredFile]:
    """Those of the files that are whole and have not expired."""
    rows = connection.execute(FIND_MANY, {"org_id": org_id, "ids": list(file_ids), "now": moment})
    return [_from_row(row) for row in rows]


FIND_BY_KEY = text(f"SELECT {_COLUMNS} FROM stored_files AS f WHERE f.storage_key = :key AND {_SHOWN}")


def find_by_key(connection: AnyReader, key: str, moment: datetime) -> StoredFile | None:
    """The file of an object, of any organization: for whoever has a link that the service signed."""
    row = connection.execute(FIND_BY_KEY, {"key": key, "now": moment}).first()
    return None if row is None else _from_row(row)


FIND_ABOUT = text(
    f"""
    SELECT {_COLUMNS}
    FROM stored_file_subjects AS s
    JOIN stored_files AS f ON f.id = s.file_id
    WHERE s.org_id = :org_id AND s.purpose = :purpose AND s.subject = :subject AND s.file_id = :id AND {_SHOWN}
    """
)


def find_about(connection: AnyReader, org_id: int, about: tuple[Purpose, str], file_id: str, moment: datetime) -> StoredFile | None:
    """A file that is kept for a purpose and about a subject."""
    values = {"org_id": org_id, "purpose": about[0], "subject": about[1], "id": file_id, "now": moment}
    row = connection.execute(FIND_ABOUT, values).first()
    return None if row is None else _from_row(row)


LIST_ABOUT = text(
    f"""
    SELECT {_COLUMNS}
    FROM stored_file_subjects AS s
    JOIN stored_files AS f ON f.id = s.file_id
    WHERE s.org_id = :org_id AND s.purpose = :purpose AND s.subject = :subject AND s.file_id < :before AND {_SHOWN}
    ORDER BY s.file_id DESC
    LIMIT :limit
    """
)
_AFTER_ALL = "~"  # behind every id


def list_about(
    connection: AnyReader, org_id: int, about: tuple[Purpose, str], page: tuple[str | None, int], moment: datetime
) -> list[StoredFile]:
    """Files that are kept for a purpose and about a subject, newest first; `page` is the last id of the page before, and the limit."""
    values = {"org_id": org_id, "purpose": about[0], "subject": about[1], "before": page[0] or _AFTER_ALL, "limit": page[1], "now": moment}
    return [_from_row(row) for row in connection.execute(LIST_ABOUT, values)]


REMOVE = text("UPDATE stored_files SET state = 'removed' WHERE org_id = :org_id AND id = :id AND state <> 'removed'")


def remove(connection: Connection, org_id: int, file_id: str) -> bool:
    """Mark a file as removed; return whether it was not yet."""
    return connection.execute(REMOVE, {"org_id": org_id, "id": file_id}).rowcount == 1


LIST_STORED = text(
    f"SELECT {_COLUMNS} FROM stored_files AS f WHERE f.org_id = :org_id AND f.state = 'stored' AND f.id > :after ORDER BY f.id LIMIT :limit"
)


def list_stored(connection: AnyReader, org_id: int, after: str, limit: int) -> list[StoredFile]:
    """Files of an organization in the order of their ids, behind the id `after`."""
    return list(map(_from_row, connection.execute(LIST_STORED, {"org_id": org_id, "after": after, "limit": limit})))


REMOVE_SOME = text(
    """
    UPDATE stored_files SET state = 'removed'
    WHERE id IN (SELECT id FROM stored_files WHERE org_id = :org_id AND state = 'stored' LIMIT :limit)
    """
)
LIST_REMOVED_OF = text("SELECT id, storage_key FROM stored_files WHERE org_id = :org_id AND state = 'removed' ORDER BY id LIMIT :limit")
ANY_OF = text("SELECT 1 FROM stored_files WHERE org_id = :org_id LIMIT 1")


def remove_some(connection: Connection, org_id: int, limit: int) -> None:
    """Mark up to `limit` files of an organization as removed."""
    connection.execute(REMOVE_SOME, {"org_id": org_id, "limit": limit})


def list_removed_of(connection: AnyReader, org_id: int, limit: int) -> list[tuple[str, str]]:
    """Ids and keys of files of an organization that are marked as removed."""
    return [(row[0], row[1]) for row in connection.execute(LIST_REMOVED_OF, {"org_id": org_id, "limit": limit})]


def has_any(connection: AnyReader, org_id: int) -> bool:
    """Whether there is a row of a file of an organization, in whatever state."""
    return connection.execute(ANY_OF, {"org_id": org_id}).first() is not None


REMOVE_OLDER = text(
    """
    UPDATE stored_files
    SET state = 'removed'
    WHERE id IN (
        SELECT id
        FROM stored_files
        WHERE org_id = :org_id AND purpose = :purpose AND series = :series AND state = 'stored'
        ORDER BY id DESC
        LIMIT 1000 OFFSET :kept
    )
    """
)


def remove_older(connection: Connection, org_id: int, purpose: Purpose, series: str, kept: int) -> int:
    """Mark all but the newest files of a series as removed; return how many."""
    values = {"org_id": org_id, "purpose": purpose, "series": series, "kept": kept}
    return connection.execute(REMOVE_OLDER, values).rowcount


REMOVE_EXPIRED = text("UPDATE stored_files SET state = 'removed' WHERE state = 'stored' AND expires_at <= :now")
REMOVE_ABANDONED = text("UPDATE stored_files SET state = 'removed' WHERE state = 'writing' AND created_at < :before")


def remove_expired(connection: Connection, moment: datetime, abandoned_before: datetime) -> int:
    """Mark files as removed that have expired, or whose writers have not come back; return how many."""
    expired = connection.execute(REMOVE_EXPIRED, {"now": moment}).rowcount
    return expired + connection.execute(REMOVE_ABANDONED, {"before": abandoned_before}).rowcount


LIST_REMOVED = text("SELECT id, storage_key FROM stored_files WHERE state = 'removed' AND id > :after ORDER BY id LIMIT :limit")
FIND_REMOVED = text("SELECT id, storage_key FROM stored_files WHERE state = 'removed' AND id IN :ids ORDER BY id").bindparams(
    bindparam("ids", expanding=True)
)


def list_removed(connection: AnyReader, after: str, limit: int) -> list[tuple[str, str]]:
    """Ids and keys of removed files of every organization, by id."""
    return [(row[0], row[1]) for row in connection.execute(LIST_REMOVED, {"after": after, "limit": limit})]


def find_removed(connection: AnyReader, file_ids: Iterable[str]) -> list[tuple[str, str]]:
    """Ids and keys of those of the files that are removed."""
    return [(row[0], row[1]) for row in connection.execute(FIND_REMOVED, {"ids": list(file_ids)})]


DELETE = text("DELETE FROM stored_files WHERE id = :id AND state = 'removed'")


def delete(connection: Connection, file_id: str) -> None:
    """Forget a removed file, whose object is gone."""
    connection.execute(DELETE, {"id": file_id})


TOTAL = text("SELECT COALESCE(SUM(bytes), 0) FROM stored_files WHERE org_id = :org_id AND state = 'stored'")


def total_bytes(connection: AnyReader, org_id: int) -> int:
    """The bytes of all files of an organization."""
    row = connection.execute(TOTAL, {"org_id": org_id}).first()
    return 0 if row is None else int(row[0])


USAGE = text("SELECT purpose, COUNT(*), COALESCE(SUM(bytes), 0) FROM stored_files WHERE state = 'stored' GROUP BY purpose ORDER BY purpose")
COUNT_UNFINISHED = text("SELECT state, COUNT(*) FROM stored_files WHERE state <> 'stored' GROUP BY state")


def usage(connection: Connection) -> list[Usage]:
    """The files of all organizations by purpose."""
    return [Usage(Purpose(row[0]), int(row[1]), int(row[2])) for row in connection.execute(USAGE)]


def count_unfinished(connection: Connection) -> dict[str, int]:
    """The files that are being written and that are to be removed, counted by these states; without those of which there is none."""
    return {row[0]: int(row[1]) for row in connection.execute(COUNT_UNFINISHED)}


def _from_row(row: Sequence[Any]) -> StoredFile:
    return StoredFile(row[0], row[1], Purpose(row[2]), *row[3:])
