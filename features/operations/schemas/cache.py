"""Schemas of the cache."""

from __future__ import annotations

from pydantic import Field

from api.schemas import DEFAULT_LIMIT, LARGEST_LIMIT, PLAIN_TEXT, Answer, Query
from models.cache import CacheEntry, CacheStatus


class CachePrefixQuery(Query):
    """The entries whose keys begin with a prefix."""

    prefix: str = Field(
        "", max_length=200, pattern=PLAIN_TEXT, description="The start of their keys, such as `results:`. Default: all entries."
    )


class CacheQuery(CachePrefixQuery):
    """The entries whose keys begin with a prefix, up to a limit."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=LARGEST_LIMIT, description="The most items to return.")


class CacheAnswer(Answer):
    """The stores of the cache and their entries."""

    stores: list[CacheStatus]
    items: list[CacheEntry]


class CacheClearedAnswer(Answer):
    """The number of entries dropped from Redis and from the process that answers."""

    cleared: int
