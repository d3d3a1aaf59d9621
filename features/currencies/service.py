"""Exchange rates: the interface for routes and other features."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Connection

from database import AnyReader
from features.currencies.rate_line import Leg, RateLine, crossed
from features.currencies.reading import ReadRates, read_rates
from features.currencies.store import fetch as fetch_store
from features.currencies.store import rates as rate_store
from models.api_key import SHARED_ORG
from models.currency import EUR, major_of
from models.fx import FxChange, FxFetch, FxSeries, FxUpload
from models.fx_errors import NoRatesOfEuro, RateNotFound, SharedRatesStay
from models.observations import Observations
from utils.clock import now, today
from utils.csv_text import csv_lines

__all__ = [
    "RateLine",
    "apply",
    "csv_of",
    "delete",
    "find_fetch",
    "find_own",
    "list_series",
    "preview",
    "rate_digests",
    "rates_between",
    "rates_into",
    "rates_known",
    "upload",
]

UPLOAD, FETCHED = "upload", "ecb"
AHEAD = timedelta(days=1)  # somewhere it is tomorrow already
CSV_HEADER = ("DATE", "BASE", "QUOTE", "RATE")
Origin: TypeAlias = tuple[str, str | None]  # the source, and who sends it
Stored: TypeAlias = tuple[FxSeries, Observations]


def list_series(connection: AnyReader, org_id: int) -> list[FxSeries]:
    """All currencies with rates against the euro, by name."""
    return rate_store.list_series(connection, org_id)


def find_fetch(connection: Connection) -> FxFetch | None:
    """The last attempts to fetch rates; None before the first."""
    return fetch_store.find(connection, FETCHED)


def find_own(connection: Connection, org_id: int, currency: str) -> FxSeries | None:
    """An organization's own rates of a currency, without them."""
    found = rate_store.find_own(connection, org_id, [currency]).get(currency)
    return None if found is None else found[0]


def rates_between(connection: AnyReader, org_id: int, base: str, quote: str) -> RateLine:
    """Units of `quote` for one of `base` by day, crossed over the euro. Either may be a minor unit, as GBp. Raises RateNotFound."""
    return rates_into(connection, org_id, [base], quote)[base]


def rates_into(connection: AnyReader, org_id: int, bases: Collection[str], quote: str) -> dict[str, RateLine]:
    """The same of several currencies in one read, by their names. Raises RateNotFound for the first one without rates."""
    wanted = {base: {major_of(base)[0], major_of(quote)[0]} for base in bases}
    needed = {name for both in wanted.values() if len(both) > 1 for name in both} - {EUR}
    found = rate_store.find(connection, org_id, needed) if needed else {}
    for name in sorted(needed):
        if name not in found:
            raise RateNotFound(name)
    legs = {name: Leg.of(*found[name]) for name in needed}
    return {base: crossed(base, quote, legs) for base in bases}


def rates_known(connection: AnyReader, org_id: int, bases: Collection[str], quote: str) -> dict[str, RateLine]:
    """The same of those currencies that have rates."""
    majors = {major_of(name)[0] for name in (*bases, quote)} - {EUR}
    stored = {EUR, *rate_store.digests(connection, org_id, majors)}
    found = [base for base in bases if major_of(base)[0] == major_of(quote)[0] or {major_of(base)[0], major_of(quote)[0]} <= stored]
    return rates_into(connection, org_id, found, quote)


def rate_digests(connection: AnyReader, org_id: int, currencies: Collection[str]) -> dict[str, str]:
    """The digests of the rates of some currencies against the euro, for who keeps lines; those without rates are missing."""
    return rate_store.digests(connection, org_id, {major_of(name)[0] for name in currencies} - {EUR})


def upload(connection: Connection, org_id: int, file: bytes, changed_by: str) -> FxUpload:
    """Add the rates of a file to an organization's own. Raises PriceQuality."""
    read = read_rates(file, today() + AHEAD)
    return _told(read, apply(connection, org_id, read, (UPLOAD, changed_by)))


def preview(connection: AnyReader, org_id: int, file: bytes, changed_by: str) -> FxUpload:
    """What `upload` would store. Raises PriceQuality."""
    read = read_rates(file, today() + AHEAD)
    return _told(read, _plan(connection, org_id, read, (UPLOAD, changed_by))[0])


def apply(connection: Connection, org_id: int, read: ReadRates, origin: Origin) -> tuple[FxChange, ...]:
    """Add rates to those of an organization, of organization 0 to the shared ones; on a day that both have, the new one counts."""
    rate_store.hold(connection, org_id)
    changes, written = _plan(connection, org_id, read, origin)
    if written:
        rate_store.save(connection, org_id, written)
    return changes


def delete(connection: Connection, org_id: int, currency: str) -> None:
    """Delete an organization's own rates of a currency; shared ones show again. Raises RateNotFound, SharedRatesStay or NoRatesOfEuro."""
    major = major_of(currency)[0]
    if major == EUR:
        raise NoRatesOfEuro
    if rate_store.delete(connection, org_id, major):
        return
    if not rate_store.find(connection, org_id, [major]):
        raise RateNotFound(major)
    raise SharedRatesStay(major)


def csv_of(line: RateLine, start: date | None, end: date | None) -> Iterator[bytes]:
    """The rates of a line as a file; one against the euro can be uploaded again."""
    yield csv_lines([CSV_HEADER])
    rows = zip(line.days.tolist(), line.values.tolist(), strict=True)
    kept = ((day, value) for day, value in rows if (start is None or day >= start) and (end is None or day <= end))
    yield csv_lines((day, line.base, line.quote, value) for day, value in kept)


def _plan(connection: AnyReader, org_id: int, read: ReadRates, origin: Origin) -> tuple[tuple[FxChange, ...], list[Stored]]:
    """What rates change, by currency, and what is to be written."""
    own = rate_store.find_own(connection, org_id, read.rates.keys())
    shared = {series.currency for series in rate_store.list_series(connection, SHARED_ORG)} if org_id != SHARED_ORG else set()
    changes, written, moment = [], [], now()
    for currency, rates in read.rates.items():
        known = own.get(currency)
        merged, added, changed = _merged(None if known is None else known[1], rates)
        series = _series(currency, merged, origin, moment, own=org_id != SHARED_ORG)
        if added or changed:
            written.append((series, merged))
        elif known is not None:
            series = known[0]
        changes.append(FxChange(series, added, changed, currency in shared))
    return tuple(changes), written


def _merged(known: Observations | None, new: Observations) -> tuple[Observations, int, int]:
    """Both together, the days that are new, and those whose rate is another one now."""
    if known is None:
        return new, len(new), 0
    rates: Mapping[date, float] = dict(zip(known.days(), known.values(), strict=True))
    news = dict(zip(new.days(), new.values(), strict=True))
    added = len(news.keys() - rates.keys())
    changed = sum(1 for day, rate in news.items() if day in rates and rates[day] != rate)
    both = sorted({**rates, **news}.items())
    return Observations.pack(*zip(*both, strict=True)), added, changed


def _told(read: ReadRates, changes: tuple[FxChange, ...]) -> FxUpload:
    first, last = min(rates.days()[0] for rates in read.rates.values()), max(rates.days()[-1] for rates in read.rates.values())
    return FxUpload(read.layout, first, last, read.missing, read.skipped, changes)


def _series(currency: str, rates: Observations, origin: Origin, moment: datetime, *, own: bool) -> FxSeries:
    days = rates.days()
    source, changed_by = origin
    return FxSeries(currency, source, own, len(days), days[0], days[-1], rates.values()[-1], moment, changed_by)
