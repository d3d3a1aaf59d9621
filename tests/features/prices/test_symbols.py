"""What is known of tickers beside their prices: remembered, never erased by what is not known, and hidden by an organization's own."""

from __future__ import annotations

from typing import Any

import pytest
from kit.companies import Company
from kit.market import Market, trading
from kit.support import Client

from app import Application
from features.prices.service import known_facts, remember
from models.api_key import SHARED_ORG
from models.provider import Listing
from models.symbol import Facts


def told(app: Application, org_id: int, *listings: Listing, source: str = "tiingo") -> int:
    with app.services.database.transaction() as connection:
        return remember(connection, org_id, listings, source)


def facts(app: Application, ticker: str, org_id: int = 1) -> Facts | None:
    with app.services.database.read() as connection:
        return known_facts(connection, org_id, [ticker]).get(ticker)


def test_what_is_known_is_not_erased(app: Application) -> None:
    assert told(app, SHARED_ORG, Listing("NVDA", "NVIDIA Corp", "XNAS", "USD", "stock")) == 1
    assert told(app, SHARED_ORG, Listing("NVDA", None, "", None, None)) == 0
    assert told(app, SHARED_ORG, Listing("NVDA", sector="Technology")) == 1
    assert told(app, SHARED_ORG, Listing("NVDA", "NVIDIA Corporation")) == 1
    assert facts(app, "NVDA") == Facts("NVIDIA Corporation", "XNAS", "USD", "stock", "Technology")


def test_the_same_again_writes_nothing(app: Application) -> None:
    listing = Listing("NVDA", "NVIDIA Corp", "XNAS")
    told(app, SHARED_ORG, listing)
    rows = app.services.database.read
    with rows() as connection:
        before = connection.exec_driver_sql("SELECT source, updated_at FROM symbols").all()
    assert told(app, SHARED_ORG, listing, source="twelvedata") == 0
    with rows() as connection:
        assert connection.exec_driver_sql("SELECT source, updated_at FROM symbols").all() == before


def test_own_facts_hide_shared_ones_each_by_itself(app: Application) -> None:
    told(app, SHARED_ORG, Listing("NVDA", "NVIDIA Corp", "XNAS", "USD"))
    told(app, 1, Listing("NVDA", "Our name", sector="Chips"), source="universe:tech")
    assert facts(app, "NVDA") == Facts("Our name", "XNAS", "USD", None, "Chips")
    assert facts(app, "NVDA", org_id=2) == Facts("NVIDIA Corp", "XNAS", "USD", None, None)


@pytest.mark.parametrize("ticker", ["", "a b", "A" * 21, None, 5, "AA\x00", ["A"]])
def test_what_is_no_ticker_is_left_out(app: Application, ticker: Any) -> None:
    assert told(app, SHARED_ORG, Listing(ticker, "Name"), Listing("ACME", "Acme")) == 1
    assert facts(app, "ACME") == Facts("Acme")


def test_hostile_texts_become_one_plain_line(app: Application) -> None:
    hostile: Any = {"a": 1}
    name = " A\x00p\np\u202ele \ud800" + "x" * 10_000
    told(app, SHARED_ORG, Listing("AAPL", name, hostile, "US\x1bD", "K" * 900, hostile), source="s" * 900)
    known = facts(app, "AAPL")
    assert known is not None
    assert known.name is not None
    assert known.name.startswith("A p p le x")
    assert len(known.name) <= 200
    assert (known.exchange, known.currency, known.kind, known.sector) == (None, "US D", "K" * 40, None)
    told(app, 1, Listing("ACME", "<script>alert(1)</script>'; DROP TABLE symbols; --"), source="universe:x")
    assert facts(app, "ACME") == Facts("<script>alert(1)</script>'; DROP TABLE symbols; --")


def test_a_ticker_told_twice_counts_once(app: Application) -> None:
    assert told(app, SHARED_ORG, Listing("acme", "Acme", sector="Tech"), Listing("ACME", "Acme Inc.")) == 1
    assert facts(app, "ACME") == Facts("Acme Inc.", sector="Tech")
    assert told(app, SHARED_ORG) == 0


def test_tickers_tell_what_is_known(client: Client, app: Application) -> None:
    [before] = client.get("/tickers?q=AAPL").json["items"]
    assert {key: before[key] for key in ("name", "exchange", "currency", "type", "sector", "stored")} == {
        "name": "Apple Inc.", "exchange": None, "currency": "USD", "type": None, "sector": None, "stored": True,
    }  # fmt: skip
    told(app, SHARED_ORG, Listing("AAPL", "Apple Computer", "XNAS", "USD", "stock"))
    [after] = client.get("/tickers?q=AAPL").json["items"]
    assert after == {**before, "exchange": "XNAS", "type": "stock", "freshness": after["freshness"]}
    assert (before["freshness"]["exchange"], after["freshness"]["exchange"]) == (None, "XNAS")


def test_a_fetch_remembers_what_the_provider_tells(client: Client) -> None:
    market = Market({"ACME": Company(1)})
    with trading(market, "tiingo") as own:
        own.refresher.refresh("ACME")
    [acme] = client.get("/tickers?q=ACME").json["items"]
    assert (acme["name"], acme["exchange"], acme["currency"], acme["provider"]) == ("ACME Inc", "XNYS", "USD", "tiingo")


def test_the_search_finds_names_of_symbols(client: Client, app: Application) -> None:
    assert client.get("/tickers?q=cupertino").json["items"] == []
    told(app, 1, Listing("AAPL", "The Cupertino Company"))
    assert [item["ticker"] for item in client.get("/tickers?q=cupertino").json["items"]] == ["AAPL"]
    assert client.get("/tickers?q=cupert%25").json["items"] == []


def test_known_tickers_without_prices_are_listed_where_nothing_else_fits(client: Client) -> None:
    client.put("/universes/mine", "Symbol,Security,GICS Sector,Exchange\nNVDA,Nvidia,Technology,XNAS\nNVR,NVR Inc.,Homes,XNYS\nAAPL,,,\n")
    listed = client.get("/tickers?q=nv").json
    assert [item["ticker"] for item in listed["items"]] == ["NVDA", "NVR"]
    assert listed["items"][0] == {
        "ticker": "NVDA", "name": "Nvidia", "exchange": "XNAS", "currency": None, "type": None, "sector": "Technology",
        "stored": False, "bars": 0, "first": None, "last": None, "provider": None,
        "freshness": {"state": "unknown", "trading_days_behind": None, "exchange": None, "newest_expected": None},
    }  # fmt: skip
    assert listed["next_cursor"] is None
    assert [item["ticker"] for item in client.get("/tickers?q=nv&limit=1").json["items"]] == ["NVDA"]
    assert client.get("/tickers?q=nv&stored=true").json["items"] == []
    assert "NVDA" not in {item["ticker"] for item in client.get("/tickers").json["items"]}
    assert all(item["stored"] for item in client.get("/tickers?q=a").json["items"])
