"""What a cache holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Region(StrEnum):
    """Kinds of entries; each entry's key begins with its region and a colon."""

    RESULTS = "results"
    ANALYSES = "analyses"
    KEYS = "keys"
    SESSIONS = "sessions"


@dataclass(frozen=True)
class CacheEntry:
    """One entry: its size in bytes and the seconds until it is dropped."""

    key: str
    bytes: int
    expires_in: float


@dataclass(frozen=True)
class CacheStatus:
    """One store (the `memory` of the process that answers, or `redis` for all): how many entries, and their size in bytes where known."""

    store: str
    entries: int
    bytes: int | None
