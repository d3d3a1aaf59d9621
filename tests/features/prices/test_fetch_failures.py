"""Why a ticker could not be fetched is kept until it is stored again, and for a month where nobody asks for it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit.companies import Company
from kit.databases import Backend
from kit.market import Market, trading
from kit.price_server import Reply

import database
from features.prices.on_demand import FAILURES_KEPT, prune_failures
from features.prices.refresh import RefreshFailed
from features.prices.store import fetch as fetch_store
from models.series_fetch import FetchFailure
from utils.clock import now


def failures(*tickers: str) -> set[str]:
    with database.transaction() as connection:
        return set(fetch_store.find_failures(connection, tickers))


def test_a_failure_is_forgotten_when_the_ticker_is_stored_again(backend: Backend) -> None:
    market = Market({"ACME": Company(6)})
    with trading(market, "tiingo", answers={"tiingo": lambda asked: Reply(b"Bad gateway", 502)}) as own:
        with pytest.raises(RefreshFailed):
            own.refresher.refresh("ACME")
        assert failures("ACME") == {"ACME"}
        own.servers["tiingo"].answer = market.tiingo
        own.refresher.refresh("ACME")
    assert failures("ACME") == set()


def test_one_that_nobody_has_asked_for_in_a_month_is_forgotten(backend: Backend) -> None:
    moment = now()
    with database.transaction() as connection:
        for ticker, age in (("OLD", FAILURES_KEPT + timedelta(seconds=1)), ("NEW", FAILURES_KEPT - timedelta(seconds=1))):
            fetch_store.save_failure(connection, ticker, FetchFailure("prices_unavailable", "It is away.", moment - age))
    assert prune_failures(database.current(), moment) == 1
    assert failures("OLD", "NEW") == {"NEW"}
    assert prune_failures(database.current(), moment) == 0
