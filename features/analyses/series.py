"""Builds the lines of a ticker's chart: prices, indicators and scores by day."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from numpy.typing import NDArray

from analysis.bars import Bars
from analysis.chart import chart_lines, rows_between
from analysis.engine import ENGINE_VERSION, parameters_of
from database import Database
from features.prices import service as prices
from models.analysis import Overrides, Parameters
from models.errors import TickerNotFound
from models.strategy import Strategy
from utils.json_text import array_pieces, dump, object_pieces

VALUES_PER_PIECE = 5_000


@dataclass(frozen=True)
class SeriesOrder:
    """The lines to build: their keys, the strategy of the score, and the period, both ends included."""

    ticker: str
    keys: Sequence[str]
    strategy: Strategy
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class SeriesText:
    """A series as JSON in pieces, computed as they are consumed; `tag` is a digest of everything that the series depends on."""

    tag: str
    pieces: Iterator[bytes]


def build_series(database: Database, org_id: int, order: SeriesOrder) -> SeriesText:
    """The lines over the newest MOST_BARS days of the period, with the values that an analysis by the strategy computes.

    Raises TickerNotFound or PricesDamaged.
    """
    with database.reader() as connection:
        loaded = prices.load(connection, org_id, order.ticker)
    if loaded is None:
        raise TickerNotFound(order.ticker)
    head, packed = loaded
    bars = prices.sound_bars(head, packed)
    parameters = parameters_of(order.strategy, Overrides())
    inputs = (ENGINE_VERSION, head.ticker, head.sha256, head.adjusted, order.keys, parameters, order.start, order.end)
    return SeriesText(hashlib.sha256(dump(inputs)).hexdigest()[:32], _pieces(order, bars, parameters))


def _pieces(order: SeriesOrder, bars: Bars, parameters: Parameters) -> Iterator[bytes]:
    rows = rows_between(bars, order.start, order.end)
    lines = chart_lines(bars, parameters, order.keys, rows)
    series = object_pieces((line, array_pieces(_split(values))) for line, values in lines.items())
    yield from object_pieces([("ticker", [dump(order.ticker)]), ("dates", array_pieces(_split(bars.days[rows]))), ("series", series)])


def _split(values: NDArray[Any]) -> Iterator[list[Any]]:
    return (values[at : at + VALUES_PER_PIECE].tolist() for at in range(0, len(values), VALUES_PER_PIECE))
