"""The migration of the screener on a database with results: maintenance fills in what it filters and sorts by, and nothing else changes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from kit.databases import Backend
from kit.jobs import insert
from kit.old_schema import migrate_to, store_sample
from kit.support import Client, settings_for

import app as application
import database
import db_migrations
from app import create_app
from features.analyses.screening import fill_in_screener
from models.indicator import INDICATORS
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump

LAST_BEFORE = 14
OLD_COLUMNS = "org_id, ticker, strategy, result_id, score, verdict, analysed_at, previous_id"


@pytest.fixture
def before(empty_backend: Backend, tmp_path: Path) -> Backend:
    migrate_to(LAST_BEFORE, tmp_path)
    return empty_backend


def store_result(ticker: str, score: float, verdict: str, trade: dict[str, Any] | None) -> str:
    """A result as engine version 2 wrote it: its JSON has neither volume nor changes, its trade neither side nor distance."""
    indicators = [{"key": key, "available": key != "ema_cross", "value": 55.5, "vote": 1 if key == "macd" else 0} for key in INDICATORS]
    result_id = new_id()
    body = {"id": result_id, "ticker": ticker, "close": 50.0, "indicators": indicators, "trade": trade}
    values = {
        "id": result_id, "org_id": 1, "ticker": ticker, "strategy": "balanced", "as_of": date(2013, 3, 1), "bars": 3270, "close": 50.0,
        "score": score, "verdict": verdict, "signal": "BUY" if trade else "HOLD", "fingerprint": result_id.replace("-", "") * 2,
        "parameters": "{}", "body": dump(body).decode(), "created_at": now(),
    }  # fmt: skip
    insert("analysis_results", values)
    return result_id


def test_older_results_are_listed_at_once_and_filled_in(before: Backend, tmp_path: Path) -> None:
    store_sample()
    trade = {"entry": 48.0, "entry_method": "pullback", "stop_loss": 46.0, "target": 52.0, "reward_risk": 2.0, "shares": 10}
    former = store_result("AAPL", 0.1, "Hold", None)
    for ticker, previous in (("AAPL", former), ("IBM", None)):
        result_id = store_result(ticker, 0.3, "Buy", trade if ticker == "AAPL" else None)
        values = {"ticker": ticker, "strategy": "balanced", "result_id": result_id, "score": 0.3, "verdict": "Buy", "previous_id": previous}
        insert("latest_results", {**values, "org_id": 1, "analysed_at": now()})
    rows = database.query_db(f"SELECT {OLD_COLUMNS} FROM latest_results ORDER BY ticker")
    assert db_migrations.up()[0].label.endswith("_screener")
    assert database.query_db(f"SELECT {OLD_COLUMNS} FROM latest_results ORDER BY ticker") == rows
    app = create_app(settings_for(before.url, tmp_path))
    application.start(app)
    client = Client(app)
    listed = client.get("/results?sort=ticker").json["items"]
    assert [(item["ticker"], item["close"], item["rsi"]) for item in listed] == [("AAPL", 50.0, None), ("IBM", 50.0, None)]
    assert fill_in_screener(database.current()) == 2
    apple, ibm = client.get("/results?sort=-entry").json["items"]
    assert (apple["ticker"], apple["rsi"], apple["entry"], apple["distance_percent"]) == ("AAPL", 55.5, 48.0, pytest.approx(-4))
    assert (apple["previous_score"], apple["volume"], apple["change_percent"]) == (0.1, None, None)
    assert apple["votes"] == {**dict.fromkeys(INDICATORS, 0), "macd": 1, "ema_cross": None}
    assert (ibm["ticker"], ibm["entry"], ibm["previous_score"]) == ("IBM", None, None)
    application.stop(app)
