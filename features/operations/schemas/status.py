"""Schemas of the status page."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from features.operations.schemas.health import BreakerAnswer


class PoolAnswer(BaseModel):
    """The database connections of the process that answers, and events since it started."""

    limit: int = Field(description="The most that it opens.")
    in_use: int
    idle: int
    events: dict[str, int]


class JobsStatusAnswer(BaseModel):
    """The jobs of every organization. Fields read from the database are null while it is away."""

    engine: Literal["local", "celery"]
    workers: int = Field(description="Worker processes beside each web server; 0 when others run the jobs.")
    by_status: dict[str, int] | None
    queued_items: int | None = Field(description="Items that wait to be claimed.")
    backlog_seconds: float | None = Field(description="How long work has waited while nobody claimed any.")


class LimitsAnswer(BaseModel):
    """The rate limits of one key."""

    enabled: bool
    shared: bool = Field(description="Whether every instance counts together, in Redis, at this moment.")
    per_minute: int
    per_hour: int
    analyses_per_minute: int
    bulk_per_minute: int
    uploads_per_minute: int
    heavy_reads_per_minute: int


class StreamsAnswer(BaseModel):
    """Live progress streams of the process that answers."""

    limit: int = Field(description="How many it serves at once; past it clients poll.")
    is_full: bool


class StatusAnswer(BaseModel):
    """The status of the service. Pool, breakers and streams are those of the process that answers."""

    pool: PoolAnswer
    breakers: list[BreakerAnswer]
    jobs: JobsStatusAnswer
    limits: LimitsAnswer
    streams: StreamsAnswer
    version: str
    environment: Literal["development", "test", "production"]
    database: str = Field(description="Its URL without the password.")
