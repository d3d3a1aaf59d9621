"""Reads and exports stored prices, and tells their quality."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from analysis.parting import parting_warnings
from analysis.quality import price_gaps, price_warnings
from database import Database
from features.prices.actions import TickerFooting, footing_of
from features.prices.adjustment import split_days, untold_warnings
from features.prices.files.dates import NO_DAY, DateOrder, read_days
from features.prices.files.source import read_text
from features.prices.former import find_former
from features.prices.held import differing, each_held, held_closes, held_closes_of, known_splits
from features.prices.quality import check_whole, cut_series, provider_warnings, sound_bars
from features.prices.store import action as action_store
from features.prices.store import fetch as fetch_store
from features.prices.store import series as series_store
from features.prices.store.action import list_paying
from features.prices.store.exchange import has_tickers_ending
from features.prices.store.exchange import list_told as list_told_exchanges
from features.prices.store.held import state as held_state
from features.prices.store.listing import list_tickers, newest_day
from features.prices.store.newest_close import newest_closes
from features.prices.store.series import find_head, find_head_and_latest, find_heads, load, load_each
from features.prices.store.symbol import find as known_facts
from features.prices.store.symbol import list_names
from features.prices.symbols import remember
from features.prices.universes import absent_universe, has_universe, require_universe, resolve_universe, tickers_to_work_on
from infrastructure.exchanges import Expectations
from models.api_key import SHARED_ORG
from models.errors import TickerNotFound
from models.price_series import COLUMNS, Bar, PackedBars, QualityReport
from models.series_fetch import FetchReport, SeriesFetch
from utils.clock import now
from utils.json_text import array_pieces, dump, object_pieces

# The interface for other features. Functions that take a connection read within the caller's transaction.
__all__ = [
    "NO_DAY",
    "DateOrder",
    "absent_universe",
    "check_quality",
    "check_whole",
    "cut_series",
    "differing",
    "each_held",
    "find_head",
    "find_head_and_latest",
    "find_heads",
    "has_tickers_ending",
    "has_universe",
    "held_closes",
    "held_closes_of",
    "held_state",
    "known_facts",
    "known_splits",
    "list_names",
    "list_paying",
    "list_tickers",
    "list_told_exchanges",
    "load",
    "load_each",
    "newest_closes",
    "newest_day",
    "provider_warnings",
    "read_days",
    "read_prices",
    "read_text",
    "remember",
    "require_universe",
    "resolve_universe",
    "sound_bars",
    "stream_csv",
    "stream_json",
    "tickers_to_work_on",
]  # fmt: skip

BARS_PER_PIECE = 2_000
CSV_HEADER = ("Date", "Open", "High", "Low", "Close", "Adj Close", "Volume")


def read_prices(database: Database, org_id: int, ticker: str, start: date | None, end: date | None) -> tuple[TickerFooting, PackedBars]:
    """A ticker's bars from `start` to `end`, both included, and their footing. Raises TickerNotFound."""
    with database.reader() as connection:
        footing, packed = footing_of(connection, org_id, ticker)
    return footing, packed.between(start, end)


def check_quality(database: Database, org_id: int, ticker: str) -> QualityReport:
    """A report on a ticker's stored series as of today: its extent, gaps and warnings. Raises TickerNotFound or PricesDamaged."""
    with database.reader() as connection:
        loaded = series_store.load(connection, org_id, ticker)
        updated_at = None if loaded is None else series_store.updated_at(connection, loaded[0])
        former = find_former(connection, org_id, ticker)
        is_shared = loaded is not None and loaded[0].org_id == SHARED_ORG
        fetch = fetch_store.find(connection, ticker) if is_shared else None
        failure = fetch_store.find_failure(connection, ticker) if is_shared else None
        splits = action_store.list_splits(connection, org_id, [ticker]).get(ticker, ())
    if loaded is None or updated_at is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = sound_bars(head, packed)
    expected = Expectations(now()).of(head.ticker, head.exchange)
    of_shares = (*parting_warnings(packed, head.adjusted, split_days(splits)), *untold_warnings(splits))
    warnings = price_warnings(bars, expected.stale_by(head.last_day)) + of_shares + provider_warnings(head.provider)
    described = (head.ticker, head.name, head.provider, head.bars, head.first_day, head.last_day)
    freshness = expected.freshness_of(head.last_day)
    fetched = _report_of(fetch) if fetch is not None and fetch.provider == head.provider else None
    gaps, own = price_gaps(bars), head.org_id == org_id
    return QualityReport(*described, freshness, own, updated_at, gaps, warnings, former, fetched, failure)


def _report_of(fetch: SeriesFetch) -> FetchReport:
    values = dict(vars(fetch))
    del values["ticker"]
    return FetchReport(**values)


def stream_json(footing: TickerFooting, packed: PackedBars) -> Iterator[bytes]:
    """The bars as JSON columns, in pieces, with their bases and the ticker's actions.

    `adj_close` is null where the source has none. A whole `volume` is written without decimals.
    """

    def column(name: str) -> Iterator[bytes]:
        return array_pieces(part.column(name).tolist() for part in _split(packed))

    yield from object_pieces(
        [
            *((field, [dump(value)]) for field, value in vars(footing).items()),
            ("dates", array_pieces(part.days() for part in _split(packed))),
            *((name, column(name)) for name in COLUMNS if name != "volume"),
            ("volume", array_pieces([_without_fraction(volume) for volume in part.column("volume")] for part in _split(packed))),
        ]
    )


def stream_csv(packed: PackedBars) -> Iterator[bytes]:
    """The bars as a CSV file, in pieces. An upload reads it back unchanged. Without adjusted closes there is no Adj Close column."""
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
