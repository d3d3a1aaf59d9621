"""Results that were imported from an earlier tool: what it said, and nothing that this engine could vouch for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.analysis import Signal, SignalName, Verdict, VerdictName
from models.strategy import StrategyName

_SIGNALS = {
    Verdict.STRONG_BUY: Signal.BUY,
    Verdict.BUY: Signal.BUY,
    Verdict.HOLD: Signal.HOLD,
    Verdict.SELL: Signal.SELL,
    Verdict.STRONG_SELL: Signal.SELL,
}


@dataclass(frozen=True)
class ImportedResult:
    """What an earlier tool said of a ticker. Its prices, votes and record are not known."""

    id: str
    ticker: str
    name: str | None
    strategy: StrategyName | None
    verdict: VerdictName
    signal: SignalName
    score: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    is_whole: bool
    analysed_at: datetime
    imported_at: datetime


@dataclass(frozen=True)
class ImportedResultWithDetails(ImportedResult):
    """An imported result with what the earlier tool kept beside it, by the name of its column."""

    details: dict[str, Any]


@dataclass(frozen=True)
class NewImportedResult:
    """A result to import; `details` is JSON, `job_ref` the earlier tool's id of its job."""

    id: str
    ticker: str
    name: str | None
    strategy: str | None
    verdict: str
    score: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    is_whole: bool
    details: str
    job_ref: str | None
    analysed_at: datetime


@dataclass(frozen=True)
class ImportedFilter:
    """Which imported results a list has; None for those of any ticker."""

    ticker: str | None = None


def signal_of_verdict(verdict: str) -> SignalName:
    """The signal that a verdict stands for."""
    return _SIGNALS[Verdict(verdict)].value
