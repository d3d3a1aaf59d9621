"""A ticker's history as lines for a chart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from numpy.typing import NDArray

import database
from analysis.bars import Bars, adjusted_bars
from analysis.chart import chart_lines, rows_between
from analysis.engine import ENGINE_VERSION, parameters_of
from analysis.quality import is_sound
from features.prices import store as price_store
from models.analysis import Overrides, Parameters
from models.errors import PricesDamaged, TickerNotFound
from models.price_series import BYTES_PER_BAR, PackedBars, SeriesHead
from models.strategy import STRATEGIES
from utils.json_text import array_pieces, dump, object_pieces

VALUES_A_PIECE = 5_000


@dataclass(frozen=True)
class SeriesText:
    """A series as JSON in pieces, which are made as they are asked for; `tag` differs where the series does."""

    tag: str
    pieces: Iterator[bytes]


def series_of(org_id: int, ticker: str, keys: Sequence[str], strategy: str, start: date | None, end: date | None) -> SeriesText:
    """The newest MOST_BARS days from `start` to `end`, and each line's values on them, as an analysis by the strategy has them.

    Raises TickerNotFound or PricesDamaged.
    """
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = sound_bars(head, packed)
    parameters = parameters_of(STRATEGIES[strategy], Overrides())
    depends_on = (ENGINE_VERSION, head.ticker, head.sha256, head.adjusted, keys, parameters, start, end)
    return SeriesText(hashlib.sha256(dump(depends_on)).hexdigest()[:32], _pieces(ticker, bars, parameters, keys, (start, end)))


def _pieces(
    ticker: str, bars: Bars, parameters: Parameters, keys: Sequence[str], period: tuple[date | None, date | None]
) -> Iterator[bytes]:
    rows = rows_between(bars, *period)
    lines = chart_lines(bars, parameters, keys, rows)
    series = object_pieces((line, array_pieces(_parts(values))) for line, values in lines.items())
    yield from object_pieces([("ticker", [dump(ticker)]), ("dates", array_pieces(_parts(bars.days[rows]))), ("series", series)])


def _parts(values: NDArray[Any]) -> Iterator[list[Any]]:
    return (values[at : at + VALUES_A_PIECE].tolist() for at in range(0, len(values), VALUES_A_PIECE))


def sound_bars(head: SeriesHead, packed: PackedBars) -> Bars:
    """A stored series, adjusted as for an analysis. Raises PricesDamaged when it is not what was stored."""
    if len(packed.data) != head.bars * BYTES_PER_BAR or not is_sound(packed, head.adjusted):
        raise PricesDamaged(head.ticker)
    return adjusted_bars(packed, head.adjusted)
