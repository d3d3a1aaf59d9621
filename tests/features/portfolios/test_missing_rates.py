"""What has no rate or no price is left out of value, cost and gain alike, and told by its name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.series import store
from kit.support import Client

from utils.clock import now

DAYS = [date(2020, 1, 6), date(2020, 1, 7), date(2020, 1, 8)]


@pytest.fixture
def portfolio(client: Client) -> str:
    for ticker in ("HOME", "AWAY", "LATE"):
        store(ticker, bars_of([10, 11, 12], first=DAYS[0]), now())
    return make_portfolio(client)


def totals(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json["totals"]
    return found


def test_a_holding_without_a_rate_is_in_no_sum(client: Client, portfolio: str) -> None:
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "HOME", "10", "10"),
        trade("buy", "2020-01-06", "AWAY", "3", "10", currency="SEK", fx_rate="0.1"),  # its cost is known, its value is not
        trade("buy", "2020-01-06", "NOWHERE", "2", "7"),
    )
    found = totals(client, f"/portfolios/{portfolio}/holdings?as_of=2020-01-08")
    assert (found["value"], found["cost"], found["gain"]) == ("120", "100", "20")
    assert (found["complete"], found["missing_tickers"], found["missing_currencies"]) == (False, ["AWAY", "NOWHERE"], ["SEK"])


def test_a_holding_whose_cost_has_no_rate_is_in_no_sum(client: Client, portfolio: str) -> None:
    rates = client.post("/fx-rates", data=rates_file(DAYS[2:], {"USD": [1.25], "SEK": [10.0]}), content_type="text/csv")
    assert rates.status_code == 200, rates.json
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "HOME", "10", "10"),
        trade("buy", "2020-01-06", "LATE", "8", "10", currency="SEK"),
        cash("deposit", "2020-01-06", "80", currency="SEK"),
    )
    answer = client.get(f"/portfolios/{portfolio}/holdings?as_of=2020-01-08").json
    found = answer["totals"]
    assert (found["value"], found["cost"], found["gain"]) == ("120", "100", "20")
    assert (found["complete"], found["missing_tickers"], found["missing_currencies"]) == (False, ["LATE"], ["SEK"])
    # A weight needs no cost: 8 × 12 crowns are 12 dollars.
    assert [(item["ticker"], item["weight"]) for item in answer["items"]] == [
        ("HOME", pytest.approx(120 / 132)),
        ("LATE", pytest.approx(12 / 132)),
    ]


def test_cash_without_a_rate_is_told(client: Client, portfolio: str) -> None:
    booked(client, portfolio, cash("deposit", "2020-01-06", "80", currency="SEK"), cash("deposit", "2020-01-06", "5"))
    found = totals(client, f"/portfolios/{portfolio}/holdings?as_of=2020-01-08")
    assert (found["cash"], found["complete"], found["missing_tickers"], found["missing_currencies"]) == ("5", False, [], ["SEK"])


@pytest.mark.parametrize("known", ["buy", "sell"])
def test_a_sale_without_a_rate_is_in_no_sum(client: Client, portfolio: str, known: str) -> None:
    """Whether the rate of the purchase is missing, or that of the sale."""
    rates = {known: {"fx_rate": "0.1"}}
    booked(
        client,
        portfolio,
        trade("buy", "2020-01-06", "HOME", "10", "10"),
        trade("buy", "2020-01-06", "AWAY", "3", "10", currency="SEK", **rates.get("buy", {})),
        trade("sell", "2020-01-07", "HOME", "10", "12"),
        trade("sell", "2020-01-07", "AWAY", "3", "20", currency="SEK", **rates.get("sell", {})),
    )
    assert totals(client, f"/portfolios/{portfolio}/realised") == {
        "proceeds": "120",
        "cost": "100",
        "gain": "20",
        "currency_gain": "0",
        "complete": False,
        "missing_tickers": ["AWAY"],
        "missing_currencies": ["SEK"],
    }


def test_income_without_a_rate_is_in_no_sum(client: Client, portfolio: str) -> None:
    booked(
        client,
        portfolio,
        cash("dividend", "2020-01-06", "8", ticker="HOME", tax="2"),
        cash("dividend", "2020-01-07", "8", ticker="AWAY", currency="SEK"),
    )
    assert totals(client, f"/portfolios/{portfolio}/income") == {
        "gross": "8",
        "net": "6",
        "complete": False,
        "missing_currencies": ["SEK"],
    }
