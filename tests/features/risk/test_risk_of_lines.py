"""The risk of what is no ticker, periods by words, and the lines beside a benchmark. The line of an index is a made one here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from kit.bars import bars_of
from kit.reports import download
from kit.series import store
from kit.support import Client

from analysis.risk import QUARTER
from api.application import Application
from database import AnyReader
from infrastructure.feature import Feature
from infrastructure.value_lines import LineKind, ValueLine
from utils.clock import now

INDEX, GONE = "019aa3b2-7a1e-7c8e-8a55-2f3c9d1e6b70", "019aa3b2-7a1e-7c8e-8a55-ffffffffffff"
FIRST = date(2024, 1, 1)
VALUES = [100.0, 101.0, 99.0, 103.0, 102.0, 104.0]
DAYS = np.arange(np.datetime64(FIRST), np.datetime64(FIRST) + len(VALUES))


def made_line(_: AnyReader, org_id: int, reference: str) -> ValueLine | None:
    if reference != INDEX or org_id != 1:
        return None
    return ValueLine(INDEX, LineKind.INDEX, "My index", "EUR", DAYS, np.array(VALUES), True, "digest of the index")


@pytest.fixture
def indexed(app: Application, client: Client) -> Client:
    """The application with an index."""
    foundation = app.services.foundation
    feature = Feature("made", lines=lambda foundation: {LineKind.INDEX: made_line})
    app.services = replace(app.services, foundation=replace(foundation, features=(*foundation.features, feature)))
    return client


def risk(client: Client, path: str) -> Any:
    answer = client.get(f"/risk/{path}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_an_index_is_measured_and_named(indexed: Client) -> None:
    found = risk(indexed, INDEX.upper())
    assert [found[name] for name in ("reference", "kind", "name", "currency", "ticker")] == [INDEX, "index", "My index", "EUR", None]
    assert (found["days"], found["adjusted"], found["benchmark"]) == (5, True, None)
    assert found["metrics"]["total_return"]["value"] == pytest.approx(0.04)


def test_a_ticker_beside_an_index_and_the_other_way_round(indexed: Client) -> None:
    store("OWN", bars_of([10, 11, 12, 11, 13, 14], first=date(2024, 1, 2)), now())
    found = risk(indexed, f"own?benchmark={INDEX}&series=true")
    assert [found[name] for name in ("reference", "kind", "ticker", "days")] == ["OWN", "ticker", "OWN", 4]
    assert [found["benchmark"][name] for name in ("reference", "kind", "name", "ticker")] == [INDEX, "index", "My index", None]
    assert found["series"]["benchmark"] == pytest.approx([value / 101 for value in VALUES[1:]])
    turned = risk(indexed, f"{INDEX}?benchmark=OWN&series=true")
    assert (turned["benchmark"]["ticker"], turned["series"]["value"]) == ("OWN", found["series"]["benchmark"])


def test_currencies_that_differ_are_told(indexed: Client) -> None:
    for ticker, currency in (("OWN", "USD"), ("HOME", "EUR"), ("WHO", None)):
        store(ticker, bars_of([10, 11, 12, 11, 13, 14], first=FIRST), now())
        if currency is not None:
            listing = {"items": [{"ticker": ticker, "currency": currency}]}
            assert indexed("PUT", f"/universes/{currency.lower()}", json=listing).status_code == 201
    note = "OWN in USD is held against My index in EUR; nothing is converted, so that the exchange rate is in their differences."
    assert risk(indexed, f"OWN?benchmark={INDEX}")["notes"] == [note]
    assert [risk(indexed, path)["notes"] for path in ("OWN", f"HOME?benchmark={INDEX}", f"WHO?benchmark={INDEX}")] == [[], [], []]
    book = download(indexed, f"/reports/risk/OWN.xlsx?benchmark={INDEX}")
    assert ("Note", note) in [(row[0].value, row[1].value) for row in book["Risk"]]


def test_what_is_not_there(indexed: Client) -> None:
    for path in (GONE, f"AAPL?benchmark={GONE}"):
        answer = indexed.get(f"/risk/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "line_not_found")
    assert indexed.get(f"/reports/risk/{GONE}.xlsx").json["code"] == "line_not_found"
    assert indexed.get("/risk/no%20ticker").json["code"] == "validation_error"
    short = indexed.get(f"/risk/{INDEX}?end=2024-01-02").json
    assert short["detail"] == "My index has values on 2 days in this period; risk needs at least 3."


def test_the_report_names_it(indexed: Client) -> None:
    answer = indexed.get(f"/reports/risk/{INDEX}.xlsx?benchmark=AAPL")
    assert answer.status_code == 422  # they have no day in common
    book = download(indexed, f"/reports/risk/{INDEX}.xlsx")
    assert [cell.value for cell in book["Risk"][1]][:2] == ["Number", "My index"]
    assert ("Values", "of the index, with dividends") in [(row[0].value, row[1].value) for row in book["Risk"]]


# ---- periods ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "first"),
    [("1m", "2013-02-01"), ("3m", "2012-11-30"), ("6m", "2012-08-31"), ("ytd", "2012-12-31"), ("1y", "2012-03-01"), ("3y", "2010-03-01"),
     ("5y", "2008-02-29"), ("10y", "2003-02-28"), ("max", "2000-03-01")],
)  # fmt: skip
def test_a_period_by_a_word_starts_from_the_value_before_it(client: Client, word: str, first: str) -> None:
    found = risk(client, f"AAPL?period={word}")
    assert (found["first_day"], found["last_day"], found["period"]) == (first, "2013-03-01", word)
    same = risk(client, f"AAPL?start={first}")
    assert (same["metrics"], same["period"]) == (found["metrics"], None)


def test_with_a_benchmark_the_period_ends_with_their_last_common_day(client: Client) -> None:
    store("ENDED", bars_of([10.0, 11.0, 12.0, 11.0] * 30, first=date(2012, 6, 1)), now())
    found = risk(client, "AAPL?period=1m&benchmark=ENDED")
    assert (found["first_day"], found["last_day"]) == ("2012-08-28", "2012-09-28")


@pytest.mark.parametrize("query", ["period=2m", "period=", "period=1y&start=2012-01-03", "period=max&end=2012-01-03"])
def test_a_period_is_one_of_the_words_and_stands_alone(client: Client, query: str) -> None:
    for path in ("/risk/AAPL", "/reports/risk/AAPL.xlsx"):
        answer = client.get(f"{path}?{query}")
        assert (answer.status_code, [each["field"] for each in answer.json["errors"]]) == (422, ["period"])


# ---- lines beside a benchmark -----------------------------------------------------------------------------------------------------


def test_beta_and_correlation_of_each_quarter(client: Client) -> None:
    lines = risk(client, "AAPL?benchmark=MSFT&period=1y&series=true")["series"]
    for name in ("beta", "correlation"):
        assert lines[name][:QUARTER] == [None] * QUARTER
        assert None not in lines[name][QUARTER:]
    last = risk(client, f"AAPL?benchmark=MSFT&start={lines['days'][-1 - QUARTER]}")["metrics"]
    assert lines["beta"][-1] == pytest.approx(last["beta"]["value"], abs=1e-12)
    assert lines["correlation"][-1] == pytest.approx(last["correlation"]["value"], abs=1e-12)
    alone = risk(client, "AAPL?period=1y&series=true")["series"]
    assert (alone["beta"], alone["correlation"], alone["benchmark"]) == (None, None, None)
    file = client.get("/risk/AAPL?benchmark=MSFT&period=1y", headers={"Accept": "text/csv"}).text.splitlines()
    assert file[0] == "day,value,drawdown,volatility,benchmark,beta,correlation"
    assert [float(cell) for cell in file[-1].split(",")[-2:]] == [lines["beta"][-1], lines["correlation"][-1]]
