"""SQL of the stored backtests, one per fingerprint."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.backtest import BacktestFigures, BacktestSummary, DailySharpe, NewBacktest, StoredBacktest
from utils.dialects import execute_rows, many_rows, one_row

_STORED = """b.id, b.ticker, b.fingerprint, b.last_day, b.daily_sharpe, b.observations, b.skewness, b.kurtosis, b.parameters,
    b.report, b.detail, b.created_at"""
_SUMMARY = """b.id, b.ticker, b.strategy, b.first_day, b.last_day, b.total_return, b.benchmark_return, b.sharpe, b.max_drawdown, b.trades,
    b.fingerprint, b.created_at"""
_FIGURES = slice(3, 10)

FIND = text(f"SELECT {_STORED} FROM backtests AS b WHERE b.id = :id AND b.org_id = :org_id")


def find(connection: AnyReader, org_id: int, backtest_id: str) -> StoredBacktest | None:
    """One backtest by id."""
    return _stored(connection.execute(FIND, {"id": backtest_id, "org_id": org_id}).first())


FIND_BY_FINGERPRINT = text(f"SELECT {_STORED} FROM backtests AS b WHERE b.org_id = :org_id AND b.fingerprint = :fingerprint")


def find_by_fingerprint(connection: AnyReader, org_id: int, fingerprint: str) -> StoredBacktest | None:
    """The backtest of the same work."""
    return _stored(connection.execute(FIND_BY_FINGERPRINT, {"org_id": org_id, "fingerprint": fingerprint}).first())


FIND_SUMMARIES = text(
    f"SELECT {_SUMMARY} FROM backtests AS b WHERE b.org_id = :org_id AND b.fingerprint IN :fingerprints",
).bindparams(bindparam("fingerprints", expanding=True))


def find_summaries(connection: AnyReader, org_id: int, fingerprints: Collection[str]) -> dict[str, BacktestSummary]:
    """Those of some fingerprints that are stored."""
    if not fingerprints:
        return {}
    rows = connection.execute(FIND_SUMMARIES, {"org_id": org_id, "fingerprints": list(fingerprints)})
    return {summary.fingerprint: summary for summary in map(_summary, rows)}


# Ids sort by the time at which they were made.
LIST = text(
    f"""
    SELECT {_SUMMARY}
    FROM backtests AS b
    WHERE b.org_id = :org_id AND b.id < :before
    ORDER BY b.id DESC
    LIMIT :limit
    """
)
LIST_OF_TICKER = text(
    f"""
    SELECT {_SUMMARY}
    FROM backtests AS b
    WHERE b.org_id = :org_id AND b.ticker = :ticker AND b.id < :before
    ORDER BY b.id DESC
    LIMIT :limit
    """
)
_AFTER_ANY_ID = "~"


def list_backtests(connection: AnyReader, org_id: int, ticker: str | None, limit: int, before: str | None) -> list[BacktestSummary]:
    """Backtests, newest first, of one ticker or of all; `before` is the id of the last one of the page before."""
    values = {"org_id": org_id, "ticker": ticker, "before": before or _AFTER_ANY_ID, "limit": limit}
    return [_summary(row) for row in connection.execute(LIST if ticker is None else LIST_OF_TICKER, values)]


# The columns of a new backtest with their types.
_COLUMNS = {
    "id": "text", "org_id": "bigint", "ticker": "text", "strategy": "text", "fingerprint": "text", "first_day": "date",
    "last_day": "date", "total_return": "float8", "benchmark_return": "float8", "sharpe": "float8", "max_drawdown": "float8",
    "trades": "bigint", "daily_sharpe": "float8", "observations": "bigint", "skewness": "float8", "kurtosis": "float8",
    "parameters": "text", "report": "text", "detail": "bytea", "created_at": "timestamptz",
}  # fmt: skip
_INTO, _CONFLICT = "INSERT INTO backtests", "ON CONFLICT (org_id, fingerprint) DO NOTHING"
INSERT = text(one_row(_INTO, _COLUMNS, _CONFLICT))
INSERT_ROWS = many_rows(_INTO, _COLUMNS, _CONFLICT)


def insert(connection: Connection, org_id: int, new: NewBacktest) -> bool:
    """Store a backtest unless its fingerprint is stored already; return whether it was stored."""
    return connection.execute(INSERT, _row_of(org_id, new)).rowcount == 1


def insert_many(connection: Connection, org_id: int, new: Collection[NewBacktest]) -> None:
    """Store backtests unless their fingerprints are stored already."""
    # In one order, so that two writers of the same ones cannot deadlock.
    execute_rows(connection, INSERT_ROWS, [_row_of(org_id, one) for one in sorted(new, key=lambda one: one.fingerprint)])


CROWDED = text("SELECT org_id, ticker FROM backtests GROUP BY org_id, ticker HAVING count(*) > :keep")


def crowded_tickers(connection: Connection, keep: int) -> list[tuple[int, str]]:
    """Organizations and tickers with more than `keep` backtests."""
    return [(row[0], row[1]) for row in connection.execute(CROWDED, {"keep": keep})]


DELETE_BEYOND = text(
    """
    DELETE FROM backtests WHERE id IN (
        SELECT b.id
        FROM backtests AS b
        WHERE b.org_id = :org_id AND b.ticker = :ticker
            AND b.id < (
                SELECT k.id
                FROM backtests AS k
                WHERE k.org_id = :org_id AND k.ticker = :ticker
                ORDER BY k.id DESC
                LIMIT 1 OFFSET :oldest_to_keep
            )
        LIMIT :limit
    )
    """
)


def delete_beyond(connection: Connection, org_id: int, ticker: str, keep: int, limit: int) -> int:
    """Delete up to `limit` backtests of a ticker beyond its newest `keep`; return how many."""
    values = {"org_id": org_id, "ticker": ticker, "oldest_to_keep": keep - 1, "limit": limit}
    return connection.execute(DELETE_BEYOND, values).rowcount


def _row_of(org_id: int, new: NewBacktest) -> dict[str, object]:
    figures, daily = new.figures, new.daily
    return {
        "id": new.id,
        "org_id": org_id,
        "ticker": new.ticker,
        "strategy": new.strategy,
        "fingerprint": new.fingerprint,
        "first_day": figures.first,
        "last_day": figures.last,
        "total_return": figures.total_return,
        "benchmark_return": figures.benchmark_return,
        "sharpe": figures.sharpe,
        "max_drawdown": figures.max_drawdown,
        "trades": figures.trades,
        "daily_sharpe": daily.sharpe,
        "observations": daily.observations,
        "skewness": daily.skewness,
        "kurtosis": daily.kurtosis,
        "parameters": new.order,
        "report": new.report,
        "detail": new.detail,
        "created_at": new.created_at,
    }


def _stored(row: Any) -> StoredBacktest | None:
    if row is None:
        return None
    backtest_id, ticker, fingerprint, last_day, *daily, order, report, detail, created_at = row
    kept = None if detail is None else bytes(detail)
    return StoredBacktest(backtest_id, ticker, fingerprint, last_day, DailySharpe(*daily), order, report, kept, created_at)


def _summary(row: Any) -> BacktestSummary:
    return BacktestSummary(row[0], row[1], row[2], BacktestFigures(*row[_FIGURES]), row[10], row[11])
