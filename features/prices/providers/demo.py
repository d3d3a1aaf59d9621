"""Artificial prices for demonstrations: seeded random walks under the tickers DEMO00001 to DEMO99999.

A ticker's number is its seed: the same number and count of bars give the same prices. `exp` may differ in its last bits between machines,
which rounding to cents removes.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from models.footing import Bases, Basis
from models.price_series import COLUMNS, PackedBars

NAME = "demo"
HIGHEST_NUMBER = 99_999
DEFAULT_BARS = 3_270

DAYS_PER_YEAR, DAYS_PER_QUARTER = 252, 63
HIGHEST_TRADED, LOWEST_TRADED = 240.0, 4.0  # a share is split above, and consolidated below
SPLIT, REVERSE_SPLIT = 4.0, 0.1

FloatArray = NDArray[np.float64]


class DemoProvider:
    """Generates one ticker's history at a time: `bars` weekdays up to the last weekday on or before `today`."""

    name = NAME
    adjusted = True
    bases = Bases(Basis.AS_TRADED, Basis.SPLIT_ADJUSTED)

    def __init__(self, today: date, bars: int = DEFAULT_BARS) -> None:
        days = np.busday_offset(np.array([today], "datetime64[D]"), np.arange(1 - bars, 1), roll="backward")
        self.days: NDArray[np.int64] = days.astype(np.int64)

    def packed(self, number: int) -> PackedBars:
        """The bars of the ticker with this number, generated in the packed layout.

        The total return is a geometric random walk with the ticker's own drift and volatility; a part of each move happens overnight. The
        traded price is the total return less dividends, divided by the shares after splits; the adjusted close undoes both.
        """
        generator, count = np.random.default_rng(number), len(self.days)
        price, drift, volatility = generator.uniform(10, 150), generator.uniform(-0.05, 0.18), generator.uniform(0.12, 0.55)
        sessions, nights, reaches_up, reaches_down, crowding = generator.standard_normal((5, count))
        sessions = sessions * (0.9 * volatility / DAYS_PER_YEAR**0.5)
        moves = sessions + nights * (0.4 * volatility / DAYS_PER_YEAR**0.5) + (drift - volatility**2 / 2) / DAYS_PER_YEAR
        value = price * np.exp(np.cumsum(moves))
        share = _after_dividends(number, count)
        share /= _splits(value * share)

        table = np.empty((1 + len(COLUMNS), count))
        table[0].view(np.int64)[:] = self.days
        opened, high, low, close, adj_close, volume = table[1:]
        reach = 0.4 * volatility / DAYS_PER_YEAR**0.5
        np.rint(value * share * 100, out=close)
        np.rint(close * np.exp(-sessions), out=opened)
        np.rint(np.maximum(opened, close) * (1 + reach * np.abs(reaches_up)), out=high)
        np.rint(np.minimum(opened, close) * (1 - reach * np.abs(reaches_down)), out=low)
        table[1:5] /= 100  # from cents
        np.multiply(close, share[-1] / share, out=adj_close)
        # Volume is higher on days with large moves.
        np.rint(generator.uniform(2e5, 2e7) * np.exp(0.35 * crowding) * (1 + np.abs(moves) * 20), out=volume)
        return PackedBars(table.tobytes())


def ticker_of(number: int) -> str:
    """The ticker of a number from 1 to HIGHEST_NUMBER."""
    return f"DEMO{number:05d}"


def title_of(number: int) -> str:
    """The company name of a ticker."""
    return f"Demo {number:05d}"


def _after_dividends(number: int, count: int) -> FloatArray:
    """The part of 1 that remains after each day's dividends: every third ticker pays up to 1 % per quarter."""
    remainder = np.ones(count)
    if number % 3 == 0:
        remainder[number % DAYS_PER_QUARTER :: DAYS_PER_QUARTER] = 1 - (number % 8 + 2) / 1_000
    np.cumprod(remainder, out=remainder)
    return remainder


def _splits(price: FloatArray) -> FloatArray:
    """The number of shares that one share of the first day has become, so that the traded price stays in its range."""
    shares, start = np.ones(len(price)), 0
    while True:
        traded = price[start:] / shares[-1]
        outside = (traded > HIGHEST_TRADED) | (traded < LOWEST_TRADED)
        at = int(outside.argmax())
        if not outside[at]:
            return shares
        ratio = SPLIT if traded[at] > HIGHEST_TRADED else REVERSE_SPLIT
        start += at + 1
        if start == len(price):
            return shares
        shares[start:] *= ratio
