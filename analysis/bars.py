"""Adjusted price arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np
from numpy.typing import NDArray

from models.footing import Steps, steps_until
from models.price_series import COLUMNS, PackedBars

# The rows of the packed layout, as `columns_of` has it.
DAYS, OPEN, HIGH, LOW, CLOSE, ADJ_CLOSE, VOLUME = range(1 + len(COLUMNS))
PRICES = slice(OPEN, CLOSE + 1)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Bars:
    """Daily bars, ascending: arrays of one length, `days` datetime64[D], the rest float64. Prices and volume are adjusted."""

    days: NDArray[np.datetime64]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return len(self.close)

    def day(self, index: int) -> date:
        """The day of one bar."""
        return cast("date", self.days.item(index))

    def newest(self, count: int) -> Bars:
        """The last `count` bars, at most all, as copies: small arrays that do not keep the long ones."""
        rows = slice(-count, None)
        prices = (self.open, self.high, self.low, self.close, self.volume)
        return Bars(self.days[rows].copy(), *(column[rows].copy() for column in prices))

    def rows_within(self, start: date | None, end: date | None) -> slice:
        """The rows from one day to another, both included; none where the days are none of the bars'."""
        first = 0 if start is None else int(np.searchsorted(self.days, np.datetime64(start, "D"), side="left"))
        after = len(self) if end is None else int(np.searchsorted(self.days, np.datetime64(end, "D"), side="right"))
        return slice(first, max(first, after))

    def until(self, count: int) -> Bars:
        """The first `count` bars, as views of the same arrays."""
        return Bars(self.days[:count], self.open[:count], self.high[:count], self.low[:count], self.close[:count], self.volume[:count])


def columns_of(packed: PackedBars) -> FloatArray:
    """The packed columns, of shape (1 + len(COLUMNS), bars), a view. The first has the bits of the days, which are int64."""
    return np.frombuffer(packed.data, dtype=np.float64).reshape(1 + len(COLUMNS), len(packed))


def adjusted_bars(packed: PackedBars, adjusted: bool, steps: Steps = ()) -> Bars:
    """Unpack bars and adjust them for splits and dividends.

    With `adjusted`, prices are multiplied by factor / (factor of the newest bar), where factor = adj_close / close, so that the newest bar
    keeps its traded price. Otherwise prices are as delivered. Then the bars before the day of each step are multiplied by it; steps after
    the newest bar are not taken.
    """
    columns = columns_of(packed)
    days, prices, adj_closes, volumes = columns[DAYS].view("datetime64[D]"), columns[PRICES], columns[ADJ_CLOSE], columns[VOLUME]
    if adjusted and len(packed) > 0:
        factor = adj_closes / columns[CLOSE]
        factor /= factor[-1]
        prices = prices * factor
    if steps and len(packed) > 0:
        prices, volumes = _stepped(days, prices, volumes, steps)
    opens, highs, lows, closes = prices
    return Bars(days, opens, highs, lows, closes, volumes)


def _stepped(days: NDArray[np.datetime64], prices: FloatArray, volumes: FloatArray, steps: Steps) -> tuple[FloatArray, FloatArray]:
    numbers = days.view(np.int64)
    taken = steps_until(steps, int(numbers[-1]))
    after = np.searchsorted(numbers, [step.day for step in taken])
    factors = np.ones((2, len(numbers) + 1))
    np.multiply.at(factors[0], after, [step.price for step in taken])
    np.multiply.at(factors[1], after, [step.volume for step in taken])
    # A bar takes the steps after it.
    price, volume = np.cumprod(factors[:, :0:-1], axis=1)[:, ::-1]
    return prices * price, volumes * volume
