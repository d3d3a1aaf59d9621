"""Migration 0052 on a database with portfolios: they stay as they are, and tickers of securities can be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import insert
from kit.old_schema import migrate_to
from kit.support import Client, settings_for
from sqlalchemy.exc import IntegrityError

import app as application
import database
import db_migrations
from app import create_app
from models.api_key import FIRST_ORG
from utils.clock import now
from utils.ids import new_id

LAST_BEFORE = 51
TABLES = ("portfolios", "portfolio_terms", "portfolio_transactions", "portfolio_tickers", "portfolio_valuations")


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> Backend:
    migrate_to(LAST_BEFORE, tmp_path)
    return empty_backend


@pytest.fixture
def portfolio(before: Backend) -> str:
    """A portfolio with a purchase and a stored day."""
    portfolio_id, moment, of = new_id(), now(), {"org_id": FIRST_ORG}
    insert("portfolios", {
        **of, "id": portfolio_id, "name": "Savings", "name_key": "savings", "base_currency": "USD", "benchmark": None,
        "cost_method": "fifo", "version": 2, "transactions": 1, "created_at": moment, "updated_at": moment,
    })  # fmt: skip
    insert("portfolio_terms", {
        **of, "portfolio_id": portfolio_id, "since_version": 1, "base_currency": "USD", "benchmark": None, "cost_method": "fifo",
    })  # fmt: skip
    insert("portfolio_transactions", {
        **of, "portfolio_id": portfolio_id, "id": new_id(), "since_version": 2, "type": "buy", "day": date(2026, 11, 2), "currency": "USD",
        "ticker": "ACME", "quantity": "10", "price": "21.5", "fee": "1", "tax": "0", "recorded_at": moment,
    })  # fmt: skip
    insert("portfolio_tickers", {**of, "portfolio_id": portfolio_id, "ticker": "ACME"})
    insert("portfolio_valuations", {
        **of, "portfolio_id": portfolio_id, "day": date(2026, 11, 27), "currency": "USD", "value": 230.0, "cash": 0.0, "flows": 0.0,
        "twr": 0.0, "growth": 1.0, "pack": "0" * 64, "ledger_version": 2, "valued_at": moment,
    })  # fmt: skip
    return portfolio_id


@pytest.fixture
def client(before: Backend, portfolio: str, tmp_path: Path) -> Iterator[Client]:
    """A client of the migrated application."""
    assert db_migrations.up()[0].label == "0052_portfolio_symbols"
    app = create_app(settings_for(before.url, tmp_path))
    application.start(app)
    yield Client(app)
    application.stop(app)


def rows() -> dict[str, Any]:
    return {table: database.query_db(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


def test_what_is_stored_stays(portfolio: str) -> None:
    stored = rows()
    assert all(stored.values())
    assert db_migrations.up()[0].label == "0052_portfolio_symbols"
    assert rows() == stored
    assert db_migrations.up() == []
    assert database.query_db("SELECT count(*) AS n FROM portfolio_symbols") == [{"n": 0}]


def test_tickers_of_securities_can_be_told(client: Client, portfolio: str) -> None:
    (kept,) = client.get(f"/portfolios/{portfolio}/transactions").json["items"]
    assert (kept["ticker"], kept["quantity"], kept["price"]) == ("ACME", "10", "21.5")
    assert client("PATCH", "/portfolio-symbols", json={"symbols": {"US0378331005": "AAPL"}}).status_code == 200
    assert client.get("/portfolio-symbols").json == {"symbols": {"US0378331005": "AAPL"}}
    file = "Date,Type,ISIN,Shares,Price,Currency\n2026-11-03,buy,US0378331005,2,230,USD\n"
    read = client.post(f"/portfolios/{portfolio}/transactions/import?dry_run=true", data=file, content_type="text/csv")
    assert read.status_code == 200, read.json
    assert "AAPL" in read.text


@pytest.mark.parametrize("wrong", [{"security": ""}, {"security": "X" * 201}, {"ticker": ""}, {"ticker": "X" * 21}, {"org_id": 99}])
def test_the_schema_guards_them(client: Client, wrong: dict[str, Any]) -> None:
    values = {"org_id": FIRST_ORG, "security": "US0378331005", "ticker": "AAPL", "updated_at": now()}
    with pytest.raises(IntegrityError):
        insert("portfolio_symbols", {**values, **wrong})
    insert("portfolio_symbols", values)
    with pytest.raises(IntegrityError):
        insert("portfolio_symbols", values)
