"""The newest closes of a series, kept beside it for what shows many series at once. Migration 0005 cuts them out of the series likewise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.price_series import ITEM_BYTES, PackedBars

CLOSES_KEPT = 60


@dataclass(frozen=True)
class RecentCloses:
    """Packed as the series is: up to CLOSES_KEPT closes, adjusted where the source adjusts, and the newest as traded."""

    closes: bytes
    last_close: bytes

    @classmethod
    def of(cls, packed: PackedBars, adjusted: bool) -> RecentCloses:
        """The newest closes of at least one bar."""
        closes = packed.column("adj_close" if adjusted else "close")[-CLOSES_KEPT:]
        return cls(closes.tobytes(), packed.column("close")[-1:].tobytes())

    def prices(self) -> list[float]:
        """The closes, oldest first, adjusted so that the newest is as traded; none when they cannot be read."""
        if len(self.closes) % ITEM_BYTES or len(self.last_close) != ITEM_BYTES or not self.closes:
            return []
        closes: Sequence[float] = memoryview(self.closes).cast("d").tolist()
        (last_close,) = memoryview(self.last_close).cast("d")
        factor = last_close / closes[-1] if closes[-1] else math.nan
        # The newest by itself: multiplying might move its last digit.
        return [*(close * factor for close in closes[:-1]), last_close]


def change_percent(prices: list[float]) -> float | None:
    """How far the newest of some closes is from the one before; None with fewer than two."""
    return 100 * (prices[-1] / prices[-2] - 1) if len(prices) > 1 and prices[-2] else None
