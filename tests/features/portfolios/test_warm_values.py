"""Values of a process that has valued a portfolio before: those of one that has kept nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.support import Client

import database
from api.application import Application
from features.portfolios.service import Ledger
from features.portfolios.valuing import Valued, Valuer
from features.prices.store import symbol as symbol_store
from models.api_key import FIRST_ORG, SHARED_ORG
from models.performance_errors import NothingToValue
from models.provider import Listing
from utils.clock import now

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(60)]
TICKERS = ("ONE", "TWO", "THREE")
CHANGES = 40


def value(valuer: Valuer, portfolio_id: str) -> Valued:
    with database.reader() as reader:
        return valuer.newest(reader, Ledger(FIRST_ORG, portfolio_id))


def test_an_earlier_purchase_of_what_has_no_close_yet_counts(app: Application, client: Client) -> None:
    store("ONE", bars_of([20.0] * 60, first=FIRST), now())
    store("TWO", bars_of([50.0] * 40, first=DAYS[20]), now())
    portfolio = make_portfolio(client)
    booked(client, portfolio, trade("buy", str(DAYS[1]), "ONE", "10", "20"), trade("buy", str(DAYS[30]), "TWO", "1", "50"))
    warm = app.services.foundation.part(Valuer.of)
    assert value(warm, portfolio).valuation.value[-1] == 250.0
    booked(client, portfolio, trade("buy", str(DAYS[10]), "TWO", "1", "48"))
    valued = value(warm, portfolio)
    assert valued.valuation.unvalued.tolist() == []
    assert valued.valuation.value.tobytes() == value(Valuer(), portfolio).valuation.value.tobytes()


def test_two_tickers_that_swap_their_currencies_are_priced_in_the_new_ones(app: Application, client: Client) -> None:
    assert client.post("/fx-rates", data=rates_file(DAYS, {"USD": [2.0] * 60}), content_type="text/csv").status_code == 200
    for ticker, close in (("CHEAP", 10.0), ("DEAR", 100.0)):
        store(ticker, bars_of([close] * 60, first=FIRST), now())
    portfolio = make_portfolio(client, base_currency="EUR")
    warm = app.services.foundation.part(Valuer.of)
    told = [("CHEAP", "10", "EUR"), ("DEAR", "100", "USD")]
    made = booked(client, portfolio, *(trade("buy", str(DAYS[1]), name, "1", paid, currency=currency) for name, paid, currency in told))
    assert value(warm, portfolio).valuation.value[-1] == pytest.approx(10 + 100 / 2)
    for each, (name, paid, _), currency in zip(made, told, ("USD", "EUR"), strict=True):
        body = trade("buy", str(DAYS[1]), name, "1", paid, currency=currency)
        assert client("PUT", f"/portfolios/{portfolio}/transactions/{each['id']}", json=body).status_code == 200
    assert value(warm, portfolio).valuation.value[-1] == pytest.approx(10 / 2 + 100)


class Changes:
    """Whatever may change what a portfolio is worth, at random: its ledger and its terms, prices, splits, rates and currencies."""

    def __init__(self, client: Client, seed: int) -> None:
        self._client, self._random = client, random.Random(seed)  # noqa: S311
        self._booked: list[str] = []
        self.portfolio = make_portfolio(client)
        self._other = make_portfolio(client, name="Other")
        for ticker, first in zip(TICKERS, (0, 20, 40), strict=True):
            store(ticker, bars_of([20.0 + at for at in range(60 - first)], first=DAYS[first]), now())
            booked(client, self.portfolio, trade("buy", str(DAYS[first + 1]), ticker, "5", "20"))
        self.rates("USD", "GBP")

    def one(self) -> str:
        """Make one of the changes, which may be refused; return what it was and became."""
        kinds: list[Callable[[], Any]] = [
            self.correct,
            self.remove,
            self.prices,
            self.prices,
            self.split,
            self.terms,
            self.rates,
            self.facts,
        ]
        change = self._random.choice([*kinds, *[self.book] * 6])
        return f"{change.__name__}: {change()}"

    def book(self) -> Any:
        answer = self._client.post(f"/portfolios/{self.portfolio}/transactions", self._item())
        self._booked += [answer.json["id"]] if answer.status_code == 201 else []
        return answer.json

    def correct(self) -> Any:
        return self._booked and self._client("PUT", self._transaction(), json=self._item()).json

    def remove(self) -> Any:
        return self._booked and self._client.delete(self._transaction()).status_code

    def prices(self) -> Any:
        first, count = self._random.choice([0, 10, 30]), self._random.choice([20, 28, 50])
        closes = [
            f"{FIRST + timedelta(days=first + at)},{{0}},{{0}},{{0}},{{0}},1".format(self._random.randrange(20, 30)) for at in range(count)
        ]
        return self._client.put(f"/prices/{self._ticker()}", "\n".join(["Date,Open,High,Low,Close,Volume", *closes])).status_code

    def split(self) -> Any:
        action = {"effective_day": self._day(), "kind": "split", "numerator": self._random.randrange(2, 4), "denominator": 1}
        return self._client.post(f"/prices/{self._ticker()}/actions", action).json

    def terms(self) -> Any:
        benchmark = self._random.choice([*TICKERS, self._other, None])
        terms = {"base_currency": self._random.choice(["USD", "EUR", "GBP"]), "benchmark": benchmark}
        return self._client("PATCH", f"/portfolios/{self.portfolio}", json=terms).json

    def rates(self, *currencies: str) -> Any:
        rates = {name: [round(self._random.uniform(1, 2), 4) for _ in DAYS] for name in currencies or ("USD",)}
        return self._client.post("/fx-rates", data=rates_file(DAYS, rates), content_type="text/csv").status_code

    def facts(self) -> Any:
        listing = Listing.told(self._ticker(), currency=self._random.choice(["USD", "GBp"]))
        with database.transaction() as connection:
            symbol_store.save(connection, self._random.choice([SHARED_ORG, FIRST_ORG]), [listing], "user", now())
        return listing

    def _ticker(self) -> str:
        return self._random.choice(TICKERS)

    def _day(self) -> str:
        return str(self._random.choice(DAYS[2:58]))

    def _transaction(self) -> str:
        return f"/portfolios/{self.portfolio}/transactions/{self._random.choice(self._booked)}"

    def _item(self) -> dict[str, Any]:
        day, ticker, number = self._day(), self._ticker(), str(self._random.randrange(1, 9))
        currency = {"currency": self._random.choice([*["USD", "EUR", "GBP", "GBp"] * 4, "SEK"])}
        match self._random.choice(
            ["buy", "buy", "sell", "transfer_in", "transfer_out", "split", "dividend", "fee", "deposit", "withdrawal"]
        ):
            case "buy" | "sell" | "transfer_in" as type_:
                return trade(type_, day, ticker, number, str(self._random.randrange(10, 40)), **currency)
            case "transfer_out" as type_:
                return {"type": type_, "day": day, "ticker": ticker, "quantity": number, **currency}
            case "split" as type_:
                return {"type": type_, "day": day, "ticker": ticker, "numerator": 2, "denominator": 1}
            case "dividend" as type_:
                return cash(type_, day, number, ticker=ticker, **currency)
            case type_:
                return cash(type_, day, number, **currency)


def outcome(valuer: Valuer, portfolio_id: str) -> Any:
    try:
        valued = value(valuer, portfolio_id)
    except NothingToValue as error:
        return str(error)
    valuation = valued.valuation
    columns = (valuation.market.days, valuation.value, valuation.flows, valuation.growth.factors, valuation.unvalued)
    return [column.tolist() for column in columns], valued.weights()


@pytest.mark.parametrize("seed", [1, 2, 11])
def test_whatever_changes_a_warm_process_has_what_a_cold_one_has(app: Application, client: Client, seed: int) -> None:
    """And the answer is computed again from its pack to the byte."""
    changes = Changes(client, seed)
    warm = app.services.foundation.part(Valuer.of)
    path = f"/portfolios/{changes.portfolio}/performance"
    valued = 0
    for _ in range(CHANGES):
        change = changes.one()
        assert outcome(warm, changes.portfolio) == outcome(Valuer(), changes.portfolio), change
        told = client.get(path)
        assert told.status_code in (200, 422), change
        if told.status_code == 200:
            valued += 1
            again = client.get(f"{path}?pack={told.json['packs'][0]['digest']}&ledger={told.json['ledger_version']}")
            assert again.data == told.data, change
    assert valued
