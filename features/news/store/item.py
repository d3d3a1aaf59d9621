"""SQL of news items and the tickers that they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.news import MatchRule, NewItem, NewsFilter, TickerMatch
from utils.dialects import Variants, execute_rows, many_rows
from utils.ids import new_id
from utils.json_text import dump

_COLUMNS = "i.id, i.feed_id, i.title, i.link, i.source, i.published_at, i.fetched_at, i.listed_at"
_AFTER = "(i.listed_at, i.id) < (:at, :id)"
_SINCE = "i.listed_at >= :since"
_ORDER = "ORDER BY i.listed_at DESC, i.id DESC LIMIT :limit"
_OF_TICKER = "FROM news_tickers AS t JOIN news_items AS i ON i.id = t.item_id WHERE t.org_id = :org_id AND t.ticker = :ticker"
_ORDER_OF_TICKER = "ORDER BY t.listed_at DESC, t.item_id DESC LIMIT :limit"
_AFTER_OF_TICKER = "(t.listed_at, t.item_id) < (:at, :id) AND t.listed_at >= :since"
# By whether a ticker and a feed are asked for.
LISTS = {
    (False, False): text(f"SELECT {_COLUMNS} FROM news_items AS i WHERE i.org_id = :org_id AND {_AFTER} AND {_SINCE} {_ORDER}"),
    (False, True): text(
        f"SELECT {_COLUMNS} FROM news_items AS i WHERE i.feed_id = :feed_id AND i.org_id = :org_id AND {_AFTER} AND {_SINCE} {_ORDER}"
    ),
    (True, False): text(f"SELECT {_COLUMNS} {_OF_TICKER} AND {_AFTER_OF_TICKER} {_ORDER_OF_TICKER}"),
    (True, True): text(f"SELECT {_COLUMNS} {_OF_TICKER} AND {_AFTER_OF_TICKER} AND i.feed_id = :feed_id {_ORDER_OF_TICKER}"),
}


def list_items(connection: AnyReader, org_id: int, wanted: NewsFilter, after: tuple[datetime, str], limit: int) -> list[Any]:
    """Rows of items, newest first, behind a moment and an id; `since` of the filter is set."""
    values = {"org_id": org_id, **vars(wanted), "at": after[0], "id": after[1], "limit": limit}
    return list(connection.execute(LISTS[wanted.ticker is not None, wanted.feed_id is not None], values))


# The tickers are one JSON array: SQLite limits the number of parameters.
_OF_TICKERS = f"""
    SELECT {_COLUMNS}
    FROM news_items AS i
    WHERE i.org_id = :org_id AND i.listed_at >= :since AND i.listed_at <= :at
        AND EXISTS (SELECT 1 FROM news_tickers AS t WHERE t.item_id = i.id AND t.ticker IN ({{tickers}}))
    {_ORDER}
"""
LIST_OF_TICKERS = Variants(
    _OF_TICKERS.replace("{tickers}", "SELECT value FROM json_each(:tickers)"),
    _OF_TICKERS.replace("{tickers}", "SELECT json_array_elements_text(CAST(:tickers AS json))"),
)


def list_of_tickers(
    connection: Connection, org_id: int, tickers: Collection[str], span: tuple[datetime, datetime], limit: int
) -> list[Any]:
    """Rows of items about any of the tickers within a span of time, newest first."""
    values = {"org_id": org_id, "tickers": dump(sorted(tickers)).decode(), "since": span[0], "at": span[1], "limit": limit}
    return list(connection.execute(LIST_OF_TICKERS.on(connection), values))


FIND_TICKERS = text("SELECT item_id, ticker, rule, matched, place FROM news_tickers WHERE item_id IN :ids ORDER BY ticker").bindparams(
    bindparam("ids", expanding=True)
)


def find_tickers(connection: AnyReader, item_ids: Collection[str]) -> dict[str, list[TickerMatch]]:
    """The tickers of items by the id of each."""
    found: dict[str, list[TickerMatch]] = defaultdict(list)
    if item_ids:
        for item_id, ticker, rule, matched, place in connection.execute(FIND_TICKERS, {"ids": list(item_ids)}):
            found[item_id].append(TickerMatch(ticker, MatchRule(rule), matched, place))
    return found


FIND_DIGESTS = text("SELECT guid_digest, content_digest FROM news_items WHERE feed_id = :feed_id")


def find_digests(connection: AnyReader, feed_id: str) -> set[str]:
    """The digests of all items of a feed, of both kinds."""
    return {digest for row in connection.execute(FIND_DIGESTS, {"feed_id": feed_id}) for digest in row}


_ITEM = {
    "id": "text", "org_id": "bigint", "feed_id": "text", "guid_digest": "text", "content_digest": "text", "title": "text",
    "link": "text", "source": "text", "published_at": "timestamptz", "fetched_at": "timestamptz", "listed_at": "timestamptz",
}  # fmt: skip
_TICKER = {
    "item_id": "text", "org_id": "bigint", "ticker": "text", "rule": "text", "matched": "text", "place": "text", "listed_at": "timestamptz",
}  # fmt: skip
INSERT = many_rows("INSERT INTO news_items", _ITEM, "")
INSERT_TICKERS = many_rows("INSERT INTO news_tickers", _TICKER, "")


def insert(connection: Connection, org_id: int, feed_id: str, items: Sequence[NewItem], moment: datetime) -> None:
    """Store items that are not stored yet; the caller holds the feed."""
    rows, tickers = [], []
    for item in items:
        values = dict(vars(item))
        matches = values.pop("matches")
        listed_at = min(item.published_at or moment, moment)
        values |= {"id": new_id(), "org_id": org_id, "feed_id": feed_id, "fetched_at": moment, "listed_at": listed_at}
        rows.append(values)
        for match in matches:
            tickers.append({"item_id": values["id"], "org_id": org_id, "listed_at": listed_at, **vars(match), "rule": match.rule.value})
    execute_rows(connection, INSERT, rows)
    execute_rows(connection, INSERT_TICKERS, tickers)


DELETE_BEYOND = text(
    """
    DELETE FROM news_items WHERE id IN (
        SELECT id FROM news_items WHERE feed_id = :feed_id ORDER BY listed_at DESC, id DESC LIMIT :limit OFFSET :keep
    )
    """
)
_MANY = 100_000


def delete_beyond(connection: Connection, feed_id: str, keep: int) -> None:
    """Delete all but the newest items of a feed."""
    connection.execute(DELETE_BEYOND, {"feed_id": feed_id, "keep": keep, "limit": _MANY})


HAS_OLD = text("SELECT 1 FROM news_items WHERE listed_at < :before LIMIT 1")


def has_older(connection: AnyReader, before: datetime) -> bool:
    """Whether there are items from before a moment."""
    return connection.execute(HAS_OLD, {"before": before}).first() is not None


DELETE_OLD = text(
    "DELETE FROM news_items WHERE id IN (SELECT id FROM news_items WHERE listed_at < :before ORDER BY listed_at LIMIT :limit)"
)


def delete_older(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` items from before a moment; return how many."""
    return connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount
