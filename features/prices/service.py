"""Taking in price files and giving prices out."""

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
from features.prices.store import find_head, find_head_and_latest, find_heads, list_tickers, load, load_many, newest_day
from models.analysis import PriceWarning
from models.errors import PriceProblem, PriceQuality, TickerNotFound
from models.price_series import COLUMNS, MOST_BARS, Bar, ImportReport, PackedBars, QualityReport, SeriesDescription, SeriesHead, head_of
from utils.clock import now, today
from utils.json_text import array_pieces, dump, object_pieces

log = structlog.get_logger(__name__)

# What other features use of prices. The reads take a connection of theirs.
__all__ = [
    "csv_of", "find_head", "find_head_and_latest", "find_heads", "import_prices", "json_of", "list_tickers", "load", "load_many",
    "newest_day", "prices_of", "provider_warnings", "quality_of", "sound_bars",
]  # fmt: skip

BARS_A_PIECE = 2_000
CSV_HEADER = ("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume")


def import_prices(database: Database, org_id: int, ticker: str, raw: bytes, extend: bool) -> ImportReport:
    """Store an uploaded file as the organization's series of a ticker: in place of it, or with `extend` merged into it by day.

    The series is written as one unit. Raises PriceQuality; then nothing is stored.
    """
    # Somewhere it is tomorrow already.
    parsed = upload.parse_csv(raw, latest_day=today() + timedelta(days=1))
    stored = False
    while not stored:
        # Once more when another upload for the ticker came in between: neither may be lost.
        head, packed, stored, warnings = _import_once(database, org_id, ticker, parsed, extend)
    warnings += price_warnings(adjusted_bars(packed, parsed.adjusted), today())
    log.info("prices stored", ticker=ticker, bars=head.bars, dropped=parsed.dropped, extend=extend)
    return ImportReport(ticker, head.bars, head.first_day, head.last_day, parsed.dropped, tuple(warnings))


def _import_once(
    database: Database, org_id: int, ticker: str, parsed: upload.ParsedFile, extend: bool
) -> tuple[SeriesHead, PackedBars, bool, list[PriceWarning]]:
    """One attempt: the series, whether it was stored, and warnings about the merge."""
    with database.transaction() as connection:
        former_head = price_store.find_head(connection, org_id, ticker)
        former = price_store.load(connection, org_id, ticker) if extend else None
        bars = parsed.bars
        expected = "" if extend else None  # no series has an empty digest: one that appears meanwhile is not overwritten
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
    """Merge by day, the new bar winning. Both ascend.

    A split or dividend since the last upload changes every adjusted close before it. Where the two overlap, the change shows on the first
    common day, and the older adjusted closes are rescaled by it, so that the whole series is on one footing.
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


def prices_of(database: Database, org_id: int, ticker: str, start: date | None, end: date | None) -> tuple[SeriesHead, PackedBars]:
    """A ticker's bars from `start` to `end`, both included. Raises TickerNotFound."""
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    return head, packed.between(start, end)


def quality_of(database: Database, org_id: int, ticker: str) -> QualityReport:
    """What is stored of a ticker and what to know about it, as of today. Raises TickerNotFound or PricesDamaged."""
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
        updated_at = None if loaded is None else price_store.updated_at(connection, loaded[0])
    if loaded is None or updated_at is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = sound_bars(head, packed)
    warnings = price_warnings(bars, today()) + provider_warnings(head.provider)
    known = (head.ticker, head.name, head.provider, head.bars, head.first_day, head.last_day)
    return QualityReport(*known, updated_at, price_gaps(bars), warnings)


def json_of(ticker: str, packed: PackedBars) -> Iterator[bytes]:
    """The bars as JSON columns, in pieces.

    adj_close is null where the source delivered none, volume is whole where it is a whole number.
    """

    def column(name: str) -> Iterator[bytes]:
        return array_pieces(part.column(name).tolist() for part in _parts(packed))

    yield from object_pieces(
        [
            ("ticker", [dump(ticker)]),
            ("dates", array_pieces(part.days() for part in _parts(packed))),
            *((name, column(name)) for name in COLUMNS if name != "volume"),
            ("volume", array_pieces([_whole(volume) for volume in part.column("volume")] for part in _parts(packed))),
        ]
    )


def csv_of(packed: PackedBars) -> Iterator[bytes]:
    """The bars as a CSV file in pieces that `import_prices` takes back unchanged; no Adj Close column where the source delivered none."""
    adjusted = not any(map(math.isnan, packed.column("adj_close")))
    yield ",".join(column for column in CSV_HEADER if adjusted or column != "Adj Close").encode() + b"\n"
    for part in _parts(packed):
        yield "".join(_csv_line(bar, adjusted) for bar in part).encode()


def _csv_line(bar: Bar, adjusted: bool) -> str:
    prices = (bar.open, bar.high, bar.low, bar.close, bar.adj_close) if adjusted else (bar.open, bar.high, bar.low, bar.close)
    return f"{bar.day},{','.join(map(repr, prices))},{_whole(bar.volume)!r}\n"


def _parts(packed: PackedBars) -> Iterator[PackedBars]:
    return (packed.rows(start, min(start + BARS_A_PIECE, len(packed))) for start in range(0, len(packed), BARS_A_PIECE))


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _too_long(count: int) -> PriceProblem:
    message = f"with the stored prices, the series would have {count:,} bars; at most {MOST_BARS:,} are kept. Leave the oldest out."
    return PriceProblem(1, None, message)


def _mixed_adjustment(stored_adjusted: bool) -> PriceProblem:
    stored, file, remedy = ("", "none", "add the column or replace") if stored_adjusted else ("no ", "some", "replace")
    message = f"the stored prices have {stored}adjusted closes and this file has {file}; {remedy} the series."
    return PriceProblem(1, "Adj Close", message)
