"""SQL of the watchlist of an organization."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.watchlist import WatchlistItem

LIST = text(
    """
    SELECT ticker, name, notes, created_at
    FROM watchlist_items
    WHERE org_id = :org_id AND ticker > :after
    ORDER BY ticker
    LIMIT :limit
    """
)


def list_items(connection: Connection, org_id: int, after: str, limit: int) -> list[WatchlistItem]:
    """Items by ticker, after `after`."""
    return [WatchlistItem(*row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


LIST_TICKERS = text("SELECT ticker FROM watchlist_items WHERE org_id = :org_id ORDER BY ticker")


def list_tickers(connection: Connection, org_id: int) -> list[str]:
    """The tickers of all items, in order."""
    return [row[0] for row in connection.execute(LIST_TICKERS, {"org_id": org_id})]


INSERT = text(
    """
    INSERT INTO watchlist_items (org_id, ticker, name, notes, created_at)
    VALUES (:org_id, :ticker, :name, :notes, :created_at)
    ON CONFLICT (org_id, ticker) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, item: WatchlistItem) -> bool:
    """Add an item unless its ticker is on the list; return whether it was added."""
    return connection.execute(INSERT, {"org_id": org_id, **vars(item)}).rowcount == 1


DELETE = text("DELETE FROM watchlist_items WHERE org_id = :org_id AND ticker = :ticker")


def delete(connection: Connection, org_id: int, ticker: str) -> bool:
    """Remove a ticker; return whether it was on the list."""
    return connection.execute(DELETE, {"org_id": org_id, "ticker": ticker}).rowcount == 1
