"""Stores an uploaded price file: as a replacement of the organization's series, or merged into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from analysis.bars import adjusted_bars
from analysis.quality import price_warnings
from database import Database
from features.prices import store as price_store
from features.prices.files.dates import DateOrder
from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from features.prices.merge import merge
from models.analysis import PriceWarning
from models.errors import PriceProblem, PriceQuality
from models.price_series import MOST_BARS, ImportReport, PackedBars, Rescaled, SeriesDescription, SeriesHead, head_of
from utils.clock import now, today

log = structlog.get_logger(__name__)

UPLOAD = "upload"  # the provider of uploaded series


@dataclass(frozen=True)
class UploadOptions:
    """What the sender asks: to merge by day instead of replacing, to store nothing, how dates are written, to leave out bad rows."""

    extend: bool = False
    dry_run: bool = False
    dates: DateOrder | None = None
    leave_out_bad_rows: bool = False


def import_prices(database: Database, org_id: int, ticker: str, raw: bytes, options: UploadOptions) -> ImportReport:
    """Store an uploaded file, or with `dry_run` tell what would be stored. The series is written as one unit.

    Raises PriceQuality, AmbiguousDates or BasesDiffer, and then stores nothing.
    """
    with database.read() as connection:
        former = price_store.find_head(connection, org_id, ticker)
    own = former if former is not None and former.org_id == org_id else None
    read = ReadOptions(
        # One day more, because the next day has begun in other time zones.
        latest_day=today() + timedelta(days=1),
        dates=options.dates,
        stored_until=former.last_day if former is not None and options.extend else None,
        leave_out_bad_rows=options.leave_out_bad_rows,
    )
    parsed = read_file(raw, read)
    while True:
        with database.read() if options.dry_run else database.transaction() as connection:
            prepared = _prepare(connection, org_id, ticker, parsed, options)
            # Repeated when a concurrent upload changed the series after it was read, so that neither upload is lost.
            if options.dry_run or price_store.save(connection, prepared.head, prepared.packed, now(), prepared.expected_sha256):
                break
    report = _report(prepared, parsed, own)
    if not options.dry_run:
        log.info("prices stored", ticker=ticker, bars=report.bars, dropped=parsed.dropped, extend=options.extend)
    return report


@dataclass(frozen=True)
class _Prepared:
    """The series that is to be stored, and the digest of the one that it replaces; `rescaled` and `warnings` are of the merge."""

    head: SeriesHead
    packed: PackedBars
    expected_sha256: str | None
    rescaled: Rescaled | None = None
    warnings: tuple[PriceWarning, ...] = ()


def _prepare(connection: Connection, org_id: int, ticker: str, parsed: ParsedFile, options: UploadOptions) -> _Prepared:
    former = price_store.load(connection, org_id, ticker) if options.extend else None
    former_head = former[0] if former else price_store.find_head(connection, org_id, ticker)
    name = former_head.name if former_head else None
    description = SeriesDescription(org_id, ticker, name, UPLOAD, parsed.adjusted)
    if former is None:
        # An empty digest matches none, so that a series that a concurrent upload stores is not overwritten.
        return _Prepared(head_of(description, parsed.packed), parsed.packed, "" if options.extend else None)
    former_head, former_packed = former
    if former_head.adjusted != parsed.adjusted:
        raise PriceQuality([_mixed_adjustment(former_head.adjusted)])
    merged = merge(former_packed, parsed.packed, parsed.adjusted)
    if len(merged.packed) > MOST_BARS:
        raise PriceQuality([_too_long(len(merged.packed))])
    head = head_of(description, merged.packed)
    return _Prepared(head, merged.packed, former_head.sha256, merged.rescaled, merged.warnings)


def _report(prepared: _Prepared, parsed: ParsedFile, own: SeriesHead | None) -> ImportReport:
    head, packed = prepared.head, prepared.packed
    warnings = [*parsed.warnings, *prepared.warnings]
    if own is not None and parsed.packed.last_day() <= own.last_day:
        message = f"The file holds nothing newer than the stored prices, which end on {own.last_day}."
        warnings.append(PriceWarning("nothing_newer", message))
    warnings += price_warnings(adjusted_bars(packed, head.adjusted), today())
    extent = (head.ticker, head.bars, head.first_day, head.last_day)
    return ImportReport(*extent, parsed.dropped, prepared.rescaled, parsed.understood, tuple(warnings))


def _too_long(count: int) -> PriceProblem:
    message = f"with the stored prices, the series would have {count:,} bars; at most {MOST_BARS:,} are allowed. Leave the oldest out."
    return PriceProblem(1, None, message)


def _mixed_adjustment(stored_adjusted: bool) -> PriceProblem:
    stored, file, remedy = ("", "none", "add the column or replace") if stored_adjusted else ("no ", "some", "replace")
    message = f"the stored prices have {stored}adjusted closes and this file has {file}; {remedy} the series."
    return PriceProblem(1, "Adj Close", message)
