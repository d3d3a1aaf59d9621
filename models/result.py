"""Stored results: in full, and as a line of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from models.analysis import Levels, PriceWarning, Provenance, Signal, SignalName, Trade, Verdict, VerdictName
from models.evidence import Record
from models.indicator import IndicatorReading
from models.strategy import StrategyName


@dataclass(frozen=True)
class AnalysisResult:
    """An explained verdict on one ticker, as it is stored and sent.

    `change_percent` is from the close of the bar before, `month_percent` over 20 bars, both of adjusted closes; `volume` is of `as_of`.
    Results of engines before version 6 have no `record`.
    """

    # In the order of the HTTP response.
    id: str
    ticker: str
    as_of: date
    bars: int
    strategy: StrategyName
    close: float
    change_percent: float | None
    month_percent: float | None
    volume: float
    score: float
    verdict: Verdict
    signal: Signal
    record: Record | None = field(default=None, kw_only=True)
    indicators: tuple[IndicatorReading, ...]
    levels: Levels
    trade: Trade | None
    warnings: tuple[PriceWarning, ...]
    provenance: Provenance
    fingerprint: str
    created_at: datetime


@dataclass(frozen=True)
class ToldResult(AnalysisResult):
    """A stored result, and what became of its prices: `superseded` once they were replaced as one."""

    superseded: bool


@dataclass(frozen=True)
class NewResult:
    """A result that is about to be stored; `parameters` and `body`, the whole result, are JSON."""

    result: AnalysisResult
    parameters: str
    body: str


@dataclass(frozen=True)
class StoredResult:
    """A stored result; `parameters` and `body`, the whole result, are JSON."""

    id: str
    ticker: str
    strategy: StrategyName
    as_of: date
    fingerprint: str
    parameters: str
    body: str

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> StoredResult:
        """From the columns of a SELECT, in the order of the fields."""
        return cls(*row)


@dataclass(frozen=True)
class ResultSummary:
    """A result as a line of a list. `superseded`: the prices that it was computed from were replaced since, all at once."""

    id: str
    ticker: str
    strategy: StrategyName
    as_of: date
    bars: int
    close: float
    score: float
    verdict: VerdictName
    signal: SignalName
    fingerprint: str
    created_at: datetime
    superseded: bool

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> ResultSummary:
        """From the columns of a SELECT, in the order of the fields."""
        return cls(*(*row[:-1], bool(row[-1])))  # SQLite has no booleans


@dataclass(frozen=True)
class HistoryFilter:
    """Whose results a history has: those of a ticker, by one strategy or, with None, by all."""

    ticker: str
    strategy: str | None = None


@dataclass(frozen=True)
class ResultBrief:
    """The main values of a result."""

    id: str
    strategy: str
    verdict: str
    score: float
    close: float
    as_of: date
    strategy_version: int | None
