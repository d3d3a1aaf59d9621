"""Schemas of the status page."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Answer
from features.operations.schemas.health import BreakerAnswer


class PoolAnswer(Answer):
    """The database connections of the process that answers, and events since it started."""

    limit: int = Field(description="The most connections that it opens.")
    in_use: int
    idle: int
    events: dict[str, int]


class JobsStatusAnswer(Answer):
    """The jobs of every organization. Fields read from the database are null while it is away."""

    engine: Literal["local", "celery"]
    workers: int = Field(description="Local worker processes beside each web server; 0 with the celery engine.")
    by_status: dict[str, int] | None
    queued_items: int | None = Field(description="Items that wait to be claimed.")
    backlog_seconds: float | None = Field(description="Seconds that items have waited without any being claimed.")


class LimitsAnswer(Answer):
    """The rate limits of one key."""

    enabled: bool
    shared: bool = Field(description="Whether all instances currently count together in Redis.")
    per_minute: int
    per_hour: int
    analyses_per_minute: int
    bulk_per_minute: int
    uploads_per_minute: int
    heavy_reads_per_minute: int
    tests_per_minute: int


class StreamsAnswer(Answer):
    """Live progress streams of the process that answers."""

    limit: int = Field(description="The most streams at once; further clients poll.")
    is_full: bool


class StatusAnswer(Answer):
    """The status of the service. Pool, breakers and streams are those of the process that answers."""

    pool: PoolAnswer
    breakers: list[BreakerAnswer]
    jobs: JobsStatusAnswer
    limits: LimitsAnswer
    streams: StreamsAnswer
    version: str
    environment: Literal["development", "test", "production"]
    database: str = Field(description="Its URL without the password.")
