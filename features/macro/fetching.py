"""Fetches series from an address that answers as FRED does: a CSV file for ?id=SERIES. They are shared by all organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from sqlalchemy import Connection

from database import Database
from features.macro import service
from features.macro.reading import ReadSeries, read_series
from features.macro.store import fetch as fetch_store
from infrastructure.downloading import download, pause_after
from infrastructure.outbound import Outbound, OutboundLimits, OutboundRequest
from models.api_key import SHARED_ORG
from models.job import Fault, Stored
from models.macro import MacroFetch
from models.price_errors import PriceQuality
from utils.clock import now

FRED = "fred"
INTERVAL = timedelta(hours=20)  # once a day, whatever the hour at which it began
LIMITS = OutboundLimits(seconds=30.0, most_bytes=5_000_000)


@dataclass(frozen=True)
class SeriesFetcher:
    """Asks for series."""

    outbound: Outbound
    address: str
    clock: Callable[[], datetime] = now
    limits: OutboundLimits = LIMITS

    def fetch(self, series: str) -> ReadSeries:
        """A series. Raises ValueError with a sentence."""
        joint = "&" if urlsplit(self.address).query else "?"
        request = OutboundRequest("GET", f"{self.address}{joint}{urlencode({'id': series})}", {"Accept": "text/csv"})
        body = download(self.outbound, request, self.limits, series)
        try:
            return read_series(body, series)
        except PriceQuality as error:
            raise ValueError(f"The file of {series} cannot be read. {error.problems[0].place}: {error.problems[0].message}") from error


def fetch_each(database: Database, fetcher: SeriesFetcher, names: Sequence[str]) -> Iterator[tuple[str, ReadSeries | Fault]]:
    """Yield each series. Why one could not be fetched is stored at once."""
    for series in names:
        try:
            read = fetcher.fetch(series)
        except ValueError as error:
            moment = fetcher.clock()
            with database.transaction() as connection:
                former = fetch_store.list_fetches(connection).get(series)
                failures = 1 + (former.failures if former is not None else 0)
                fetch_store.save(connection, MacroFetch(series, None, str(error), failures, moment + pause_after(failures)))
            yield series, Fault("series_failed", str(error))
        else:
            yield series, read


def store_fetched(connection: Connection, fetcher: SeriesFetcher, outcomes: Mapping[str, ReadSeries]) -> dict[str, Stored]:
    """Store series for all organizations; return by series what is told of it."""
    stored, moment = {}, fetcher.clock()
    for series, read in sorted(outcomes.items()):
        former = {each.series: each for each in service.list_series(connection, SHARED_ORG)}.get(series)
        head = service.save(connection, SHARED_ORG, service.head_of(series, None, FRED, read, moment), read)
        fetch_store.save(connection, MacroFetch(series, moment, None, 0, moment + INTERVAL))
        changed = former is None or former.updated_at != head.updated_at
        facts = {"observations": head.observations, "last": head.last_day.isoformat()}
        stored[series] = Stored(series, "Changed" if changed else "Unchanged", changed, facts)
    return stored
