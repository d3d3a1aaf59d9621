"""The lines of a chart: bars, indicators and score, one value per day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from analysis.bars import Bars, FloatArray
from analysis.quality import MINIMUM_BARS
from analysis.rules import divisions_by_zero_ignored, shown_values
from analysis.score import scores_of
from analysis.series import Series, compute_series
from models.analysis import Parameters
from models.chart import BAR_KEYS, CHART_LINES
from models.price_series import MOST_BARS

# Chart lines with another name in Series.
_NAMES = {"psar": "sar", "stochastic": "slow_k", "sma_20": "bollinger_middle"}  # Bollinger's middle is the SMA of 20


def chart_lines(bars: Bars, parameters: Parameters, keys: Iterable[str], rows: slice) -> dict[str, FloatArray]:
    """The lines of some keys of models.chart.CHART_LINES, by name: one value per row, NaN where there are not enough bars yet.

    Each value is computed from all bars up to it, also those before `rows`: it is the value that an analysis of that day used.
    """
    names = list(dict.fromkeys(line for key in keys for line in CHART_LINES[key]))
    if rows.start == rows.stop:
        return dict.fromkeys(names, bars.close[rows])
    lines = {line: getattr(bars, line)[rows] for line in names if line in BAR_KEYS}
    if len(lines) < len(names):
        with divisions_by_zero_ignored():
            series = compute_series(bars.until(rows.stop), rows.stop - rows.start)
            lines |= {line: _line(line, series, parameters) for line in names if line not in BAR_KEYS}
    return {line: lines[line] for line in names}


def rows_between(bars: Bars, start: date | None, end: date | None) -> slice:
    """The rows of the bars from `start` to `end`, both included; at most the newest MOST_BARS."""
    rows = bars.rows_within(start, end)
    return slice(max(rows.start, rows.stop - MOST_BARS), rows.stop)


def _line(line: str, series: Series[FloatArray], parameters: Parameters) -> FloatArray:
    if line == "score":
        return _scores(series, parameters)
    if line == "cmf":
        values: FloatArray = shown_values((line,), series)[0]
        return values
    column: FloatArray = getattr(series, _NAMES.get(line, line))
    return column


def _scores(series: Series[FloatArray], parameters: Parameters) -> FloatArray:
    """The score of each row; NaN where there are too few bars for an analysis."""
    scores: FloatArray = np.where(series.position >= MINIMUM_BARS - 1, scores_of(series, parameters), np.nan)
    return scores
