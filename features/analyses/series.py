"""A ticker's history as lines for a chart."""

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
from models.strategy import STRATEGIES
from utils.json_text import array_pieces, dump, object_pieces

VALUES_A_PIECE = 5_000


@dataclass(frozen=True)
class SeriesOrder:
    """Which lines of a ticker are asked for, whose score, and of which days, both ends included."""

    ticker: str
    keys: Sequence[str]
    strategy: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class SeriesText:
    """A series as JSON in pieces, which are made as they are asked for; `tag` differs where the series does."""

    tag: str
    pieces: Iterator[bytes]


def series_of(database: Database, org_id: int, order: SeriesOrder) -> SeriesText:
    """The newest MOST_BARS days of the period, and each line's values on them, as an analysis by the strategy has them.

    Raises TickerNotFound or PricesDamaged.
    """
    with database.reader() as connection:
        loaded = prices.load(connection, org_id, order.ticker)
    if loaded is None:
        raise TickerNotFound(order.ticker)
    head, packed = loaded
    bars = prices.sound_bars(head, packed)
    parameters = parameters_of(STRATEGIES[order.strategy], Overrides())
    depends_on = (ENGINE_VERSION, head.ticker, head.sha256, head.adjusted, order.keys, parameters, order.start, order.end)
    return SeriesText(hashlib.sha256(dump(depends_on)).hexdigest()[:32], _pieces(order, bars, parameters))


def _pieces(order: SeriesOrder, bars: Bars, parameters: Parameters) -> Iterator[bytes]:
    rows = rows_between(bars, order.start, order.end)
    lines = chart_lines(bars, parameters, order.keys, rows)
    series = object_pieces((line, array_pieces(_parts(values))) for line, values in lines.items())
    yield from object_pieces([("ticker", [dump(order.ticker)]), ("dates", array_pieces(_parts(bars.days[rows]))), ("series", series)])


def _parts(values: NDArray[Any]) -> Iterator[list[Any]]:
    return (values[at : at + VALUES_A_PIECE].tolist() for at in range(0, len(values), VALUES_A_PIECE))
