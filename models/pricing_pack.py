"""Pricing packs: the prices and rates that an answer was computed from, kept under their digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST_PACKS = 1_000  # of an organization
KEPT_FOR = timedelta(days=400)


@dataclass(frozen=True)
class PricingPack:
    """A pack without its contents. `supersedes` is the digest of the one before of the same day, whose prices or rates were others."""

    id: str
    digest: str
    day: date
    supersedes: str | None
    lines: int
    created_at: datetime


@dataclass(frozen=True)
class PackedLine:
    """A line of a pack: `closes` of a ticker, `rates` between two currencies, or the values of a `benchmark`.

    `rows` is how many days it has, up to `last_day`, and `digest` is of all of them.
    """

    kind: str
    name: str
    revision: int
    rows: int
    digest: str
    last_day: date | None
    last_value: float | None
