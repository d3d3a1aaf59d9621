"""Bulk analyses: many tickers analysed with the same parameters, as one job."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from models.analysis import Overrides, Sizing
from models.result import NewResult
from models.strategy import Strategy

BULK_ANALYSIS = "bulk_analysis"


@dataclass(frozen=True)
class BulkParams:
    """How a bulk analysis analyses each ticker, and which universe the tickers were taken from; None when they were named."""

    strategy: Strategy
    overrides: Overrides = field(default_factory=Overrides)
    sizing: Sizing = field(default_factory=Sizing)
    universe: str | None = None
    refresh: bool = False  # bring the prices of each up to date first


@dataclass(frozen=True)
class BulkOrder:
    """A request for a bulk analysis. `tickers` are upper case and distinct; empty for a universe. `force` repeats work that is active."""

    tickers: tuple[str, ...]
    params: BulkParams
    force: bool = False


@dataclass(frozen=True)
class RefreshNote:
    """What a refresh made of a ticker's prices; or the `error` for which they are as they were."""

    outcome: str | None
    error: str | None = None


@dataclass(frozen=True)
class Restated:
    """What stands in place of a superseded latest result: that of the same day by the new prices; None where there is none."""

    superseded_id: str
    result: NewResult | None


@dataclass(frozen=True)
class Analysed:
    """A ticker that was analysed: its result's fingerprint, the result itself if it is new, and whether it becomes the latest.

    `read_at` is a moment before its prices were read: a result of prices that were read later stays the latest. `refresh` tells
    what became of its prices just before. `restated` is None unless the latest result is superseded.
    """

    fingerprint: str
    result: NewResult | None
    becomes_latest: bool
    read_at: datetime
    refresh: RefreshNote | None = None
    restated: Restated | None = None
