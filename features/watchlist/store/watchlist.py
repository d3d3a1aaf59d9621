"""The watchlist of an organization."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.watchlist import WatchlistItem

LIST = text(
    "SELECT ticker, name, notes, created_at FROM watchlist_items WHERE org_id = :org_id AND ticker > :after ORDER BY ticker LIMIT :limit"
)
LIST_TICKERS = text("SELECT ticker FROM watchlist_items WHERE org_id = :org_id ORDER BY ticker")
INSERT = text(
    "INSERT INTO watchlist_items (org_id, ticker, name, notes, created_at) VALUES (:org_id, :ticker, :name, :notes, :created_at) "
    "ON CONFLICT (org_id, ticker) DO NOTHING"
)
DELETE = text("DELETE FROM watchlist_items WHERE org_id = :org_id AND ticker = :ticker")


def list_items(connection: Connection, org_id: int, after: str, limit: int) -> list[WatchlistItem]:
    """Items by ticker, after `after`."""
    return [WatchlistItem(*row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


def list_tickers(connection: Connection, org_id: int) -> list[str]:
    """Every followed ticker."""
    return [row[0] for row in connection.execute(LIST_TICKERS, {"org_id": org_id})]


def insert(connection: Connection, org_id: int, item: WatchlistItem) -> bool:
    """Add an item unless its ticker is there already; whether it was added."""
    return connection.execute(INSERT, {"org_id": org_id, **vars(item)}).rowcount == 1


def delete(connection: Connection, org_id: int, ticker: str) -> bool:
    """Remove a ticker; whether it was there."""
    return connection.execute(DELETE, {"org_id": org_id, "ticker": ticker}).rowcount == 1
