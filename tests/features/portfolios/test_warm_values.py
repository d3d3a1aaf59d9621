"""Values of a process that has valued a portfolio before: those of one that has kept nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.portfolios import booked, make_portfolio, trade
from kit.series import store
from kit.support import Client

import database
from api.application import Application
from features.portfolios.service import Ledger
from features.portfolios.valuing import Valued, Valuer
from models.api_key import FIRST_ORG
from utils.clock import now

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(60)]


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
