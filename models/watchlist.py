"""The watchlist of an organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class WatchlistItem:
    """A ticker on the watchlist, with its owner's name and notes for it. The order by hand is that of `position`, then of the ticker."""

    ticker: str
    name: str | None
    notes: str | None
    position: int
    created_at: datetime


@dataclass(frozen=True)
class NewItem:
    """A ticker to add."""

    ticker: str
    name: str | None
    notes: str | None
    created_at: datetime


class AddOutcome(StrEnum):
    """What became of a ticker that was to be added."""

    ADDED = "added"
    ALREADY = "already"
    NO_PRICES = "no_prices"


@dataclass(frozen=True)
class AddedTicker:
    """A ticker that was to be added, and what became of it."""

    ticker: str
    name: str | None
    outcome: AddOutcome
    has_prices: bool
