"""SQL of the watchlist of an organization."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, text

from infrastructure.sql.advisory_lock import hold_lock
from infrastructure.sql.like import escaped
from models.watchlist import NewItem, WatchlistItem
from utils.dialects import Variants, execute_rows

_COLUMNS = "ticker, name, notes, position, created_at"

LIST = text(
    f"""
    SELECT {_COLUMNS}
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


FOLLOWS_ENDING = text("SELECT EXISTS (SELECT 1 FROM watchlist_items WHERE ticker LIKE :ending ESCAPE '\\')")


def follows_ending(connection: Connection, end: str) -> bool:
    """Whether any organization follows a ticker that ends so."""
    return bool(connection.execute(FOLLOWS_ENDING, {"ending": f"%{escaped(end)}"}).scalar_one())


FIND = text(f"SELECT {_COLUMNS} FROM watchlist_items WHERE org_id = :org_id AND ticker = :ticker")


def find(connection: Connection, org_id: int, ticker: str) -> WatchlistItem | None:
    """One item."""
    row = connection.execute(FIND, {"org_id": org_id, "ticker": ticker}).first()
    return None if row is None else WatchlistItem(*row)


FIND_TICKERS = text("SELECT ticker FROM watchlist_items WHERE org_id = :org_id AND ticker IN :tickers").bindparams(
    bindparam("tickers", expanding=True)
)


def find_tickers(connection: Connection, org_id: int, tickers: Collection[str]) -> set[str]:
    """Which of some tickers are on the list."""
    return {row[0] for row in connection.execute(FIND_TICKERS, {"org_id": org_id, "tickers": list(tickers)})}


_ORDER_LOCK = 0x77617463


def lock_order(connection: Connection, org_id: int) -> None:
    """Hold the order of the list against others who add or move, until the transaction ends: no two items get the same place."""
    hold_lock(connection, _ORDER_LOCK, str(org_id))


LAST_POSITION = text("SELECT MAX(position) FROM watchlist_items WHERE org_id = :org_id")


def last_position(connection: Connection, org_id: int) -> int | None:
    """The position of the last item; None on an empty list."""
    position: int | None = connection.execute(LAST_POSITION, {"org_id": org_id}).scalar_one()
    return position


_NEW = {"org_id": "bigint", "ticker": "text", "name": "text", "notes": "text", "position": "bigint", "created_at": "timestamptz"}
INSERT = Variants(
    f"""
    INSERT INTO watchlist_items ({", ".join(_NEW)})
    VALUES ({", ".join(f":{name}" for name in _NEW)})
    ON CONFLICT (org_id, ticker) DO NOTHING
    """,
    f"""
    INSERT INTO watchlist_items ({", ".join(_NEW)})
    SELECT *
    FROM unnest({", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in _NEW.items())})
    ON CONFLICT (org_id, ticker) DO NOTHING
    """,
)


def insert(connection: Connection, org_id: int, items: Mapping[int, NewItem]) -> int:
    """Add items at their positions, unless their tickers are on the list; return how many were added."""
    rows = [{"org_id": org_id, "position": position, **vars(item)} for position, item in items.items()]
    return execute_rows(connection, INSERT, rows)


UPDATE_TEXTS = text("UPDATE watchlist_items SET name = :name, notes = :notes WHERE org_id = :org_id AND ticker = :ticker")


def update_texts(connection: Connection, org_id: int, item: WatchlistItem) -> None:
    """Store an item's name and notes."""
    values = {"org_id": org_id, "ticker": item.ticker, "name": item.name, "notes": item.notes}
    connection.execute(UPDATE_TEXTS, values)


UPDATE_POSITION = text("UPDATE watchlist_items SET position = :position WHERE org_id = :org_id AND ticker = :ticker")


def update_position(connection: Connection, org_id: int, ticker: str, position: int) -> None:
    """Store an item's position."""
    connection.execute(UPDATE_POSITION, {"org_id": org_id, "ticker": ticker, "position": position})


# The first item behind a place, but for one ticker.
NEXT_POSITION = text(
    """
    SELECT position
    FROM watchlist_items
    WHERE org_id = :org_id AND (position, ticker) > (:position, :after) AND ticker <> :ticker
    ORDER BY position, ticker
    LIMIT 1
    """
)
FIRST_POSITION = text("SELECT MIN(position) FROM watchlist_items WHERE org_id = :org_id AND ticker <> :ticker")


def position_behind(connection: Connection, org_id: int, item: WatchlistItem | None, ticker: str) -> int | None:
    """The position of what follows an item, or of the first for None, leaving out one ticker; None where nothing follows."""
    values: dict[str, object] = {"org_id": org_id, "ticker": ticker}
    if item is None:
        first: int | None = connection.execute(FIRST_POSITION, values).scalar_one()
        return first
    row = connection.execute(NEXT_POSITION, {**values, "position": item.position, "after": item.ticker}).first()
    return None if row is None else int(row[0])


RENUMBER = text(
    """
    UPDATE watchlist_items SET position = numbered.position
    FROM (
        SELECT ticker, :gap * row_number() OVER (ORDER BY position, ticker) AS position
        FROM watchlist_items
        WHERE org_id = :org_id
    ) AS numbered
    WHERE watchlist_items.org_id = :org_id AND watchlist_items.ticker = numbered.ticker
    """
)


def renumber(connection: Connection, org_id: int, gap: int) -> None:
    """Give all items new positions in the same order, `gap` apart."""
    connection.execute(RENUMBER, {"org_id": org_id, "gap": gap})


DELETE = text("DELETE FROM watchlist_items WHERE org_id = :org_id AND ticker = :ticker")


def delete(connection: Connection, org_id: int, ticker: str) -> bool:
    """Remove a ticker; return whether it was on the list."""
    return connection.execute(DELETE, {"org_id": org_id, "ticker": ticker}).rowcount == 1
