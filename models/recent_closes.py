"""The newest closes of a series, stored beside it for pages that show many series. Migration 0005 extracts them in the same way."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

from models.footing import Steps, steps_until
from models.price_series import ITEM_BYTES, PackedBars

MOST_CLOSES = 60
DIGITS = 13  # of an adjusted close


@dataclass(frozen=True)
class RecentCloses:
    """Packed like a series: up to MOST_CLOSES closes, adjusted where the source adjusts, and the newest close as traded."""

    closes: bytes
    last_close: bytes

    @classmethod
    def of(cls, packed: PackedBars, adjusted: bool, steps: Steps = ()) -> RecentCloses:
        """From a series of one or more bars, and the steps that an analysis applies to it."""
        closes = packed.column("adj_close" if adjusted else "close")[-MOST_CLOSES:]
        if steps:
            days = packed.day_numbers()[-MOST_CLOSES:]
            factors = (math.prod(step.price for step in steps_until(steps, days[-1]) if step.day > day) for day in days)
            closes = memoryview(array("d", map(mul, closes, factors)))
        return cls(closes.tobytes(), packed.column("close")[-1:].tobytes())

    def prices(self) -> list[float]:
        """The closes, oldest first, adjusted so that the newest is as traded; empty when the bytes are damaged."""
        if len(self.closes) % ITEM_BYTES or len(self.last_close) != ITEM_BYTES or not self.closes:
            return []
        closes: Sequence[float] = memoryview(self.closes).cast("d").tolist()
        (last_close,) = memoryview(self.last_close).cast("d")
        factor = last_close / closes[-1] if closes[-1] else math.nan
        # Rounded, because a product ends in digits that nobody delivered: 1.95 would be 1.9500000000000002. The newest is not multiplied.
        decimals = DIGITS - math.ceil(math.log10(last_close)) if 0 < last_close < math.inf else 0
        return [*(round(close * factor, decimals) for close in closes[:-1]), last_close]


def change_percent(prices: list[float]) -> float | None:
    """The change from the last but one to the last price, in percent; None with fewer than two prices."""
    return 100 * (prices[-1] / prices[-2] - 1) if len(prices) > 1 and prices[-2] else None
