"""Adjusted price arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from models.price_series import PackedBars

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Bars:
    """Daily bars, ascending: arrays of one length, `days` datetime64[D], the rest float64. Prices are adjusted, volume is as delivered."""

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
        day: date = self.days[index].item()
        return day

    def newest(self, count: int) -> Bars:
        """The last `count` bars, at most all, as copies: small arrays that do not keep the long ones."""
        rows = slice(-count, None)
        prices = (self.open, self.high, self.low, self.close, self.volume)
        return Bars(self.days[rows].copy(), *(column[rows].copy() for column in prices))

    def until(self, count: int) -> Bars:
        """The first `count` bars, as views of the same arrays."""
        return Bars(self.days[:count], self.open[:count], self.high[:count], self.low[:count], self.close[:count], self.volume[:count])


def adjusted_bars(packed: PackedBars, adjusted: bool) -> Bars:
    """Unpack bars and adjust them for splits and dividends.

    With `adjusted`, prices are multiplied by factor / (factor of the newest bar), where factor = adj_close / close, so that the newest bar
    keeps its traded price. Otherwise prices are as traded.
    """
    days = np.frombuffer(packed.day_numbers(), dtype="datetime64[D]")
    opens, highs, lows, closes, adj_closes, volumes = (
        np.frombuffer(packed.column(name).cast("B"), dtype=np.float64) for name in ("open", "high", "low", "close", "adj_close", "volume")
    )
    if not adjusted or len(closes) == 0:
        return Bars(days, opens, highs, lows, closes, volumes)
    factor = adj_closes / closes
    factor /= factor[-1]
    return Bars(days, opens * factor, highs * factor, lows * factor, closes * factor, volumes)
