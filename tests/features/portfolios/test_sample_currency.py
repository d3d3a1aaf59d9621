"""The bundled prices are in dollars, for portfolios and indexes in other currencies."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from kit.currencies import rates_file
from kit.portfolios import booked, make_portfolio, trade
from kit.reports import price_file
from kit.support import Client

DAYS = [date(2012, 9, 4), date(2012, 9, 5), date(2012, 9, 6)]
MEMBERS = {"members": {"tickers": ["AAPL", "MSFT"]}, "start": "2012-01-03"}


def test_what_was_bought_in_another_currency_is_priced_in_dollars(client: Client) -> None:
    portfolio = make_portfolio(client, base_currency="EUR")
    rates = client.post("/fx-rates", data=rates_file(DAYS, {"USD": [1.25, 1.25, 1.25]}), content_type="text/csv")
    assert rates.status_code == 200, rates.json
    booked(client, portfolio, trade("buy", "2012-09-04", "AAPL", "10", "540", currency="EUR"))
    (item,) = client.get(f"/portfolios/{portfolio}/holdings?as_of=2012-09-05").json["items"]
    assert (item["currency"], item["cost_currency"]) == ("USD", "EUR")
    assert Decimal(item["value_base"]) == 10 * Decimal(item["price"]) / Decimal("1.25")
    assert not any("assumed" in warning for warning in item["warnings"])


def test_indexes_of_the_sample_work_with_a_currency_and_without_one(client: Client) -> None:
    for name, currency in (("Any", None), ("Dollars", "USD")):
        made = client.post("/indexes", {"name": name, "currency": currency, **MEMBERS})
        assert made.status_code == 201, made.json
        assert client.post(f"/indexes/{made.json['id']}/publish").status_code == 200
        assert not any("currency" in note for note in made.json["notes"])


def test_a_ticker_of_another_currency_beside_them_asks_for_one(client: Client) -> None:
    assert client.put("/prices/OTHER", price_file(100)).status_code == 200
    assert client.put("/universes/told", "Ticker,Currency\nOTHER,EUR\n", content_type="text/csv").status_code == 201
    mixed = {"members": {"tickers": ["AAPL", "OTHER"]}, "start": "2012-01-03"}
    answer = client.post("/indexes", {"name": "Mixed", **mixed})
    assert (answer.status_code, answer.json["code"]) == (422, "index_invalid")
    assert "EUR" in answer.json["detail"]
    assert "USD" in answer.json["detail"]
