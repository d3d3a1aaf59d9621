"""The part of the story (tools/api_story.py) about results of an earlier tool, which are imported from a file of it beforehand."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC
from pathlib import Path

from database import Database
from features.legacy.service import ImportOrder, Target, import_file
from models.api_key import FIRST_ORG
from tools.api_recorder import Recorder

SCHEMA = "CREATE TABLE analysis_results (ticker, verdict, score, entry, stop_loss, target, strategy_id, raw_data, created_at)"
INSERT = "INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)".replace("{table}", "analysis_results")
INDICATORS = json.dumps([{"name": "RSI", "value": 61.2, "vote": 0}, {"name": "MACD", "value": 0.84, "vote": 1}])


def store_imported(database: Database, folder: Path) -> None:
    """Import a file of the earlier tool."""
    path = folder / "trading_app.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(SCHEMA)
        connection.execute(INSERT, ("AAPL", "Buy", 0.31, 270.5, 259.7, 292.1, 2, INDICATORS, "2025-11-27 19:45:38"))
    import_file(database, path, Target(FIRST_ORG, UTC, 30), ImportOrder(lambda line: None))


def tell_of_imported(call: Recorder) -> None:
    """Call the operations of imported results."""
    found = call("list_imported_results", query={"ticker": "AAPL", "limit": 10})["items"][0]
    call("get_imported_result", result_id=found["id"])
    call("get_imported_result", result_id="no-such-result")
