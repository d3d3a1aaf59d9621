"""News: the feeds of an organization, what they tell, and the tickers that an item is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

FEEDS = "feeds"  # the kind of job
MOST_FEEDS = 200  # of an organization
LONGEST_TITLE, LONGEST_SOURCE, LONGEST_LINK = 400, 200, 2_000  # characters


class MatchRule(StrEnum):
    """How it was found that an item is about a ticker."""

    FEED = "feed"  # the feed is one of the ticker
    CASH_TAG = "cash_tag"  # $AAPL
    EXCHANGE_TAG = "exchange_tag"  # (NASDAQ: AAPL)
    COMPANY_NAME = "company_name"  # the stored name of the company, in whole words


@dataclass(frozen=True)
class TickerMatch:
    """A ticker that an item is about. `matched` is the text that the rule found, in the item's `place`; null for the feed's own ticker."""

    ticker: str
    rule: MatchRule
    matched: str | None = None
    place: str | None = None


@dataclass(frozen=True)
class Feed:
    """A feed. `title` is its owner's name for it, `told_title` its own; `fetched_at` is when it last answered, `next_at` when it is due.

    `failures` counts those in a row; `error` is the last one's reason, null after an answer.
    """

    id: str
    url: str
    ticker: str | None
    title: str | None
    told_title: str | None
    enabled: bool
    fetched_at: datetime | None
    error: str | None
    failures: int
    next_at: datetime
    created_at: datetime
    created_by: str
    changed_by: str
    updated_at: datetime


@dataclass(frozen=True)
class Validators:
    """What a server gave with its last answer, so that it need not send the same again."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class NewItem:
    """An item as a feed tells it, with what it is about."""

    guid_digest: str
    content_digest: str
    title: str
    link: str | None
    source: str
    published_at: datetime | None
    matches: tuple[TickerMatch, ...] = ()


@dataclass(frozen=True)
class SentimentWord:
    """A word of the declared list that was found in a title."""

    word: str
    tone: str


@dataclass(frozen=True)
class Sentiment:
    """Positive less negative words of the declared list in a title, and which they are."""

    score: int
    words: tuple[SentimentWord, ...]


@dataclass(frozen=True)
class NewsItem:
    """A stored item. `sentiment` is null unless the setting NEWS_SENTIMENT is on."""

    id: str
    feed_id: str
    title: str
    link: str | None
    source: str
    published_at: datetime | None
    fetched_at: datetime
    listed_at: datetime
    tickers: tuple[TickerMatch, ...]
    sentiment: Sentiment | None


@dataclass(frozen=True)
class NewsFilter:
    """The items of a list; None for those of any."""

    ticker: str | None = None
    feed_id: str | None = None
    since: datetime | None = None
