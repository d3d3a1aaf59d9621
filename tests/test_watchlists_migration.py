"""Migration 0021 on a filled database of the version before: the default list stays as it is, for newer and older code."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.databases import Backend
from kit.jobs import insert
from kit.old_schema import migrate_to
from kit.support import settings_for
from sqlalchemy import text

import database
import db_migrations
from features.watchlist import lists, service
from models.watchlist import ListKey
from utils.clock import now

LAST_BEFORE = 20
MOMENT = now()
# As the version before wrote a ticker; it knows of no other list.
OLD_INSERT = """
    INSERT INTO watchlist_items (org_id, ticker, position, created_at) VALUES (1, 'LATE', 9, :now)
    ON CONFLICT (org_id, ticker) DO NOTHING
"""


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> None:
    """A database of the version before, with followed tickers of two organizations."""
    database.configure(settings_for(empty_backend.url, tmp_path))
    migrate_to(LAST_BEFORE, tmp_path)
    insert("organizations", {"id": 2, "name": "Another", "created_at": MOMENT})
    for org_id, ticker in ((1, "AAPL"), (1, "IBM"), (2, "AAPL")):
        values = {"org_id": org_id, "ticker": ticker, "notes": f"of {org_id}", "position": 1024, "created_at": MOMENT}
        insert("watchlist_items", values)


@pytest.mark.usefixtures("before")
def test_the_default_list_stays() -> None:
    items = database.query_db("SELECT * FROM watchlist_items ORDER BY org_id, ticker")
    db_migrations.up()
    assert database.query_db("SELECT * FROM watchlist_items ORDER BY org_id, ticker") == items
    with database.read() as connection:
        assert [(each.id, each.count) for each in lists.all_lists(connection, 1)] == [("default", 2)]
        assert [item.notes for item in service.list_items(connection, ListKey(2), "", 9)] == ["of 2"]


@pytest.mark.usefixtures("before")
def test_an_older_version_still_follows_and_sees_only_the_default_list() -> None:
    db_migrations.up()
    with database.transaction() as connection:
        named = ListKey(1, lists.create(connection, 1, "Named").id)
        service.add(connection, named, "MSFT", None, None)
        for _ in range(2):
            connection.execute(text(OLD_INSERT), {"now": MOMENT})
    assert [row["ticker"] for row in database.query_db("SELECT ticker FROM watchlist_items WHERE org_id = 1 ORDER BY ticker")] == [
        "AAPL", "IBM", "LATE",
    ]  # fmt: skip
    with database.read() as connection:
        assert [item.ticker for item in service.list_items(connection, named, "", 9)] == ["MSFT"]
