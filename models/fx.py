"""Exchange rates against the euro, and the attempts to fetch them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

FX_FETCH = "fx_fetch"  # the kind of job
MOST_CARRIED = 7  # days; an older rate says nothing of a day


@dataclass(frozen=True)
class FxSeries:
    """The stored rates of a currency, without them: units of it for one euro. `own` unless they are those that all share."""

    currency: str
    source: str
    own: bool
    rates: int
    first_day: date
    last_day: date
    last_rate: float
    updated_at: datetime
    changed_by: str | None


@dataclass(frozen=True)
class FxFetch:
    """The last attempts to fetch rates."""

    source: str
    fetched_at: datetime | None
    error: str | None
    failures: int
    next_at: datetime


@dataclass(frozen=True)
class FxChange:
    """What a file has brought for a currency: days that are new, and days that have another rate now."""

    series: FxSeries
    added: int
    changed: int
    hides_shared: bool


@dataclass(frozen=True)
class FxUpload:
    """What a file was read as, and what it has brought. `missing` counts places without a rate, `skipped` rows that are not of a day."""

    layout: str
    first_day: date
    last_day: date
    missing: int
    skipped: int
    items: tuple[FxChange, ...]


@dataclass(frozen=True)
class FxRate:
    """The rate of a day: made of rates of `quoted`, the older one of the two days. Without one, the reason says why."""

    value: float | None
    quoted: date | None
    reason: str | None


@dataclass(frozen=True)
class FxGap:
    """Days without a rate, both ends included, and why."""

    first: date
    last: date
    reason: str
