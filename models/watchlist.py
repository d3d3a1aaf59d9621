"""The watchlist: tickers that an organization follows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class WatchlistItem:
    """One followed ticker with the name and notes that its owner gave it."""

    ticker: str
    name: str | None
    notes: str | None
    created_at: datetime
