"""SQL of the indexes as they stand, and of the versions of their rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from features.indexes.rules_text import rules_of_text, text_of_rules
from infrastructure.sql.advisory_lock import hold_lock
from models.index import Index, IndexVersion
from utils.dialects import of_listed
from utils.json_text import dump

_COLUMNS = (
    "id, name, rules, version, revision, published, first_day, last_day, level, total_level, members, next_reference_day, notes,"
    " created_at, updated_at, looked_at, failure"
)
_INDEXES_LOCK = 0x696E6478


@dataclass(frozen=True)
class Standing:
    """What is published of an index, as a row has it."""

    revision: int
    published: int
    first_day: date
    last_day: date
    level: float
    total_level: float
    members: int
    next_reference_day: date
    notes: tuple[str, ...]

    def values(self) -> dict[str, Any]:
        """The values of the columns."""
        return {**vars(self), "notes": dump(self.notes).decode()}


def lock_indexes(connection: Connection, org_id: int) -> None:
    """Hold the names and the number of an organization's indexes against other writers until the transaction ends."""
    hold_lock(connection, _INDEXES_LOCK, str(org_id))


LIST = text(f"SELECT {_COLUMNS} FROM indexes WHERE org_id = :org_id AND id > :after ORDER BY id LIMIT :limit")


def list_indexes(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Index]:
    """Indexes in the order in which they were made, after an id."""
    return [_index(row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


FIND = text(f"SELECT {_COLUMNS} FROM indexes WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, index_id: str) -> Index | None:
    """One index."""
    row = connection.execute(FIND, {"org_id": org_id, "id": index_id}).first()
    return None if row is None else _index(row)


NAMES = of_listed("SELECT id, name FROM indexes WHERE org_id = :org_id AND id IN {ids}", "ids")


def names_of(connection: AnyReader, org_id: int, ids: Sequence[str]) -> dict[str, str]:
    """The names of indexes by id; those that there are not are missing."""
    return {row[0]: row[1] for row in connection.execute(NAMES.on(connection), {"org_id": org_id, "ids": json.dumps(ids)})}


COUNT = text("SELECT COUNT(*) FROM indexes WHERE org_id = :org_id")


def count(connection: Connection, org_id: int) -> int:
    """How many indexes an organization has."""
    return int(connection.execute(COUNT, {"org_id": org_id}).scalar_one())


INSERT = text(
    """
    INSERT INTO indexes (
        id, org_id, name, name_key, rules, version, revision, published, first_day, last_day, level, total_level, members,
        next_reference_day, notes, created_at, updated_at, looked_at
    )
    VALUES (
        :id, :org_id, :name, :name_key, :rules, :version, :revision, :published, :first_day, :last_day, :level, :total_level, :members,
        :next_reference_day, :notes, :moment, :moment, :moment
    )
    ON CONFLICT (org_id, name_key) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, new: tuple[str, str, str], version: IndexVersion, standing: Standing) -> bool:
    """Add an index by id, name and name as it is compared, unless there is one of its name; return whether it was added."""
    index_id, name, name_key = new
    values = {"id": index_id, "org_id": org_id, "name": name, "name_key": name_key, "moment": version.created_at}
    values |= {"rules": text_of_rules(version.rules), "version": version.version}
    if connection.execute(INSERT, values | standing.values()).rowcount != 1:
        return False
    insert_version(connection, org_id, index_id, version)
    return True


CHANGE = text(
    """
    UPDATE indexes
    SET name = :name, name_key = :name_key, rules = :rules, version = :version, notes = COALESCE(:notes, notes),
        next_reference_day = COALESCE(:next_reference_day, next_reference_day), failure = CASE WHEN version = :version THEN failure END,
        updated_at = :moment
    WHERE org_id = :org_id AND id = :id AND version = :former_version AND revision = :revision AND published = :published
        AND NOT EXISTS (SELECT 1 FROM indexes AS o WHERE o.org_id = :org_id AND o.name_key = :name_key AND o.id <> :id)
    """
)


@dataclass(frozen=True)
class Change:
    """A name and rules in place of those of an index; with other rules their notes and their next reference day."""

    name: str
    name_key: str
    version: IndexVersion
    former: Index
    moment: datetime
    notes: tuple[str, ...] | None = None
    next_reference_day: date | None = None


def change(connection: Connection, org_id: int, index_id: str, changed: Change) -> bool:
    """Store a name and rules; return whether they were stored.

    They are not where another index has the name, or somebody else has changed the index or published it since it was read.
    """
    former, version = changed.former, changed.version
    values = {"org_id": org_id, "id": index_id, "name": changed.name, "name_key": changed.name_key, "moment": changed.moment}
    values |= {"former_version": former.version, "revision": former.revision, "published": former.published}
    values |= {"rules": text_of_rules(version.rules), "version": version.version, "next_reference_day": changed.next_reference_day}
    values["notes"] = None if changed.notes is None else dump(changed.notes).decode()
    if connection.execute(CHANGE, values).rowcount != 1:
        return False
    if version.version != former.version:
        insert_version(connection, org_id, index_id, changed.version)
    return True


HAS_NAME = text("SELECT 1 FROM indexes WHERE org_id = :org_id AND name_key = :name_key AND id <> :id")


def has_name(connection: Connection, org_id: int, name_key: str, but: str) -> bool:
    """Whether another index has a name."""
    return connection.execute(HAS_NAME, {"org_id": org_id, "name_key": name_key, "id": but}).first() is not None


PUBLISH = text(
    """
    UPDATE indexes
    SET revision = :revision, published = :published, first_day = :first_day, last_day = :last_day, level = :level,
        total_level = :total_level, members = :members, next_reference_day = :next_reference_day, notes = :notes, failure = NULL,
        looked_at = :moment
    WHERE org_id = :org_id AND id = :id AND revision = :former_revision AND published = :former_published AND version = :version
    """
)


def publish(connection: Connection, org_id: int, former: tuple[Index, int], standing: Standing, moment: datetime) -> bool:
    """Store what is published now, unless somebody else has published or changed the rules; return whether it was stored.

    `former` is the index as it was read, and how many days of it were published.
    """
    index, published = former
    values = {"org_id": org_id, "id": index.id, "former_revision": index.revision, "former_published": published}
    values |= {"version": index.version, "moment": moment}
    return connection.execute(PUBLISH, values | standing.values()).rowcount == 1


NOTE_FAILURE = text("UPDATE indexes SET failure = :failure, looked_at = :moment WHERE org_id = :org_id AND id = :id")


def note_failure(connection: Connection, org_id: int, index_id: str, failure: str, moment: datetime) -> None:
    """Note why a look at an index published nothing."""
    connection.execute(NOTE_FAILURE, {"org_id": org_id, "id": index_id, "failure": failure, "moment": moment})


DELETE = text("DELETE FROM indexes WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, index_id: str) -> bool:
    """Remove an index with all that was published; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": index_id}).rowcount == 1


INSERT_VERSION = text(
    """
    INSERT INTO index_versions (org_id, index_id, version, since, rules, created_at, created_by)
    VALUES (:org_id, :index_id, :version, :since, :rules, :created_at, :created_by)
    """
)


def insert_version(connection: Connection, org_id: int, index_id: str, version: IndexVersion) -> None:
    """Add rules to those of an index."""
    values = {**vars(version), "org_id": org_id, "index_id": index_id, "rules": text_of_rules(version.rules)}
    connection.execute(INSERT_VERSION, values)


LIST_VERSIONS = text(
    """
    SELECT version, since, rules, created_at, created_by
    FROM index_versions
    WHERE org_id = :org_id AND index_id = :index_id
    ORDER BY version
    """
)


def list_versions(connection: AnyReader, org_id: int, index_id: str) -> list[IndexVersion]:
    """The rules of an index, oldest first."""
    rows = connection.execute(LIST_VERSIONS, {"org_id": org_id, "index_id": index_id})
    return [IndexVersion(row[0], row[1], rules_of_text(row[2]), row[3], row[4]) for row in rows]


# The oldest looks first.
LIST_DUE = text("SELECT org_id, id FROM indexes WHERE looked_at < :before ORDER BY looked_at, id LIMIT :limit")


def list_due(connection: AnyReader, before: datetime, limit: int) -> list[tuple[int, str]]:
    """The organization and id of indexes that nobody has looked at since a moment."""
    return [(row[0], row[1]) for row in connection.execute(LIST_DUE, {"before": before, "limit": limit})]


LIST_IDS = text("SELECT id FROM indexes WHERE org_id = :org_id ORDER BY id")


def list_ids(connection: AnyReader, org_id: int) -> list[str]:
    """The ids of an organization's indexes."""
    return [row[0] for row in connection.execute(LIST_IDS, {"org_id": org_id})]


def _index(row: Sequence[Any]) -> Index:
    return Index(
        id=row[0],
        name=row[1],
        rules=rules_of_text(row[2]),
        version=row[3],
        revision=row[4],
        published=row[5],
        first_day=row[6],
        last_day=row[7],
        level=row[8],
        total_level=row[9],
        members=row[10],
        next_reference_day=row[11],
        notes=(*json.loads(row[12]), *(() if row[16] is None else (f"The last look published nothing: {row[16]}",))),
        created_at=row[13],
        updated_at=row[14],
        looked_at=row[15],
    )
