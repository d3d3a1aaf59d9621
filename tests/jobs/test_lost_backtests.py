"""A job of backtests whose worker is lost."""

from __future__ import annotations

import json

from kit.isolation import Isolation
from kit.jobs import claim, release_worker, run_jobs
from kit.support import Client

import database
from features.evidence.backtest_orders import read_params
from features.evidence.backtest_run import BacktestPlan, new_backtest
from features.evidence.kinds import BulkBacktests
from features.prices import service as prices
from utils.clock import now

TICKERS = ["AAPL", "IBM"]


def test_the_next_worker_stores_the_same_bytes(client: Client, isolation: Isolation) -> None:
    """The same on both engines: what is stored is what the engine computes from the prices, to the last bit."""
    job = client.post("/backtests", {"tickers": TICKERS, "end": "2010-12-31"}).json
    assert claim("lost") is not None
    release_worker("lost")
    run_jobs(kinds=(BulkBacktests(),))
    assert isolation.started
    assert client.get(f"/jobs/{job['id']}").json["succeeded"] == len(TICKERS)
    plan = BacktestPlan(read_params(json.dumps(job["params"])).order)
    stored = {row["ticker"]: row for row in database.query_db("SELECT * FROM backtests")}
    assert set(stored) == set(TICKERS)
    for ticker, row in stored.items():
        with database.current().reader() as reader:
            series = prices.load(reader, 1, ticker)
        assert series is not None
        expected = new_backtest(plan, plan.market(*series), now(), with_detail=False)
        assert (row["report"], row["fingerprint"], row["parameters"]) == (expected.report, expected.fingerprint, expected.order)
        assert (row["daily_sharpe"], row["kurtosis"], row["detail"]) == (expected.daily.sharpe, expected.daily.kurtosis, None)
    trials = database.query_db("SELECT * FROM trials")
    assert {(row["ticker"], row["sharpe"]) for row in trials} == {(ticker, row["daily_sharpe"]) for ticker, row in stored.items()}
