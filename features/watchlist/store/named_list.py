"""SQL of the watch lists that have a name. Their items go with them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from database import AnyReader
from models.watchlist import NamedList, Watchlist

# The counts are of the items, and of those with one ticker.
LIST = text(
    """
    SELECT
        l.id, l.name, l.created_at, l.updated_at,
        (SELECT COUNT(*) FROM named_watchlist_items AS i WHERE i.org_id = l.org_id AND i.list_id = l.id),
        (SELECT COUNT(*) FROM named_watchlist_items AS i WHERE i.org_id = l.org_id AND i.list_id = l.id AND i.ticker = :ticker)
    FROM watchlists AS l
    WHERE l.org_id = :org_id
    ORDER BY l.position, l.id
    """
)
COUNT_DEFAULT = text(
    """
    SELECT
        (SELECT COUNT(*) FROM watchlist_items WHERE org_id = :org_id),
        (SELECT COUNT(*) FROM watchlist_items WHERE org_id = :org_id AND ticker = :ticker)
    """
)


def count_default(connection: AnyReader, org_id: int, ticker: str | None) -> tuple[int, bool | None]:
    """How many items the default list has, and whether a ticker is one of them."""
    count, with_ticker = next(iter(connection.execute(COUNT_DEFAULT, {"org_id": org_id, "ticker": ticker or ""})))
    return count, None if ticker is None else bool(with_ticker)


def list_all(connection: AnyReader, org_id: int, ticker: str | None) -> list[Watchlist]:
    """All named lists, in their order; each says whether a ticker is on it."""
    rows = connection.execute(LIST, {"org_id": org_id, "ticker": ticker or ""})
    return [
        Watchlist(list_id, name, False, count, None if ticker is None else bool(with_ticker), created_at, updated_at)
        for list_id, name, created_at, updated_at, count, with_ticker in rows
    ]


FIND = text("SELECT id, name, position, created_at, updated_at FROM watchlists WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, list_id: str) -> NamedList | None:
    """One list."""
    row = next(iter(connection.execute(FIND, {"org_id": org_id, "id": list_id})), None)
    return None if row is None else NamedList(*row)


LIST_IDS = text("SELECT id FROM watchlists WHERE org_id = :org_id ORDER BY position, id")


def list_ids(connection: Connection, org_id: int) -> list[str]:
    """The ids of all lists, in their order."""
    return [row[0] for row in connection.execute(LIST_IDS, {"org_id": org_id})]


INSERT = text(
    """
    INSERT INTO watchlists (id, org_id, name, name_key, position, created_at, updated_at)
    VALUES (:id, :org_id, :name, :name_key, :position, :created_at, :updated_at)
    ON CONFLICT (org_id, name_key) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, new: NamedList, name_key: str) -> bool:
    """Add a list unless there is one of its name; return whether it was added."""
    return connection.execute(INSERT, {**vars(new), "org_id": org_id, "name_key": name_key}).rowcount == 1


# Nothing is changed where another list has the name.
RENAME = text(
    """
    UPDATE watchlists SET name = :name, name_key = :name_key, updated_at = :updated_at
    WHERE org_id = :org_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM watchlists AS o WHERE o.org_id = :org_id AND o.name_key = :name_key AND o.id <> :id)
    """
)


def rename(connection: Connection, org_id: int, changed: NamedList, name_key: str) -> bool:
    """Store a list's name unless another list has it; return whether it was stored."""
    return connection.execute(RENAME, {**vars(changed), "org_id": org_id, "name_key": name_key}).rowcount == 1


UPDATE_POSITION = text("UPDATE watchlists SET position = :position WHERE org_id = :org_id AND id = :id")


def update_order(connection: Connection, org_id: int, list_ids: Sequence[str]) -> None:
    """Store the order of all lists."""
    rows = [{"org_id": org_id, "id": list_id, "position": place} for place, list_id in enumerate(list_ids, 1)]
    connection.execute(UPDATE_POSITION, rows)


DELETE = text("DELETE FROM watchlists WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, list_id: str) -> bool:
    """Remove a list with its items; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": list_id}).rowcount == 1
