"""The screener: what a latest result is filtered and sorted by, a line of its list, its columns, and lists that are saved under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.analysis import SignalName, VerdictName
from models.evidence import VerdictRecord
from models.freshness import Freshness
from models.indicator import INDICATORS
from models.result import AnalysisResult
from models.strategy import StrategyName
from models.universe import ALL

VOTE_DIGITS = {-1: "1", 0: "2", 1: "3"}  # of a vote in the text of all votes; "0" stands for an indicator that is not available
_VOTES = {digit: vote for vote, digit in VOTE_DIGITS.items()}
CLOSES_SHOWN = 21  # with the change over 20 bars
_NO_RECORD = (None, None, None)

# What a list can show and be sorted by, in the order of its columns.
VOTE_COLUMNS = {f"vote_{key}": key for key in INDICATORS}
SCREEN_COLUMNS = (
    "ticker", "name", "verdict", "score", "former_verdict", "move", "close", "change_percent", "volume", "closes", "rsi",
    "distance_percent", "entry", "stop_loss", "target", "record_hit", "record_lift", "record_n", "signal", "strategy",
    "as_of", "analysed_at", "bars", "created_at", "id", "superseded", *VOTE_COLUMNS,
)  # fmt: skip
UNSORTED_COLUMNS = frozenset({"signal", "bars", "created_at", "id", "superseded"})
SORT_KEYS = tuple(column for column in SCREEN_COLUMNS if column not in UNSORTED_COLUMNS)


@dataclass(frozen=True)
class ScreenValues:
    """What a latest result is filtered and sorted by, beside its verdict; None where the result does not have it.

    Percentages are from the close of the day before, over 20 bars, and from the close to the entry. `votes` has a digit for each indicator.
    """

    change_percent: float | None
    month_percent: float | None
    volume: float | None
    rsi: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    distance_percent: float | None
    record_hit: float | None
    record_lift: float | None
    record_n: int | None
    votes: str

    @classmethod
    def of(cls, result: AnalysisResult) -> ScreenValues:
        """From a result."""
        readings = ((one.key, one.vote if one.available else None, one.value) for one in result.indicators)
        trade = result.trade
        plan = (None, None, None) if trade is None else (trade.entry, trade.stop_loss, trade.target)
        prices = (result.change_percent, result.month_percent, result.volume, result.close)
        record = (result.record.hit, result.record.lift, result.record.n) if isinstance(result.record, VerdictRecord) else _NO_RECORD
        return cls._of(prices, readings, plan, record)

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> ScreenValues:
        """From the parsed JSON of a stored result, also of an older one, which lacks some fields."""
        readings = ((one["key"], one["vote"] if one["available"] else None, one["value"]) for one in body.get("indicators", ()))
        trade = body.get("trade") or {}
        prices = (body.get("change_percent"), body.get("month_percent"), body.get("volume"), body.get("close", 0.0))
        plan = (trade.get("entry"), trade.get("stop_loss"), trade.get("target"))
        record = body.get("record") or {}
        return cls._of(prices, readings, plan, (record.get("hit"), record.get("lift"), record.get("n")))

    @classmethod
    def _of(
        cls,
        prices: tuple[float | None, float | None, float | None, float],
        readings: Iterable[tuple[str, int | None, float | None]],
        plan: tuple[float | None, float | None, float | None],
        record: tuple[float | None, float | None, int | None],
    ) -> ScreenValues:
        votes, rsi = dict.fromkeys(INDICATORS, "0"), None
        for key, vote, value in readings:
            if vote is not None:
                votes[key] = VOTE_DIGITS[vote]
            if key == "rsi":
                rsi = value
        entry, close = plan[0], prices[-1]
        distance = 100 * (entry / close - 1) if entry is not None and close else None
        return cls(*prices[:-1], rsi, *plan, distance, *record, "".join(votes.values()))


@dataclass(frozen=True)
class ScreenedResult:
    """A latest result as a line of the screener.

    The values are those of the day `as_of`; `closes`, their `last_day` and `freshness` are of the newest prices, which may be newer than
    the result.
    `former_verdict` is the verdict before the present one, which holds `verdict_since`; both are null where there was no other.
    `previous_score` is of the result before. `votes` is by indicator, null for one that is not available; `closes` is null unless it was
    asked for. The record is that of the verdict: null without one.
    """

    id: str
    ticker: str
    name: str | None
    strategy: StrategyName
    as_of: date
    bars: int
    close: float
    change_percent: float | None
    month_percent: float | None
    volume: float | None
    score: float
    verdict: VerdictName
    signal: SignalName
    former_verdict: VerdictName | None
    verdict_since: datetime | None
    previous_score: float | None
    rsi: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    distance_percent: float | None
    record_hit: float | None
    record_lift: float | None
    record_n: int | None
    votes: dict[str, int | None]
    last_day: date | None
    freshness: Freshness
    closes: list[float] | None
    fingerprint: str
    created_at: datetime
    analysed_at: datetime
    superseded: bool

    def value(self, column: str) -> Any:
        """What stands in one of SCREEN_COLUMNS; in `move`, the change of the score."""
        if column in VOTE_COLUMNS:
            return self.votes.get(VOTE_COLUMNS[column])
        if column == "move":
            return None if self.previous_score is None else self.score - self.previous_score
        return getattr(self, column)


def votes_of(digits: str | None) -> dict[str, int | None]:
    """Votes by indicator, from their digits."""
    return {key: _VOTES.get(digit) for key, digit in zip(INDICATORS, digits or "", strict=False)} if digits else {}


@dataclass(frozen=True)
class ResultFilter:
    """Filter and order of the screener; None for no restriction."""

    verdict: str | None = None
    strategy: str | None = None
    min_score: float | None = None
    sort: str = "-score"
    max_score: float | None = None
    signal: str | None = None
    text: str = ""  # the start of the ticker, or a part of the name
    universe: str = ALL
    changed_after: datetime | None = None  # the moment since when the verdict holds
    min_rsi: float | None = None
    max_rsi: float | None = None
    min_distance: float | None = None
    max_distance: float | None = None
    min_change: float | None = None
    max_change: float | None = None
    min_close: float | None = None
    max_close: float | None = None
    min_volume: float | None = None
    min_hit: float | None = None
    max_hit: float | None = None
    min_lift: float | None = None
    max_lift: float | None = None
    min_n: int | None = None
    has_record: bool | None = None
    votes: tuple[tuple[str, int], ...] = ()  # indicator and vote
    columns: tuple[str, ...] = ()  # of a file; a list sends all, and closes only where they are named


@dataclass(frozen=True)
class SavedScreen:
    """A list of the screener under a name: what GET /results takes, without a page."""

    id: str
    name: str
    query: dict[str, Any]
    created_at: datetime
    updated_at: datetime
