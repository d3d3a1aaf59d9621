"""What a process remembers of replaced histories, beside what the tables say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from kit.databases import Backend
from kit.servers import wait_until
from kit.support import Client
from sqlalchemy import event

import database
from features.prices.store import fetch as fetch_store
from infrastructure.replacements import Replacements
from models.series_fetch import SeriesFetch
from utils.clock import now

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
AN_HOUR = 3600.0
MINUTE = timedelta(minutes=1)


def replace(ticker: str, moment: datetime | None) -> None:
    """A fetch of a bundled series; with a moment it replaced the history then."""
    fetch = SeriesFetch(ticker, "tiingo", now(), None, None, None, None, True, None, 0, 0, moment)
    with database.current().transaction() as connection:
        fetch_store.save(connection, fetch)


def following(seconds: float = 0.0, remembered: int = 500) -> Replacements:
    return Replacements(database.current(), remembered, seconds)


@contextmanager
def checkouts() -> Iterator[list[str]]:
    """The reads of the database."""
    seen: list[str] = []
    engine = database.current().engine()

    def note(*_: Any) -> None:
        seen.append("checkout")

    event.listen(engine, "checkout", note)
    yield seen
    event.remove(engine, "checkout", note)


def test_nothing_was_replaced(backend: Backend) -> None:
    replace("IBM", None)
    assert not following().may_have_come_after("IBM", now() - 1000 * MINUTE)


@pytest.mark.parametrize("remembered", [1, 2, 3, 4, 5, 500])
def test_what_is_said_never_to_be_replaced_was_not(backend: Backend, remembered: int) -> None:
    """However few are remembered; and with enough of them, what may have been replaced was."""
    start = now()
    moments = {ticker: start - at * MINUTE for at, ticker in enumerate(TICKERS)}
    for ticker, moment in moments.items():
        replace(ticker, moment)
    known = following(remembered=remembered)
    for ticker in (*TICKERS, "NONE"):
        for minutes in range(-1, 7):
            asked = start - minutes * MINUTE
            was = moments.get(ticker, asked) > asked
            may = known.may_have_come_after(ticker, asked)
            assert may or not was
            if remembered > len(TICKERS):
                assert may == was


def test_a_replacement_that_commits_late_is_seen(backend: Backend) -> None:
    """Its moment is older than what was known already."""
    moment = now()
    replace("IBM", moment)
    known = following()
    assert not known.may_have_come_after("MSFT", moment - 10 * MINUTE)
    replace("MSFT", moment - MINUTE)
    assert known.may_have_come_after("MSFT", moment - 10 * MINUTE)


def test_it_is_read_once_however_many_ask(backend: Backend) -> None:
    known = following(AN_HOUR)
    with checkouts() as seen:
        for ticker in TICKERS * 20:
            assert not known.may_have_come_after(ticker, now())
    assert len(seen) == 1
    replace("IBM", now() + MINUTE)
    assert not known.may_have_come_after("IBM", now())  # within the hour


def test_it_follows_by_itself(backend: Backend) -> None:
    known = following(0.05)
    moment = now()
    assert not known.may_have_come_after("IBM", moment)
    replace("IBM", moment + MINUTE)
    wait_until(lambda: known.may_have_come_after("IBM", moment))


def test_before_the_first_read_nothing_is_certain(backend: Backend) -> None:
    known = following()
    with database.current().transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE series_fetches RENAME TO gone")
    assert known.may_have_come_after("IBM", now())


def test_a_result_that_was_read_costs_no_statement(client: Client) -> None:
    """Neither its JSON nor whether it is superseded; the key and the flags are remembered as well."""
    result = client.post("/analyze", {"ticker": "AAPL"}).json
    path = f"/results/{result['id']}"
    client.get(path)
    replace("IBM", now() + MINUTE)  # of another ticker
    wait_until(lambda: _without_statement(client, path))


def _without_statement(client: Client, path: str) -> bool:
    with checkouts() as seen:
        for _ in range(20):
            assert client.get(path).json["superseded"] is False
    return len(seen) < 5  # what processes follow is read about once a second
