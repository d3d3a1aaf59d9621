"""Databases as three versions of the earlier tool left them, each with a broken row in each table."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

# The first version: tickers are symbols, texts hold what Python prints, and jobs name no tickers.
FIRST = """
    CREATE TABLE watchlist (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT, name TEXT, added_at TIMESTAMP);
    CREATE TABLE analysis_results (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticker TEXT NOT NULL, score REAL, verdict TEXT, entry REAL, stop_loss REAL, target REAL,
        raw_data TEXT, created_at TIMESTAMP
    );
    CREATE TABLE analysis_jobs (
        job_id TEXT PRIMARY KEY, status TEXT NOT NULL, progress INTEGER, total INTEGER, completed INTEGER, errors TEXT,
        created_at TIMESTAMP, completed_at TIMESTAMP
    );
"""
# The second: users, more columns, jobs with counts.
SECOND = """
    CREATE TABLE watchlist (
        id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT, name TEXT, user_id INTEGER DEFAULT 1, created_at TIMESTAMP, ticker TEXT,
        notes TEXT
    );
    CREATE TABLE analysis_results (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticker TEXT NOT NULL, symbol TEXT, name TEXT, yahoo_symbol TEXT, score REAL NOT NULL,
        verdict TEXT NOT NULL, entry REAL, stop_loss REAL, target REAL, entry_method TEXT, data_source TEXT,
        is_demo_data BOOLEAN DEFAULT 0, raw_data TEXT, status TEXT, error_message TEXT, created_at TIMESTAMP, updated_at TIMESTAMP,
        analysis_source TEXT
    );
    CREATE TABLE analysis_jobs (
        job_id TEXT PRIMARY KEY, status TEXT NOT NULL, progress INTEGER DEFAULT 0, total INTEGER DEFAULT 0, completed INTEGER DEFAULT 0,
        successful INTEGER DEFAULT 0, errors TEXT, created_at TIMESTAMP, updated_at TIMESTAMP, started_at TIMESTAMP,
        completed_at TIMESTAMP, tickers_json TEXT
    );
"""
# The third: strategies, collections, and results that name their job.
THIRD = """
    CREATE TABLE watchlist (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticker TEXT, name TEXT, user_id INTEGER DEFAULT 1, created_at TIMESTAMP, last_job_id TEXT,
        last_analyzed_at TIMESTAMP, last_status TEXT, notes TEXT, collection_id INTEGER
    );
    CREATE TABLE analysis_results (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticker TEXT NOT NULL, symbol TEXT, name TEXT, yahoo_symbol TEXT, score REAL, verdict TEXT,
        entry REAL, stop_loss REAL, target REAL, position_size INTEGER, risk_reward_ratio REAL, analysis_config TEXT,
        strategy_id INTEGER DEFAULT 1, is_demo_data BOOLEAN DEFAULT 0, raw_data TEXT, status TEXT, error_message TEXT, job_id TEXT,
        created_at TIMESTAMP, updated_at TIMESTAMP, analysis_source TEXT
    );
    CREATE TABLE analysis_jobs (
        job_id TEXT PRIMARY KEY, status TEXT NOT NULL, progress INTEGER DEFAULT 0, total INTEGER DEFAULT 0, completed INTEGER DEFAULT 0,
        successful INTEGER DEFAULT 0, errors TEXT, tickers_json TEXT, tickers_hash TEXT, strategy_id INTEGER DEFAULT 1,
        created_at TIMESTAMP, updated_at TIMESTAMP, started_at TIMESTAMP, completed_at TIMESTAMP
    );
"""
SHAPES = {"first": FIRST, "second": SECOND, "third": THIRD}
Rows = Mapping[str, Iterable[Mapping[str, Any]]]
INDICATORS = [{"name": "RSI", "value": 28.4, "vote": 1, "confidence": 0.05}, {"name": "MACD", "value": -0.1, "vote": -1, "confidence": 0.3}]

# Of each table the last row is broken.
FIRST_ROWS: Rows = {
    "watchlist": [
        {"symbol": "aapl", "name": "Apple", "added_at": "2025-11-02 10:00:00"},
        {"symbol": "RELIANCE.NS", "name": None, "added_at": 1762077600},
        {"symbol": "not a ticker", "name": "Nothing", "added_at": "2025-11-02 10:00:00"},
    ],
    "analysis_results": [
        {
            "ticker": "AAPL",
            "score": 0.71,
            "verdict": "Strong Buy",
            "entry": 270.5,
            "stop_loss": 259.7,
            "target": 292.1,
            "raw_data": str(INDICATORS),
            "created_at": "2025-11-03 09:15:00",
        },
        {
            "ticker": "MSFT",
            "score": -0.05,
            "verdict": "Neutral",
            "entry": 0,
            "stop_loss": 0,
            "target": 0,
            "raw_data": json.dumps(INDICATORS)[:70],
            "created_at": "Tue, 04 Nov 2025 10:00:00 GMT",
        },
        {"ticker": "IBM", "score": 0.9, "verdict": "To the moon", "raw_data": None, "created_at": "2025-11-03 09:15:00"},
    ],
    "analysis_jobs": [
        {
            "job_id": "job-1",
            "status": "completed",
            "progress": 100,
            "total": 3,
            "completed": 3,
            "errors": "[{'ticker': 'IBM', 'error': 'no data'}]",
            "created_at": "{day}T09:00:00",
            "completed_at": "{day}T09:05:00",
        },
        {"job_id": "job-2", "status": "exploded", "total": 1, "completed": 0, "errors": None, "created_at": "{day}T10:00:00"},
    ],
}
SECOND_ROWS: Rows = {
    "watchlist": [
        {"symbol": "AAPL", "name": "Apple", "created_at": "2025-11-27 19:45:38", "notes": "after\tthe results\nof spring"},
        {"symbol": "aapl", "ticker": "AAPL", "name": "Apple once more", "created_at": "2025-11-28 19:45:38"},
        {"ticker": "MSFT", "name": b"Micro\xffsoft", "created_at": "tomorrow", "notes": "x" * 2_001},
        {"symbol": None, "ticker": "  ", "name": "Nameless", "created_at": "2025-11-27 19:45:38"},
    ],
    "analysis_results": [
        {
            "ticker": "RELIANCE.NS",
            "symbol": "RELIANCE",
            "name": "Reliance",
            "yahoo_symbol": "RELIANCE.NS",
            "score": 0.31,
            "verdict": "BUY",
            "entry": 1500,
            "stop_loss": 1455.5,
            "target": 1590,
            "raw_data": json.dumps(INDICATORS),
            "status": "completed",
            "created_at": "2025-11-28T15:05:00.123456+05:30",
            "analysis_source": "bulk",
        },
        {
            "ticker": "TCS.NS",
            "symbol": "TCS",
            "yahoo_symbol": "TCS.NS",
            "score": 0.0,
            "verdict": "Pending",
            "status": "failed",
            "error_message": "timed out\x1b[31m",
            "created_at": "2025-11-28T15:06:00",
        },
        {
            "ticker": "MSFT",
            "score": float("inf"),
            "verdict": "Hold",
            "raw_data": "[" * 200,
            "status": "completed",
            "created_at": 1764259538123,
        },
        {"ticker": "AAPL", "score": 0.4, "verdict": "Buy", "is_demo_data": 1, "created_at": "2025-11-28T15:06:00"},
    ],
    "analysis_jobs": [
        {
            "job_id": "5f0c",
            "status": "processing",
            "total": 2,
            "completed": 1,
            "successful": 1,
            "errors": "[]",
            "created_at": "{day}T01:15:38.284951",
            "updated_at": "{day} 00:45:38",
            "tickers_json": '["AAPL", "MSFT"]',
        },
        {
            "job_id": "5f0d",
            "status": "cancelled",
            "total": 3,
            "completed": 0,
            "successful": 0,
            "errors": None,
            "created_at": "{day}T02:00:00",
            "completed_at": "{day}T02:01:00",
            "tickers_json": "['AAPL', 'MSFT', 'IBM']",
        },
        {"job_id": "5f0e", "status": "completed", "total": 0, "completed": 0, "errors": "[]", "created_at": "{day}T02:00:00"},
    ],
}
THIRD_ROWS: Rows = {
    "watchlist": [
        {"ticker": "AAPL", "name": "Apple", "created_at": "2025-11-27T19:45:38", "notes": "core", "collection_id": None},
        {"ticker": "IBM", "name": "IBM", "created_at": "2025-11-27T19:45:38", "collection_id": 3},
        {"ticker": "X" * 21, "created_at": "2025-11-27T19:45:38"},
    ],
    "analysis_results": [
        {
            "ticker": "AAPL",
            "score": 0.25,
            "verdict": "Buy",
            "strategy_id": 5,
            "analysis_config": "{'capital': 100000}",
            "job_id": "b-1",
            "raw_data": json.dumps(INDICATORS),
            "status": "completed",
            "created_at": "{day}T10:00:01+05:30",
        },
        {
            "ticker": "MSFT",
            "score": 73,
            "verdict": "STRONG_SELL",
            "strategy_id": 9,
            "job_id": "b-1",
            "status": "completed",
            "raw_data": "{'a': nan, 'b': [1, 2]}",
            "created_at": "{day}T10:00:02+05:30",
        },
        {"ticker": "IBM", "score": 0.3, "verdict": "Buy", "job_id": "b-1", "status": "completed", "created_at": "2525-01-01"},
    ],
    "analysis_jobs": [
        {
            "job_id": "b-1",
            "status": "completed",
            "total": 3,
            "completed": 3,
            "successful": 2,
            "strategy_id": 5,
            "errors": '[{"ticker": "IBM", "error": "no data"}]',
            "tickers_json": '["AAPL", "MSFT", "IBM"]',
            "created_at": "{day}T10:00:00+05:30",
            "started_at": "{day}T10:00:00+05:30",
            "completed_at": "{day}T10:00:09+05:30",
        },
        {
            "job_id": "b-2",
            "status": "failed",
            "total": 2,
            "completed": 0,
            "successful": 0,
            "tickers_json": '["AAPL", "MSFT"',
            "errors": "the disk is full",
            "created_at": "{day}T11:00:00",
            "completed_at": "{day}T11:00:09",
        },
        {"job_id": "b-3", "status": "completed", "total": 1, "completed": 1, "successful": 1, "created_at": "2019-01-01T11:00:00"},
    ],
}
ROWS = {"first": FIRST_ROWS, "second": SECOND_ROWS, "third": THIRD_ROWS}


def write_file(path: Path, schema: str, rows: Rows, day: str = "2026-11-20") -> Path:
    """Write a database; `{day}` in a value is a day on which jobs ended that are still kept."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(schema)
        add_rows(connection, rows, day)
    return path


def add_rows(connection: sqlite3.Connection, rows: Rows, day: str = "2026-11-20") -> None:
    """Add rows to the tables of a file."""
    for table, values in rows.items():
        for row in values:
            told = {name: value.replace("{day}", day) if isinstance(value, str) else value for name, value in row.items()}
            columns, places = ", ".join(told), ", ".join("?" * len(told))
            connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(told.values()))
