"""Files that are none, damaged, or made to harm: each is refused in words, or gives what can be read of it."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.databases import Backend
from kit.earlier_tool import ROWS, SHAPES, THIRD, write_file

import database
from features.legacy.job_rows import read_job
from features.legacy.old_file import UnreadableFile, open_file
from features.legacy.result_rows import read_result
from features.legacy.rows import Import, Refused, Row
from features.legacy.service import ImportOrder, Target, import_file
from features.legacy.watchlist_rows import read_item
from models.api_key import FIRST_ORG
from utils.clock import now

CREATED = "2025-12-01 10:00:00"


def run(path: Path) -> tuple[dict[str, tuple[int, int, int]], list[str]]:
    """Import a file; return by table how many rows were taken, there already and refused, and the report."""
    lines: list[str] = []
    reports = import_file(database.current(), path, Target(FIRST_ORG, UTC, 10_000), ImportOrder(lines.append))
    return {report.table: (report.taken, report.present, report.refused) for report in reports}, lines


# ---- files that are none ----------------------------------------------------------------------------------------------------------


def nothing(path: Path) -> None:
    path.touch()


def words(path: Path) -> None:
    path.write_text("ticker,verdict\nAAPL,Buy\n")


def encrypted(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(8192))  # noqa: S311 — bytes without a pattern


def only_a_head(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00")


def damaged_schema(path: Path) -> None:
    write_file(path, THIRD, {})
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 200)


def of_bellwether(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE organizations (id); CREATE TABLE analysis_results (id)")


def only_a_view(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE other (x); CREATE VIEW watchlist AS SELECT x AS ticker FROM other")


def only_a_virtual_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE VIRTUAL TABLE watchlist USING fts5 (ticker)")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "It is no file"),
        (os.mkfifo, "It is no file"),
        (lambda path: path.symlink_to(path), "It cannot be opened"),
        (nothing, "It is empty"),
        (words, "It is no SQLite database, or it is encrypted"),
        (encrypted, "It is no SQLite database, or it is encrypted"),
        (only_a_head, "It is no readable database"),
        (damaged_schema, "It is no readable database"),
        (of_bellwether, "It is a database of Bellwether"),
        (only_a_view, "It has none of the tables"),
        (only_a_virtual_table, "It has none of the tables"),
    ],
)
def test_it_is_refused_and_left_as_it_is(backend: Backend, tmp_path: Path, make: Callable[[Path], object], reason: str) -> None:
    folder = tmp_path / "earlier"
    folder.mkdir()
    path = folder / "trading_app.db"
    make(path)
    with pytest.raises(UnreadableFile, match=reason):
        run(path)
    assert list(folder.iterdir()) == [path]
    assert database.query_db("SELECT * FROM watchlist_items") == []


# ---- what SQLite leaves beside a file ----------------------------------------------------------------------------------------------


def test_a_log_beside_the_file_is_read_with_it(backend: Backend, tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    folder.mkdir()
    path = write_file(folder / "trading_app.db", THIRD, {"watchlist": [{"ticker": "AAPL", "created_at": CREATED}]})
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO watchlist (ticker, created_at) VALUES ('MSFT', ?)", (CREATED,))
        before = {each.name: each.read_bytes() for each in folder.iterdir()}
        counts, lines = run(path)
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == before
    assert counts["watchlist"] == (2, 0, 0)
    assert lines[0] == "trading_app.db-wal belongs to the file and is read with it."


def test_a_change_that_was_not_finished_is_undone(backend: Backend, tmp_path: Path) -> None:
    """A crash in the middle of a change leaves a journal with what was there before."""
    whole, folder = tmp_path / "whole.db", tmp_path / "earlier"
    folder.mkdir()
    write_file(whole, THIRD, {"watchlist": [{"ticker": f"T{number}", "notes": "x" * 900, "created_at": CREATED} for number in range(200)]})
    with closing(sqlite3.connect(whole, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 5")
        connection.execute("BEGIN")
        connection.execute("UPDATE watchlist SET ticker = 'HALF', notes = 'half a change'")
        for name in ("whole.db", "whole.db-journal"):
            shutil.copyfile(tmp_path / name, folder / name)
        connection.execute("ROLLBACK")
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    assert len(before) == 2
    counts, _ = run(folder / "whole.db")
    assert counts["watchlist"] == (200, 0, 0)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


# ---- damage within a file ----------------------------------------------------------------------------------------------------------


def test_a_damaged_page_costs_its_rows(backend: Backend, tmp_path: Path) -> None:
    rows = [{"ticker": f"T{number}", "notes": "x" * 900, "created_at": CREATED} for number in range(200)]
    result = {"ticker": "AAPL", "verdict": "Buy", "created_at": CREATED}
    path = write_file(tmp_path / "damaged.db", THIRD, {"analysis_results": [result], "watchlist": rows})
    with path.open("r+b") as file:
        place = file.read().index(b"T100" + CREATED.encode())  # in the middle of a page
        file.seek(place // 4096 * 4096)
        file.write(b"\x00" * 4096)
    counts, lines = run(path)
    assert 0 < counts["watchlist"][0] < 200
    assert any("watchlist" in line and ("damaged" in line or "cannot be read" in line) for line in lines)
    assert counts["analysis_results"] == (1, 0, 0)


def test_a_value_beyond_all_bounds_costs_its_row(backend: Backend, tmp_path: Path) -> None:
    rows = [{"ticker": "AAPL", "notes": "n" * 17_000_000, "created_at": CREATED}, {"ticker": "MSFT", "created_at": CREATED}]
    results = [{"ticker": "KO", "verdict": "Buy", "raw_data": '["' + "y" * 2_000_000 + '"]', "created_at": CREATED}]
    counts, lines = run(write_file(tmp_path / "huge.db", THIRD, {"watchlist": rows, "analysis_results": results}))
    assert (counts["watchlist"], counts["analysis_results"]) == ((1, 0, 1), (1, 0, 0))
    assert "watchlist row 1: not taken: it cannot be read (string or blob too big)" in lines
    assert any("raw_data is cut off or damaged" in line for line in lines)


def test_a_table_without_rowids_is_told(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "keyed.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE watchlist (ticker TEXT PRIMARY KEY) WITHOUT ROWID")
        connection.execute("INSERT INTO watchlist VALUES ('AAPL')")
    assert any("no such column: rowid" in line for line in run(path)[1])


# ---- values of any type in any column ----------------------------------------------------------------------------------------------

NASTY: list[Any] = [
    None, 0, -1, 2**63 - 1, 1.5, float("inf"), -0.0, "", " ", "\x00", "a\x00b", "\x1b[2J\r\nx", b"\xff\xfe", "\u202ereversed", "nan",
    "1e400", "é" * 300, "x" * 300_000, "{'a'", "[" * 500, '{"a": "\\u0000"}', '["\\ud800"]', "'; DROP TABLE analysis_results; --",
    "AAPL", "Buy", CREATED,
]  # fmt: skip
SOUND: dict[str, dict[str, Any]] = {
    "watchlist": {"ticker": "AAPL", "created_at": CREATED},
    "analysis_results": {"ticker": "AAPL", "verdict": "Buy", "score": 0.3, "created_at": CREATED},
    "analysis_jobs": {"job_id": "j", "status": "completed", "total": 1, "successful": 1, "created_at": CREATED},
}


@pytest.mark.parametrize("table", SOUND)
def test_no_value_stops_the_import(backend: Backend, tmp_path: Path, table: str) -> None:
    path = write_file(tmp_path / "nasty.db", THIRD, {})
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        connection.execute(f"DROP TABLE {table}")
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
        for column in columns:
            for value in NASTY:
                row = {**SOUND[table], column: value}
                places = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))
    counts, lines = run(path)
    assert sum(counts[table]) == len(columns) * len(NASTY)
    assert counts[table][0] > 0
    assert all(line.isprintable() and len(line) < 1_000 for line in lines)
    assert run(path)[0][table][0] == 0


LIKELY = ["completed", "cancelled", "processing", "[1, 2]", '["AAPL"]', "{'AAPL': 'x'}"]
CELLS = (
    st.sampled_from([value for value in NASTY if not isinstance(value, bytes)] + LIKELY)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
)
COLUMNS = [
    "ticker", "symbol", "yahoo_symbol", "name", "notes", "created_at", "collection_id", "score", "verdict", "signal", "entry", "stop_loss",
    "target", "strategy_id", "raw_data", "analysis_config", "status", "error_message", "is_demo_data", "job_id", "total", "completed",
    "successful", "errors", "tickers_json", "started_at", "completed_at",
]  # fmt: skip


@pytest.mark.parametrize("read", [read_item, read_result, read_job])
def test_a_row_of_anything_is_taken_or_refused(read: Callable[[Row, Import], object]) -> None:
    moment = now()
    context = Import(FIRST_ORG, UTC, moment, moment.replace(year=2000))

    @given(st.dictionaries(st.sampled_from(COLUMNS), CELLS))
    @settings(derandomize=True, deadline=None, max_examples=300)
    def check(cells: dict[str, Any]) -> None:
        reason = ""
        try:
            read(Row(1, cells), context)
        except Refused as refusal:
            reason = str(refusal)
        assert reason.isprintable()

    check()


def test_an_open_file_cannot_be_written(tmp_path: Path) -> None:
    path = write_file(tmp_path / "first.db", SHAPES["first"], ROWS["first"])
    with open_file(path) as file:
        assert file.tables == {"watchlist", "analysis_results", "analysis_jobs"}
        path.chmod(0o400)
        assert sum(1 for _ in file.rows("watchlist")) == 3
