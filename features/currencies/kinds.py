"""The kind of job that fetches exchange rates."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from config import Settings
from database import Database
from jobs.kind import IsolationLimits
from models.fx import FX_FETCH
from models.job import Fault, Lane, Stored

if TYPE_CHECKING:
    from features.currencies.fetching import RateFetcher
    from features.currencies.reading import ReadRates


class RateFetching:
    """Fetches rates for all organizations. An outcome is `ReadRates`, or the Fault of the fetch, which is noted."""

    name = FX_FETCH
    lane = Lane.NETWORK
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The exchange rates could not be fetched; the log has the reason.")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._fetcher: RateFetcher | None = None

    def prepare(self) -> None:
        """Import the client."""
        from features.currencies import fetching as fetching  # noqa: PLC0415, PLC0414 — only network workers need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, ReadRates | Fault]]:
        """Yield the rates."""
        from features.currencies.fetching import fetch_each  # noqa: PLC0415 — as above

        return fetch_each(database, self._the_fetcher(), keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, ReadRates], moment: datetime) -> Mapping[str, Stored]:
        """Store the rates."""
        from features.currencies.fetching import store_fetched  # noqa: PLC0415 — as above

        return store_fetched(connection, self._the_fetcher(), outcomes)

    def _the_fetcher(self) -> RateFetcher:
        from features.currencies.fetching import RateFetcher  # noqa: PLC0415 — as above
        from infrastructure.outbound import Outbound  # noqa: PLC0415 — as above

        with self._lock:
            if self._fetcher is None:
                self._fetcher = RateFetcher(Outbound.of(self._settings), self._settings.fx_rates_url or "")
            return self._fetcher
