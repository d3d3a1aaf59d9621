"""The Excel report of a portfolio, read back."""

from __future__ import annotations

import pytest
from kit.portfolios import booked, cash, make_portfolio, trade
from kit.reports import download, rows
from kit.support import Client


def test_it_has_what_is_held_what_was_sold_and_what_was_booked(client: Client) -> None:
    portfolio = make_portfolio(client, name="Savings")
    booked(
        client,
        portfolio,
        cash("deposit", "2010-01-04", "5000"),
        trade("buy", "2010-01-05", "AAPL", "10", "30", fee="1"),
        trade("buy", "2010-02-05", "NOSUCH", "2.5", "10", note="=1+1"),
        trade("sell", "2010-03-05", "AAPL", "4", "40"),
        cash("dividend", "2010-04-05", "3", ticker="AAPL", tax="0.45"),
    )
    assert client.post("/analyze", {"ticker": "AAPL"}).status_code == 200
    book = download(client, f"/reports/portfolio/{portfolio}.xlsx")
    assert book.sheetnames == ["Holdings", "Lots", "Realised", "Income", "Cash", "Performance", "Gains", "Days", "Transactions"]
    held, unpriced = rows(book["Holdings"])
    assert (held["Ticker"], held["Quantity"], held["Cost"], held["Cost currency"]) == ("AAPL", 6, 180.6, "USD")
    assert held["Value"] == held["Value, USD"] == 6 * held["Close"]
    [told, _] = client.get(f"/portfolios/{portfolio}/holdings").json["items"]
    assert held["Gain, USD"] == pytest.approx(float(told["gain_base"]))
    assert (held["Share of all holdings"], held["Gain, %"], held["Last move, %"]) == pytest.approx(
        (told["weight"], told["gain_percent"], told["day_change_percent"])
    )
    assert held["Share of the portfolio"] == pytest.approx(told["portfolio_weight"])
    verdict = told["verdict"]
    assert (held["Verdict"], held["Record"]) == (verdict["verdict"], verdict["record"])
    assert (held["Stop"], held["Target"]) == pytest.approx((verdict["stop_loss"], verdict["target"]))
    assert held["To keep in mind"] == " ".join(told["warnings"])
    assert (unpriced["Verdict"], unpriced["Value, USD"]) == (None, None)
    assert (unpriced["Ticker"], unpriced["Quantity"], unpriced["Close"], unpriced["Value"]) == ("NOSUCH", 2.5, None, None)
    assert [(lot["Ticker"], lot["Quantity"]) for lot in rows(book["Lots"])] == [("AAPL", 6), ("NOSUCH", 2.5)]
    [sold] = rows(book["Realised"])
    assert (sold["Quantity"], sold["Proceeds"], sold["Cost"], sold["Gain"]) == (4, 160, 120.4, 39.6)
    [paid] = rows(book["Income"])
    assert (paid["Type"], paid["Gross"], paid["Tax"], paid["Net"]) == ("dividend", 3, 0.45, 2.55)
    [money] = rows(book["Cash"])
    assert (money["Currency"], money["Amount"]) == ("USD", 5000 - 301 - 25 + 160 + 2.55)
    told = client.get(f"/portfolios/{portfolio}/performance?period=max").json
    numbers = {row["Number"]: row for row in rows(book["Performance"])}
    assert numbers["Time-weighted return"]["Value"] == pytest.approx(told["twr"]["value"])
    assert numbers["Gain: total"]["Meaning"] == told["gain"]["total"]["definition"]
    assert sum(row["Gain"] for row in rows(book["Gains"])) == pytest.approx(told["gain"]["total"]["value"])
    assert [row["Value"] for row in rows(book["Days"])] == pytest.approx(told["series"]["value"])
    transactions = rows(book["Transactions"])
    assert [row["Type"] for row in transactions] == ["deposit", "buy", "buy", "sell", "dividend"]
    assert transactions[2]["Note"] == "=1+1"


def test_an_empty_portfolio_has_a_report_and_none_of_another_organization_has(client: Client) -> None:
    book = download(client, f"/reports/portfolio/{make_portfolio(client)}.xlsx")
    assert rows(book["Holdings"]) == []
    missing = client.get("/reports/portfolio/01900000-0000-7000-8000-000000000000.xlsx")
    assert (missing.status_code, missing.json["code"]) == (404, "not_found")
