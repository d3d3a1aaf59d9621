"""The watchlist of an organization."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class WatchlistItem:
    """A ticker on the watchlist, with its owner's name and notes for it."""

    ticker: str
    name: str | None
    notes: str | None
    created_at: datetime
