"""Feeds and news of an organization: the interface for routes and other features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from database import AnyReader
from features.news.sentiment import sentiment_of
from features.news.store import feed as feed_store
from features.news.store import item as item_store
from infrastructure.address_guard import AddressGuard, AddressRefused
from jobs.service import Submission, enqueue
from models.job import Lane, NewJob
from models.news import FEEDS, MOST_FEEDS, Feed, NewsFilter, NewsItem
from models.news_errors import FeedAddressRefused, FeedExists, FeedNotFound, TooManyFeeds
from utils.clock import now
from utils.ids import is_id, new_id

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
_AFTER_ANY_ID = "~"


@dataclass(frozen=True)
class FeedChanges:
    """Changes of a feed; a field that is not named in `fields` stays."""

    fields: frozenset[str]
    url: str = ""
    ticker: str | None = None
    title: str | None = None
    enabled: bool = True


def list_feeds(connection: AnyReader, org_id: int) -> list[Feed]:
    """All feeds, in the order in which they were added."""
    return feed_store.list_feeds(connection, org_id)


def find_feed(connection: AnyReader, org_id: int, feed_id: str) -> Feed:
    """One feed. Raises FeedNotFound."""
    found = feed_store.find(connection, org_id, feed_id) if is_id(feed_id) else None
    if found is None:
        raise FeedNotFound(feed_id)
    return found


def add_feed(connection: Connection, org_id: int, changes: FeedChanges, created_by: str, most: int = MOST_FEEDS) -> Feed:
    """Add a feed, which is due at once. Raises FeedExists, TooManyFeeds or FeedAddressRefused."""
    _check_address(changes.url)
    if len(feed_store.list_feeds(connection, org_id)) >= most:
        raise TooManyFeeds(most)
    moment = now()
    feed = Feed(
        id=new_id(),
        url=changes.url,
        ticker=changes.ticker,
        title=changes.title,
        told_title=None,
        enabled=changes.enabled,
        fetched_at=None,
        error=None,
        failures=0,
        next_at=moment,
        created_at=moment,
        created_by=created_by,
        changed_by=created_by,
        updated_at=moment,
    )
    if not feed_store.insert(connection, org_id, feed):
        raise FeedExists(changes.url)
    return feed


def change_feed(connection: Connection, org_id: int, feed_id: str, changes: FeedChanges, changed_by: str) -> Feed:
    """Change a feed. One with another address, or that is switched on again, is due at once and begins without failures.

    Raises FeedNotFound, FeedExists or FeedAddressRefused.
    """
    former = find_feed(connection, org_id, feed_id)
    named: dict[str, Any] = {name: getattr(changes, name) for name in changes.fields}
    changed = replace(former, **named, changed_by=changed_by, updated_at=now())
    if changed.url != former.url or (changed.enabled and not former.enabled):
        changed = replace(changed, next_at=changed.updated_at, failures=0, error=None)
    if changed.url != former.url:
        _check_address(changed.url)
    if not feed_store.update(connection, org_id, changed):
        raise FeedExists(changed.url)
    return find_feed(connection, org_id, feed_id)


def delete_feed(connection: Connection, org_id: int, feed_id: str) -> None:
    """Delete a feed with its items. Raises FeedNotFound."""
    if not is_id(feed_id) or not feed_store.delete(connection, org_id, feed_id):
        raise FeedNotFound(feed_id)


def submit_fetch(connection: Connection, org_id: int, feed_id: str) -> Submission:
    """Queue the reading of a feed within the caller's transaction, or return the active job that reads it. Raises FeedNotFound."""
    find_feed(connection, org_id, feed_id)
    return enqueue(connection, org_id, NewJob(FEEDS, Lane.NETWORK, "{}", [feed_id], f"{FEEDS}:{feed_id}"))


def list_news(
    connection: AnyReader, org_id: int, wanted: NewsFilter, page: tuple[Sequence[Any] | None, int], *, with_sentiment: bool
) -> list[NewsItem]:
    """Items, newest first; `page` is the `place` of the last item of the page before, and how many are wanted. Raises FeedNotFound."""
    if wanted.feed_id is not None:
        find_feed(connection, org_id, wanted.feed_id)
    after, limit = page
    place = (now() + timedelta(days=1), _AFTER_ANY_ID) if after is None else (datetime.fromisoformat(after[0]), str(after[1]))
    asked = replace(wanted, since=wanted.since or LONG_AGO)
    return items_of(connection, item_store.list_items(connection, org_id, asked, place, limit), with_sentiment=with_sentiment)


def place(last: NewsItem) -> list[Any]:
    """Where the list goes on behind an item."""
    return [last.listed_at.isoformat(), last.id]


def news_of(connection: Connection, org_id: int, tickers: Iterable[str], span: tuple[datetime, datetime], limit: int) -> list[NewsItem]:
    """Items about any of some tickers within a span of time, newest first."""
    return items_of(connection, item_store.list_of_tickers(connection, org_id, set(tickers), span, limit), with_sentiment=False)


def items_of(connection: AnyReader, rows: Sequence[Any], *, with_sentiment: bool) -> list[NewsItem]:
    """Items of their rows, with their tickers."""
    tickers = item_store.find_tickers(connection, [row[0] for row in rows])
    found = []
    for row in rows:
        sentiment = sentiment_of(row[2]) if with_sentiment else None
        facts = (*row, tuple(tickers.get(row[0], ())), sentiment)
        found.append(NewsItem(*facts))
    return found


def _check_address(url: str) -> None:
    """Raises FeedAddressRefused for an address that can never be asked. Where it leads is checked whenever it is asked."""
    try:
        AddressGuard().target_of(url)
    except AddressRefused as error:
        if "WEBHOOK_ALLOWED_NETWORKS" not in str(error) and "Port" not in str(error):
            raise FeedAddressRefused(str(error)) from error
