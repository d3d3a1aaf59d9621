"""The overview: followed tickers with what was last said of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class LatestVerdict:
    """The latest result of a ticker; `analysed_at` is when it was last found to be that."""

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
    """What the result that was the latest before said."""

    score: float
    verdict: str
    as_of: date


@dataclass(frozen=True)
class OverviewItem:
    """A followed ticker; what there is none of is None."""

    ticker: str
    name: str | None
    notes: str | None
    latest: LatestVerdict | None
    previous: PreviousVerdict | None
    closes: list[float]
    change_percent: float | None
    last_day: date | None
