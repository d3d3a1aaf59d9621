"""GET /risk/{ticker}: what it measures, over which days, and what it refuses."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
from kit.bars import bars_of
from kit.jobs import another_organization
from kit.series import store
from kit.support import Client

from analysis.risk import DEFINITIONS, DEFINITIONS_BESIDE
from utils.clock import now

PERIOD = "start=2012-09-03&end=2012-11-30"


def risk(client: Client, query: str = "", ticker: str = "AAPL") -> Any:
    answer = client.get(f"/risk/{ticker}{query}")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_it_measures_all_stored_days(client: Client) -> None:
    found = risk(client)
    assert (found["ticker"], found["days"], found["benchmark"], found["series"]) == ("AAPL", 3269, None, None)
    assert (found["first_day"], found["last_day"]) == ("2000-03-01", "2013-03-01")
    assert found["metrics"]["sharpe"]["value"] == pytest.approx(0.6784016714847, rel=1e-9)
    assert found["metrics"]["beta"] == {"value": None, "definition": DEFINITIONS_BESIDE["beta"]}
    assert set(found["metrics"]) == {*DEFINITIONS, *DEFINITIONS_BESIDE}
    assert found["drawdown"] == found["falls"][0]
    assert found["drawdown"]["depth"] == found["metrics"]["max_drawdown"]["value"]
    assert len(found["months"]) == 157
    assert sum(found["distribution"]["counts"]) == 3269


def test_a_benchmark_is_held_over_the_same_days(client: Client) -> None:
    store("ODD", bars_of([10, 11, 12, 11, 13, 14], first=date(2020, 1, 1)), now())
    store("EVEN", bars_of([20, 21, 20, 22], first=date(2020, 1, 3)), now())
    found = risk(client, "?benchmark=EVEN&series=true", "odd")
    assert (found["days"], found["series"]["days"]) == (3, ["2020-01-03", "2020-01-04", "2020-01-05", "2020-01-06"])
    assert found["series"]["value"] == pytest.approx([1, 11 / 12, 13 / 12, 14 / 12])
    assert found["series"]["benchmark"] == pytest.approx([1, 1.05, 1.0, 1.1])
    assert found["series"]["volatility"] == [None] * 4
    assert found["benchmark"]["metrics"]["total_return"]["value"] == pytest.approx(0.1)
    own = found["metrics"]["total_return"]["value"]
    assert own == pytest.approx(14 / 12 - 1)
    assert found["metrics"]["up_capture"]["value"] is not None


def test_a_period_and_interest_are_taken(client: Client) -> None:
    whole, part = risk(client, f"?{PERIOD}"), risk(client, f"?{PERIOD}&rate=0.5")
    assert (whole["first_day"], whole["last_day"], whole["days"]) == ("2012-09-04", "2012-11-30", 60)
    assert (whole["rate"], part["rate"]) == (0.0, 0.5)
    assert part["metrics"]["sharpe"]["value"] < whole["metrics"]["sharpe"]["value"]
    assert part["metrics"]["volatility"] == whole["metrics"]["volatility"]


def test_the_same_is_not_sent_twice(client: Client) -> None:
    tags = [client.get(f"/risk/AAPL?{query}").headers["ETag"] for query in (PERIOD, f"{PERIOD}&series=true", f"{PERIOD}&benchmark=MSFT")]
    assert len(set(tags)) == 3
    assert client.get(f"/risk/AAPL?{PERIOD}", headers={"If-None-Match": tags[0]}).status_code == 304
    assert client.get(f"/risk/AAPL?{PERIOD}&rate=0.1", headers={"If-None-Match": tags[0]}).status_code == 200


def test_lines_are_sent_as_a_file(client: Client) -> None:
    answer = client.get(f"/risk/AAPL?{PERIOD}&benchmark=MSFT", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="risk-AAPL.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 61
    assert (rows[0]["day"], rows[0]["value"], rows[0]["drawdown"], rows[0]["volatility"]) == ("2012-09-04", "1.0", "0.0", "")
    lines = risk(client, f"?{PERIOD}&benchmark=MSFT&series=true")["series"]
    assert [float(row["benchmark"]) for row in rows] == lines["benchmark"]


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        pytest.param("NONE", 404, "ticker_not_found", "NONE", id="ticker"),
        pytest.param("AAPL?benchmark=NONE", 404, "ticker_not_found", "NONE", id="benchmark"),
        pytest.param("AAPL?start=2013-02-28", 422, "insufficient_history", "AAPL has prices on 2 days in this period", id="two days"),
        pytest.param("AAPL?start=2031-01-01", 422, "insufficient_history", "on 0 days in this period", id="none"),
        pytest.param("AAPL?benchmark=FB&end=2012-05-18", 422, "insufficient_history", "AAPL and FB have both", id="common"),
        pytest.param("AAPL?start=2013-01-02&end=2013-01-01", 422, "validation_error", "Swap the two", id="swapped"),
        pytest.param("AAPL?rate=-0.1", 422, "validation_error", "rate", id="rate"),
        pytest.param("AAPL?rate=nan", 422, "validation_error", "rate", id="no number"),
    ],
)
def test_what_it_refuses(client: Client, path: str, status: int, code: str, words: str) -> None:
    answer = client.get(f"/risk/{path}")
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert words in answer.text


def test_uploads_of_others_are_not_measured(client: Client) -> None:
    store("MINE", bars_of([10, 11, 12, 11]), now(), org_id=1)
    other = another_organization()
    assert client.get("/risk/MINE", key=other).json["code"] == "ticker_not_found"
    assert client.get("/risk/AAPL?benchmark=MINE", key=other).json["code"] == "ticker_not_found"
    assert client.get("/risk/MINE").status_code == 200
