"""The import of an earlier tool's database: three shapes of it, twice each, with a broken row in each table."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kit.databases import Backend
from kit.earlier_tool import INDICATORS, ROWS, SHAPES, THIRD, add_rows, write_file
from kit.jobs import another_organization, items_of, release_worker, run_jobs
from kit.support import Client
from sqlalchemy import inspect

import database
from app import Application
from features.legacy.kinds import ImportedAnalysis
from features.legacy.service import ImportOrder, Target, UnreadableFile, import_file
from models.api_key import FIRST_ORG
from utils.clock import today

DAY = (today() - timedelta(days=5)).isoformat()
# Of each table what is taken, is there already and is refused, at the first import into an empty organization.
FIRST_TIME = {
    "first": {"watchlist": (2, 0, 1), "analysis_results": (2, 0, 1), "analysis_jobs": (1, 0, 1)},
    "second": {"watchlist": (2, 1, 1), "analysis_results": (2, 0, 2), "analysis_jobs": (2, 0, 1)},
    "third": {"watchlist": (2, 0, 1), "analysis_results": (2, 0, 1), "analysis_jobs": (2, 0, 1)},
}
shapes = pytest.mark.parametrize("shape", SHAPES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "earlier"
    made.mkdir()
    return made


def file_of(shape: str, folder: Path) -> Path:
    return write_file(folder / f"{shape}.db", SHAPES[shape], ROWS[shape], DAY)


def run(path: Path, org_id: int = FIRST_ORG, zone: str = "UTC", **order: Any) -> tuple[dict[str, tuple[int, int, int]], list[str]]:
    """Import a file; return the counts by table, and the report."""
    lines: list[str] = []
    reports = import_file(database.current(), path, Target(org_id, ZoneInfo(zone), 30), ImportOrder(lines.append, **order))
    return {report.table: (report.taken, report.present, report.refused) for report in reports}, lines


def content() -> Mapping[str, list[str]]:
    """Everything that the database holds."""
    tables = inspect(database.current().engine()).get_table_names()
    return {table: sorted(map(readable, database.query_db(f"SELECT * FROM {table}"))) for table in tables}


def readable(row: Mapping[str, Any]) -> str:
    return str({name: bytes(cell) if isinstance(cell, memoryview) else cell for name, cell in row.items()})


# ---- three shapes, twice ----------------------------------------------------------------------------------------------------------


@shapes
def test_the_second_import_finds_everything_there(backend: Backend, folder: Path, shape: str) -> None:
    path = file_of(shape, folder)
    before = path.read_bytes()
    counts, lines = run(path)
    assert counts == FIRST_TIME[shape]
    refused = [line for line in lines if "not taken" in line]
    assert len(refused) == sum(numbers[2] for numbers in counts.values())
    stored = content()
    again, more = run(path)
    assert again == {table: (0, taken + present, refused) for table, (taken, present, refused) in counts.items()}
    assert [line for line in more if "not taken" in line] == refused
    assert content() == stored
    assert (path.read_bytes(), list(folder.iterdir())) == (before, [path])


@shapes
def test_a_dry_run_reports_the_same_and_keeps_nothing(backend: Backend, folder: Path, shape: str) -> None:
    path = file_of(shape, folder)
    before = content()
    told = run(path, dry_run=True)
    assert content() == before
    assert told == run(path)


def test_a_later_copy_gives_what_is_new(backend: Backend, folder: Path) -> None:
    path = file_of("third", folder)
    run(path)
    later = folder / "later.db"
    shutil.copyfile(path, later)
    new = {"ticker": "KO", "verdict": "sell", "score": -0.3, "created_at": "2025-12-01 10:00:00"}
    with closing(sqlite3.connect(later)) as connection, connection:
        connection.execute("ALTER TABLE analysis_results ADD COLUMN currency TEXT DEFAULT 'USD'")
        connection.execute("UPDATE analysis_results SET id = id + 100, updated_at = '2026-01-01'")
        add_rows(connection, {"analysis_results": [new], "watchlist": [{"ticker": "ko"}]})
    counts, _ = run(later)
    assert counts == {"watchlist": (1, 2, 1), "analysis_results": (1, 2, 1), "analysis_jobs": (0, 2, 1)}


def test_organizations_have_their_own(client: Client, folder: Path) -> None:
    key = another_organization()
    path = file_of("first", folder)
    assert run(path)[0] == run(path, org_id=2)[0] == FIRST_TIME["first"]
    mine, theirs = client.get("/imported-results").json["items"], client.get("/imported-results", key=key).json["items"]
    assert len(mine) == len(theirs) == 2
    assert not {each["id"] for each in mine} & {each["id"] for each in theirs}
    assert client.get(f"/imported-results/{theirs[0]['id']}").status_code == 404


# ---- what the API says of it ------------------------------------------------------------------------------------------------------


def test_results_are_shown_apart(client: Client, folder: Path) -> None:
    before = client.get("/results").json, client.get("/history/AAPL").json
    run(file_of("third", folder))
    newest, oldest = client.get("/imported-results").json["items"]
    assert (newest["ticker"], newest["verdict"], newest["signal"]) == ("MSFT", "Strong Sell", "SELL")
    assert (newest["score"], newest["strategy"], newest["is_whole"]) == (None, None, False)
    assert (oldest["ticker"], oldest["verdict"], oldest["score"], oldest["strategy"]) == ("AAPL", "Buy", 0.25, "weekly")
    assert (oldest["is_whole"], oldest["analysed_at"]) == (True, f"{DAY}T04:30:01Z")
    details = client.get(f"/imported-results/{oldest['id']}").json
    assert details == {**oldest, "details": {"raw_data": INDICATORS, "analysis_config": {"capital": 100_000}}}
    assert client.get(f"/imported-results/{newest['id']}").json["details"] == {"raw_data": {"a": None, "b": [1, 2]}}
    assert (client.get("/results").json, client.get("/history/AAPL").json) == before
    assert client.get(f"/results/{oldest['id']}").status_code == 404


def test_results_come_in_pages(client: Client, folder: Path) -> None:
    rows = [{"ticker": "AAPL", "verdict": "Buy", "score": n / 10, "created_at": "2025-12-01 10:00:00"} for n in range(5)]
    run(write_file(folder / "pages.db", THIRD, {"analysis_results": [*rows, {**rows[0], "ticker": "KO"}]}))
    seen: list[float] = []
    query = "/imported-results?ticker=aapl&limit=2"
    answer = client.get(query).json
    while answer["next_cursor"] is not None:
        seen += [item["score"] for item in answer["items"]]
        answer = client.get(f"{query}&cursor={answer['next_cursor']}").json
    seen += [item["score"] for item in answer["items"]]
    assert sorted(seen) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert len(client.get("/imported-results").json["items"]) == 6


def test_the_watch_list_has_names_notes_and_times(client: Client, folder: Path) -> None:
    client.post("/watchlist", {"ticker": "IBM", "notes": "mine"})
    run(file_of("second", folder))
    run(file_of("third", folder))
    items = {item["ticker"]: item for item in client.get("/watchlist").json["items"]}
    assert set(items) == {"AAPL", "MSFT", "IBM"}
    assert items["IBM"]["notes"] == "mine"
    assert (items["AAPL"]["name"], items["AAPL"]["notes"]) == ("Apple", "after\tthe results\nof spring")
    assert items["AAPL"]["created_at"] == "2025-11-27T19:45:38Z"
    assert items["MSFT"]["name"] == "Micro\ufffdsoft"
    assert len(items["MSFT"]["notes"]) == 2_000
    assert [item["ticker"] for item in client.get("/overview?sort=position").json["items"]] == ["IBM", "AAPL", "MSFT"]


def test_jobs_have_ended_and_their_items_say_how(client: Client, folder: Path) -> None:
    run(file_of("third", folder))
    broken, whole = client.get("/jobs").json["items"]  # newest first, by the times of the earlier tool
    assert (whole["kind"], whole["status"], whole["total"], whole["succeeded"], whole["failed"]) == (
        "imported_analysis",
        "completed",
        3,
        2,
        1,
    )
    assert (whole["created_at"], whole["finished_at"]) == (f"{DAY}T04:30:00Z", f"{DAY}T04:30:09Z")
    items = items_of(client, whole["id"])
    results = {item["ticker"]: item for item in client.get("/imported-results").json["items"]}
    for ticker in ("AAPL", "MSFT"):
        assert (items[ticker]["status"], items[ticker]["result_id"]) == ("succeeded", results[ticker]["id"])
        assert items[ticker]["outcome"] == results[ticker]["verdict"]
    assert items["IBM"]["error"] == {"code": "imported_failure", "message": "no data"}
    assert (broken["status"], broken["error"]["message"]) == ("failed", "the disk is full")
    assert items_of(client, broken["id"])["AAPL"]["error"]["message"] == "the disk is full"


def test_a_job_that_was_active_has_failed_and_nothing_runs_it(client: Client, folder: Path) -> None:
    run(file_of("second", folder))
    cancelled, unfinished = client.get("/jobs").json["items"]
    assert (unfinished["status"], unfinished["error"]["code"]) == ("failed", "left_unfinished")
    assert (unfinished["succeeded"], unfinished["failed"]) == (1, 1)
    assert items_of(client, unfinished["id"]) == {}  # which of the two succeeded was not kept
    assert (cancelled["status"], cancelled["total"], cancelled["completed"]) == ("cancelled", 3, 0)
    assert {ticker: item["status"] for ticker, item in items_of(client, cancelled["id"]).items()} == dict.fromkeys(
        ("AAPL", "MSFT", "IBM"), "cancelled"
    )
    assert release_worker("tester") == set()
    assert run_jobs() == 0


def test_a_retry_fails_at_once_and_says_what_to_do(client: Client, folder: Path) -> None:
    run(file_of("third", folder))
    job = client.get("/jobs?status=failed").json["items"][0]
    again = client.post(f"/jobs/{job['id']}/retry").json
    assert run_jobs(kinds=(ImportedAnalysis(),)) == 2
    ended = client.get(f"/jobs/{again['id']}").json
    assert ended["status"] == "failed"
    assert "POST /bulk-analyze" in ended["error"]["message"]


def test_times_without_a_zone_are_read_in_the_one_that_is_named(client: Client, folder: Path) -> None:
    path = file_of("first", folder)
    run(path, zone="Asia/Kolkata")
    times = {item["ticker"]: item["analysed_at"] for item in client.get("/imported-results").json["items"]}
    assert times == {"AAPL": "2025-11-03T03:45:00Z", "MSFT": "2025-11-04T10:00:00Z"}
    assert run(path)[0]["analysis_results"] == (0, 2, 1)  # another zone makes no other rows of them


# ---- the command ------------------------------------------------------------------------------------------------------------------


def flask(app: Application, *arguments: str | Path) -> Any:
    return app.test_cli_runner().invoke(args=["import-legacy", *map(str, arguments)])


def test_the_command_says_what_it_did(app: Application, folder: Path) -> None:
    path = file_of("third", folder)
    trial = flask(app, path, "--dry-run")
    assert (trial.exit_code, trial.output.splitlines()[-1]) == (0, "This was a dry run: nothing was stored.")
    done = flask(app, path, "--verbose")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert "watchlist row 1: taken" in lines
    assert "watchlist row 2: taken in part: it was on a named collection: it is taken on the watch list" in lines
    assert f"watchlist row 3: not taken: '{'X' * 21}' is no ticker" in lines
    assert "analysis_results row 1: taken, repaired" in lines
    assert "analysis_results: 3 rows, 2 taken (2 repaired, 1 in part), 0 there already, 1 refused" in lines
    assert "analysis_results row 1: there already" in flask(app, path, "--verbose").output.splitlines()


@pytest.mark.parametrize("org_id", ["0", "7", "99999999999999999999", "one"])
def test_an_organization_that_is_none_is_refused(app: Application, folder: Path, org_id: str) -> None:
    done = flask(app, file_of("first", folder), "--organization", org_id)
    assert done.exit_code in (1, 2)
    assert "rganization" in done.output
    assert database.query_db("SELECT * FROM watchlist_items") == []


def test_a_zone_that_is_none_is_refused(app: Application, folder: Path) -> None:
    done = flask(app, file_of("first", folder), "--time-zone", "Mars/Olympus")
    assert (done.exit_code, "'Mars/Olympus' is no time zone" in done.output) == (2, True)


def test_a_file_that_is_none_is_refused(app: Application, folder: Path) -> None:
    done = flask(app, folder / "missing.db")
    assert done.exit_code == 1
    assert "There is no such file. Name the SQLite file of the earlier tool" in done.output


# ---- the rows of a table that lacks ------------------------------------------------------------------------------------------------


def test_a_table_that_lacks_is_told(backend: Backend, folder: Path) -> None:
    path = folder / "old.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE Watchlist (Symbol TEXT)")
        connection.execute("INSERT INTO Watchlist VALUES ('AAPL')")
    counts, lines = run(path)
    assert counts["watchlist"] == (1, 0, 0)
    assert "analysis_results: the file has no such table" in lines


def test_what_was_unfollowed_comes_back_with_the_next_import(client: Client, folder: Path) -> None:
    """The watch list is known by its tickers: an import adds what is not on it."""
    path = file_of("first", folder)
    run(path)
    client.delete("/watchlist/AAPL")
    assert run(path)[0]["watchlist"] == (1, 1, 1)


def test_old_jobs_are_left_to_the_earlier_tool(backend: Backend, folder: Path) -> None:
    path = file_of("third", folder)
    lines: list[str] = []
    import_file(database.current(), path, Target(FIRST_ORG, UTC, 3), ImportOrder(lines.append))
    assert sum("finished jobs are kept for JOBS_KEPT_DAYS" in line for line in lines) == 3


def test_a_file_without_its_tables_is_refused(backend: Backend, folder: Path) -> None:
    path = folder / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE books (title TEXT)")
    with pytest.raises(UnreadableFile, match="none of the tables watchlist, analysis_results, analysis_jobs"):
        run(path)
