"""A comparison of a ticker's stored closes with those of another provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

PRICE_CHECK = "price_check"  # the kind of job


@dataclass(frozen=True)
class PriceCheck:
    """What was found: of the `days` that both have, `differing` have another close; `missing` days has only one of them.

    `worst_percent` is by how much the other's close is off on `worst_day`, in percent of the stored one; None where none differs.
    """

    ticker: str
    provider: str
    other: str
    checked_at: datetime
    days: int
    differing: int
    missing: int
    worst_day: date | None
    worst_percent: float | None
