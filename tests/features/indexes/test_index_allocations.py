"""Weights of a day follow what members are worth in the currency of the index, whatever became of rates and currencies since."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.bars import bars_of
from kit.currencies import rates_file
from kit.series import store
from kit.support import Client

from utils.clock import now

FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(70)]
CLOSES = {"HOME": [10 * 1.01**at for at in range(70)], "AWAY": [20 * 1.002**at for at in range(70)]}
DOLLARS = [1.1 + at / 500 for at in range(70)]  # for a euro
SINCE, ON = date(2024, 2, 1), date(2024, 2, 21)
START, END = DAYS.index(SINCE), DAYS.index(ON)


@pytest.fixture
def both(client: Client) -> Client:
    """A ticker in dollars, one in euros, and rates of each day."""
    for ticker, closes in CLOSES.items():
        store(ticker, bars_of(closes, first=FIRST), now())
    tell(client, "HOME,USD\nAWAY,EUR\n")
    assert client.post("/fx-rates", data=rates_file(DAYS, {"USD": DOLLARS}), content_type="text/csv").status_code == 200
    return client


def tell(client: Client, currencies: str) -> None:
    answer = client.put("/universes/told", f"Ticker,Currency\n{currencies}", content_type="text/csv")
    assert answer.status_code in (200, 201), answer.json


def make(client: Client, currency: str | None) -> str:
    rules = {"members": {"tickers": ["HOME", "AWAY"]}, "weighting": {"method": "equal"}, "rebalance": "monthly"}
    answer = client.post("/indexes", {"name": "Both", "currency": currency, **rules})
    assert answer.status_code == 201, answer.json
    made: str = answer.json["id"]
    return made


def weights(client: Client, index: str) -> tuple[dict[str, float], list[str]]:
    answer = client.get(f"/indexes/{index}/allocations?day={ON}")
    assert answer.status_code == 200, answer.json
    told: dict[str, Any] = answer.json
    assert told["since"] == str(SINCE)
    return {item["ticker"]: item["weight"] for item in told["items"]}, told["notes"]


def shares(home: float, away: float) -> dict[str, Any]:
    """The weights of what two halves have grown to."""
    return {"HOME": pytest.approx(home / (home + away)), "AWAY": pytest.approx(away / (home + away))}


GROWN = {ticker: closes[END] / closes[START] for ticker, closes in CLOSES.items()}


def test_weights_follow_closes_and_rates(both: Client) -> None:
    index = make(both, "USD")
    assert weights(both, index) == (shares(GROWN["HOME"], GROWN["AWAY"] * DOLLARS[END] / DOLLARS[START]), [])


def test_a_rate_that_was_corrected_moves_the_weights(both: Client) -> None:
    index = make(both, "USD")
    assert both.post("/fx-rates", data=rates_file([ON], {"USD": [1.5]}), content_type="text/csv").status_code == 200
    assert weights(both, index) == (shares(GROWN["HOME"], GROWN["AWAY"] * 1.5 / DOLLARS[START]), [])


def test_of_several_currencies_without_one_of_its_own_weights_follow_the_closes(client: Client) -> None:
    """The currencies were told after it was published: levels and weights are of the closes as they are."""
    for ticker, closes in CLOSES.items():
        store(ticker, bars_of(closes, first=FIRST), now())
    index = make(client, None)
    tell(client, "HOME,USD\nAWAY,EUR\n")
    assert weights(client, index) == (shares(GROWN["HOME"], GROWN["AWAY"]), [])


def test_a_currency_that_has_no_rate_any_more_stands_alone(both: Client) -> None:
    index = make(both, "USD")
    tell(both, "HOME,USD\nAWAY,SEK\n")
    found, notes = weights(both, index)
    assert found == shares(GROWN["HOME"], 1)
    assert notes == ["There is no price of AWAY, or no rate for it: of what it was worth on 1 February 2024, nothing has changed."]
