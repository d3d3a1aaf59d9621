"""The watch lists of an organization: the default one, and others under a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DEFAULT_LIST = "default"
DEFAULT_NAME = "Watchlist"


@dataclass(frozen=True)
class ListKey:
    """Which list of which organization."""

    org_id: int
    list_id: str = DEFAULT_LIST

    @property
    def is_default(self) -> bool:
        """Whether it is the list that every organization has."""
        return self.list_id == DEFAULT_LIST

    def scope(self, name: str) -> list[str]:
        """What a cursor of a list is bound to; for the default list as it was before there were others."""
        return [name] if self.is_default else [name, self.list_id]


@dataclass(frozen=True)
class NamedList:
    """A list that somebody made."""

    id: str
    name: str
    position: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Watchlist:
    """A watch list, with the number of its items. The default one was never made or changed.

    `has_ticker` says whether a ticker that was asked for is on it.
    """

    id: str
    name: str
    is_default: bool
    count: int
    has_ticker: bool | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True)
class WatchlistItem:
    """A ticker on a list, with its owner's name and notes for it. The order by hand is that of `position`, then of the ticker."""

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
