"""Schemas of feeds and news."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from api.schemas import PLAIN_TEXT, Answer, Body, IsoDate, Page, PageQuery, RootAnswer, Ticker
from features.news.service import FeedChanges
from jobs.schemas import JobAnswer
from models.news import Feed, NewsFilter, NewsItem

Url = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
FeedTitle = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PLAIN_TEXT)]


class FeedPath(BaseModel):
    """The id of a feed in a path."""

    feed_id: str = Field(description="The `id` of a feed.")


class NewFeedRequest(Body):
    """A feed to read."""

    url: Url = Field(
        description="The address of an RSS or Atom feed: http or https, at a public address.", examples=["https://example.com/news.rss"]
    )
    ticker: Ticker | None = Field(None, description="Every item of the feed is about this ticker. Default: tickers are found by rules.")
    title: FeedTitle | None = Field(None, description="Your name for it. Default: its own.")
    enabled: bool = Field(True, description="Whether it is read.")

    def changes(self) -> FeedChanges:
        """The request as changes of nothing."""
        return FeedChanges(frozenset(), self.url, self.ticker, self.title, self.enabled)


class FeedChangeRequest(Body):
    """Changes of a feed; what is left out stays."""

    url: Url = Field("", validate_default=False, description="Another address; the feed is then read at once.")
    ticker: Ticker | None = Field(None, description="Of items from now on; null for none.")
    title: FeedTitle | None = Field(None, description="Your name for it; null for its own.")
    enabled: bool = Field(True, description="Whether it is read.")

    def changes(self) -> FeedChanges:
        """The request as changes for the service."""
        return FeedChanges(frozenset(self.model_fields_set), self.url, self.ticker, self.title, self.enabled)


class FeedAnswer(RootAnswer[Feed]):
    """A feed, and how reading it stands."""


class FeedsPage(Page):
    """All feeds; `next_cursor` is always null."""

    items: list[Feed]


class FeedJobParams(Answer):
    """There are none."""


class FeedJobAnswer(JobAnswer):
    """A job that reads feeds."""

    kind: Literal["feeds"]
    params: FeedJobParams  # type: ignore[assignment]


class ActiveFeedJobAnswer(FeedJobAnswer):
    """An active job that reads the feed."""

    deduplicated: Literal[True]


class NewsQuery(PageQuery):
    """The page, and what the news are about."""

    ticker: Ticker | None = Field(None, description="Only items about this ticker.")
    feed: str | None = Field(None, max_length=100, description="Only items of the feed with this `id`.")
    since: IsoDate | None = Field(None, description="Only items published on this day (UTC) or later.")

    def wanted(self) -> NewsFilter:
        """The query as a filter."""
        since = None if self.since is None else datetime.combine(self.since, time.min, UTC)
        return NewsFilter(self.ticker, self.feed, since)


class NewsPage(Page):
    """News, newest first."""

    items: list[NewsItem]
