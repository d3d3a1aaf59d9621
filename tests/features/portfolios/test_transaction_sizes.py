"""Rates of the base currency into itself, and more money than there is: refused by field, and harmless where they are booked already."""

from __future__ import annotations

from typing import Any

import pytest
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.splits import BARS, FIRST, price, restated_file
from kit.support import Client
from sqlalchemy import text

import database

DAY = str(FIRST)
LARGEST = "9" * 15
HEADER = "Date,Type,Ticker,Quantity,Price,Fee,Currency,FX Rate\n"


def refusals(client: Client, portfolio: str, body: dict[str, Any], line: str) -> list[list[str]]:
    """The fields that are refused by each of the ways in which a transaction comes."""
    path = f"/portfolios/{portfolio}/transactions"
    one = client.post(path, body)
    among = client.post(f"{path}/batch", {"items": [cash("deposit", DAY, "1"), body]})
    file = client("POST", f"{path}/import", data=HEADER + line, content_type="text/csv")
    assert [answer.status_code for answer in (one, among, file)] == [422] * 3, (one.json, among.json, file.json)
    told = client("POST", f"{path}/import?dry_run=true", data=HEADER + line, content_type="text/csv").json["faults"]
    assert client.get(path).json["items"] == []
    return [[error["field"] for error in answer.json["errors"]] for answer in (one, among)] + [[fault["column"] for fault in told]]


@pytest.mark.parametrize(
    ("base_currency", "currency", "rate"), [("EUR", "EUR", "2"), ("EUR", "EUR", "0.9999"), ("GBP", "GBX", "1"), ("GBP", "GBp", "0.1")]
)
def test_the_base_currency_has_one_rate_into_itself(client: Client, base_currency: str, currency: str, rate: str) -> None:
    portfolio = make_portfolio(client, base_currency=base_currency)
    body = trade("buy", DAY, "HELD", "10", "90", currency=currency, fx_rate=rate)
    fields = refusals(client, portfolio, body, f"{DAY},Buy,HELD,10,90,,{currency},{rate}\n")
    assert fields == [["fx_rate"], ["items.1.fx_rate"], ["FX Rate"]]


def test_the_rate_that_it_has_may_be_told(client: Client) -> None:
    portfolio = make_portfolio(client, base_currency="GBP")
    told = [("GBP", "1"), ("GBP", "1.000"), ("GBX", "0.01"), ("EUR", "2")]
    booked(client, portfolio, *(trade("buy", DAY, "HELD", "10", "90", currency=currency, fx_rate=rate) for currency, rate in told))
    assert client("PATCH", f"/portfolios/{portfolio}", json={"base_currency": "EUR"}).status_code == 409


def test_another_one_that_is_booked_already_changes_nothing(client: Client) -> None:
    client.put("/prices/HELD", restated_file(1.0))
    answers = []
    for name in ("plain", "rated"):
        portfolio = make_portfolio(client, name=name)
        booked(client, portfolio, trade("buy", DAY, "HELD", "10", repr(price(0)), fx_rate="1"))
        with database.transaction() as connection:
            rate = {"rate": "2" if name == "rated" else "1", "portfolio": portfolio}
            connection.execute(text("UPDATE portfolio_transactions SET fx_rate = :rate WHERE portfolio_id = :portfolio"), rate)
        answers.append(client.get(f"/portfolios/{portfolio}/performance?period=max").json)
    plain, rated = answers
    assert plain["twr"]["value"] == pytest.approx(price(BARS - 1) / price(0) - 1)
    assert {**rated, "portfolio_id": ""} == {**plain, "portfolio_id": ""}


@pytest.mark.parametrize(
    ("fields", "line", "field"),
    [
        ({"quantity": LARGEST, "price": LARGEST}, f"{DAY},Buy,HELD,{LARGEST},{LARGEST},,USD,\n", "price"),
        ({"quantity": "1", "price": LARGEST, "fee": LARGEST}, f"{DAY},Buy,HELD,1,{LARGEST},{LARGEST},USD,\n", "fee"),
        (
            {"quantity": "1", "price": LARGEST, "currency": "EUR", "fx_rate": "1.1"},
            f"{DAY},Buy,HELD,1,{LARGEST},,EUR,1.1\n",
            "fx_rate",
        ),
    ],
)
def test_more_money_than_there_is_is_refused(client: Client, fields: dict[str, str], line: str, field: str) -> None:
    portfolio = make_portfolio(client)
    found = refusals(client, portfolio, {"type": "buy", "day": DAY, "ticker": "HELD", **fields}, line)
    assert found == [[field], [f"items.1.{field}"], [{"price": "Price", "fee": "Fee", "fx_rate": "FX Rate"}[field]]]


def test_so_much_money_may_be_booked(client: Client) -> None:
    client.put("/prices/HELD", restated_file(1.0))
    portfolio = make_portfolio(client)
    booked(client, portfolio, *(cash("deposit", DAY, LARGEST) for _ in range(3)), trade("buy", DAY, "HELD", LARGEST, "1"))
    for part in ("holdings", "performance?period=max", "transactions", "income", "realised"):
        assert client.get(f"/portfolios/{portfolio}/{part}").status_code == 200, part


def test_more_that_is_booked_already_breaks_no_answer(client: Client) -> None:
    client.put("/prices/HELD", restated_file(1.0))
    portfolio = make_portfolio(client)
    booked(client, portfolio, trade("buy", DAY, "HELD", LARGEST, "1"), trade("sell", str(FIRST.replace(day=3)), "HELD", "7", "1"))
    with database.transaction() as connection:
        values = {"price": LARGEST, "portfolio": portfolio}
        connection.execute(text("UPDATE portfolio_transactions SET price = :price WHERE portfolio_id = :portfolio"), values)
    for part in ("holdings", "lots", "realised", "income", "dividends", "performance?period=max", "transactions", "transactions/export"):
        assert client.get(f"/portfolios/{portfolio}/{part}").status_code == 200, part
    assert client.get(f"/risk/{portfolio}").status_code in (200, 422)
    path = f"/portfolios/{portfolio}/transactions/import?dry_run=true"
    assert client("POST", path, data=f"{HEADER}{DAY},Buy,HELD,1,2,,USD,\n", content_type="text/csv").status_code == 200
