"""The cache."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.schemas import DEFAULT_LIMIT, LARGEST_LIMIT, PLAIN_TEXT, Query
from models.cache import CacheEntry, CacheStatus


class CachePrefixQuery(Query):
    """Which entries."""

    prefix: str = Field("", max_length=200, pattern=PLAIN_TEXT, description="How their keys begin, say `results:`; all unless given.")


class CacheQuery(CachePrefixQuery):
    """Which entries, and how many."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many at most.")


class CacheAnswer(BaseModel):
    """What the cache holds."""

    stores: list[CacheStatus]
    items: list[CacheEntry]


class CacheClearedAnswer(BaseModel):
    """How many entries were dropped by the process that answers, those in Redis included."""

    cleared: int
