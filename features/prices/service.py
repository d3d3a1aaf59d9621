"""Imports price files, and reads and exports stored prices."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from datetime import date, timedelta

import structlog

from analysis.bars import adjusted_bars
from analysis.quality import price_gaps, price_warnings
from database import Database
from features.prices import store as price_store
from features.prices.providers import upload
from features.prices.quality import provider_warnings, sound_bars
from features.prices.store import find_head, find_head_and_latest, find_heads, list_tickers, load, load_each, newest_day
from models.analysis import PriceWarning
from models.errors import PriceProblem, PriceQuality, TickerNotFound
from models.price_series import COLUMNS, MOST_BARS, Bar, ImportReport, PackedBars, QualityReport, SeriesDescription, SeriesHead, head_of
from utils.clock import now, today
from utils.json_text import array_pieces, dump, object_pieces

log = structlog.get_logger(__name__)

# The interface for other features. Functions that take a connection read within the caller's transaction.
__all__ = [
    "check_quality", "find_head", "find_head_and_latest", "find_heads", "import_prices", "list_tickers", "load", "load_each",
    "newest_day", "provider_warnings", "read_prices", "sound_bars", "stream_csv", "stream_json",
]  # fmt: skip

BARS_PER_PIECE = 2_000
CSV_HEADER = ("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume")


def import_prices(database: Database, org_id: int, ticker: str, raw: bytes, extend: bool) -> ImportReport:
    """Store an uploaded file as the organization's series of a ticker: as a replacement, or with `extend` merged into it by day.

    The series is written as one unit. Raises PriceQuality, and then stores nothing.
    """
    # One day more, because the next day has begun in other time zones.
    parsed = upload.parse_csv(raw, latest_day=today() + timedelta(days=1))
    stored = False
    while not stored:
        # Repeated when a concurrent upload changed the series after it was read, so that neither upload is lost.
        head, packed, stored, warnings = _import_once(database, org_id, ticker, parsed, extend)
    warnings += price_warnings(adjusted_bars(packed, parsed.adjusted), today())
    log.info("prices stored", ticker=ticker, bars=head.bars, dropped=parsed.dropped, extend=extend)
    return ImportReport(ticker, head.bars, head.first_day, head.last_day, parsed.dropped, tuple(warnings))


def _import_once(
    database: Database, org_id: int, ticker: str, parsed: upload.ParsedFile, extend: bool
) -> tuple[SeriesHead, PackedBars, bool, list[PriceWarning]]:
    """Try once to store the file; return the series, whether it was stored, and the warnings of the merge."""
    with database.transaction() as connection:
        former_head = price_store.find_head(connection, org_id, ticker)
        former = price_store.load(connection, org_id, ticker) if extend else None
        bars = parsed.bars
        expected = "" if extend else None  # matches no digest, so a series that a concurrent upload stores is not overwritten
        warnings: list[PriceWarning] = []
        if former is not None:
            former_head, former_packed = former
            if former_head.adjusted != parsed.adjusted:
                raise PriceQuality([_mixed_adjustment(former_head.adjusted)])
            bars, warnings = merge(former_packed.bars(), parsed.bars, parsed.adjusted)
            if len(bars) > MOST_BARS:
                raise PriceQuality([_too_long(len(bars))])
            expected = former_head.sha256
        packed = PackedBars.pack(bars)
        description = SeriesDescription(org_id, ticker, former_head.name if former_head else None, upload.NAME, parsed.adjusted)
        head = head_of(description, packed)
        return head, packed, price_store.save(connection, head, packed, now(), expected), warnings


def merge(old: list[Bar], new: list[Bar], adjusted: bool) -> tuple[list[Bar], list[PriceWarning]]:
    """Merge by day; on a common day the new bar wins. Both lists ascend by day.

    A split or dividend since the last upload changes every adjusted close before it. The ratio of the two adjusted closes on the first
    common day shows that change, and the older adjusted closes are multiplied by it, so that the whole series is adjusted alike.
    """
    warnings: list[PriceWarning] = []
    by_day = {bar.day: bar for bar in old}
    if adjusted:
        common = next((bar for bar in new if bar.day in by_day), None)
        if common is None:
            warnings.append(
                PriceWarning(
                    "no_overlap",
                    "The file has no day in common with the stored prices, so a split or dividend in between cannot be seen. "
                    "Include the newest stored day to be safe.",
                )
            )
        else:
            ratio = common.adj_close / by_day[common.day].adj_close
            for bar in old:
                by_day[bar.day] = dataclasses.replace(bar, adj_close=bar.adj_close * ratio)
    by_day.update((bar.day, bar) for bar in new)
    return [by_day[day] for day in sorted(by_day)], warnings


def read_prices(database: Database, org_id: int, ticker: str, start: date | None, end: date | None) -> tuple[SeriesHead, PackedBars]:
    """A ticker's bars from `start` to `end`, both included. Raises TickerNotFound."""
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    return head, packed.between(start, end)


def check_quality(database: Database, org_id: int, ticker: str) -> QualityReport:
    """A report on a ticker's stored series as of today: its extent, gaps and warnings. Raises TickerNotFound or PricesDamaged."""
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
        updated_at = None if loaded is None else price_store.updated_at(connection, loaded[0])
    if loaded is None or updated_at is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = sound_bars(head, packed)
    warnings = price_warnings(bars, today()) + provider_warnings(head.provider)
    described = (head.ticker, head.name, head.provider, head.bars, head.first_day, head.last_day)
    return QualityReport(*described, updated_at, price_gaps(bars), warnings)


def stream_json(ticker: str, packed: PackedBars) -> Iterator[bytes]:
    """The bars as JSON columns, in pieces.

    `adj_close` is null where the source has none. A whole `volume` is written without decimals.
    """

    def column(name: str) -> Iterator[bytes]:
        return array_pieces(part.column(name).tolist() for part in _split(packed))

    yield from object_pieces(
        [
            ("ticker", [dump(ticker)]),
            ("dates", array_pieces(part.days() for part in _split(packed))),
            *((name, column(name)) for name in COLUMNS if name != "volume"),
            ("volume", array_pieces([_without_fraction(volume) for volume in part.column("volume")] for part in _split(packed))),
        ]
    )


def stream_csv(packed: PackedBars) -> Iterator[bytes]:
    """The bars as a CSV file, in pieces. `import_prices` reads it back unchanged. Without adjusted closes there is no Adj Close column."""
    adjusted = not any(map(math.isnan, packed.column("adj_close")))
    yield ",".join(column for column in CSV_HEADER if adjusted or column != "Adj Close").encode() + b"\n"
    for part in _split(packed):
        yield "".join(_csv_line(bar, adjusted) for bar in part).encode()


def _csv_line(bar: Bar, adjusted: bool) -> str:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.adj_close) if adjusted else (bar.open, bar.high, bar.low, bar.close)
    return f"{bar.day},{','.join(map(repr, prices))},{_without_fraction(bar.volume)!r}\n"


def _split(packed: PackedBars) -> Iterator[PackedBars]:
    return (packed.rows(start, min(start + BARS_PER_PIECE, len(packed))) for start in range(0, len(packed), BARS_PER_PIECE))


def _without_fraction(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _too_long(count: int) -> PriceProblem:
    message = f"with the stored prices, the series would have {count:,} bars; at most {MOST_BARS:,} are allowed. Leave the oldest out."
    return PriceProblem(1, None, message)


def _mixed_adjustment(stored_adjusted: bool) -> PriceProblem:
    stored, file, remedy = ("", "none", "add the column or replace") if stored_adjusted else ("no ", "some", "replace")
    message = f"the stored prices have {stored}adjusted closes and this file has {file}; {remedy} the series."
    return PriceProblem(1, "Adj Close", message)
