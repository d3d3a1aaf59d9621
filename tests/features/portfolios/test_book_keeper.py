"""Books are kept while nothing changes that they depend on: the ledger, its terms, splits, rates, and the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.jobs import UNKNOWN_ID, another_organization
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.support import Client

import database
from features.portfolios.service import Booked, BookKeeper, Ledger
from models.api_key import FIRST_ORG
from models.portfolio_errors import LedgerVersionNotFound, PortfolioNotFound
from utils.clock import now

DAYS = [date(2020, 1, 6), date(2020, 1, 7), date(2020, 1, 8)]
OTHER_ORG = 2


@pytest.fixture
def portfolio(client: Client) -> str:
    """Two shares that were bought in dollars for a portfolio in euros."""
    store("ACME", bars_of([10, 11, 12], first=DAYS[0]), now())
    portfolio_id = make_portfolio(client, base_currency="EUR")
    booked(client, portfolio_id, trade("buy", "2020-01-06", "ACME", "2", "10", currency="USD"))
    return portfolio_id


def look(keeper: BookKeeper, portfolio: str, as_of: date | None = None, version: int | None = None) -> Booked:
    with database.read() as connection:
        return keeper.booked(connection, Ledger(FIRST_ORG, portfolio), as_of, version)


def tell_split(client: Client) -> Any:
    return client.post("/prices/ACME/actions", {"effective_day": "2020-01-07", "kind": "split", "numerator": 3, "denominator": 1})


def upload_rates(client: Client) -> Any:
    return client.post("/fx-rates", data=rates_file(DAYS, {"USD": [1.25, 1.25, 1.25]}), content_type="text/csv")


def test_books_are_made_once(client: Client, portfolio: str) -> None:
    keeper = BookKeeper()
    first, second = look(keeper, portfolio), look(keeper, portfolio)
    assert second.books is first.books
    assert first.books.held() == {"ACME": Decimal(2)}
    assert (second.portfolio.transactions, second.portfolio.version) == (1, 2)
    # A name is no part of them, and is told as it is.
    client("PATCH", f"/portfolios/{portfolio}", json={"name": "Renamed"})
    assert look(keeper, portfolio).portfolio.name == "Renamed"


@pytest.mark.parametrize(
    ("change", "is_now"),
    [
        pytest.param(tell_split, lambda books: books.held() == {"ACME": Decimal(6)}, id="a split"),
        pytest.param(upload_rates, lambda books: books.lots[0].cost_base == 16, id="rates"),
    ],
)
def test_what_becomes_known_of_the_same_ledger_counts(
    client: Client, portfolio: str, change: Callable[[Client], Any], is_now: Callable[[Any], bool]
) -> None:
    keeper = BookKeeper()
    before = look(keeper, portfolio)
    assert not is_now(before.books)
    assert change(client).status_code in (200, 201)
    after = look(keeper, portfolio)
    assert is_now(after.books)
    assert look(keeper, portfolio).books is after.books


def test_a_change_of_the_ledger_or_of_its_terms_makes_other_books_and_the_earlier_ones_can_be_had(client: Client, portfolio: str) -> None:
    keeper = BookKeeper()
    first = look(keeper, portfolio)
    booked(client, portfolio, trade("sell", "2020-01-08", "ACME", "1", "12", currency="USD"), cash("deposit", "2020-01-08", "5"))
    second = look(keeper, portfolio)
    assert (second.portfolio.version, second.portfolio.transactions, second.books.held()) == (3, 3, {"ACME": Decimal(1)})
    client("PATCH", f"/portfolios/{portfolio}", json={"base_currency": "USD"})
    third = look(keeper, portfolio)
    assert (third.portfolio.base_currency, third.books.lots[0].cost_base) == ("USD", 10)
    then = look(keeper, portfolio, version=2)
    assert then.books is first.books
    assert (then.portfolio.base_currency, then.portfolio.version, then.portfolio.transactions) == ("EUR", 2, 1)
    # Of the day before the sale, at the newest version.
    assert look(keeper, portfolio, as_of=DAYS[1]).books.held() == {"ACME": Decimal(2)}


def test_what_is_too_large_is_not_kept(portfolio: str) -> None:
    keeper = BookKeeper(kept_bytes=1)
    first, second = look(keeper, portfolio), look(keeper, portfolio)
    assert first.books == second.books
    assert first.books is not second.books


def test_kept_books_are_of_one_organization(client: Client, portfolio: str) -> None:
    keeper = BookKeeper()
    look(keeper, portfolio)
    another_organization(OTHER_ORG)
    with database.read() as connection, pytest.raises(PortfolioNotFound):
        keeper.booked(connection, Ledger(OTHER_ORG, portfolio))


def test_what_there_is_not_is_told(portfolio: str) -> None:
    keeper = BookKeeper()
    with pytest.raises(PortfolioNotFound):
        look(keeper, UNKNOWN_ID)
    with pytest.raises(LedgerVersionNotFound):
        look(keeper, portfolio, version=9)
