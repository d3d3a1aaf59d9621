"""The Excel report of the risk of a ticker, read back."""

from __future__ import annotations

import pytest
from kit.reports import download, rows
from kit.support import Client

PERIOD = "start=2011-01-03&end=2012-12-31"


def test_it_says_what_the_risk_says(client: Client) -> None:
    risk = client.get(f"/risk/AAPL?{PERIOD}&benchmark=MSFT&series=true").json
    book = download(client, f"/reports/risk/aapl.xlsx?{PERIOD}&benchmark=MSFT")
    assert book.sheetnames == ["Risk", "Months", "Falls", "Days"]
    numbers = {row["Number"]: row for row in rows(book["Risk"])}
    for name, label in (("cagr", "Cagr"), ("max_drawdown", "Max drawdown"), ("beta", "Beta"), ("sharpe", "Sharpe")):
        assert numbers[label]["AAPL"] == pytest.approx(risk["metrics"][name]["value"])
        assert numbers[label]["Meaning"] == risk["metrics"][name]["definition"]
    assert numbers["Cagr"]["MSFT"] == pytest.approx(risk["benchmark"]["metrics"]["cagr"]["value"])
    assert numbers["Beta"]["MSFT"] is None
    assert (numbers["Daily returns"]["AAPL"], numbers["Interest a year"]["AAPL"]) == (risk["days"], 0)
    (first, second) = rows(book["Months"])
    by_month = {each["month"]: each["value"] for each in risk["months"]}
    assert (first["Year"], second["Year"]) == (2011, 2012)
    assert first["Mar"] == pytest.approx(by_month["2011-03"])
    assert (1 + first["Whole year"]) * (1 + second["Whole year"]) == pytest.approx(1 + risk["metrics"]["total_return"]["value"])
    falls = rows(book["Falls"])
    assert [row["Fall"] for row in falls] == pytest.approx([fall["depth"] for fall in risk["falls"]])
    assert falls[0]["Days down"] > 0
    days = rows(book["Days"])
    assert [row["1 in MSFT"] for row in days] == pytest.approx(risk["series"]["benchmark"])
    assert (days[0]["Volatility of the quarter"], days[-1]["Drawdown"]) == (None, pytest.approx(risk["series"]["drawdown"][-1]))


def test_alone_it_has_no_column_of_a_benchmark(client: Client) -> None:
    book = download(client, f"/reports/risk/IBM.xlsx?{PERIOD}")
    numbers = rows(book["Risk"])
    assert set(numbers[0]) == {"Number", "IBM", "Meaning"}
    assert next(row["IBM"] for row in numbers if row["Number"] == "Beta") is None
    assert "1 in IBM" in rows(book["Days"])[0]
    assert client.get("/reports/risk/NONE.xlsx").json["code"] == "ticker_not_found"
    assert client.get(f"/reports/risk/IBM.xlsx?{PERIOD}&series=true").json["code"] == "validation_error"
