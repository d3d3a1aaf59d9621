"""Stores an uploaded price file: as a replacement of the organization's series, or merged into it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import structlog
from sqlalchemy import Connection

from analysis.bars import adjusted_bars
from analysis.parting import parting_warnings
from analysis.quality import price_warnings
from database import AnyReader, Database
from features.prices.adjustment import adjustment_of, new_among, split_days, trusted, untold_warnings
from features.prices.events import Stored, tell_of_prices
from features.prices.files.dates import DateOrder
from features.prices.files.reader import ParsedFile, ReadOptions, read_file
from features.prices.former import keep_former, summary_of
from features.prices.histories import History, merge_histories
from features.prices.latest_day import latest_day
from features.prices.originals import Originals
from features.prices.preview import preview_of
from features.prices.quality import check_whole, is_whole
from features.prices.shown_splits import LEAST_STEADY, Former, restated_since, splits_within
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from features.prices.store.exchange import find_told
from infrastructure.audit import note
from infrastructure.exchanges import Expectations
from models.analysis import PriceWarning
from models.corporate_action import MERGE, MOST_ACTIONS, UPLOAD, StoredAction
from models.day_text import day_text
from models.footing import Bases, Basis
from models.import_report import FoundSplit, ImportReport, LostDays, Rescaled
from models.price_errors import PriceProblem, PriceQuality, StoredDaysLost
from models.price_series import MOST_BARS, PackedBars, SeriesDescription, SeriesHead, day_of, head_of
from models.series_fetch import RefreshOutcome
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class UploadOptions:
    """What the sender asks: to merge by day instead of replacing, to store nothing, how dates are written, to leave out bad rows.

    `price_basis` and `volume_basis` are None where the sender says nothing of them. With `keep_days` an upload that would delete stored
    days is refused.
    """

    extend: bool = False
    dry_run: bool = False
    dates: DateOrder | None = None
    leave_out_bad_rows: bool = False
    price_basis: Basis | None = None
    volume_basis: Basis | None = None
    keep_days: bool = False


@dataclass(frozen=True)
class Upload:
    """A file that somebody sent for a ticker."""

    org_id: int
    ticker: str
    raw: bytes


def import_prices(database: Database, upload: Upload, options: UploadOptions, originals: Originals) -> ImportReport:
    """Store an uploaded file, or with `dry_run` tell what would be stored. The series is written as one unit, and the file kept with it.

    The former series can be restored for a while. Raises PriceQuality, AmbiguousDates, BasesDiffer, StoredDaysLost, PricesDamaged or
    StorageAway, and then stores nothing.
    """
    org_id, ticker, raw = upload.org_id, upload.ticker, upload.raw
    with database.read() as connection:
        former = series_store.find_head(connection, org_id, ticker)
    parsed = read_upload(raw, ticker, options, former)
    if options.dry_run:
        with database.read() as connection:
            prepared = prepare(connection, org_id, ticker, parsed, options)
    else:
        # A file that can be read is written before the transaction, which holds a lock.
        with originals.of_ticker(org_id, ticker, raw) as keep, database.transaction() as connection:
            series_store.lock_ticker(connection, org_id, ticker)
            prepared = prepare(connection, org_id, ticker, parsed, options)
            save(connection, prepared, options)
            keep(connection)
            replaced = None if prepared.former is None else summary_of(prepared.former[0])
            note(connection, before=replaced, after=summary_of(prepared.head))
    return report_of(prepared, parsed, options)


def read_upload(raw: bytes, ticker: str, options: UploadOptions, former: SeriesHead | None, lines: Sequence[int] = ()) -> ParsedFile:
    """Read a file for a ticker whose series is `former`. `lines` are as in ReadOptions. Raises PriceQuality or AmbiguousDates."""
    read = ReadOptions(
        latest_day=latest_day(ticker, now()),
        ticker=ticker,
        dates=options.dates,
        stored_until=former.last_day if former is not None and options.extend else None,
        leave_out_bad_rows=options.leave_out_bad_rows,
        lines=lines,
    )
    return read_file(raw, read)


@dataclass(frozen=True)
class Prepared:
    """The series that is to be stored, its declared bases, and what the ticker had before; the rest is of the merge.

    `found` are the actions to store with it, and `known` the stored ones that stay.
    """

    head: SeriesHead
    packed: PackedBars
    declared: Bases
    known: list[StoredAction]
    found: list[StoredAction]
    former: tuple[SeriesHead, PackedBars] | None
    former_actions: list[StoredAction]
    rescaled: Rescaled | None = None
    warnings: tuple[PriceWarning, ...] = ()

    @property
    def own(self) -> tuple[SeriesHead, PackedBars] | None:
        """The organization's own series before; None where it had none, or saw a shared one."""
        return self.former if self.former is not None and self.former[0].org_id == self.head.org_id else None

    @property
    def is_change(self) -> bool:
        """Whether anything of the ticker would be other than before."""
        now_told = {(stored.source, stored.action) for stored in [*self.known, *self.found]}
        return self.own is None or self.own[0] != self.head or now_told != {(one.source, one.action) for one in self.former_actions}

    @property
    def splits(self) -> tuple[FoundSplit, ...]:
        """The splits that the file shows and nobody told of before, ascending by day."""
        told = sorted((each.action for each in self.found if each.source == UPLOAD), key=lambda action: action.effective_day)
        return tuple(
            FoundSplit(self.head.ticker, action.effective_day, action.numerator, action.denominator)
            for action in told
            if action.numerator is not None and action.denominator is not None
        )

    @cached_property
    def lost(self) -> LostDays | None:
        """The days of the organization's series that are not in what is to be stored."""
        if self.own is None or not is_whole(*self.own):
            return None
        days = np.setdiff1d(self.own[1].day_numbers(), self.packed.day_numbers(), assume_unique=True)
        return LostDays(len(days), day_of(int(days[0])), day_of(int(days[-1]))) if days.size else None


def prepare(connection: AnyReader, org_id: int, ticker: str, parsed: ParsedFile, options: UploadOptions) -> Prepared:
    """What a file makes of the stored series. Raises PriceQuality, BasesDiffer, StoredDaysLost or PricesDamaged."""
    former = series_store.load(connection, org_id, ticker)
    extended = former if options.extend else None
    stored_actions = action_store.list_actions(connection, org_id, ticker)
    # What the former file showed is forgotten with it.
    known = [stored for stored in stored_actions if extended is not None or stored.source != UPLOAD]
    shown = _former(former, parsed, stored_actions)
    found = _shown(parsed.packed, parsed, shown)
    declared = Bases(options.price_basis or parsed.bases.price, options.volume_basis or parsed.bases.volume)
    name = former[0].name if former is not None else None
    packed, merged = parsed.packed, None
    if extended is not None:
        former_head, former_packed = extended
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
        found += new_among(_shown(packed, parsed, shown), found)  # with the stored bars, a short file shows its splits as well
        found += [StoredAction(new_id(), action, MERGE, now()) for action in merged.actions]
    found = new_among(found, known)[: max(MOST_ACTIONS - len(known), 0)]
    adjustment = adjustment_of(packed, parsed.adjusted, declared, [*known, *found])
    description = SeriesDescription(org_id, ticker, name, UPLOAD, parsed.adjusted, adjustment.bases, adjustment.steps)
    rescaled, warnings = (merged.rescaled, merged.warnings) if merged is not None else (None, ())
    if extended is not None:
        warnings += tuple(_changed_bases(extended[0], adjustment.bases))
    told = former[0].exchange if former is not None else find_told(connection, org_id, ticker)
    head = head_of(description, packed)._replace(exchange=told)
    prepared = Prepared(head, packed, declared, known, found, former, stored_actions, rescaled, warnings)
    if prepared.lost is not None and options.keep_days and not options.dry_run:
        raise StoredDaysLost(ticker, prepared.lost)
    return prepared


def _former(former: tuple[SeriesHead, PackedBars] | None, parsed: ParsedFile, stored: Sequence[StoredAction]) -> Former:
    """What the series of before tells of the splits that a file shows."""
    splits = [each.action for each in stored if each.source == UPLOAD]
    if former is None or not former[0].adjusted or not parsed.adjusted or not is_whole(*former):
        return Former(splits=splits)
    return Former(restated_since(former[1], parsed.packed), splits)


def _shown(packed: PackedBars, parsed: ParsedFile, former: Former) -> list[StoredAction]:
    """The splits that bars show of the days of a file, and of those just before it, which lacked later bars until now."""
    if not parsed.adjusted:
        return []
    days = packed.day_numbers()
    first = bisect_left(days, parsed.packed.day_numbers()[0])
    since = day_of(days[max(first - LEAST_STEADY, 0)])
    until = parsed.packed.last_day()
    shown = (action for action in splits_within(packed, former) if since <= action.effective_day <= until)
    return [StoredAction(new_id(), action, UPLOAD, now()) for action in shown]


def save(connection: Connection, prepared: Prepared, options: UploadOptions) -> None:
    """Store what was prepared within the caller's transaction, which holds the lock of the ticker."""
    head = prepared.head
    if prepared.is_change:
        keep_former(connection, head.org_id, head.ticker)
    if not options.extend:
        action_store.delete_of_source(connection, head.org_id, head.ticker, UPLOAD)
    for action in prepared.found:
        action_store.insert(connection, head.org_id, head.ticker, action)
    series_store.save(connection, head, prepared.packed, now(), prepared.declared)
    if prepared.is_change:
        former = prepared.own
        outcome = RefreshOutcome.NEW if former is None else RefreshOutcome.EXTENDED if options.extend else RefreshOutcome.REPLACED
        added = max(head.bars - (former[0].bars if former is not None else 0), 0)
        tell_of_prices(connection, head, prepared.packed, Stored(UPLOAD, outcome.name.lower(), added, 0))
    log.info("prices stored", ticker=head.ticker, bars=head.bars, extend=options.extend)


def _still_declared(stored: Basis, file: Basis, former: Basis, merged: Basis) -> Basis:
    """The declared basis of merged histories: none where none was declared and none came out but what the prices had told."""
    return Basis.UNKNOWN if stored is file is Basis.UNKNOWN and merged is former else merged


def report_of(prepared: Prepared, parsed: ParsedFile, options: UploadOptions) -> ImportReport:
    """What an upload answers."""
    head, packed = prepared.head, prepared.packed
    warnings = [*parsed.warnings, *prepared.warnings]
    if prepared.own is not None and parsed.packed.last_day() <= prepared.own[0].last_day:
        message = f"The file holds nothing newer than the stored prices, which end on {day_text(prepared.own[0].last_day)}."
        warnings.append(PriceWarning("nothing_newer", message))
    stale = Expectations(now()).of(head.ticker, head.exchange).stale_by(head.last_day)
    warnings += price_warnings(adjusted_bars(packed, head.adjusted, head.steps), stale)
    actions = [*prepared.known, *prepared.found]
    warnings += [*parting_warnings(packed, head.adjusted, split_days(actions)), *untold_warnings(actions)]
    extent = (head.ticker, head.bars, head.first_day, head.last_day)
    stored = prepared.former[1] if prepared.former is not None and is_whole(*prepared.former) else None
    preview = preview_of(stored, parsed.packed, packed) if options.dry_run else None
    undo: Literal["restore", "delete"] | None = ("delete" if prepared.own is None else "restore") if prepared.is_change else None
    lost, all_warnings = prepared.lost, tuple(warnings)
    made = (parsed.dropped, prepared.rescaled, prepared.splits)
    return ImportReport(*extent, *made, *head.bases, lost, undo, parsed.understood, all_warnings, preview)


_IN_WORDS = {Basis.AS_TRADED: "as traded", Basis.SPLIT_ADJUSTED: "restated for splits", Basis.UNKNOWN: "unknown"}


def _changed_bases(former: SeriesHead, bases: Bases) -> Iterator[PriceWarning]:
    """A word where extending changes on what bases the whole series is taken to stand."""
    for column, before, after in zip(("prices", "volumes"), former.bases, bases, strict=True):
        if before is not after:
            if after is Basis.UNKNOWN:
                message = f"The basis of the {column} is unknown from now on; before, they were {_IN_WORDS[before]}."
            else:
                message = (
                    f"The {column} of the whole series are taken for {_IN_WORDS[after]} from now on; before, their basis was "
                    f"{_IN_WORDS[before]}. If this is not so, leave out what you say of the file's basis, or replace the series."
                )
            yield PriceWarning("basis_changed", message)


def _too_long(count: int) -> PriceProblem:
    message = f"with the stored prices, the series would have {count:,} bars; at most {MOST_BARS:,} are allowed. Leave the oldest out."
    return PriceProblem(1, None, message)


def _mixed_adjustment(stored_adjusted: bool) -> PriceProblem:
    stored, file, remedy = ("", "none", "add the column or replace") if stored_adjusted else ("no ", "some", "replace")
    message = f"the stored prices have {stored}adjusted closes and this file has {file}; {remedy} the series."
    return PriceProblem(1, "Adj Close", message)
