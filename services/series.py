"""A ticker's history as lines for a chart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import database
from analysis.bars import Bars, adjusted_bars
from analysis.chart import chart_lines, rows_between
from analysis.engine import parameters_of
from analysis.quality import is_sound
from models.analysis import Overrides
from models.errors import PricesDamaged, TickerNotFound
from models.price_series import BYTES_PER_BAR, PackedBars, SeriesHead
from models.strategy import STRATEGIES
from store import price as price_store


def series_of(org_id: int, ticker: str, keys: Sequence[str], strategy: str, start: date | None, end: date | None) -> dict[str, object]:
    """The days from `start` to `end` and each line's values on them, as an analysis of the whole series by the strategy has them.

    Raises TickerNotFound or PricesDamaged.
    """
    with database.reader() as connection:
        loaded = price_store.load(connection, org_id, ticker)
    if loaded is None:
        raise TickerNotFound(ticker)
    head, packed = loaded
    bars = sound_bars(head, packed)
    lines = chart_lines(bars, parameters_of(STRATEGIES[strategy], Overrides()), keys)
    rows = rows_between(bars, start, end)
    return {
        "ticker": head.ticker,
        "dates": bars.days[rows].tolist(),
        "series": {line: values[rows].tolist() for line, values in lines.items()},
    }


def sound_bars(head: SeriesHead, packed: PackedBars) -> Bars:
    """A stored series, adjusted as for an analysis. Raises PricesDamaged when it is not what was stored."""
    if len(packed.data) != head.bars * BYTES_PER_BAR or not is_sound(packed, head.adjusted):
        raise PricesDamaged(head.ticker)
    return adjusted_bars(packed, head.adjusted)
