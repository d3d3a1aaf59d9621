"""A comparison of a ticker's stored closes with those of another provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

PRICE_CHECK = "price_check"  # the kind of job


@dataclass(frozen=True)
class PriceCheck:
    """What was found: of the `days` that both have, `differing` have another close; `missing` days has only one of them.

    `since_day` is the first of all these. On `worst_day` the other's close, `worst_other`, is off the stored one, `worst_close`, by
    `worst_percent`; None where none differs.
    """

    ticker: str
    provider: str
    other: str
    checked_at: datetime
    days: int
    differing: int
    missing: int
    since_day: date | None = None
    worst_day: date | None = None
    worst_percent: float | None = None
    worst_close: float | None = None
    worst_other: float | None = None
