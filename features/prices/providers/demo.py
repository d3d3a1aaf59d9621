"""Made-up prices in any number, for trying the service out: seeded random walks under tickers that say what they are.

A ticker's number is its seed: the same number and count of bars give the same prices, bit for bit. Random numbers, rounding to cents and
the four basic operations are the same everywhere; what `exp` may differ by between machines is far below a cent.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from models.price_series import COLUMNS, PackedBars

NAME = "demo"
HIGHEST_NUMBER = 99_999
DEFAULT_BARS = 3_270

DAYS_A_YEAR, DAYS_A_QUARTER = 252, 63
HIGHEST_TRADED, LOWEST_TRADED = 240.0, 4.0  # a company splits its shares above, and joins them below
SPLIT, JOINED = 4.0, 0.1

FloatArray = NDArray[np.float64]


class DemoProvider:
    """Makes one ticker's history at a time, `bars` weekdays up to the last one on or before `today`."""

    name = NAME
    adjusted = True

    def __init__(self, today: date, bars: int = DEFAULT_BARS) -> None:
        days = np.busday_offset(np.array([today], "datetime64[D]"), np.arange(1 - bars, 1), roll="backward")
        self.days: NDArray[np.int64] = days.astype(np.int64)

    def packed(self, number: int) -> PackedBars:
        """The bars of a ticker by its number, straight in the packed layout.

        The total return is a geometric random walk with a drift and a volatility of the ticker's own, part of each move between close and
        open. What is traded is that, less dividends, divided by the shares that one has been split into; the adjusted close undoes both.
        """
        generator, count = np.random.default_rng(number), len(self.days)
        price, drift, volatility = generator.uniform(10, 150), generator.uniform(-0.05, 0.18), generator.uniform(0.12, 0.55)
        sessions, nights, reaches_up, reaches_down, crowds = generator.standard_normal((5, count))
        sessions = sessions * (0.9 * volatility / DAYS_A_YEAR**0.5)
        moves = sessions + nights * (0.4 * volatility / DAYS_A_YEAR**0.5) + (drift - volatility**2 / 2) / DAYS_A_YEAR
        value = price * np.exp(np.cumsum(moves))
        share = _less_dividends(number, count)
        share /= _splits(value * share)

        table = np.empty((1 + len(COLUMNS), count))
        table[0].view(np.int64)[:] = self.days
        opened, high, low, close, adj_close, volume = table[1:]
        reach = 0.4 * volatility / DAYS_A_YEAR**0.5
        np.rint(value * share * 100, out=close)
        np.rint(close * np.exp(-sessions), out=opened)
        np.rint(np.maximum(opened, close) * (1 + reach * np.abs(reaches_up)), out=high)
        np.rint(np.minimum(opened, close) * (1 - reach * np.abs(reaches_down)), out=low)
        table[1:5] /= 100  # they were cents
        np.multiply(close, share[-1] / share, out=adj_close)
        # More is traded on days of large moves.
        np.rint(generator.uniform(2e5, 2e7) * np.exp(0.35 * crowds) * (1 + np.abs(moves) * 20), out=volume)
        return PackedBars(table.tobytes())


def ticker_of(number: int) -> str:
    """The ticker with a number from 1 to HIGHEST_NUMBER."""
    return f"DEMO{number:05d}"


def title_of(number: int) -> str:
    """The name that goes with a ticker."""
    return f"Demo {number:05d}"


def _less_dividends(number: int, count: int) -> FloatArray:
    """What is left of 1 after each day's dividends: every third ticker pays up to 1 % a quarter."""
    kept = np.ones(count)
    if number % 3 == 0:
        kept[number % DAYS_A_QUARTER :: DAYS_A_QUARTER] = 1 - (number % 8 + 2) / 1_000
    np.cumprod(kept, out=kept)
    return kept


def _splits(price: FloatArray) -> FloatArray:
    """How many shares one of the first day has become, so that the price of each stays in the usual range."""
    shares, start = np.ones(len(price)), 0
    while True:
        traded = price[start:] / shares[-1]
        outside = (traded > HIGHEST_TRADED) | (traded < LOWEST_TRADED)
        at = int(outside.argmax())
        if not outside[at]:
            return shares
        ratio = SPLIT if traded[at] > HIGHEST_TRADED else JOINED
        start += at + 1
        if start == len(price):
            return shares
        shares[start:] *= ratio
