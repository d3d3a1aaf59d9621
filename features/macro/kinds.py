"""The kind of job that fetches macroeconomic series."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from config import Settings
from database import Database
from jobs.kind import IsolationLimits
from models.job import Fault, Lane, Stored
from models.macro import MACRO_FETCH

if TYPE_CHECKING:
    from features.macro.fetching import SeriesFetcher
    from features.macro.reading import ReadSeries


class MacroFetching:
    """Fetches series for all organizations. An outcome is `ReadSeries`, or the Fault of the series, which is noted."""

    name = MACRO_FETCH
    lane = Lane.NETWORK
    limits = IsolationLimits()
    unexpected = Fault("internal_error", "The series could not be fetched; the log has the reason. Other series are not affected.")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._fetcher: SeriesFetcher | None = None

    def prepare(self) -> None:
        """Import the client."""
        from features.macro import fetching as fetching  # noqa: PLC0415, PLC0414 — only network workers need it

    def close(self) -> None:
        """Nothing is kept open."""

    def read_params(self, text: str) -> None:
        """There are none."""

    def run(self, database: Database, org_id: int, params: None, keys: Sequence[str]) -> Iterator[tuple[str, ReadSeries | Fault]]:
        """Yield each series."""
        from features.macro.fetching import fetch_each  # noqa: PLC0415 — as above

        return fetch_each(database, self._the_fetcher(), keys)

    def store(self, connection: Connection, org_id: int, outcomes: Mapping[str, ReadSeries], moment: datetime) -> Mapping[str, Stored]:
        """Store the series."""
        from features.macro.fetching import store_fetched  # noqa: PLC0415 — as above

        return store_fetched(connection, self._the_fetcher(), outcomes)

    def _the_fetcher(self) -> SeriesFetcher:
        from features.macro.fetching import SeriesFetcher  # noqa: PLC0415 — as above
        from infrastructure.outbound import Outbound  # noqa: PLC0415 — as above

        with self._lock:
            if self._fetcher is None:
                self._fetcher = SeriesFetcher(Outbound.of(self._settings), self._settings.fred_url or "")
            return self._fetcher
