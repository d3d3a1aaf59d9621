"""The processes that run jobs, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.job import Lane


@dataclass(frozen=True)
class WorkerIdentity:
    """A worker process: its name in claims, its machine, the lanes whose items it runs, its engine and its version."""

    id: str
    host: str
    pid: int
    lanes: tuple[Lane, ...]
    engine: str
    version: str


@dataclass(frozen=True)
class Holding:
    """Items of one job that a worker has claimed together; `since` is when it claimed them, by its machine's clock."""

    worker: str
    job_id: str
    kind: str
    items: int
    since: datetime


@dataclass(frozen=True)
class LiveWorker:
    """A worker whose last heartbeat is recent. `seen_seconds` is the age of the heartbeat. `holdings` is empty while it waits for work."""

    identity: WorkerIdentity
    started_at: datetime
    seen_seconds: float
    holdings: tuple[Holding, ...] = ()
