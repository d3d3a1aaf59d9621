"""POST /analyze: one explained result for each set of inputs."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from kit.support import Client

import database
from app import Application


def results_stored() -> int:
    return int(database.query_db("SELECT count(*) AS n FROM analysis_results", one=True)["n"])


def test_a_verdict_that_can_be_checked(client: Client) -> None:
    answer = client.post("/analyze", {"ticker": "aapl"})
    assert answer.status_code == 200
    result = answer.json
    assert list(result) == [
        "id", "ticker", "as_of", "bars", "strategy", "close", "change_percent", "month_percent", "volume",
        "score", "verdict", "signal", "record", "indicators", "levels", "trade", "warnings",
        "provenance", "fingerprint", "created_at",
    ]  # fmt: skip
    assert (result["ticker"], result["as_of"], result["bars"], result["close"]) == ("AAPL", "2013-03-01", 3270, 430.47)
    assert sum(entry["contribution"] for entry in result["indicators"]) == pytest.approx(result["score"])
    assert all(entry["reason"].endswith(".") for entry in result["indicators"])
    assert len(result["indicators"]) == 12
    assert [warning["code"] for warning in result["warnings"]] == ["large_move", "stale"]
    provenance = result["provenance"]
    assert (provenance["provider"], provenance["first"], provenance["last"]) == ("sample", "2000-03-01", "2013-03-01")
    assert provenance["adjustment"] == "adj_close"
    assert result["created_at"].endswith("Z")
    assert answer.headers["ETag"] == f'"{result["fingerprint"]}"'


def test_the_same_work_is_stored_once(client: Client) -> None:
    first = client.post("/analyze", {"ticker": "AAPL", "strategy": "trend"})
    again = client.post("/analyze", {"ticker": "AAPL", "strategy": "trend", "reward_risk": 3.0, "weights": {"trend": 1.5}})
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert results_stored() == 1


def test_the_same_work_at_the_same_time_is_stored_once(app: Application) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(Client(app).post("/analyze", {"ticker": "IBM"}).json)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for answer in answers}) == 1
    assert results_stored() == 1


@pytest.mark.parametrize(
    ("more", "shares"),
    [
        pytest.param({}, 702, id="100,000 at 20 %"),
        pytest.param({"capital": 50_000}, 351, id="half the capital"),
        pytest.param({"max_position_percent": 1}, 35, id="a small cap"),
        pytest.param({"risk_percent": 0.1}, 159, id="little risk"),
        pytest.param({"capital": 1}, 0, id="not enough for one"),
    ],
)
def test_position_size_is_the_callers_and_is_not_stored(client: Client, more: dict[str, float], shares: int) -> None:
    default = client.post("/analyze", {"ticker": "MSFT"})
    answer = client.post("/analyze", {"ticker": "MSFT", **more})
    trade = answer.json["trade"]
    assert trade["shares"] == shares
    assert trade["position_value"] == pytest.approx(shares * trade["entry"])
    assert answer.json["id"] == default.json["id"]
    assert (answer.headers["ETag"] == default.headers["ETag"]) == (more == {})
    assert client.get(f"/results/{default.json['id']}").json == {**default.json, "superseded": False}
    assert results_stored() == 1


def test_as_of_reads_nothing_after_it(client: Client) -> None:
    past = client.post("/analyze", {"ticker": "AAPL", "as_of": "2005-02-27"}).json
    # The requested day is a Sunday: the result is of the Friday before, in that day's prices.
    assert (past["as_of"], past["close"]) == ("2005-02-25", 88.99)
    assert "stale" not in [warning["code"] for warning in past["warnings"]]
    rows = client.get("/prices/AAPL?end=2005-02-27", headers={"Accept": "text/csv"}).data
    client.put("/prices/PAST", rows)
    same = client.post("/analyze", {"ticker": "PAST", "as_of": "2005-02-27"}).json
    for field in ("score", "verdict", "close", "indicators", "levels", "trade", "bars"):
        assert same[field] == past[field], field


def test_only_some_indicators(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL", "indicators": ["macd", "rsi"]}).json
    assert [entry["key"] for entry in result["indicators"]] == ["rsi", "macd"]
    same = client.post("/analyze", {"ticker": "AAPL", "indicators": ["rsi", "macd"]}).json
    assert same["id"] == result["id"]


def test_fb_has_no_long_average_and_says_so(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "FB"}).json
    cross = next(entry for entry in result["indicators"] if entry["key"] == "ema_cross")
    assert (cross["available"], cross["value"], cross["vote"], cross["weight"], cross["contribution"]) == (False, None, 0, 0, 0)
    assert "needs 200 bars; there are 196" in cross["reason"]


def test_overrides_and_past_days_do_not_reach_the_screener(client: Client) -> None:
    client.post("/analyze", {"ticker": "AAPL", "as_of": "2010-01-04"})
    client.post("/analyze", {"ticker": "AAPL", "weights": {"rsi": 3}})
    assert client.get("/results").json["items"] == []
    standard = client.post("/analyze", {"ticker": "AAPL", "capital": 5}).json
    assert [item["id"] for item in client.get("/results").json["items"]] == [standard["id"]]


def test_prices_that_go_back_bring_the_old_result_back(client: Client) -> None:
    whole = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    part = client.get("/prices/IBM?end=2012-12-31", headers={"Accept": "text/csv"}).data
    results = []
    for rows in (whole, part, whole):
        client.put("/prices/IBM", rows)
        results.append(client.post("/analyze", {"ticker": "IBM"}).json["id"])
        assert [item["id"] for item in client.get("/results").json["items"]] == [results[-1]]
    assert results[0] == results[2] != results[1]
    assert len(client.get("/history/IBM").json["items"]) == 2


def test_too_little_history_is_told(client: Client) -> None:
    answer = client.post("/analyze", {"ticker": "FB", "as_of": "2012-07-29"})
    assert (answer.status_code, answer.json["code"]) == (422, "insufficient_history")
    assert "49 bars" in answer.json["detail"]
    assert client.post("/analyze", {"ticker": "FB", "as_of": "2012-07-30"}).status_code == 200
    nothing = client.post("/analyze", {"ticker": "FB", "as_of": "1999-01-01"})
    assert (nothing.status_code, nothing.json["code"]) == (422, "insufficient_history")
    few = "FB has 0 bars up to 1 January 1999; an analysis needs at least 50."
    assert nothing.json["detail"] == f"{few} There are enough from 30 July 2012 on."


def test_an_indicator_without_a_vote_may_stand_beside_one_that_votes(client: Client) -> None:
    result = client.post("/analyze", {"ticker": "AAPL", "indicators": ["atr", "rsi"], "weights": {"momentum": 0.5}})
    assert [entry["key"] for entry in result.json["indicators"]] == ["rsi", "atr"]
    refused = client.post("/analyze", {"ticker": "AAPL", "indicators": ["atr"]}).json["errors"]
    assert refused[0]["message"].startswith("None of these indicators votes")
    assert refused[0]["message"].endswith("ema_cross, bollinger, obv, cmf; atr does not vote.")


def test_results_of_one_day_are_reproducible(client: Client) -> None:
    first = client.post("/analyze", {"ticker": "GOOG"}).json
    database.execute_db("DELETE FROM latest_results")
    database.execute_db("DELETE FROM analysis_results")
    second = client.post("/analyze", {"ticker": "GOOG"}).json
    for one in (first, second):
        del one["id"], one["created_at"]
    assert first == second
