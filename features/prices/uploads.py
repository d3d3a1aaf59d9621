"""Stores an uploaded price file: as a replacement of the organization's series, or merged into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from analysis.bars import adjusted_bars
from analysis.quality import price_warnings
from database import AnyReader, Database
from features.prices.adjustment import adjustment_of, new_among, splits_within, trusted
from features.prices.files.dates import DateOrder
from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from features.prices.histories import History, merge_histories
from features.prices.preview import preview_of
from features.prices.quality import check_whole, is_whole
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from models.analysis import PriceWarning
from models.corporate_action import MERGE, MOST_ACTIONS, UPLOAD, StoredAction
from models.errors import PriceProblem, PriceQuality
from models.footing import Bases, Basis
from models.import_report import ImportReport, Rescaled
from models.price_series import MOST_BARS, PackedBars, SeriesDescription, SeriesHead, head_of
from utils.clock import now, today
from utils.ids import new_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class UploadOptions:
    """What the sender asks: to merge by day instead of replacing, to store nothing, how dates are written, to leave out bad rows.

    `price_basis` and `volume_basis` are None where the sender says nothing of them.
    """

    extend: bool = False
    dry_run: bool = False
    dates: DateOrder | None = None
    leave_out_bad_rows: bool = False
    price_basis: Basis | None = None
    volume_basis: Basis | None = None


def import_prices(database: Database, org_id: int, ticker: str, raw: bytes, options: UploadOptions) -> ImportReport:
    """Store an uploaded file, or with `dry_run` tell what would be stored. The series is written as one unit.

    Raises PriceQuality, AmbiguousDates, BasesDiffer or PricesDamaged, and then stores nothing.
    """
    with database.read() as connection:
        former = series_store.find_head(connection, org_id, ticker)
    read = ReadOptions(
        # One day more, because the next day has begun in other time zones.
        latest_day=today() + timedelta(days=1),
        dates=options.dates,
        stored_until=former.last_day if former is not None and options.extend else None,
        leave_out_bad_rows=options.leave_out_bad_rows,
    )
    parsed = read_file(raw, read)
    if options.dry_run:
        with database.read() as connection:
            prepared = _prepare(connection, org_id, ticker, parsed, options)
    else:
        with database.transaction() as connection:
            series_store.lock_ticker(connection, org_id, ticker)
            prepared = _prepare(connection, org_id, ticker, parsed, options)
            if not options.extend:
                action_store.delete_of_source(connection, org_id, ticker, UPLOAD)
            for action in prepared.found:
                action_store.insert(connection, org_id, ticker, action)
            series_store.save(connection, prepared.head, prepared.packed, now(), prepared.declared)
        log.info("prices stored", ticker=ticker, bars=prepared.head.bars, dropped=parsed.dropped, extend=options.extend)
    return _report(prepared, parsed, org_id, options)


@dataclass(frozen=True)
class _Prepared:
    """The series that is to be stored, its declared bases, the actions found with it, and the series before; the rest is of the merge."""

    head: SeriesHead
    packed: PackedBars
    declared: Bases
    found: list[StoredAction]
    former: tuple[SeriesHead, PackedBars] | None
    rescaled: Rescaled | None = None
    warnings: tuple[PriceWarning, ...] = ()


def _prepare(connection: AnyReader, org_id: int, ticker: str, parsed: ParsedFile, options: UploadOptions) -> _Prepared:
    former = series_store.load(connection, org_id, ticker)
    extends = former is not None and options.extend
    # What the former file showed is forgotten with it.
    known = [stored for stored in action_store.list_actions(connection, org_id, ticker) if extends or stored.source != UPLOAD]
    found = [StoredAction(new_id(), action, UPLOAD, now()) for action in (splits_within(parsed.packed) if parsed.adjusted else [])]
    declared = Bases(options.price_basis or parsed.bases.price, options.volume_basis or parsed.bases.volume)
    packed, merged = parsed.packed, None
    if former is not None and options.extend:
        former_head, former_packed = former
        check_whole(former_head, former_packed)
        if former_head.adjusted != parsed.adjusted:
            raise PriceQuality([_mixed_adjustment(former_head.adjusted)])
        actions = [*known, *new_among(found, known)]
        file_bases = adjustment_of(packed, parsed.adjusted, declared, actions).bases
        merged, bases = merge_histories(
            History(former_packed, former_head.bases),
            History(packed, file_bases),
            parsed.adjusted,
            [stored.action for stored in trusted(actions)],
        )
        packed = merged.packed
        if len(packed) > MOST_BARS:
            raise PriceQuality([_too_long(len(packed))])
        former_declared = series_store.find_declared(connection, former_head)
        declared = Bases(*map(_still_declared, former_declared, declared, former_head.bases, bases))
        found += [StoredAction(new_id(), action, MERGE, now()) for action in merged.actions]
    found = new_among(found, known)[: max(MOST_ACTIONS - len(known), 0)]
    adjustment = adjustment_of(packed, parsed.adjusted, declared, [*known, *found])
    name = former[0].name if former is not None else None
    description = SeriesDescription(org_id, ticker, name, UPLOAD, parsed.adjusted, adjustment.bases, adjustment.steps)
    rescaled, warnings = (merged.rescaled, merged.warnings) if merged is not None else (None, ())
    return _Prepared(head_of(description, packed), packed, declared, found, former, rescaled, warnings)


def _still_declared(stored: Basis, file: Basis, former: Basis, merged: Basis) -> Basis:
    """The declared basis of merged histories: none where none was declared and none came out but what the prices had told."""
    return Basis.UNKNOWN if stored is file is Basis.UNKNOWN and merged is former else merged


def _report(prepared: _Prepared, parsed: ParsedFile, org_id: int, options: UploadOptions) -> ImportReport:
    head, packed = prepared.head, prepared.packed
    warnings = [*parsed.warnings, *prepared.warnings]
    former = prepared.former[0] if prepared.former is not None else None
    if former is not None and former.org_id == org_id and parsed.packed.last_day() <= former.last_day:
        message = f"The file holds nothing newer than the stored prices, which end on {former.last_day}."
        warnings.append(PriceWarning("nothing_newer", message))
    warnings += price_warnings(adjusted_bars(packed, head.adjusted, head.steps), today())
    extent = (head.ticker, head.bars, head.first_day, head.last_day)
    stored = prepared.former[1] if prepared.former is not None and is_whole(*prepared.former) else None
    preview = preview_of(stored, parsed.packed, packed) if options.dry_run else None
    return ImportReport(*extent, parsed.dropped, prepared.rescaled, *head.bases, parsed.understood, tuple(warnings), preview)


def _too_long(count: int) -> PriceProblem:
    message = f"with the stored prices, the series would have {count:,} bars; at most {MOST_BARS:,} are allowed. Leave the oldest out."
    return PriceProblem(1, None, message)


def _mixed_adjustment(stored_adjusted: bool) -> PriceProblem:
    stored, file, remedy = ("", "none", "add the column or replace") if stored_adjusted else ("no ", "some", "replace")
    message = f"the stored prices have {stored}adjusted closes and this file has {file}; {remedy} the series."
    return PriceProblem(1, "Adj Close", message)
