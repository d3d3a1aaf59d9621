"""The migration that tells the currency of the bundled prices, on databases that hold them already."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.databases import Backend
from kit.jobs import insert
from kit.old_schema import migrate_to, store_sample
from kit.paths import ROOT

import database
import db_migrations
from models.api_key import SHARED_ORG
from utils.clock import now

[MIGRATION] = (ROOT / "migrations").glob("????_sample_currency.sql")
LAST_BEFORE = int(MIGRATION.name[:4]) - 1
LIST = "SELECT ticker, name, currency, source FROM symbols ORDER BY ticker"


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> Backend:
    migrate_to(LAST_BEFORE, tmp_path)
    return empty_backend


def test_stored_sample_prices_are_in_dollars(before: Backend) -> None:
    store_sample()
    for ticker, currency in (("IBM", None), ("MSFT", "CAD"), ("OTHER", None)):
        known = {"org_id": SHARED_ORG, "ticker": ticker, "name": f"{ticker} Ltd.", "currency": currency}
        insert("symbols", {**known, "source": "test", "updated_at": now()})
    assert db_migrations.up()[0].label.endswith("_sample_currency")
    assert [tuple(row.values()) for row in database.query_db(LIST)] == [
        ("AAPL", None, "USD", "sample"),
        ("FB", None, "USD", "sample"),
        ("GOOG", None, "USD", "sample"),
        ("IBM", "IBM Ltd.", "USD", "test"),
        ("MSFT", "MSFT Ltd.", "CAD", "test"),  # what somebody told stays
        ("OTHER", "OTHER Ltd.", None, "test"),
    ]


def test_a_database_without_them_is_told_nothing(before: Backend) -> None:
    db_migrations.up()
    assert database.query_db(LIST) == []
