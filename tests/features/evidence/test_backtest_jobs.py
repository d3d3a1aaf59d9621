"""Backtests of many tickers as a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import items_of, run_jobs
from kit.protection import client_of
from kit.support import Client

import database
from features.evidence.backtest_orders import read_params, write_params
from features.evidence.kinds import BulkBacktests
from models.backtest import BacktestOrder, BacktestParams
from models.errors import JobUnreadable
from models.strategy import STRATEGIES

KINDS = (BulkBacktests(),)
TICKERS = ["AAPL", "GOOG", "IBM", "MSFT"]


def asked(client: Client, **body: Any) -> Any:
    answer = client.post("/backtests", body)
    assert answer.status_code == 202, answer.json
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['id']}"
    return answer.json


def finished(client: Client, job_id: str) -> Any:
    run_jobs(kinds=KINDS)
    return client.get(f"/jobs/{job_id}").json


def test_each_ticker_gets_its_backtest(client: Client) -> None:
    job = finished(client, asked(client, tickers=[*TICKERS, "FB", "NONE"], strategy="trend", cost_bp=10.0)["id"])
    assert (job["kind"], job["status"], job["succeeded"], job["failed"]) == ("backtest", "completed", 4, 2)
    assert (job["params"]["strategy"], job["params"]["cost_bp"], job["params"]["universe"]) == ("trend", 10.0, None)
    items = items_of(client, job["id"])
    assert items["FB"]["error"]["code"] == "insufficient_history"
    assert items["NONE"]["error"]["code"] == "ticker_not_found"
    for ticker in TICKERS:
        item = items[ticker]
        by_job = client.get(f"/backtests/{item['result_id']}").json
        facts = item["facts"]
        assert facts["total_return"] == by_job["metrics"]["total_return"]["value"]
        assert facts["benchmark_return"] == by_job["benchmark"]["metrics"]["total_return"]["value"]
        assert item["outcome"] == ("ahead" if facts["total_return"] > facts["benchmark_return"] else "behind")
        # The same question is answered by what the job stored.
        assert client.post("/backtests", {"ticker": ticker, "strategy": "trend", "cost_bp": 10.0}).json == by_job
        assert by_job["trials"] == 1
    groups = client.get(f"/jobs/{job['id']}/summary").json["groups"]
    assert sum(group["items"] for group in groups) == 6


def test_what_a_job_made_is_what_one_request_makes(client: Client) -> None:
    job = finished(client, asked(client, tickers=["IBM"])["id"])
    by_job = client.get(f"/backtests/{items_of(client, job['id'])['IBM']['result_id']}").json
    database.execute_db("DELETE FROM backtests")
    alone = client.post("/backtests", {"ticker": "IBM"}).json
    different = {"id", "created_at"}
    assert {name: value for name, value in alone.items() if name not in different} == {
        name: value for name, value in by_job.items() if name not in different
    }


def test_a_universe_and_a_second_job(client: Client) -> None:
    first = asked(client, universe="all")
    again = client.post("/backtests", {"universe": "all"})
    assert (again.status_code, again.json["id"], again.json["deduplicated"]) == (200, first["id"], True)
    assert client.post("/backtests", {"universe": "all", "force": True}).status_code == 202
    assert finished(client, first["id"])["total"] == 5
    # Everything is stored, so that a job finds it.
    before = client.get("/backtests").json["items"]
    second = finished(client, asked(client, universe="all")["id"])
    assert second["succeeded"] == 4
    assert client.get("/backtests").json["items"] == before
    assert client.post("/backtests", {"universe": "watchlist"}).json["code"] == "validation_error"


def test_trades_that_were_not_kept_need_the_same_prices(client: Client) -> None:
    rows = client.get("/prices/IBM", headers={"Accept": "text/csv"}).data
    client.put("/prices/MINE", rows)
    job = finished(client, asked(client, tickers=["MINE"])["id"])
    backtest_id = items_of(client, job["id"])["MINE"]["result_id"]
    made = client.get(f"/backtests/{backtest_id}").json
    client.put("/prices/MINE?extend=true", rows + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n")
    assert client.get(f"/backtests/{backtest_id}").json == made
    client.put("/prices/MINE", b"\n".join(rows.splitlines()[:-500]))
    answer = client.get(f"/backtests/{backtest_id}")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    client.delete("/prices/MINE")
    assert client.get(f"/backtests/{backtest_id}").status_code == 409


def test_the_parameters_of_a_job_are_read_back() -> None:
    params = BacktestParams(BacktestOrder(STRATEGIES["weekly"]), "all")
    assert read_params(write_params(params)) == params


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"strategy": "luck"}, id="strategy"),
        pytest.param({"side": "sideways"}, id="side"),
        pytest.param({"indicators": ["horoscope"]}, id="indicator"),
        pytest.param({"start": "yesterday"}, id="day"),
        pytest.param({"universe": "No such name"}, id="universe"),
    ],
)
def test_parameters_of_another_version_cannot_be_read(change: dict[str, Any]) -> None:
    text = json.dumps(json.loads(write_params(BacktestParams(BacktestOrder(STRATEGIES["weekly"])))) | change)
    with pytest.raises(JobUnreadable):
        read_params(text)
    with pytest.raises(JobUnreadable):
        read_params("{}")


def test_jobs_have_the_budget_of_bulk_jobs(backend: Backend, tmp_path: Path) -> None:
    client = client_of(backend, tmp_path, rate_limit_enabled=True, rate_limit_bulk_per_minute=2, rate_limit_analyses_per_minute=100)
    statuses = [client.post("/backtests", {"tickers": [ticker]}).status_code for ticker in ("AAPL", "IBM", "MSFT")]
    assert statuses == [202, 202, 429]
    assert client.post("/bulk-analyze", {"tickers": ["AAPL"]}).status_code == 429
    alone = client.post("/backtests", {"ticker": "AAPL"})
    assert alone.status_code == 200
    assert int(alone.headers["X-RateLimit-Limit"]) == 100


def test_bulk_jobs_switched_off(client: Client) -> None:
    client("PUT", "/admin/flags/bulk_jobs", json={"enabled": False})
    assert client.post("/backtests", {"universe": "all"}).json["code"] == "feature_disabled"
    assert client.post("/backtests", {"ticker": "AAPL"}).status_code == 200
