"""Cache regions, entries and status."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Region(StrEnum):
    """Kinds of cache entries; an entry's key starts with its region and a colon."""

    RESULTS = "results"
    ANALYSES = "analyses"
    KEYS = "keys"
    SESSIONS = "sessions"
    LISTINGS = "listings"
    EVIDENCE = "evidence"


@dataclass(frozen=True)
class CacheEntry:
    """One entry: its size in bytes and the seconds until it expires."""

    key: str
    bytes: int
    expires_in: float


@dataclass(frozen=True)
class CacheStatus:
    """A cache store (`memory` of this process, or shared `redis`): the number of entries, and their bytes where known."""

    store: str
    entries: int
    bytes: int | None
