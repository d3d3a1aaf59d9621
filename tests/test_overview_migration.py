"""Migration 0014 on a filled database of the version before: known changes are told, and the order by hand is that of the tickers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import insert
from kit.old_schema import migrate_to
from kit.support import settings_for

import database
import db_migrations
from utils.clock import now

LAST_BEFORE = 13
MOMENT = now()


def store_result(result_id: str, ticker: str, verdict: str, day: str) -> None:
    insert(
        "analysis_results",
        {
            "id": result_id, "org_id": 1, "ticker": ticker, "strategy": "balanced", "as_of": day, "bars": 99, "close": 5.0, "score": 0.0,
            "verdict": verdict, "signal": "HOLD", "fingerprint": result_id.rjust(64, "0"), "parameters": "{}", "body": "{}",
            "created_at": MOMENT - timedelta(days=1),
        },
    )  # fmt: skip


def mark_latest(result_id: str, previous_id: str | None, ticker: str, verdict: str) -> None:
    values = {"org_id": 1, "ticker": ticker, "strategy": "balanced", "result_id": result_id, "previous_id": previous_id, "score": 0.0}
    insert("latest_results", {**values, "verdict": verdict, "analysed_at": MOMENT})


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> None:
    """A database of the version before, with followed tickers whose verdicts changed, stayed, or are alone."""
    database.configure(settings_for(empty_backend.url, tmp_path))
    migrate_to(LAST_BEFORE, tmp_path)
    insert("organizations", {"id": 2, "name": "Another", "created_at": MOMENT})
    for org_id, ticker in ((1, "STAYED"), (1, "ALONE"), (2, "ALONE"), (1, "CHANGED"), (1, "PRUNED")):
        insert("watchlist_items", {"org_id": org_id, "ticker": ticker, "notes": f"of {org_id}", "created_at": MOMENT})
    for ticker, former, present in (("CHANGED", "Hold", "Buy"), ("STAYED", "Sell", "Sell")):
        store_result(f"{ticker}-1", ticker, former, "2026-11-03")
        store_result(f"{ticker}-2", ticker, present, "2026-11-04")
        mark_latest(f"{ticker}-2", f"{ticker}-1", ticker, present)
    for ticker, previous_id in (("ALONE", None), ("PRUNED", "removed")):
        store_result(f"{ticker}-2", ticker, "Hold", "2026-11-04")
        mark_latest(f"{ticker}-2", previous_id, ticker, "Hold")


def rows(columns: str, table: str, order: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in database.query_db(f"SELECT {columns} FROM {table} ORDER BY {order}")]


@pytest.mark.usefixtures("before")
def test_changes_that_can_be_known_are_told() -> None:
    db_migrations.up()
    assert rows("ticker, former_verdict, verdict_since, CAST(verdict_since_day AS TEXT)", "latest_results", "ticker") == [
        ("ALONE", None, None, None),
        ("CHANGED", "Hold", MOMENT, "2026-11-04"),
        ("PRUNED", None, None, None),
        ("STAYED", None, None, None),
    ]


@pytest.mark.usefixtures("before")
def test_the_order_is_that_of_the_tickers_and_nothing_else_changes() -> None:
    items = rows("org_id, ticker, name, notes, created_at", "watchlist_items", "org_id, ticker")
    db_migrations.up()
    assert rows("org_id, ticker, name, notes, created_at", "watchlist_items", "org_id, ticker") == items
    assert rows("org_id, ticker, position", "watchlist_items", "org_id, position") == [
        (1, "ALONE", 1024), (1, "CHANGED", 2048), (1, "PRUNED", 3072), (1, "STAYED", 4096), (2, "ALONE", 1024),
    ]  # fmt: skip


@pytest.mark.usefixtures("before")
def test_an_older_version_still_writes() -> None:
    """Old code runs during a deploy: it knows none of the new columns."""
    db_migrations.up()
    insert("watchlist_items", {"org_id": 1, "ticker": "LATE", "created_at": MOMENT})
    store_result("LATE-1", "LATE", "Hold", "2026-11-05")
    mark_latest("LATE-1", None, "LATE", "Hold")
    assert rows("ticker", "watchlist_items", "position, ticker")[0] == ("LATE",)
