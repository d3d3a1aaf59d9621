"""The overview: watchlist items with their latest results and closes, and what is to be known of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from models.analysis import SignalName, VerdictName
from models.failure import AnalysisFailure
from models.freshness import Freshness
from models.strategy import StrategyName


@dataclass(frozen=True)
class LatestVerdict:
    """The latest result of a ticker; `analysed_at` is when it became the latest. `superseded`: its prices were replaced as one since."""

    id: str
    as_of: date
    close: float
    score: float
    verdict: VerdictName
    signal: SignalName
    strategy: StrategyName
    created_at: datetime
    analysed_at: datetime
    superseded: bool


@dataclass(frozen=True)
class PreviousVerdict:
    """The result that was the latest before."""

    score: float
    verdict: VerdictName
    as_of: date


@dataclass(frozen=True)
class VerdictChange:
    """The last change of a verdict: what it was before, when an analysis found the present one, and the day of its prices."""

    former: VerdictName
    at: datetime
    as_of: date


@dataclass(frozen=True)
class OverviewItem:
    """A watchlist item; missing data is null. `last_day` is the day of the newest close.

    `is_old`: the newest close is stale. `is_outdated`: the verdict is of an earlier day than the newest close.
    """

    ticker: str
    name: str | None
    notes: str | None
    position: int
    latest: LatestVerdict | None
    previous: PreviousVerdict | None
    change: VerdictChange | None
    failure: AnalysisFailure | None
    closes: list[float]
    change_percent: float | None
    last_day: date | None
    freshness: Freshness
    is_old: bool
    is_outdated: bool


@dataclass(frozen=True)
class OverviewFilter:
    """Strategy, order and filter of the overview. `changed_since`: only tickers whose verdict changed then or later."""

    strategy: StrategyName
    sort: str
    changed_since: datetime | None
