"""Where a fetched series comes from, and what became of the last attempts to fetch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

PRICE_REFRESH = "price_refresh"  # the kind of job


@dataclass(frozen=True)
class SeriesFetch:
    """The last successful fetch of a shared series.

    - `provisional_day`: its newest day if that bar was fetched before its exchange's day was over.
    - `is_whole`: whether the whole history was fetched, for the `reason` if it replaced another.
    - `added`, `changed`: the days that were new, and those whose bar was another before.
    - `replaced_at`: when the history was last replaced as one.
    """

    ticker: str
    provider: str
    fetched_at: datetime
    provisional_day: date | None
    currency: str | None
    time_zone: str | None
    exchange: str | None
    is_whole: bool
    reason: str | None
    added: int
    changed: int
    replaced_at: datetime | None


@dataclass(frozen=True)
class FetchReport:
    """A SeriesFetch without its ticker, as a report on the ticker tells it."""

    provider: str
    fetched_at: datetime
    provisional_day: date | None
    currency: str | None
    time_zone: str | None
    exchange: str | None
    is_whole: bool
    reason: str | None
    added: int
    changed: int
    replaced_at: datetime | None


@dataclass(frozen=True)
class FetchFailure:
    """The last time that no provider had prices of a ticker."""

    code: str
    message: str
    failed_at: datetime


class RefreshOutcome(StrEnum):
    """What became of a ticker that was refreshed."""

    NEW = "New"
    EXTENDED = "Extended"
    REPLACED = "Replaced"  # the history was restated, or comes from another provider
    UNCHANGED = "Unchanged"  # the provider has nothing newer
    CURRENT = "Current"  # it has the newest final day already; no provider was asked
    OWN = "Own upload"  # the organization's own series hides what a provider would answer; no provider was asked


@dataclass(frozen=True)
class Refreshed:
    """A ticker that was refreshed. `reason` says why its whole history was fetched again."""

    ticker: str
    outcome: RefreshOutcome
    provider: str | None
    bars: int
    last_day: date
    added: int = 0
    changed: int = 0
    reason: str | None = None
    provisional: bool = False


@dataclass(frozen=True)
class ProviderState:
    """How a provider has answered last. After several `failures` in a row it is not asked until `closed_until`."""

    failures: int = 0
    closed_until: datetime | None = None
    last_success_at: datetime | None = None
    last_error: str | None = None
    last_fault: str | None = None
    last_error_at: datetime | None = None


@dataclass(frozen=True)
class RefreshOrder:
    """A request for a refresh. `tickers` are upper case and distinct; empty for a universe. `force` asks even if nothing can be newer."""

    tickers: tuple[str, ...]
    universe: str | None = None
    force: bool = False
