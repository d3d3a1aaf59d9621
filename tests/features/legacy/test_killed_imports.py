"""An import that is killed within a table's transaction leaves the tables before it whole, and the next import does the rest."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, timedelta
from pathlib import Path

import pytest
from kit.databases import Backend
from kit.earlier_tool import ROWS, SHAPES, write_file
from kit.servers import FLASK, Server, Start, wait_until
from sqlalchemy import text

import database
from features.legacy.service import ImportOrder, Target, import_file
from models.api_key import FIRST_ORG
from utils.clock import today

# The tables of the file, and ours that their rows go to.
TABLES = {"watchlist": "watchlist_items", "analysis_results": "imported_results", "analysis_jobs": "analysis_jobs"}
TAKEN = {"watchlist": 2, "analysis_results": 2, "analysis_jobs": 2}
# A row that is never finished: the product of eight tables.
HANG = """
    CREATE TRIGGER hang BEFORE INSERT ON {table} BEGIN
        SELECT count(*) FROM sqlite_schema a, sqlite_schema b, sqlite_schema c, sqlite_schema d,
            sqlite_schema e, sqlite_schema f, sqlite_schema g, sqlite_schema h;
    END
"""


@contextmanager
def held(backend: Backend, table: str) -> Iterator[None]:
    """Whoever inserts into a table hangs within its transaction."""
    if backend.is_sqlite:
        database.execute_db(HANG.replace("{table}", table))
        yield
        database.execute_db("DROP TRIGGER hang")
    else:
        with database.transaction() as connection:
            connection.execute(text("LOCK TABLE {table} IN SHARE MODE".replace("{table}", table)))
            yield


def hangs(backend: Backend) -> bool:
    """Whether an import is within its transaction."""
    if not backend.is_sqlite:
        return bool(database.query_db("SELECT 1 FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock'"))
    with closing(sqlite3.connect(backend.path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
    return False


def taken_now(path: Path) -> dict[str, int]:
    reports = import_file(database.current(), path, Target(FIRST_ORG, UTC, 30), ImportOrder(lambda line: None))
    return {report.table: report.taken for report in reports}


def stored() -> dict[str, list[str]]:
    """What the tables hold, but for the time of the import."""
    found = {ours: database.query_db(f"SELECT * FROM {ours}") for ours in (*TABLES.values(), "analysis_job_items")}
    return {ours: sorted(str({**row, "imported_at": None}) for row in rows) for ours, rows in found.items()}


@pytest.mark.parametrize("at", range(3), ids=list(TABLES))
def test_killed_within_a_table(backend: Backend, tmp_path: Path, start: Start, at: int) -> None:
    path = write_file(tmp_path / "earlier.db", SHAPES["third"], ROWS["third"], (today() - timedelta(days=5)).isoformat())
    assert taken_now(path) == TAKEN
    whole = stored()
    for table in ("analysis_job_items", "analysis_jobs", "imported_results", "watchlist_items"):
        database.execute_db("DELETE FROM {table}".replace("{table}", table))
    names = list(TABLES)
    with held(backend, TABLES[names[at]]):
        importing: Server = start([FLASK, "import-legacy", str(path)], DATABASE_URL=backend.url)
        if at:
            wait_until(lambda: f"{names[at - 1]}: " in importing.log)
        wait_until(lambda: hangs(backend))
        importing.process.kill()
        importing.process.wait()
    found = stored()
    for table in names[:at]:
        assert found[TABLES[table]] == whole[TABLES[table]]
    for table in names[at:]:
        assert found[TABLES[table]] == []
    assert taken_now(path) == {name: 0 if names.index(name) < at else TAKEN[name] for name in names}
    assert stored() == whole
