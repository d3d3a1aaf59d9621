"""The bundled pipelines, from end to end on the sample."""

from __future__ import annotations

from typing import Any

import pytest
from kit.channels import make_channel, rows
from kit.jobs import KINDS
from kit.pipelines import Runner, outcomes
from kit.portfolios import make_portfolio, trade

from features.alerts.subscribing import alert_subscriber
from features.pipelines.kinds import PipelineItems, PipelineRuns
from features.portfolios.kinds import PortfolioValuing
from infrastructure.outbox import hand_out
from jobs.kind import JobKinds

BUNDLED = {
    "breakouts_with_a_record",
    "changed_this_week",
    "evening_digest",
    "holdings_at_their_stops",
    "market_regime",
    "portfolio_evening",
    "results_report",
    "ticker_in_depth",
}


@pytest.fixture
def bundled(runner: Runner) -> Runner:
    """A runner whose workers also analyse."""
    foundation = runner.app.services.foundation
    runner.kinds = JobKinds([PipelineRuns(foundation), PipelineItems(foundation), *KINDS])
    return runner


def run(runner: Runner, pipeline_id: str, **inputs: Any) -> Any:
    done = runner.finish(runner.begin(inputs, pipeline_id))
    assert (done["status"], done["error"]) == ("completed", None)
    return done


def test_each_fits(bundled: Runner) -> None:
    items = bundled.client.get("/pipelines").json["items"]
    assert {item["id"]: item["errors"] for item in items if item["source"] == "file"} == {pipeline_id: [] for pipeline_id in BUNDLED}
    assert all(item["description"] for item in items)


def test_the_evening_digest(bundled: Runner) -> None:
    """Its messages are in tests/features/evening."""
    assert bundled.client.post("/strategies", {"id": "steady", "name": "Steady", "base": "trend"}).status_code == 201
    make_channel("desk", "https://127.0.0.1/hook")
    done = run(bundled, "evening_digest", universe="all", strategies=["balanced", "steady"], channels=["desk"])
    found = outcomes(done)
    assert (found["prices"], found["first"], found["second"], found["third"]) == ("failed", "ok", "ok", "skipped")
    assert "provider" in done["trace"][0]["reason"]
    assert (found["changes"], found["message"], done["outputs"]["changed"]) == ("ok", "skipped", 0)
    assert bundled.answers(done["id"])["first"]["succeeded"] >= 4
    assert bundled.client.get("/results?strategy=steady").json["total"] >= 4


def test_the_evening_of_a_portfolio(bundled: Runner) -> None:
    foundation = bundled.app.services.foundation
    bundled.kinds = JobKinds([PipelineRuns(foundation), PipelineItems(foundation), PortfolioValuing(foundation), *KINDS])
    portfolio = make_portfolio(bundled.client)
    bought = bundled.client.post(f"/portfolios/{portfolio}/transactions", trade("buy", "2012-06-04", "AAPL", "2", "500"))
    assert bought.status_code == 201
    rule = {"name": "Fell", "on": "drawdown_beyond", "conditions": {"percent": 10.0}}
    rule_id = bundled.client.post("/alert-rules", rule).json["id"]
    make_channel("desk", "https://127.0.0.1/hook")
    done = run(bundled, "portfolio_evening", portfolio=portfolio, channels=["desk"])
    found = outcomes(done)
    assert [found[step] for step in ("prices", "analysis", "value", "changes", "message")] == ["failed", "ok", "ok", "ok", "skipped"]
    assert bundled.client.get(f"/results?universe=portfolio:{portfolio}").json["total"] == 1
    hand_out(bundled.app.services.database, [alert_subscriber(foundation)])
    (seen,) = bundled.client.get(f"/alert-rules/{rule_id}/states").json["items"]
    (event,) = bundled.client.get("/events?type=portfolio.drawdown").json["items"]
    assert (seen["ticker"], seen["value"]) == (portfolio, round(-100 * event["data"]["drawdown"], 2))
    assert seen["value"] > 10


def test_one_ticker_in_depth(bundled: Runner) -> None:
    done = run(bundled, "ticker_in_depth", ticker="aapl")
    assert outcomes(done) == {"analysis": "ok", "record": "ok", "backtest": "ok", "news": "ok"}
    assert done["outputs"]["verdict"] in ("Strong Buy", "Buy", "Hold", "Sell", "Strong Sell")
    assert done["outputs"]["news"] == []
    assert bundled.answers(done["id"])["record"]["ticker"] == "AAPL"


@pytest.mark.parametrize("pipeline_id", ["changed_this_week", "breakouts_with_a_record", "holdings_at_their_stops"])
def test_what_looks_at_stored_results(bundled: Runner, pipeline_id: str) -> None:
    for strategy in ("balanced", "breakout"):
        for ticker in ("AAPL", "IBM", "MSFT"):
            assert bundled.client.post("/analyze", {"ticker": ticker, "strategy": strategy}).status_code == 200
    done = run(bundled, pipeline_id, universe="all")
    assert set(outcomes(done).values()) == {"ok"}
    assert done["outputs"]["count"] == len(done["outputs"]["items"])


def test_the_report_of_results(bundled: Runner) -> None:
    make_channel("desk", "https://127.0.0.1/desk")
    scores = {ticker: bundled.client.post("/analyze", {"ticker": ticker}).json["score"] for ticker in ("AAPL", "IBM", "MSFT")}
    done = run(bundled, "results_report", universe="all", channels=["desk"], limit=2)
    assert (done["outputs"]["count"], len(done["outputs"]["deliveries"])) == (3, 1)
    assert bundled.client.get(done["outputs"]["link"].removeprefix("/api/v1")).status_code == 200
    (sent,) = rows("deliveries")
    assert sent["title"] == "Report: 3 results by balanced"
    assert [each["ticker"] for each in bundled.answers(done["id"])["shown"]["items"]] == sorted(scores, key=lambda one: -scores[one])[:2]


def test_everything_is_near_a_stop_that_is_far(bundled: Runner) -> None:
    bought = [
        ticker for ticker in ("AAPL", "IBM", "MSFT", "GOOG") if bundled.client.post("/analyze", {"ticker": ticker}).json["signal"] == "BUY"
    ]
    done = run(bundled, "holdings_at_their_stops", universe="all", reach=100)
    assert sorted(item["ticker"] for item in done["outputs"]["items"]) == sorted(bought)


def test_the_market_regime_says_what_it_lacks(bundled: Runner) -> None:
    done = run(bundled, "market_regime")
    assert outcomes(done) == {"regime": "ok"}
    assert done["outputs"]["regime"]
    assert done["outputs"]["phase"] == "unknown"
    assert "INDPRO is not stored" in done["outputs"]["phase_reason"]
