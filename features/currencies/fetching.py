"""Fetches exchange rates from an address that answers with a file of the ECB. They are shared by all organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.currencies import service
from features.currencies.reading import ReadRates, read_rates
from features.currencies.store import fetch as fetch_store
from infrastructure.downloading import download, pause_after
from infrastructure.outbound import Outbound, OutboundLimits, OutboundRequest
from models.api_key import SHARED_ORG
from models.fx import FxFetch
from models.job import Fault, Stored
from models.price_errors import PriceQuality
from utils.clock import now, today

INTERVAL = timedelta(hours=6)  # the rates of a day come at 16:00 in Frankfurt, and are there by the evening run
LIMITS = OutboundLimits(seconds=30.0, most_bytes=10_000_000)


@dataclass(frozen=True)
class RateFetcher:
    """Asks for rates."""

    outbound: Outbound
    address: str
    clock: Callable[[], datetime] = now
    limits: OutboundLimits = LIMITS

    def fetch(self) -> ReadRates:
        """The rates of the file. Raises ValueError with a sentence."""
        request = OutboundRequest("GET", self.address, {"Accept": "text/csv, application/zip"})
        body = download(self.outbound, request, self.limits, "rates")
        try:
            return read_rates(body, today() + service.AHEAD)
        except PriceQuality as error:
            raise ValueError(f"The file of rates cannot be read. {error.problems[0].place}: {error.problems[0].message}") from error


def fetch_each(database: Database, fetcher: RateFetcher, sources: Sequence[str]) -> Iterator[tuple[str, ReadRates | Fault]]:
    """Yield the rates of each source, of which there is one. Why they could not be fetched is stored at once."""
    for source in sources:
        try:
            read = fetcher.fetch()
        except ValueError as error:
            moment = fetcher.clock()
            with database.transaction() as connection:
                former = fetch_store.find(connection, source)
                failures = 1 + (former.failures if former is not None else 0)
                fetch_store.save(connection, FxFetch(source, None, str(error), failures, moment + pause_after(failures)))
            yield source, Fault("rates_failed", str(error))
        else:
            yield source, read


def store_fetched(connection: Connection, fetcher: RateFetcher, outcomes: Mapping[str, ReadRates]) -> dict[str, Stored]:
    """Store rates for all organizations; return by source what is told of them."""
    stored, moment = {}, fetcher.clock()
    for source, read in sorted(outcomes.items()):
        changes = service.apply(connection, SHARED_ORG, read, (source, None))
        fetch_store.save(connection, FxFetch(source, moment, None, 0, moment + INTERVAL))
        is_changed = any(each.added or each.changed for each in changes)
        last = max(rates.days()[-1] for rates in read.rates.values())
        facts = {"currencies": len(changes), "last": last.isoformat()}
        stored[source] = Stored(source, "Changed" if is_changed else "Unchanged", is_changed, facts)
    return stored
