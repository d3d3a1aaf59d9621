"""The Excel report of a backtest, read back."""

from __future__ import annotations

from datetime import datetime

import pytest
from kit.reports import REMOVED, download, pairs, rows
from kit.support import Client


def test_it_says_what_the_backtest_says(client: Client) -> None:
    backtest = client.post("/backtests", {"ticker": "AAPL", "strategy": "weekly", "side": "long_short", "slippage_bp": 5}).json
    book = download(client, f"/reports/backtests/{backtest['id']}.xlsx")
    assert book.sheetnames == ["Summary", "Trades", "Equity", "Assumptions"]
    numbers = pairs(book["Summary"])
    assert (numbers["Ticker"], numbers["Strategy"], numbers["Slippage of a fill"]) == ("AAPL", "Weekly target", "5 basis points")
    assert numbers["Trades of"] == "Rising and falling prices"
    for title, name in (("Sharpe", "sharpe"), ("Yearly growth", "cagr"), ("Max drawdown", "max_drawdown"), ("Win rate", "win_rate")):
        assert numbers[title] == pytest.approx(backtest["metrics"][name]["value"])
    beside = {row["Number"]: row["Buy and hold"] for row in rows(book["Summary"])}
    assert beside["Sharpe"] == pytest.approx(backtest["benchmark"]["metrics"]["sharpe"]["value"])
    assert beside["Win rate"] is None
    trades = rows(book["Trades"])
    assert [row["Return"] for row in trades] == pytest.approx([trade["return"] for trade in backtest["trades"]])
    assert trades[0]["Entry"] == datetime.fromisoformat(backtest["trades"][0]["entry_day"])
    assert {row["Side"] for row in trades} == {"Long", "Short"}
    assert {row["Reason"] for row in trades} <= {"Verdict", "Stop", "Target", "Still open"}
    equity = rows(book["Equity"])
    assert [row["Equity"] for row in equity] == pytest.approx(backtest["equity"]["values"])
    assert equity[-1]["Buy and hold below its highest"] == pytest.approx(backtest["equity"]["benchmark_drawdown"][-1])
    assert [row["What it assumes"] for row in rows(book["Assumptions"])] == backtest["assumptions"]


@pytest.mark.parametrize("backtest_id", [REMOVED, "no-id"])
def test_there_is_none_of_a_backtest_that_is_not_stored(client: Client, backtest_id: str) -> None:
    answer = client.get(f"/reports/backtests/{backtest_id}.xlsx")
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
