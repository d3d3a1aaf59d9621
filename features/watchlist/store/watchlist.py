"""SQL of the items of watch lists. Those of the default list are in one table, those of all named lists in another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BindParameter, Connection, TextClause, bindparam, text

from infrastructure.sql.advisory_lock import hold_lock
from infrastructure.sql.like import escaped
from models.watchlist import DEFAULT_LIST, ListKey, NewItem, WatchlistItem
from utils.dialects import Variants, execute_rows

# By whether it is the default list: its table, and which rows are the list's.
_PARTS = {
    True: {"{items}": "watchlist_items", "{of_list}": "org_id = :org_id"},
    False: {"{items}": "named_watchlist_items", "{of_list}": "org_id = :org_id AND list_id = :list_id"},
}


def for_list(statement: str, *, is_default: bool) -> str:
    """A statement on the items of a list, which names the table `{items}` and the list's rows `{of_list}`."""
    for placeholder, part in _PARTS[is_default].items():
        statement = statement.replace(placeholder, part)
    return statement


class OfList:
    """A statement on the items of a list, for either table."""

    def __init__(self, statement: str, expanding: tuple[str, ...] = ()) -> None:
        parameters: list[BindParameter[Any]] = [bindparam(name, expanding=True) for name in expanding]
        self._texts = {is_default: text(for_list(statement, is_default=is_default)).bindparams(*parameters) for is_default in _PARTS}

    def on(self, key: ListKey) -> TextClause:
        """The statement for one list."""
        return self._texts[key.is_default]


_COLUMNS = "ticker, name, notes, position, created_at"

LIST = OfList(
    f"""
    SELECT {_COLUMNS}
    FROM {{items}}
    WHERE {{of_list}} AND ticker > :after
    ORDER BY ticker
    LIMIT :limit
    """
)


def list_items(connection: Connection, key: ListKey, after: str, limit: int) -> list[WatchlistItem]:
    """Items by ticker, after `after`."""
    rows = connection.execute(LIST.on(key), {**vars(key), "after": after, "limit": limit})
    return [WatchlistItem(*row) for row in rows]


LIST_TICKERS = OfList("SELECT ticker FROM {items} WHERE {of_list} ORDER BY ticker")


def list_tickers(connection: Connection, org_id: int, list_id: str = DEFAULT_LIST) -> list[str]:
    """The tickers of all items, in order."""
    key = ListKey(org_id, list_id)
    return [row[0] for row in connection.execute(LIST_TICKERS.on(key), vars(key))]


FOLLOWS_ENDING = text(
    """
    SELECT EXISTS (SELECT 1 FROM watchlist_items WHERE ticker LIKE :ending ESCAPE '\\')
        OR EXISTS (SELECT 1 FROM named_watchlist_items WHERE ticker LIKE :ending ESCAPE '\\')
    """
)


def follows_ending(connection: Connection, end: str) -> bool:
    """Whether any organization follows a ticker that ends so, on any list."""
    return bool(connection.execute(FOLLOWS_ENDING, {"ending": f"%{escaped(end)}"}).scalar_one())


FIND = OfList(f"SELECT {_COLUMNS} FROM {{items}} WHERE {{of_list}} AND ticker = :ticker")


def find(connection: Connection, key: ListKey, ticker: str) -> WatchlistItem | None:
    """One item."""
    row = connection.execute(FIND.on(key), {**vars(key), "ticker": ticker}).first()
    return None if row is None else WatchlistItem(*row)


FIND_TICKERS = OfList("SELECT ticker FROM {items} WHERE {of_list} AND ticker IN :tickers", ("tickers",))


def find_tickers(connection: Connection, key: ListKey, tickers: Collection[str]) -> set[str]:
    """Which of some tickers are on the list."""
    return {row[0] for row in connection.execute(FIND_TICKERS.on(key), {**vars(key), "tickers": list(tickers)})}


_LISTS_LOCK = 0x77617463


def lock_lists(connection: Connection, org_id: int) -> None:
    """Hold the lists of an organization against others who add, move or delete, until the transaction ends.

    So no two items get the same place, no list more names than are free, and nothing is added to a list that is being deleted.
    """
    hold_lock(connection, _LISTS_LOCK, str(org_id))


LAST_POSITION = OfList("SELECT MAX(position) FROM {items} WHERE {of_list}")


def last_position(connection: Connection, key: ListKey) -> int | None:
    """The position of the last item; None on an empty list."""
    position: int | None = connection.execute(LAST_POSITION.on(key), vars(key)).scalar_one()
    return position


_NEW = {"ticker": "text", "name": "text", "notes": "text", "position": "bigint", "created_at": "timestamptz"}
_OWNER = {True: {"org_id": "bigint"}, False: {"org_id": "bigint", "list_id": "text"}}
_INSERT_ROW = "INSERT INTO {items} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"
_INSERT_ARRAYS = "INSERT INTO {items} ({columns}) SELECT * FROM unnest({values}) ON CONFLICT DO NOTHING"


def _insert(*, is_default: bool) -> Variants:
    columns = _OWNER[is_default] | _NEW
    values = ", ".join(f":{name}" for name in columns), ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in columns.items())
    statements = (for_list(statement, is_default=is_default) for statement in (_INSERT_ROW, _INSERT_ARRAYS))
    names = ", ".join(columns)
    return Variants(*(each.replace("{columns}", names).replace("{values}", own) for each, own in zip(statements, values, strict=True)))


INSERT = {is_default: _insert(is_default=is_default) for is_default in _PARTS}


def insert(connection: Connection, key: ListKey, items: Mapping[int, NewItem]) -> int:
    """Add items at their positions, unless their tickers are on the list; return how many were added."""
    owner = {name: getattr(key, name) for name in _OWNER[key.is_default]}
    rows = [{**owner, "position": position, **vars(item)} for position, item in items.items()]
    return execute_rows(connection, INSERT[key.is_default], rows)


UPDATE_TEXTS = OfList("UPDATE {items} SET name = :name, notes = :notes WHERE {of_list} AND ticker = :ticker")


def update_texts(connection: Connection, key: ListKey, item: WatchlistItem) -> None:
    """Store an item's name and notes."""
    connection.execute(UPDATE_TEXTS.on(key), {**vars(key), "ticker": item.ticker, "name": item.name, "notes": item.notes})


UPDATE_POSITION = OfList("UPDATE {items} SET position = :position WHERE {of_list} AND ticker = :ticker")


def update_position(connection: Connection, key: ListKey, ticker: str, position: int) -> None:
    """Store an item's position."""
    connection.execute(UPDATE_POSITION.on(key), {**vars(key), "ticker": ticker, "position": position})


# The first item behind a place, but for one ticker.
NEXT_POSITION = OfList(
    """
    SELECT position
    FROM {items}
    WHERE {of_list} AND (position, ticker) > (:position, :after) AND ticker <> :ticker
    ORDER BY position, ticker
    LIMIT 1
    """
)
FIRST_POSITION = OfList("SELECT MIN(position) FROM {items} WHERE {of_list} AND ticker <> :ticker")


def position_behind(connection: Connection, key: ListKey, item: WatchlistItem | None, ticker: str) -> int | None:
    """The position of what follows an item, or of the first for None, leaving out one ticker; None where nothing follows."""
    values: dict[str, Any] = {**vars(key), "ticker": ticker}
    if item is None:
        first: int | None = connection.execute(FIRST_POSITION.on(key), values).scalar_one()
        return first
    row = connection.execute(NEXT_POSITION.on(key), {**values, "position": item.position, "after": item.ticker}).first()
    return None if row is None else int(row[0])


RENUMBER = OfList(
    """
    UPDATE {items} SET position = numbered.position
    FROM (
        SELECT ticker AS moved, :gap * row_number() OVER (ORDER BY position, ticker) AS position
        FROM {items}
        WHERE {of_list}
    ) AS numbered
    WHERE {of_list} AND ticker = numbered.moved
    """
)


def renumber(connection: Connection, key: ListKey, gap: int) -> None:
    """Give all items new positions in the same order, `gap` apart."""
    connection.execute(RENUMBER.on(key), {**vars(key), "gap": gap})


DELETE = OfList("DELETE FROM {items} WHERE {of_list} AND ticker = :ticker")


def delete(connection: Connection, key: ListKey, ticker: str) -> bool:
    """Remove a ticker; return whether it was on the list."""
    return connection.execute(DELETE.on(key), {**vars(key), "ticker": ticker}).rowcount == 1
