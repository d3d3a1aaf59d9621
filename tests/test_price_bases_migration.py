"""Migration 0009 on a database with prices and results: their bases are unknown, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from kit.databases import Backend
from kit.old_schema import migrate_to, store_sample
from kit.support import Client, settings_for

import app as application
import database
import db_migrations
from app import create_app
from features.prices.store import series as series_store
from models.api_key import FIRST_ORG
from models.footing import UNKNOWN

LAST_BEFORE = 8


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> Backend:
    migrate_to(LAST_BEFORE, tmp_path)
    return empty_backend


def test_stored_series_are_of_unknown_bases_and_whole(before: Backend, tmp_path: Path) -> None:
    stored = store_sample()
    rows = database.query_db("SELECT * FROM price_series ORDER BY ticker")
    assert db_migrations.up()[0].label == "0009_price_bases"
    assert database.query_db("SELECT * FROM price_series ORDER BY ticker") == rows
    with database.read() as connection:
        for ticker, packed in stored.items():
            loaded = series_store.load(connection, FIRST_ORG, ticker)
            assert loaded is not None
            head, bars = loaded
            assert (bars, head.sha256, head.bases, head.steps) == (packed, packed.sha256, UNKNOWN, ())
    app = create_app(settings_for(before.url, tmp_path))
    application.start(app)
    client = Client(app)
    answer = client.get("/prices/AAPL").json
    assert (answer["price_basis"], answer["volume_basis"], answer["actions"]) == ("unknown", "unknown", [])
    assert client.post("/analyze", {"ticker": "AAPL"}).json["provenance"]["bars_sha256"] == stored["AAPL"].sha256
    application.stop(app)
