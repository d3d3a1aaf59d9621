"""The kind of job that reads feeds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from config import Settings
from database import Database
from jobs.kind import IsolationLimits
from models.job import Fault, Lane, Stored
from models.news import FEEDS

if TYPE_CHECKING:
    from features.news.fetching import FeedReader, Fetched


class FeedReading:
    """Reads feeds. An outcome is `Fetched`, or the Fault of the feed, which is noted with it."""

    name = FEEDS
    lane = Lane.NETWORK
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The feed could not be read; the log has the reason. Other feeds are not affected.")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._reader: FeedReader | None = None

    def prepare(self) -> None:
        """Import the client."""
        from features.news import fetching as fetching  # noqa: PLC0415, PLC0414 — only network workers need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, Fetched | Fault]]:
        """Yield what each feed tells that is new."""
        from features.news.fetching import fetch_each  # noqa: PLC0415 — as above

        return fetch_each(database, self._the_reader(), org_id, keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, Fetched], moment: datetime) -> Mapping[str, Stored]:
        """Store what is new."""
        from features.news.fetching import store_fetched  # noqa: PLC0415 — as above

        return store_fetched(connection, org_id, self._the_reader(), outcomes)

    def _the_reader(self) -> FeedReader:
        from features.news.fetching import FeedReader  # noqa: PLC0415 — as above
        from infrastructure.outbound import Outbound  # noqa: PLC0415 — as above

        with self._lock:
            if self._reader is None:
                interval, kept = timedelta(minutes=self._settings.feed_minutes), timedelta(days=self._settings.news_kept_days)
                self._reader = FeedReader(Outbound.of(self._settings), interval, kept)
            return self._reader
