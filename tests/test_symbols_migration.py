"""The migration of symbols and universes on a database with prices: what is stored stays, and universes can be stored at once."""

from __future__ import annotations

from pathlib import Path

from kit.databases import Backend
from kit.old_schema import migrate_to, store_sample
from kit.paths import ROOT
from kit.support import Client, settings_for

import app as application
import database
import db_migrations
from app import create_app

[MIGRATION] = (ROOT / "migrations").glob("????_symbols.sql")
LAST_BEFORE = int(MIGRATION.name[:4]) - 1


def test_prices_stay_and_universes_can_be_stored(empty_backend: Backend, tmp_path: Path) -> None:
    migrate_to(LAST_BEFORE, tmp_path)
    store_sample()
    query = "SELECT ticker, name, sha256 FROM price_series ORDER BY ticker"
    before = database.query_db(query)
    assert db_migrations.up()[0].label.endswith("_symbols")
    assert database.query_db(query) == before
    app = create_app(settings_for(empty_backend.url, tmp_path))
    application.start(app)
    try:
        client = Client(app)
        [apple] = client.get("/tickers?q=AAPL").json["items"]
        assert (apple["name"], apple["exchange"], apple["stored"]) == ("Apple Inc.", None, True)
        assert client.put("/universes/tech", "Symbol,Sector\nAAPL,Technology\n").status_code == 201
        assert client.get("/tickers?q=AAPL").json["items"] == [{**apple, "sector": "Technology"}]
        assert client.delete("/universes/tech").status_code == 204
        assert database.query_db("SELECT * FROM universe_items") == []
    finally:
        application.stop(app)
