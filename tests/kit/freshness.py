"""Price files of a wanted freshness."""

from __future__ import annotations

from infrastructure.exchanges import Expectations
from models.freshness import Expectation
from utils.clock import now


def expectation_of(ticker: str) -> Expectation:
    """What can be expected of a ticker now."""
    return Expectations(now()).of(ticker)


def file_behind(ticker: str, behind: int, bars: int = 60) -> str:
    """A price file that ends so many trading days before the newest final day of the ticker's exchange."""
    expected = expectation_of(ticker)
    days = [expected.newest]
    while len(days) < behind + bars:
        days.append(expected.calendar.trading_day_before(days[-1]))
    lines = [f"{day},10,11,9,{10 + day.day % 2},5" for day in reversed(days[behind:])]
    return "\n".join(["Date,Open,High,Low,Close,Volume", *lines])
