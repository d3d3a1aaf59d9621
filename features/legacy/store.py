"""SQL of the results that were imported from an earlier tool."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.imported_result import ImportedFilter, ImportedResult, ImportedResultWithDetails, NewImportedResult, signal_of_verdict
from models.job import Stored
from utils.dialects import execute_rows, many_rows
from utils.json_text import parse_tolerant

_COLUMNS = "id, ticker, name, strategy, verdict, score, entry, stop_loss, target, is_whole, analysed_at, imported_at"
_NEW = {
    "id": "text", "org_id": "bigint", "ticker": "text", "name": "text", "strategy": "text", "verdict": "text", "score": "float8",
    "entry": "float8", "stop_loss": "float8", "target": "float8", "is_whole": "boolean", "details": "text", "job_ref": "text",
    "analysed_at": "timestamptz", "imported_at": "timestamptz",
}  # fmt: skip
INSERT = many_rows("INSERT INTO imported_results", _NEW, "ON CONFLICT (id) DO NOTHING")
FIND_STORED = text("SELECT id FROM imported_results WHERE org_id = :org_id AND id IN :ids").bindparams(bindparam("ids", expanding=True))


def insert(connection: Connection, org_id: int, results: Sequence[NewImportedResult], moment: datetime) -> set[str]:
    """Store results unless their ids are stored; return the ids of the new ones. No two have one id."""
    ids = [new.id for new in results]
    stored = {row[0] for row in connection.execute(FIND_STORED, {"org_id": org_id, "ids": ids})}
    rows = [{**vars(new), "org_id": org_id, "imported_at": moment} for new in results if new.id not in stored]
    execute_rows(connection, INSERT, rows)
    return set(ids) - stored


# Newest first; the id breaks ties.
LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM imported_results
    WHERE org_id = :org_id AND (analysed_at, id) < (:before, :before_id)
    ORDER BY analysed_at DESC, id DESC
    LIMIT :limit
    """
)
LIST_OF_TICKER = text(
    f"""
    SELECT {_COLUMNS}
    FROM imported_results
    WHERE org_id = :org_id AND ticker = :ticker AND (analysed_at, id) < (:before, :before_id)
    ORDER BY analysed_at DESC, id DESC
    LIMIT :limit
    """
)


def list_results(
    connection: Connection, org_id: int, wanted: ImportedFilter, limit: int, before: tuple[datetime, str]
) -> list[ImportedResult]:
    """Results before a moment and id, newest first."""
    values = {"org_id": org_id, "limit": limit, "before": before[0], "before_id": before[1]}
    if wanted.ticker is None:
        rows = connection.execute(LIST, values)
    else:
        rows = connection.execute(LIST_OF_TICKER, {**values, "ticker": wanted.ticker})
    return [ImportedResult(**_fields(row)) for row in rows]


FIND = text(f"SELECT {_COLUMNS}, details FROM imported_results WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, result_id: str) -> ImportedResultWithDetails | None:
    """One result with its details."""
    row = connection.execute(FIND, {"org_id": org_id, "id": result_id}).first()
    return None if row is None else ImportedResultWithDetails(**_fields(row[:-1]), details=parse_tolerant(row[-1]))


OF_JOBS = text(
    """
    SELECT job_ref, ticker, id, verdict, score
    FROM imported_results
    WHERE org_id = :org_id AND job_ref IN :refs
    ORDER BY analysed_at
    """
).bindparams(bindparam("refs", expanding=True))


def results_of_jobs(connection: Connection, org_id: int, refs: Collection[str]) -> dict[str, dict[str, Stored]]:
    """What jobs of the earlier tool gave: by its id of the job, then by ticker, the newest."""
    found: dict[str, dict[str, Stored]] = {ref: {} for ref in refs}
    for ref, ticker, result_id, verdict, score in connection.execute(OF_JOBS, {"org_id": org_id, "refs": list(refs)}):
        found[ref][ticker] = Stored(result_id, verdict, None, None if score is None else {"score": score})
    return found


def _fields(row: Any) -> dict[str, Any]:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return {**fields, "is_whole": bool(fields["is_whole"]), "signal": signal_of_verdict(fields["verdict"])}
