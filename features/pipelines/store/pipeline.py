"""SQL of pipelines and their versions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.pipeline import Version

_LOCK = 0x70697065
_COLUMNS = "v.pipeline_id, v.version, v.sha256, v.definition, v.created_at, v.created_by, v.note"


def lock_pipelines(connection: Connection, org_id: int) -> None:
    """Hold an organization's pipelines against other writers until the transaction ends."""
    hold_lock(connection, _LOCK, str(org_id))


CURRENT = f"""
    SELECT {_COLUMNS}
    FROM pipelines AS p
    JOIN pipeline_versions AS v ON v.org_id = p.org_id AND v.pipeline_id = p.id AND v.version = p.version
    WHERE p.org_id = :org_id
"""
LIST = text(f"{CURRENT} ORDER BY p.id")
FIND = text(f"{CURRENT} AND p.id = :id")


def list_current(connection: AnyReader, org_id: int) -> list[Version]:
    """The present version of each pipeline of an organization, by id."""
    return [Version(*row) for row in connection.execute(LIST, {"org_id": org_id})]


def find_current(connection: AnyReader, org_id: int, pipeline_id: str) -> Version | None:
    """The present version of an organization's pipeline."""
    row = connection.execute(FIND, {"org_id": org_id, "id": pipeline_id}).first()
    return None if row is None else Version(*row)


COUNT = text("SELECT count(*) FROM pipelines WHERE org_id = :org_id")


def count(connection: Connection, org_id: int) -> int:
    """How many pipelines an organization has."""
    total: int = connection.execute(COUNT, {"org_id": org_id}).scalar_one()
    return total


VERSIONS = text(
    f"""
    SELECT {_COLUMNS}
    FROM pipeline_versions AS v
    WHERE v.org_id = :org_id AND v.pipeline_id = :id AND v.version < :before
    ORDER BY v.version DESC
    LIMIT :limit
    """
)


def list_versions(connection: AnyReader, org_id: int, pipeline_id: str, before: int, limit: int) -> list[Version]:
    """Versions of a pipeline, newest first, below `before`."""
    values = {"org_id": org_id, "id": pipeline_id, "before": before, "limit": limit}
    return [Version(*row) for row in connection.execute(VERSIONS, values)]


VERSION = text(f"SELECT {_COLUMNS} FROM pipeline_versions AS v WHERE v.org_id = :org_id AND v.pipeline_id = :id AND v.version = :version")


def find_version(connection: AnyReader, org_id: int, pipeline_id: str, version: int) -> Version | None:
    """One version of a pipeline."""
    row = connection.execute(VERSION, {"org_id": org_id, "id": pipeline_id, "version": version}).first()
    return None if row is None else Version(*row)


OF_DIGEST = text(
    f"""
    SELECT {_COLUMNS}
    FROM pipeline_versions AS v
    WHERE v.org_id = :org_id AND v.pipeline_id = :id AND v.sha256 = :sha256
    ORDER BY v.version DESC
    LIMIT 1
    """
)


def find_by_digest(connection: AnyReader, org_id: int, pipeline_id: str, sha256: str) -> Version | None:
    """The newest version of a pipeline with this digest."""
    row = connection.execute(OF_DIGEST, {"org_id": org_id, "id": pipeline_id, "sha256": sha256}).first()
    return None if row is None else Version(*row)


INSERT_VERSION = text(
    """
    INSERT INTO pipeline_versions (org_id, pipeline_id, version, sha256, definition, created_at, created_by, note)
    VALUES (:org_id, :pipeline_id, :version, :sha256, :definition, :created_at, :created_by, :note)
    """
)


def insert_version(connection: Connection, org_id: int, version: Version) -> None:
    """Add a version. The caller holds the lock."""
    connection.execute(INSERT_VERSION, {**vars(version), "org_id": org_id})


POINT = text(
    """
    INSERT INTO pipelines (org_id, id, version) VALUES (:org_id, :id, :version)
    ON CONFLICT (org_id, id) DO UPDATE SET version = excluded.version
    """
)


def point_to(connection: Connection, org_id: int, pipeline_id: str, version: int) -> None:
    """Make a version the present one."""
    connection.execute(POINT, {"org_id": org_id, "id": pipeline_id, "version": version})


DELETE = text("DELETE FROM pipelines WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, pipeline_id: str) -> bool:
    """Remove a pipeline; its versions stay, so that their numbers are not given again. Returns whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": pipeline_id}).rowcount == 1


PRUNE = text(
    """
    DELETE FROM pipeline_versions
    WHERE org_id = :org_id AND pipeline_id = :id AND version <= :version
        AND NOT EXISTS (SELECT 1 FROM pipelines AS p WHERE p.org_id = :org_id AND p.id = :id AND p.version = pipeline_versions.version)
    """
)


def delete_versions_up_to(connection: Connection, org_id: int, pipeline_id: str, version: int) -> None:
    """Remove old versions up to a number, but for the present one."""
    connection.execute(PRUNE, {"org_id": org_id, "id": pipeline_id, "version": version})


def as_values(version: Version) -> dict[str, Any]:
    """A version without its definition, as lists show it."""
    return {name: value for name, value in vars(version).items() if name != "definition"}
