"""SQL of the last failure of an analysis per ticker and strategy. Only followed tickers have one, so that no caller can fill the table."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.failure import AnalysisFailure, NewFailure
from utils.dialects import execute_rows, many_rows

FOLLOWED = text(
    """
    SELECT ticker FROM watchlist_items WHERE org_id = :org_id AND ticker IN :tickers
    UNION
    SELECT ticker FROM named_watchlist_items WHERE org_id = :org_id AND ticker IN :tickers
    """
).bindparams(bindparam("tickers", expanding=True))


def followed(connection: Connection, org_id: int, tickers: Collection[str]) -> set[str]:
    """Which of some tickers the organization follows, on any list."""
    return {row[0] for row in connection.execute(FOLLOWED, {"org_id": org_id, "tickers": list(tickers)})}


_COLUMNS = {
    "org_id": "bigint", "ticker": "text", "strategy": "text", "code": "text", "message": "text", "sha256": "text",
    "failed_at": "timestamptz",
}  # fmt: skip
# A writer that comes late does not replace a newer failure.
_CONFLICT = """
    ON CONFLICT (org_id, ticker, strategy) DO UPDATE SET
        code = excluded.code,
        message = excluded.message,
        sha256 = excluded.sha256,
        failed_at = excluded.failed_at
    WHERE latest_failures.failed_at <= excluded.failed_at
"""
SAVE = many_rows("INSERT INTO latest_failures", _COLUMNS, _CONFLICT)


def save(connection: Connection, org_id: int, failures: Collection[NewFailure]) -> None:
    """Note failures, no two of the same ticker and strategy."""
    # In one order, so that two writers of the same failures cannot deadlock.
    ordered = sorted(failures, key=lambda new: (new.ticker, new.strategy))
    rows = [
        {"org_id": org_id, "ticker": new.ticker, "strategy": new.strategy, "sha256": new.sha256, **vars(new.failure)} for new in ordered
    ]
    execute_rows(connection, SAVE, rows)


# Those that still stand: since then there was neither a result nor another series. Most organizations have few rows here, and only their
# tickers are looked up in the other tables. The organization's own series (o) hides the shared one (s).
LIST_STANDING = text(
    """
    SELECT f.ticker, f.code, f.message, f.failed_at
    FROM latest_failures AS f
    LEFT JOIN latest_results AS l ON l.org_id = f.org_id AND l.ticker = f.ticker AND l.strategy = f.strategy
    LEFT JOIN price_series AS o ON o.org_id = f.org_id AND o.ticker = f.ticker
    LEFT JOIN price_series AS s ON s.org_id = :shared AND s.ticker = f.ticker
    WHERE f.org_id = :org_id
        AND f.strategy = :strategy
        AND (l.analysed_at IS NULL OR l.analysed_at < f.failed_at)
        AND COALESCE(o.sha256, s.sha256, '') = COALESCE(f.sha256, '')
    """
)


def list_standing(connection: AnyReader, org_id: int, strategy: str) -> dict[str, AnalysisFailure]:
    """The failures of a strategy that nothing has made obsolete, by ticker."""
    rows = connection.execute(LIST_STANDING, {"org_id": org_id, "shared": SHARED_ORG, "strategy": strategy})
    return {row[0]: AnalysisFailure(*row[1:]) for row in rows}


_DELETE = """
    DELETE FROM latest_failures
    WHERE org_id = :org_id
        AND NOT EXISTS (SELECT 1 FROM watchlist_items AS w WHERE w.org_id = :org_id AND w.ticker = latest_failures.ticker)
        AND NOT EXISTS (SELECT 1 FROM named_watchlist_items AS n WHERE n.org_id = :org_id AND n.ticker = latest_failures.ticker)
"""
DELETE_UNFOLLOWED = text(_DELETE)
DELETE = text(f"{_DELETE} AND ticker = :ticker")


def delete(connection: Connection, org_id: int, ticker: str) -> None:
    """Forget the failures of a ticker, unless it is still followed on a list."""
    connection.execute(DELETE, {"org_id": org_id, "ticker": ticker})


def delete_unfollowed(connection: Connection, org_id: int) -> None:
    """Forget the failures of all tickers that are on no list."""
    connection.execute(DELETE_UNFOLLOWED, {"org_id": org_id})
