"""The overview: watchlist items with their latest results and closes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class LatestVerdict:
    """The latest result of a ticker; `analysed_at` is the last analysis that gave this result."""

    id: str
    as_of: date
    close: float
    score: float
    verdict: str
    signal: str
    strategy: str
    created_at: datetime
    analysed_at: datetime


@dataclass(frozen=True)
class PreviousVerdict:
    """The result that was the latest before."""

    score: float
    verdict: str
    as_of: date


@dataclass(frozen=True)
class OverviewItem:
    """A watchlist item; missing data is None."""

    ticker: str
    name: str | None
    notes: str | None
    latest: LatestVerdict | None
    previous: PreviousVerdict | None
    closes: list[float]
    change_percent: float | None
    last_day: date | None
