"""Stored closes compared with those of another provider, from real servers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.companies import BARS, Company
from kit.databases import Backend
from kit.jobs import items_of, options_for, working
from kit.market import Market, trading
from kit.price_server import Asked, Reply, as_json
from kit.support import Client

import database
from features.prices.cross_check import check_each, queue_check
from features.prices.kinds import PriceComparison
from features.prices.refresh import Refresher
from models.job import Fault, Lane, Later
from models.price_check import PriceCheck
from models.provider import Window


class Ready:
    """A refresher that a test has made."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher

    def of(self, database: database.Database) -> Refresher:
        return self._refresher

    def close(self) -> None:
        """The test closes the connections."""


def market() -> Market:
    return Market({"ACME": Company(1), "GLOBEX": Company(2)}, BARS - 20)


def wrong(own: Market) -> Any:
    """The CSV provider of a market, with a wrong close on one day and without another."""

    def answer(asked: Asked) -> Reply:
        lines = own.csv(asked).body.decode().splitlines()
        cells = lines[-3].split(",")
        cells[2] = cells[4] = repr(float(cells[4]) * 1.1)
        return Reply("\n".join([*lines[:-3], ",".join(cells), lines[-1]]).encode(), headers={"Content-Type": "text/csv"})

    return answer


def test_equal_closes_are_the_same_and_others_are_told(backend: Backend, client: Client) -> None:
    own = market()
    with trading(own, "tiingo", "csv_url") as trade:
        for ticker in own.companies:
            trade.refresher.refresh(ticker)
        ((_, same),) = check_each(database.current(), trade.refresher, ["ACME"])
        assert isinstance(same, PriceCheck)
        assert (same.provider, same.other, same.differing, same.missing, same.worst_day) == ("tiingo", "csv_url", 0, 0, None)
        assert same.days >= 20
        trade.servers["csv_url"].answer = wrong(own)
        queue_check(database.current())
        with working(options=options_for([PriceComparison(Ready(trade.refresher))], Lane.NETWORK)) as executor:  # type: ignore[arg-type]
            assert executor.drain() == 1, "1 % of two tickers is one"
    (job,) = client.get("/jobs").json["items"]
    (item,) = items_of(client, job["id"]).values()
    assert (item["key"], item["outcome"], item["changed"]) == ("ACME", "Different", True)
    (told,) = client.get("/price-checks?differing=true").json["items"]
    assert (told["ticker"], told["differing"], told["missing"]) == ("ACME", 1, 1)
    assert 9.9 < told["worst_percent"] < 10.1
    assert told["worst_other"] == pytest.approx(told["worst_close"] * 1.1)
    assert told["since_day"] == told["worst_day"] < own.day.isoformat()
    assert item["facts"] == {name: value for name, value in told.items() if name not in ("ticker", "checked_at")}
    assert client.get("/price-checks?ticker=ACME").json["items"] == [told]
    assert client.get("/price-checks?ticker=GLOBEX").json["items"] == []
    assert client.get("/price-checks").json["items"] == [told]


def test_whoever_was_compared_longest_ago_comes_next(backend: Backend, client: Client) -> None:
    own = market()
    with trading(own, "tiingo", "csv_url") as trade:
        for ticker in own.companies:
            trade.refresher.refresh(ticker)
        for _ in range(2):
            queue_check(database.current())
            with working(options=options_for([PriceComparison(Ready(trade.refresher))], Lane.NETWORK)) as executor:  # type: ignore[arg-type]
                executor.drain()
    assert [item["ticker"] for item in client.get("/price-checks").json["items"]] == ["ACME", "GLOBEX"]


def test_without_another_answer_it_says_so_or_waits(backend: Backend) -> None:
    own = market()
    with trading(own, "tiingo", "csv_url", calls={Window.HOUR: 4}) as trade:
        trade.refresher.refresh("ACME")
        trade.servers["csv_url"].answer = lambda asked: Reply(b"", 404)
        assert isinstance(dict(check_each(database.current(), trade.refresher, ["ACME"]))["ACME"], Fault)
        trade.servers["csv_url"].answer = lambda asked: as_json({}, 429)
        outcome = dict(check_each(database.current(), trade.refresher, ["ACME"]))["ACME"]
        assert isinstance(outcome, Later), outcome
        assert timedelta(seconds=outcome.seconds) <= timedelta(days=32)


def test_nothing_fetched_is_nothing_to_compare(backend: Backend, client: Client) -> None:
    queue_check(database.current())
    assert client.get("/jobs").json["items"] == []
