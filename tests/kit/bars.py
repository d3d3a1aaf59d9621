"""Generated bars, and parameters for their analysis."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from analysis.bars import Bars, FloatArray
from analysis.engine import analyse, parameters_of
from analysis.series import Series, compute_series
from models.analysis import Analysis, Overrides, Parameters
from models.indicator import IndicatorReading
from models.strategy import STRATEGIES

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
FIRST_DAY = date(2012, 1, 2)


def bars_of(
    close: ArrayLike, *, high: ArrayLike | None = None, low: ArrayLike | None = None, volume: ArrayLike = 1_000.0, first: date = FIRST_DAY
) -> Bars:
    """Bars on successive days. Each opens at the close of the day before; high and low equal the close unless given."""
    closes = np.array(close, dtype=np.float64)
    count = len(closes)
    return Bars(
        days=np.datetime64(first, "D") + np.arange(count),
        open=np.concatenate([closes[:1], closes[:-1]]),
        high=_column(closes if high is None else high, count),
        low=_column(closes if low is None else low, count),
        close=closes,
        volume=_column(volume, count),
    )


def walk(seed: int, count: int, *, level: float = 100.0, tick: float | None = None, idle: float = 0.0) -> Bars:
    """A random walk from `level` on; prices are multiples of `tick`, if given, and the share `idle` of the days has no volume."""
    random = np.random.default_rng(seed)
    path = level * np.exp(np.cumsum(random.normal(0.0, 0.02, count)))
    reach = path * random.uniform(0.0, 0.02, (2, count))
    close, high, low = path, path + reach[0], path - reach[1]
    if tick is not None:
        close, high, low = (np.maximum(np.round(prices / tick), 1.0) * tick for prices in (close, high, low))
    volume = np.floor(random.uniform(1e5, 1e6, count)) * (random.uniform(size=count) >= idle)
    return bars_of(close, high=high, low=low, volume=volume)


def chosen(strategy: str = "balanced", **overrides: Any) -> Parameters:
    """A strategy's parameters, with overrides if any."""
    return parameters_of(STRATEGIES[strategy], Overrides(**overrides))


def seen(bars: Bars, parameters: Parameters | None = None) -> Analysis:
    """The analysis of fresh prices, by default with the strategy `balanced`."""
    return analyse(bars, chosen() if parameters is None else parameters)


def readings_of(analysis: Analysis) -> dict[str, IndicatorReading]:
    """The readings by indicator."""
    return {reading.key: reading for reading in analysis.indicators}


def with_values(**values: float) -> Series[FloatArray]:
    """A series of one row with these values and a close of 100. All indicators are available, and no price is at rest."""
    calm = compute_series(walk(1, 260), 1)
    given = {"close": 100.0, **values}
    return Series(**{name: np.array([given[name]]) if name in given else getattr(calm, name) for name in Series.__annotations__})


def _column(values: ArrayLike, count: int) -> np.ndarray:
    return np.broadcast_to(np.asarray(values, dtype=np.float64), count).copy()
