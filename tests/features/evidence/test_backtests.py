"""Backtests of one ticker over HTTP: what is answered, stored, found again, refused and removed."""

from __future__ import annotations

import csv
import io
import threading
from typing import Any

import pytest
from kit.bars import chosen
from kit.jobs import another_organization
from kit.support import Client

import database
from analysis.backtest import run_backtest, signals_of
from analysis.bars import Bars, adjusted_bars
from analysis.performance import equity_metrics, trade_metrics
from config import Settings
from features import load_features
from features.evidence.backtests import prune_backtests
from features.prices.providers.sample import SampleProvider
from infrastructure.flags import FeatureFlags
from infrastructure.foundation import Foundation
from models.backtest import BacktestRules
from models.evidence import WARMUP
from models.price_series import PackedBars

CSV = {"Accept": "text/csv"}


def ran(client: Client, ticker: str = "AAPL", **more: Any) -> Any:
    answer = client.post("/backtests", {"ticker": ticker, **more})
    assert answer.status_code == 200, answer.json
    return answer.json


def sample_bars(ticker: str) -> Bars:
    (series,) = (series for series in SampleProvider().series() if series.ticker == ticker)
    return adjusted_bars(PackedBars.pack(series.bars), adjusted=True)


def test_the_answer_is_what_the_engine_computes(client: Client) -> None:
    answer, bars, parameters = ran(client, "aapl"), sample_bars("AAPL"), chosen()
    run = run_backtest(bars, signals_of(bars, [parameters])[0], parameters, BacktestRules(), WARMUP)
    equity = answer["equity"]
    assert (equity["values"], equity["benchmark"]) == (run.values.tolist(), run.benchmark.tolist())
    assert equity["dates"] == [str(day) for day in bars.days[WARMUP:]]
    assert len(equity["drawdown"]) == len(equity["benchmark_drawdown"]) == answer["days"] == len(bars) - WARMUP
    assert min(equity["drawdown"]) == answer["metrics"]["max_drawdown"]["value"]
    metrics = equity_metrics(run.values) | trade_metrics(run.trades)
    assert answer["metrics"] == {name: vars(metric) for name, metric in metrics.items()}
    assert answer["benchmark"]["metrics"] == {name: vars(metric) for name, metric in equity_metrics(run.benchmark).items()}
    assert len(answer["trades"]) == len(run.trades) == answer["metrics"]["trades"]["value"]
    assert [trade["return"] for trade in answer["trades"]] == [trade.net_return for trade in run.trades]
    assert (answer["ticker"], answer["strategy"], answer["first"]) == ("AAPL", "balanced", equity["dates"][0])
    assert (answer["parameters"]["stop_percent"], answer["rules"]["cost_bp"], answer["start"]) == (2.0, 20.0, None)
    assert "nothing was fitted" in answer["basis"]


def test_options_change_what_is_traded(client: Client) -> None:
    plain = ran(client, stops=False)
    assert {trade["reason"] for trade in plain["trades"]} == {"signal"}
    assert {trade["side"] for trade in plain["trades"]} == {"long"}
    both = ran(client, stops=False, side="long_short")
    assert {trade["side"] for trade in both["trades"]} == {"long", "short"}
    assert any("short" in sentence for sentence in both["assumptions"])
    dear = ran(client, stops=False, cost_bp=200, slippage_bp=50)
    assert dear["metrics"]["total_return"]["value"] < plain["metrics"]["total_return"]["value"]
    assert any("1 % of their value, and are filled 0.5 % worse" in sentence for sentence in dear["assumptions"])
    rich = ran(client, stops=False, capital=200_000)
    assert rich["equity"]["values"][-1] == pytest.approx(2 * plain["equity"]["values"][-1])
    chosen_by_caller = ran(client, weights={"rsi": 3})
    assert chosen_by_caller["basis"].startswith("weights chosen by the caller")
    assert chosen_by_caller["parameters"]["weights"]["rsi"] == 3
    assert ran(client, strategy="trend")["strategy"] == "trend"
    assert any("There is no stop" in sentence for sentence in plain["assumptions"])


def test_the_days_can_be_chosen(client: Client) -> None:
    whole = ran(client)
    cut = ran(client, end="2008-06-30")
    assert cut["last"] == "2008-06-30"
    assert cut["equity"]["values"] == pytest.approx(whole["equity"]["values"][: cut["days"]], rel=1e-9)
    later = ran(client, start="2009-01-01")
    assert later["first"] == "2009-01-02"
    assert later["start"] == "2009-01-01"
    assert later["equity"]["values"][0] == 100_000
    assert ran(client, start="1990-01-01")["equity"] == whole["equity"]


def test_a_backtest_is_found_again(client: Client) -> None:
    first = client.post("/backtests", {"ticker": "AAPL"})
    again = client.post("/backtests", {"ticker": "AAPL", "strategy": "balanced", "cost_bp": 20, "side": "long"})
    assert again.data == first.data
    found = client.get(f"/backtests/{first.json['id']}")
    assert found.data == first.data
    assert first.headers["Location"] == f"/api/v1/backtests/{first.json['id']}"
    assert client.get(f"/backtests/{first.json['id']}", headers={"If-None-Match": found.headers["ETag"]}).status_code == 304
    assert len(client.get("/backtests").json["items"]) == 1


def test_new_prices_make_a_new_backtest_and_the_old_one_stays(client: Client) -> None:
    rows = client.get("/prices/IBM", headers=CSV).data
    client.put("/prices/MINE", rows)
    old = ran(client, "MINE")
    client.put("/prices/MINE?extend=true", rows + b"2013-03-04,202.0,206.0,201.0,205.0,205.0,4000000\n")
    new = ran(client, "MINE")
    assert (old["last"], new["last"]) == ("2013-03-01", "2013-03-04")
    assert new["fingerprint"] != old["fingerprint"]
    assert new["trials"] == 1
    client.delete("/prices/MINE")
    assert client.get(f"/backtests/{old['id']}").json["equity"] == old["equity"]


def test_every_set_of_parameters_is_a_trial_once(client: Client) -> None:
    first = ran(client)
    assert first["trials"] == 1
    assert "the only set" in first["deflated_sharpe"]["definition"]
    for more in ({}, {"capital": 5_000.0}, {"start": "1990-01-01"}, {"end": "2030-01-01"}):
        assert ran(client, **more)["trials"] == 1
    second = ran(client, strategy="trend")
    assert second["trials"] == 2
    assert ran(client, start="2009-01-01")["trials"] == 3
    now = client.get(f"/backtests/{first['id']}")
    assert now.json["trials"] == 3
    assert "the best of the 3 sets" in now.json["deflated_sharpe"]["definition"]
    assert now.json["deflated_sharpe"]["value"] < first["deflated_sharpe"]["value"]
    tag = {"If-None-Match": now.headers["ETag"]}
    assert client.get(f"/backtests/{first['id']}", headers=tag).status_code == 304
    ran(client, strategy="weekly")
    assert client.get(f"/backtests/{first['id']}", headers=tag).status_code == 200
    assert ran(client, "IBM")["trials"] == 1


def test_trials_and_backtests_are_the_organizations_own(client: Client) -> None:
    key = another_organization()
    first = ran(client)
    assert client.get(f"/backtests/{first['id']}", key=key).status_code == 404
    assert client.get("/backtests", key=key).json["items"] == []
    other = client.post("/backtests", {"ticker": "AAPL", "strategy": "trend"}, key=key).json
    assert other["trials"] == 1
    assert ran(client)["trials"] == 1


def test_the_list(client: Client) -> None:
    made = [ran(client, ticker, strategy=strategy)["id"] for ticker in ("AAPL", "IBM") for strategy in ("balanced", "trend")]
    page = client.get("/backtests?limit=3").json
    assert [item["id"] for item in page["items"]] == made[:0:-1]
    rest = client.get(f"/backtests?limit=3&cursor={page['next_cursor']}").json
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == ([made[0]], None)
    of_ibm = client.get("/backtests?ticker=ibm").json["items"]
    assert [item["id"] for item in of_ibm] == made[:1:-1]
    whole = client.get(f"/backtests/{made[3]}").json
    item = of_ibm[0]
    assert item["total_return"] == whole["metrics"]["total_return"]["value"]
    assert item["benchmark_return"] == whole["benchmark"]["metrics"]["total_return"]["value"]
    assert (item["sharpe"], item["trades"]) == (whole["metrics"]["sharpe"]["value"], len(whole["trades"]))
    assert client.get(f"/backtests?ticker=AAPL&cursor={page['next_cursor']}").status_code == 422
    assert client.get("/backtests?tickers=AAPL").status_code == 422


def test_trades_as_csv(client: Client) -> None:
    answer = ran(client)
    sent = client.get(f"/backtests/{answer['id']}", headers=CSV)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="backtest-AAPL-balanced.csv"'
    rows = list(csv.DictReader(io.StringIO(sent.data.decode())))
    assert len(rows) == len(answer["trades"])
    for row, trade in zip(rows, answer["trades"], strict=True):
        assert (row["ticker"], row["reason"], row["entry_day"]) == ("AAPL", trade["reason"], trade["entry_day"])
        assert float(row["return"]) == trade["return"]
        assert row["open"] == str(trade["open"]).lower()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({}, 422, "validation_error", id="nothing"),
        pytest.param({"ticker": "AAPL", "universe": "all"}, 422, "validation_error", id="both"),
        pytest.param({"ticker": "AAPL", "tickers": ["IBM"]}, 422, "validation_error", id="a ticker and a list"),
        pytest.param({"ticker": None}, 422, "validation_error", id="null"),
        pytest.param({"ticker": "NONE"}, 404, "ticker_not_found", id="unknown"),
        pytest.param({"ticker": "FB"}, 422, "insufficient_history", id="short"),
        pytest.param({"ticker": "AAPL", "start": "2013-03-01"}, 422, "insufficient_history", id="a start with no day to trade at"),
        pytest.param({"ticker": "AAPL", "end": "2000-06-01"}, 422, "insufficient_history", id="an early end"),
        pytest.param({"ticker": "AAPL", "end": "1990-01-01"}, 422, "insufficient_history", id="an end before all"),
        pytest.param({"ticker": "AAPL", "start": "2030-01-01"}, 422, "insufficient_history", id="a start after all"),
        pytest.param({"ticker": ["AAPL"]}, 422, "validation_error", id="a list for a ticker"),
        pytest.param({"ticker": "AAPL", "start": "2010-01-01", "end": "2009-01-01"}, 422, "validation_error", id="turned round"),
        pytest.param({"ticker": "AAPL", "cost_bp": -1}, 422, "validation_error", id="a negative cost"),
        pytest.param({"ticker": "AAPL", "slippage_bp": 501}, 422, "validation_error", id="too much slippage"),
        pytest.param({"ticker": "AAPL", "capital": 0}, 422, "validation_error", id="no capital"),
        pytest.param({"ticker": "AAPL", "side": "short"}, 422, "validation_error", id="another side"),
        pytest.param({"ticker": "AAPL", "stops": "yes"}, 422, "validation_error", id="text for a yes or no"),
        pytest.param({"ticker": "AAPL", "strategy": "luck"}, 422, "validation_error", id="another strategy"),
        pytest.param({"ticker": "AAPL", "indicators": ["atr"]}, 422, "validation_error", id="no vote"),
        pytest.param({"ticker": "AAPL", "as_of": "2010-01-01"}, 422, "validation_error", id="a field of an analysis"),
        pytest.param({"universe": "nowhere"}, 404, "universe_not_found", id="an unknown universe"),
    ],
)
def test_what_cannot_be_run_is_refused(client: Client, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post("/backtests", body)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert client.get("/backtests").json["items"] == []


def test_a_short_history_is_told_in_numbers(client: Client) -> None:
    assert "needs 400 bars before the first verdict that counts" in client.post("/backtests", {"ticker": "FB"}).json["detail"]
    told = client.post("/backtests", {"ticker": "AAPL", "start": "2013-03-01"}).json["detail"]
    assert "No day from 1 March 2013 on can be traded" in told


@pytest.mark.parametrize("backtest_id", ["x", "019aa3b2-7a1e-7c8e-8a55-ffffffffffff", "compare"])
def test_an_unknown_id_is_404(client: Client, backtest_id: str) -> None:
    answer = client.get(f"/backtests/{backtest_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_switched_off(client: Client) -> None:
    made = ran(client)
    client("PUT", "/admin/flags/evidence", json={"enabled": False, "reason": "Too slow."})
    for path, body in (("/backtests", {"ticker": "AAPL"}), ("/backtests/compare", {"ticker": "AAPL", "sets": [{}]})):
        answer = client.post(path, body)
        assert (answer.status_code, answer.json["code"]) == (503, "feature_disabled")
    assert client.get(f"/backtests/{made['id']}").status_code == 200


def test_at_once(client: Client) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(Client(client.app).post("/backtests", {"ticker": "MSFT"}))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [answer.json for answer in answers if answer.status_code == 200]
    assert done
    assert {answer.status_code for answer in answers} <= {200, 503}  # 503 where all slots for heavy requests are taken
    assert len({answer["id"] for answer in done}) == 1
    assert len(client.get("/backtests").json["items"]) == 1
    assert ran(client, "MSFT")["trials"] == 1


def test_old_backtests_are_removed_and_their_trials_stay(client: Client, settings: Settings) -> None:
    made = [ran(client, "IBM", cost_bp=float(cost))["id"] for cost in range(5)]
    other = ran(client, "AAPL")["id"]
    assert prune_backtests(database.current(), 2, batch=1) == 3
    assert [item["id"] for item in client.get("/backtests?ticker=IBM").json["items"]] == made[:2:-1]
    assert client.get(f"/backtests/{other}").status_code == 200
    assert ran(client, "IBM", cost_bp=0.0)["trials"] == 5
    foundation = Foundation(settings, database.current(), FeatureFlags(database.current(), ()))
    tasks = [task.name for feature in load_features(settings) for task in feature.maintenance(foundation)]
    assert "prune_backtests" in tasks
