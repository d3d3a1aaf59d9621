"""SQL of kept reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.job import Fault
from models.kept_report import KeptReport, NewReport

INSERT = text(
    """
    INSERT INTO kept_reports (id, org_id, type, format, params, job_id, created_at, created_by, expires_at)
    VALUES (:id, :org_id, :type, :format, :params, :job_id, :created_at, :created_by, :expires_at)
    """
)


def insert(connection: Connection, org_id: int, new: NewReport, job_id: str) -> None:
    """Store a report that a job is to make."""
    values = {
        "id": new.id,
        "org_id": org_id,
        "type": new.type,
        "format": new.format,
        "params": new.params,
        "job_id": job_id,
        "created_at": new.created_at,
        "created_by": new.created_by,
        "expires_at": new.expires_at,
    }
    connection.execute(INSERT, values)


_COLUMNS = "id, org_id, type, format, params, job_id, file_id, error_code, error, created_at, created_by, finished_at, expires_at"
FIND = text(f"SELECT {_COLUMNS} FROM kept_reports WHERE org_id = :org_id AND id = :id AND expires_at > :now")


def find(connection: AnyReader, org_id: int, report_id: str, moment: datetime) -> KeptReport | None:
    """A report that has not expired."""
    row = connection.execute(FIND, {"org_id": org_id, "id": report_id, "now": moment}).first()
    return None if row is None else _from_row(row)


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM kept_reports
    WHERE org_id = :org_id AND id < :before AND expires_at > :now
    ORDER BY id DESC
    LIMIT :limit
    """
)
_AFTER_ALL = "~"  # behind every id


def list_reports(connection: AnyReader, org_id: int, page: tuple[str | None, int], moment: datetime) -> list[KeptReport]:
    """Reports that have not expired, newest first; `page` is the last id of the page before, and the limit."""
    values = {"org_id": org_id, "before": page[0] or _AFTER_ALL, "limit": page[1], "now": moment}
    return [_from_row(row) for row in connection.execute(LIST, values)]


COUNT = text("SELECT COUNT(*) FROM kept_reports WHERE org_id = :org_id AND expires_at > :now")


def count(connection: Connection, org_id: int, moment: datetime) -> int:
    """The number of an organization's reports."""
    return int(connection.execute(COUNT, {"org_id": org_id, "now": moment}).scalar_one())


FINISH = text(
    """
    UPDATE kept_reports
    SET file_id = :file_id, error_code = NULL, error = NULL, finished_at = :now
    WHERE org_id = :org_id AND id = :id AND file_id IS NULL
    """
)


def finish(connection: Connection, org_id: int, report_id: str, file_id: str, moment: datetime) -> bool:
    """Give a report its file; return whether it is there and had none."""
    return connection.execute(FINISH, {"org_id": org_id, "id": report_id, "file_id": file_id, "now": moment}).rowcount == 1


FAIL = text(
    """
    UPDATE kept_reports
    SET error_code = :code, error = :message, finished_at = :now
    WHERE org_id = :org_id AND id = :id AND file_id IS NULL
    """
)


def fail(connection: Connection, org_id: int, report_id: str, fault: Fault, moment: datetime) -> None:
    """Note why a report could not be made, unless it was."""
    values = {"org_id": org_id, "id": report_id, "code": fault.code, "message": fault.message, "now": moment}
    connection.execute(FAIL, values)


DELETE = text("DELETE FROM kept_reports WHERE org_id = :org_id AND id = :id AND expires_at > :now RETURNING job_id, file_id")


def delete(connection: Connection, org_id: int, report_id: str, moment: datetime) -> tuple[str, str | None] | None:
    """Delete a report; return its job and its file, or None where there is none."""
    row = connection.execute(DELETE, {"org_id": org_id, "id": report_id, "now": moment}).first()
    return None if row is None else (row[0], row[1])


DELETE_EXPIRED = text(
    """
    DELETE FROM kept_reports
    WHERE id IN (
        SELECT id
        FROM kept_reports
        WHERE expires_at <= :now
        LIMIT :limit
    )
    RETURNING org_id, file_id
    """
)


def delete_expired(connection: Connection, moment: datetime, limit: int) -> list[tuple[int, str | None]]:
    """Delete up to `limit` reports that have expired; return their organizations and files."""
    return [(row[0], row[1]) for row in connection.execute(DELETE_EXPIRED, {"now": moment, "limit": limit})]


def _from_row(row: Sequence[Any]) -> KeptReport:
    report_id, org_id, kind, form, params, job_id, file_id, code, error, created_at, created_by, finished_at, expires_at = row
    fault = None if code is None else Fault(code, error)
    return KeptReport(report_id, org_id, kind, form, params, job_id, file_id, fault, created_at, created_by, finished_at, expires_at)
