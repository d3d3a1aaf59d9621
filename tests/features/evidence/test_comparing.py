"""Sets of parameters beside each other over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from kit.jobs import items_of, run_jobs
from kit.support import Client

from features.evidence.kinds import BulkBacktests
from models.strategy import STRATEGIES

ALL = [{"strategy": strategy} for strategy in STRATEGIES]


def compared(client: Client, ticker: str = "AAPL", sets: Any = ALL, **more: Any) -> Any:
    answer = client.post("/backtests/compare", {"ticker": ticker, "sets": sets, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_each_set_is_its_backtest(client: Client) -> None:
    answer = compared(client, cost_bp=10.0)
    assert [one["strategy"] for one in answer["sets"]] == list(STRATEGIES)
    for one in answer["sets"]:
        alone = client.post("/backtests", {"ticker": "AAPL", "strategy": one["strategy"], "cost_bp": 10.0}).json
        assert {name: one[name] for name in ("metrics", "exposure", "turnover", "parameters")} == {
            name: alone[name] for name in ("metrics", "exposure", "turnover", "parameters")
        }
        assert alone["benchmark"] == answer["benchmark"]
        assert alone["deflated_sharpe"] == one["deflated_sharpe"]
        assert (alone["trials"], alone["first"], alone["last"]) == (answer["trials"], answer["first"], answer["last"])
        assert one["is_ahead"] is (alone["equity"]["values"][-1] > alone["equity"]["benchmark"][-1])


def test_each_set_is_a_trial_once(client: Client) -> None:
    assert compared(client)["trials"] == 5
    assert compared(client)["trials"] == 5
    assert compared(client, sets=[{}, {}, {"stops": False}])["trials"] == 6
    assert client.get("/backtests").json["items"] == []
    single = client.post("/backtests", {"ticker": "AAPL", "side": "long_short"}).json
    assert single["trials"] == 7


def test_luck_is_told_in_words(client: Client) -> None:
    luck = compared(client)["luck"]
    assert luck["sentence"].startswith("None of the 5 sets had a higher mean daily return than buy-and-hold")
    assert (luck["days"], luck["block"], luck["repetitions"]) == (2_869, 53, 1_000)
    ahead = compared(client, "GOOG", [{"strategy": "trend", "stops": False, "reward_risk": 3}])["luck"]
    assert ahead["sentence"].startswith(("Luck alone explains this: ", "This is hard to put down to luck: ", "This set had"))
    assert compared(client)["luck"] == luck


def test_too_few_days_to_judge(client: Client) -> None:
    answer = compared(client, start="2012-12-20")
    assert answer["luck"] is None
    assert answer["days"] < 100


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"ticker": "AAPL", "sets": []}, 422, "validation_error", id="no set"),
        pytest.param({"ticker": "AAPL", "sets": [{}] * 21}, 422, "validation_error", id="too many"),
        pytest.param({"ticker": "AAPL", "sets": [{"cost_bp": 1}]}, 422, "validation_error", id="costs are equal for all"),
        pytest.param({"ticker": "AAPL", "sets": [{"weights": {"rsi": -1}}]}, 422, "validation_error", id="a weight"),
        pytest.param({"sets": [{}]}, 422, "validation_error", id="no ticker"),
        pytest.param({"ticker": "NONE", "sets": [{}]}, 404, "ticker_not_found", id="unknown"),
        pytest.param({"ticker": "FB", "sets": [{}]}, 422, "insufficient_history", id="short"),
    ],
)
def test_what_cannot_be_compared_is_refused(client: Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post("/backtests/compare", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_over_many_tickers_each_set_is_a_job(client: Client) -> None:
    body = {"tickers": ["AAPL", "FB", "IBM"], "sets": [{"strategy": "trend"}, {}, {"stops": False}, {}], "cost_bp": 10}
    answer = client.post("/backtests/compare", body)
    assert answer.status_code == 202
    jobs = answer.json["items"]
    assert [(job["kind"], job["total"]) for job in jobs] == [("backtest", 3)] * 3  # equal sets are one
    sets = [(job["params"]["strategy"], job["params"]["stops"]) for job in jobs]
    assert sets == [("trend", True), ("balanced", True), ("balanced", False)]
    assert {job["params"]["cost_bp"] for job in jobs} == {10}
    again = client.post("/backtests/compare", body)
    assert again.status_code == 200
    assert [job["id"] for job in again.json["items"]] == [job["id"] for job in jobs]
    run_jobs(kinds=(BulkBacktests(),))
    for job in jobs:
        ended = client.get(f"/jobs/{job['id']}").json
        assert (ended["succeeded"], ended["failed"]) == (2, 1)  # FB is too short
        groups = client.get(f"/jobs/{job['id']}/summary").json["groups"]
        assert sum(group["items"] for group in groups if group["outcome"] in ("ahead", "behind")) == 2
    single = compared(client, "IBM", sets=[{}], cost_bp=10)
    facts = items_of(client, jobs[1]["id"])["IBM"]["facts"]
    assert facts["sharpe"] == pytest.approx(single["sets"][0]["metrics"]["sharpe"]["value"])
    assert single["trials"] == 3


def test_a_repeated_request_for_jobs_has_the_same_answer(client: Client) -> None:
    headers = {"Idempotency-Key": "compare-1"}
    body = {"universe": "all", "sets": [{}, {"side": "long_short"}], "force": True}
    first, again = (client.post("/backtests/compare", body, headers=headers) for _ in range(2))
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("body", [{"sets": [{}]}, {"ticker": "AAPL", "universe": "all", "sets": [{}]}])
def test_one_of_ticker_tickers_and_universe_is_needed(client: Client, body: dict[str, Any]) -> None:
    answer = client.post("/backtests/compare", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert "give one of ticker, tickers and universe" in answer.text
