"""SQL of calibrations: the evidence of universes, and the parts that their jobs have counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader


@dataclass(frozen=True)
class NewCalibration:
    """A calibration that a job is about to count; `params` is JSON."""

    id: str
    job_id: str
    strategy: str
    universe: str | None
    params: str
    created_at: datetime


INSERT = text(
    """
    INSERT INTO calibrations (id, org_id, job_id, strategy, universe, params, created_at)
    VALUES (:id, :org_id, :job_id, :strategy, :universe, :params, :created_at)
    """
)


def insert(connection: Connection, org_id: int, new: NewCalibration) -> None:
    """Begin a calibration."""
    connection.execute(INSERT, {"org_id": org_id, **vars(new)})


@dataclass(frozen=True)
class Calibration:
    """A stored calibration; `body` is the answer as JSON once its job has ended, and `parts` tells whether some are not added up yet."""

    id: str
    org_id: int
    job_id: str
    strategy: str
    universe: str | None
    params: str
    created_at: datetime
    finished_at: datetime | None
    body: str | None
    has_parts: bool


_COLUMNS = """c.id, c.org_id, c.job_id, c.strategy, c.universe, c.params, c.created_at, c.finished_at, c.body,
    EXISTS (SELECT 1 FROM calibration_parts AS p WHERE p.calibration_id = c.id)"""


def _calibration(row: Sequence[Any]) -> Calibration:
    return Calibration(*(*row[:-1], bool(row[-1])))  # SQLite has no booleans


# The newest with an answer.
FIND_NEWEST = text(
    f"""
    SELECT {_COLUMNS}
    FROM calibrations AS c
    WHERE c.org_id = :org_id AND c.strategy = :strategy AND c.universe = :universe AND c.finished_at IS NOT NULL
    ORDER BY c.id DESC
    LIMIT 1
    """
)
# Those without one, the newest first.
LIST_OPEN = text(
    f"""
    SELECT {_COLUMNS}
    FROM calibrations AS c
    WHERE c.org_id = :org_id AND c.strategy = :strategy AND c.universe = :universe AND c.finished_at IS NULL
    ORDER BY c.id DESC
    LIMIT :limit
    """
)


def find_newest(connection: AnyReader, org_id: int, strategy: str, universe: str) -> Calibration | None:
    """The newest calibration of a universe by a strategy that has an answer."""
    row = connection.execute(FIND_NEWEST, {"org_id": org_id, "strategy": strategy, "universe": universe}).first()
    return None if row is None else _calibration(row)


def list_open(connection: AnyReader, org_id: int, strategy: str, universe: str, limit: int) -> list[Calibration]:
    """The newest calibrations of a universe by a strategy that have no answer yet, the newest first."""
    rows = connection.execute(LIST_OPEN, {"org_id": org_id, "strategy": strategy, "universe": universe, "limit": limit})
    return list(map(_calibration, rows))


FIND_OF_JOB = text(f"SELECT {_COLUMNS} FROM calibrations AS c WHERE c.org_id = :org_id AND c.job_id = :job_id")


def find_of_job(connection: AnyReader, org_id: int, job_id: str) -> Calibration | None:
    """The calibration that a job counts."""
    row = connection.execute(FIND_OF_JOB, {"org_id": org_id, "job_id": job_id}).first()
    return None if row is None else _calibration(row)


FIND = text(f"SELECT {_COLUMNS} FROM calibrations AS c WHERE c.org_id = :org_id AND c.id = :id")


def find(connection: AnyReader, org_id: int, calibration_id: str) -> Calibration | None:
    """A calibration by its id."""
    row = connection.execute(FIND, {"org_id": org_id, "id": calibration_id}).first()
    return None if row is None else _calibration(row)


LIST_UNFINISHED = text(
    f"""
    SELECT {_COLUMNS}
    FROM calibrations AS c
    WHERE c.finished_at IS NULL OR EXISTS (SELECT 1 FROM calibration_parts AS p WHERE p.calibration_id = c.id)
    ORDER BY c.id
    LIMIT :limit
    """
)


def list_unfinished(connection: AnyReader, limit: int) -> list[Calibration]:
    """Calibrations of all organizations that have no answer yet, or parts that are not added up."""
    return list(map(_calibration, connection.execute(LIST_UNFINISHED, {"limit": limit})))


EXISTS_ONE = text("SELECT 1 FROM calibrations WHERE id = :id AND org_id = :org_id")


def exists(connection: Connection, org_id: int, calibration_id: str) -> bool:
    """Whether there is a calibration."""
    return connection.execute(EXISTS_ONE, {"id": calibration_id, "org_id": org_id}).first() is not None


INSERT_PART = text("INSERT INTO calibration_parts (calibration_id, id, data) VALUES (:calibration_id, :id, :data)")


def insert_part(connection: Connection, calibration_id: str, part_id: str, data: bytes) -> None:
    """Add what a chunk has counted."""
    connection.execute(INSERT_PART, {"calibration_id": calibration_id, "id": part_id, "data": data})


FIND_SUMS = text("SELECT sums FROM calibrations WHERE id = :id")
LIST_PARTS = text("SELECT id, data FROM calibration_parts WHERE calibration_id = :id AND id > :after ORDER BY id LIMIT :limit")


def find_sums(connection: AnyReader, calibration_id: str) -> bytes | None:
    """What has been added up."""
    row = connection.execute(FIND_SUMS, {"id": calibration_id}).first()
    return None if row is None or row[0] is None else bytes(row[0])


def list_parts(connection: AnyReader, calibration_id: str, after: str, limit: int) -> list[tuple[str, bytes]]:
    """Parts by id, after `after`."""
    rows = connection.execute(LIST_PARTS, {"id": calibration_id, "after": after, "limit": limit})
    return [(row[0], bytes(row[1])) for row in rows]


@dataclass(frozen=True)
class Finished:
    """The sums and the answer of a calibration, and when it was finished; `before` is when it was the last time."""

    sums: bytes
    body: str
    finished_at: datetime
    before: datetime | None


FINISH = text(
    """
    UPDATE calibrations
    SET sums = :sums, body = :body, finished_at = :finished_at
    WHERE id = :id AND (finished_at = :before OR (finished_at IS NULL AND :is_first))
    """
)


def finish(connection: Connection, calibration_id: str, finished: Finished) -> bool:
    """Store sums and answer; return False, and do nothing, where somebody else did so meanwhile."""
    values = {"id": calibration_id, **vars(finished), "is_first": finished.before is None}
    return connection.execute(FINISH, values).rowcount == 1


COUNT_PARTS = text("SELECT count(*) FROM (SELECT 1 FROM calibration_parts WHERE calibration_id = :id LIMIT :most) AS p")


def count_parts(connection: AnyReader, calibration_id: str, most: int) -> int:
    """How many parts there are, up to `most`."""
    row = connection.execute(COUNT_PARTS, {"id": calibration_id, "most": most}).first()
    return 0 if row is None else int(row[0])


DELETE_PARTS = text("DELETE FROM calibration_parts WHERE calibration_id = :id AND id IN :parts").bindparams(
    bindparam("parts", expanding=True)
)


def delete_parts(connection: Connection, calibration_id: str, parts: Sequence[str]) -> int:
    """Delete parts; return how many were there."""
    return connection.execute(DELETE_PARTS, {"id": calibration_id, "parts": list(parts)}).rowcount if parts else 0


DELETE = text("DELETE FROM calibrations WHERE id = :id")


def delete(connection: Connection, calibration_id: str) -> None:
    """Delete a calibration with its parts."""
    connection.execute(DELETE, {"id": calibration_id})


# Older than the newest `keep` of its organization, strategy and universe.
DELETE_BEYOND = text(
    """
    DELETE FROM calibrations WHERE id IN (
        SELECT c.id
        FROM calibrations AS c
        WHERE c.finished_at IS NOT NULL AND (
            SELECT count(*)
            FROM calibrations AS newer
            WHERE newer.org_id = c.org_id AND newer.strategy = c.strategy AND newer.finished_at IS NOT NULL AND newer.id > c.id
                AND COALESCE(newer.universe, '') = COALESCE(c.universe, '')
        ) >= :keep
        LIMIT :limit
    )
    """
)


def delete_beyond(connection: Connection, keep: int, limit: int) -> int:
    """Delete up to `limit` finished calibrations beyond the newest `keep` of their organization, strategy and universe; return how many."""
    return connection.execute(DELETE_BEYOND, {"keep": keep, "limit": limit}).rowcount
