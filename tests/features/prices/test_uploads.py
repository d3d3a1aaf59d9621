"""Uploads over HTTP: dry runs, date orders, bad rows, and extending on one footing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from kit.reports import price_file
from kit.support import Client

from models.day_text import day_text

HEADER = "Date,Open,High,Low,Close,Volume\n"


def split_file(lines: list[str], ratio: float) -> list[str]:
    """Rows as they are restated for a split: prices divided, volumes multiplied."""

    def restate(line: str) -> str:
        day, *prices, volume = line.split(",")
        return ",".join([day, *(f"{float(price) / ratio:.10f}" for price in prices), str(float(volume) * ratio)])

    return [restate(line) for line in lines]


def test_extending_over_a_split_gives_the_verdict_of_the_whole_restated_file(client: Client) -> None:
    header, *lines = price_file(300).splitlines()
    restated = split_file(lines, 1.5)
    client.put("/prices/PART", "\n".join([header, *lines[:280]]))
    report = client.put("/prices/PART?extend=true", "\n".join([header, *restated[270:]])).json
    effective = lines[280].split(",")[0]
    assert report["rescaled"] == {
        "series": "stored", "before": effective, "price": pytest.approx(2 / 3), "adj_close": None, "volume": 1.5,
        "actions": [f"split 3:2 effective {day_text(date.fromisoformat(effective))}"],
    }  # fmt: skip
    client.put("/prices/WHOLE", "\n".join([header, *restated]))
    part, whole = (client.post("/analyze", {"ticker": ticker}).json for ticker in ("PART", "WHOLE"))
    assert part["verdict"] == whole["verdict"]
    assert part["score"] == pytest.approx(whole["score"], rel=1e-9)


def test_histories_of_two_footings_are_refused_by_their_days(client: Client) -> None:
    header, *lines = price_file(100).splitlines()
    client.put("/prices/TWO", "\n".join([header, *lines[:90]]))
    before = client.get("/prices/TWO").json
    mixed = [*lines[80:85], *split_file(lines[85:88], 2.0), *lines[88:]]
    answer = client.put("/prices/TWO?extend=true", "\n".join([header, *mixed]))
    assert (answer.status_code, answer.json["code"]) == (422, "bases_differ")
    assert [error["field"] for error in answer.json["errors"]] == [line.split(",")[0] for line in lines[85:88]]
    assert client.get("/prices/TWO").json == before
    assert client.put("/prices/TWO", "\n".join([header, *mixed])).status_code == 200


@pytest.mark.parametrize("query", ["dry_run=true", "dry_run=true&extend=true"])
def test_a_dry_run_answers_the_same_and_stores_nothing(client: Client, query: str) -> None:
    client.put("/prices/DRY", price_file(60))
    before = client.get("/prices/DRY").json
    told = client.put(f"/prices/DRY?{query}", price_file(80)).json
    assert client.get("/prices/DRY").json == before
    told |= {"preview": None}
    assert client.put(f"/prices/DRY?{query.replace('dry_run=true', 'dry_run=false')}", price_file(80)).json == told
    assert told["bars"] == 80
    assert client.put("/prices/NONE?dry_run=true", price_file(60)).json["bars"] == 60
    assert client.get("/prices/NONE").status_code == 404


def test_a_file_that_holds_nothing_newer_is_told(client: Client) -> None:
    client.put("/prices/OLD", price_file(60))
    again = client.put("/prices/OLD?extend=true", price_file(60)).json
    assert [warning["code"] for warning in again["warnings"]] == ["nothing_newer", "weekend_bars", "stale", "short_history"]


def test_dates_in_two_ways_are_asked_for_and_answered(client: Client) -> None:
    text = HEADER + "05/08/2025,1,1,1,1,1\n07/08/2025,1,1,1,1,1\n"
    answer = client.put("/prices/SLASH", text)
    assert (answer.status_code, answer.json["code"]) == (422, "ambiguous_dates")
    for order, days in (("dmy", ["2025-08-05", "2025-08-07"]), ("mdy", ["2025-05-08", "2025-07-08"])):
        report = client.put(f"/prices/SLASH?dates={order}", text).json
        assert ([report["first"], report["last"]], report["understood"]["dates"]) == (days, order)
    assert client.put("/prices/SLASH?dates=ymd", text).json["code"] == "validation_error"


def test_the_stored_series_decides_the_order_of_a_file_that_extends_it(client: Client) -> None:
    days = [date(2025, 8, 1) - timedelta(days=number) for number in range(40)]
    client.put("/prices/UK", HEADER + "".join(f"{day},1,1,1,1,1\n" for day in days))
    report = client.put("/prices/UK?extend=true", HEADER + "05/08/2025,1,1,1,1,1\n07/08/2025,1,1,1,1,1\n").json
    assert (report["last"], report["understood"]["dates"]) == ("2025-08-07", "dmy")


@pytest.mark.parametrize(
    ("query", "expected"), [("", 422), ("?on_bad_rows=refuse", 422), ("?on_bad_rows=drop", 200), ("?on_bad_rows=x", 422)]
)
def test_bad_rows_are_refused_or_left_out(client: Client, query: str, expected: int) -> None:
    answer = client.put(f"/prices/BADROW{query}", price_file(60) + "\n2013-01-01,1,1,1,x,1\n")
    assert answer.status_code == expected
    body: dict[str, Any] = answer.json
    if expected == 200:
        assert (body["bars"], body["dropped"], body["warnings"][0]["code"]) == (60, 1, "rows_left_out")


def test_a_file_of_another_ticker_is_told(client: Client) -> None:
    header, *lines = price_file(60).splitlines()
    file = "\n".join([f"Symbol,{header}", *(f"MSFT,{line}" for line in lines)])
    codes = {
        ticker: [warning["code"] for warning in client.put(f"/prices/{ticker}?dry_run=true", file).json["warnings"]] for ticker in TICKERS
    }
    assert [ticker for ticker, found in codes.items() if "other_ticker" in found] == ["AAPL"]


TICKERS = ("AAPL", "MSFT", "MSFT.US")


def test_what_a_file_says_of_its_basis_for_all_stored_prices_is_told(client: Client) -> None:
    client.put("/prices/LABEL", price_file(60))
    told = client.put("/prices/LABEL?extend=true&price_basis=as_traded", price_file(80)).json
    (warning,) = (one for one in told["warnings"] if one["code"] == "basis_changed")
    assert "prices of the whole series are taken for as traded" in warning["message"]
    again = client.put("/prices/LABEL?extend=true&price_basis=as_traded", price_file(90)).json
    assert "basis_changed" not in [one["code"] for one in again["warnings"]]
