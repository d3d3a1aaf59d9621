"""SQL of the files of imports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection, text

from database import AnyReader
from features.prices.files.archive import Part

INSERT = text(
    """
    INSERT INTO price_import_files (org_id, import_id, ticker, name, created_at, lines, content)
    VALUES (:org_id, :import_id, :ticker, :name, :created_at, :lines, :content)
    """
)


def insert(connection: Connection, org_id: int, import_id: str, parts: Sequence[Part], created_at: datetime) -> None:
    """Keep the parts of an upload for its job."""
    common = {"org_id": org_id, "import_id": import_id, "created_at": created_at}
    rows = [{"ticker": part.ticker, "name": part.name, "lines": _text_of_runs(part.lines), "content": part.content} for part in parts]
    connection.execute(INSERT, [common | row for row in rows])


@dataclass(frozen=True)
class ImportedFile:
    """A file of an import: its deflated content while that is kept, and what became of it, both as JSON."""

    ticker: str
    name: str
    report: str | None
    problem: str | None
    lines: Sequence[int]
    content: bytes | None


FIND = text(
    """
    SELECT ticker, name, report, problem, lines, content
    FROM price_import_files
    WHERE org_id = :org_id AND import_id = :import_id AND ticker = :ticker
    """
)


def find(connection: AnyReader, org_id: int, import_id: str, ticker: str) -> ImportedFile | None:
    """A file of an import, with its content."""
    row = connection.execute(FIND, {"org_id": org_id, "import_id": import_id, "ticker": ticker}).first()
    if row is None:
        return None
    content = None if row[5] is None else bytes(row[5])
    return ImportedFile(row[0], row[1], row[2], row[3], _lines_of_runs(row[4]), content)


LIST = text(
    """
    SELECT ticker, name, report, problem
    FROM price_import_files
    WHERE org_id = :org_id AND import_id = :import_id AND ticker > :after
    ORDER BY ticker
    LIMIT :limit
    """
)


def list_files(connection: AnyReader, org_id: int, import_id: str, after: str, limit: int) -> list[ImportedFile]:
    """Files of an import by ticker after `after`, without their contents."""
    rows = connection.execute(LIST, {"org_id": org_id, "import_id": import_id, "after": after, "limit": limit})
    return [ImportedFile(row[0], row[1], row[2], row[3], lines=(), content=None) for row in rows]


# The content is not needed any more.
REPORT = text(
    """
    UPDATE price_import_files
    SET report = :report, problem = NULL, content = NULL
    WHERE import_id = :import_id AND ticker = :ticker
    """
)


def save_report(connection: Connection, import_id: str, ticker: str, report: str) -> None:
    """Note what became of a file, and forget its content."""
    connection.execute(REPORT, {"import_id": import_id, "ticker": ticker, "report": report})


# Once reported, a file was stored: a worker that lost its claim must not say otherwise.
REFUSE = text("UPDATE price_import_files SET problem = :problem WHERE import_id = :import_id AND ticker = :ticker AND report IS NULL")


def save_problem(connection: Connection, import_id: str, ticker: str, problem: str) -> None:
    """Note why a file was refused; its content is kept for a while, for another try."""
    connection.execute(REFUSE, {"import_id": import_id, "ticker": ticker, "problem": problem})


FORGET = text(
    """
    UPDATE price_import_files
    SET content = NULL
    WHERE content IS NOT NULL AND problem IS NOT NULL AND created_at < :before
    """
)


def forget_refused(connection: Connection, before: datetime) -> int:
    """Forget the contents of refused files that came before a moment; return how many."""
    return connection.execute(FORGET, {"before": before}).rowcount


DELETE_BEFORE = text(
    """
    DELETE FROM price_import_files
    WHERE (import_id, ticker) IN (
        SELECT import_id, ticker
        FROM price_import_files
        WHERE created_at < :before
        LIMIT :limit
    )
    """
)


def delete_before(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` files that came before a moment; return how many."""
    return connection.execute(DELETE_BEFORE, {"before": before, "limit": limit}).rowcount


def _text_of_runs(lines: Sequence[int]) -> str | None:
    """Line numbers as JSON: [first, count] of each run."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == sum(runs[-1]):
            runs[-1][1] += 1
        else:
            runs.append([line, 1])
    return json.dumps(runs, separators=(",", ":")) if runs else None


def _lines_of_runs(text_of: str | None) -> Sequence[int]:
    runs = json.loads(text_of) if text_of else []
    return list(chain.from_iterable(range(first, first + count) for first, count in runs))
