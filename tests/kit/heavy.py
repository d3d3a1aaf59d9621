"""Helpers of the tests of heavy requests: a series longer than uploads may be, as in older databases, and many results."""

from __future__ import annotations

from datetime import date

import numpy as np
from sqlalchemy import text

import database
from features.prices.store import series as series_store
from models.api_key import FIRST_ORG
from models.chart import CHART_LINES
from models.price_series import PackedBars, SeriesHead
from utils.clock import now
from utils.ids import new_id

BIG, BIG_BARS = "BIG", 188_017
EVERY_KEY = ",".join(CHART_LINES)
LAST_DAY = date(2026, 1, 2)


def random_walk(bars: int) -> PackedBars:
    """Adjusted prices of `bars` days, always the same."""
    random = np.random.default_rng(7)
    close = np.clip(100 * np.exp(np.cumsum(random.normal(0, 0.005, bars))), 1, 1e6)
    opens = close * (1 + random.normal(0, 0.002, bars))
    high, low = np.maximum(opens, close) * 1.003, np.minimum(opens, close) * 0.997
    volume = random.integers(1_000, 10_000_000, bars).astype(np.float64)
    last = (LAST_DAY - date(1970, 1, 1)).days
    days = np.arange(last - bars + 1, last + 1, dtype="<i8")
    return PackedBars(days.tobytes() + b"".join(column.astype("<f8").tobytes() for column in (opens, high, low, close, close, volume)))


def store_big(bars: int = BIG_BARS) -> None:
    """Insert the series directly into the store. An upload would be refused."""
    packed = random_walk(bars)
    head = SeriesHead(FIRST_ORG, BIG, None, "upload", True, bars, packed.first_day(), packed.last_day(), packed.sha256)
    with database.transaction() as connection:
        series_store.save(connection, head, packed, now())


def store_results(like: str, count: int) -> None:
    """Copy the latest result of the ticker `like` to `count` other tickers."""
    rows = [{"id": new_id(), "fingerprint": f"{number:064}", "ticker": f"COPY{number:05}", "like": like} for number in range(count)]
    with database.transaction() as connection:
        for statement in (
            "INSERT INTO analysis_results "
            "(id, org_id, ticker, strategy, as_of, bars, close, score, verdict, signal, fingerprint, parameters, body, created_at) "
            "SELECT :id, org_id, :ticker, strategy, as_of, bars, close, score, verdict, signal, :fingerprint, parameters, body, created_at "
            "FROM analysis_results WHERE ticker = :like AND id IN (SELECT result_id FROM latest_results)",
            "INSERT INTO latest_results (org_id, ticker, strategy, result_id, score, verdict, analysed_at) "
            "SELECT org_id, :ticker, strategy, :id, score, verdict, analysed_at FROM latest_results WHERE ticker = :like",
        ):
            connection.execute(text(statement), rows)
