"""Schemas of the cache."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.schemas import DEFAULT_LIMIT, LARGEST_LIMIT, PLAIN_TEXT, Query
from models.cache import CacheEntry, CacheStatus


class CachePrefixQuery(Query):
    """The entries whose keys begin with a prefix."""

    prefix: str = Field("", max_length=200, pattern=PLAIN_TEXT, description="How their keys begin, say `results:`; all unless given.")


class CacheQuery(CachePrefixQuery):
    """The entries whose keys begin with a prefix, up to a limit."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="How many at most.")


class CacheAnswer(BaseModel):
    """The stores of the cache and their entries."""

    stores: list[CacheStatus]
    items: list[CacheEntry]


class CacheClearedAnswer(BaseModel):
    """The number of entries dropped from Redis and from the process that answers."""

    cleared: int
