"""Schemas of the live workers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Answer
from models.job import Lane


class DoingAnswer(Answer):
    """Items of one job that a worker has claimed together."""

    job_id: str
    kind: str
    items: int
    since: datetime = Field(description="When it claimed them, by the clock of its machine. A chunk is meant to last for 0.15 seconds.")


class WorkerAnswer(Answer):
    """A worker process that is alive."""

    id: str = Field(description="Its name in claims and in its log lines.")
    host: str
    pid: int
    lanes: list[Lane]
    engine: Literal["local", "celery"]
    version: str
    started_at: datetime
    seen_seconds: float = Field(description="The age of its last heartbeat. There is one every 5 seconds.")
    doing: list[DoingAnswer] = Field(description="What it holds now, oldest first; empty while it waits for work.")


class WorkerList(Answer):
    """Every worker that is alive, by machine."""

    items: list[WorkerAnswer]
