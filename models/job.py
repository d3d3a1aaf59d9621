"""Jobs of any kind: the job, its items, and the chunks of items that workers claim."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.job_state import FINISHED, ItemStatus, JobStatus


class Lane(StrEnum):
    """Where items run. Each lane has workers of its own, so that waiting for a network never holds up a computation."""

    CPU = "cpu"  # a process for each core
    NETWORK = "network"  # one process with a pool of threads


@dataclass(frozen=True)
class Fault:
    """Why an item or a job failed: a stable code, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class Job:
    """A job as its row has it; `params` is JSON."""

    id: str
    org_id: int
    kind: str
    lane: Lane
    status: JobStatus
    version: int
    total: int
    succeeded: int
    failed: int
    cancelled: int
    cancel_requested: bool
    retry_of: str | None
    params: str
    error: Fault | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def completed(self) -> int:
        """Items that were run to their end, well or not."""
        return self.succeeded + self.failed

    @property
    def progress(self) -> float:
        """The completed share, 0 to 1."""
        return self.completed / self.total

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in FINISHED

    def eta_seconds(self, now: datetime) -> float | None:
        """Seconds to the end at the pace so far; 0 when finished, None while there is no pace to judge by."""
        if self.is_finished:
            return 0.0
        if self.started_at is None or not self.completed:
            return None
        elapsed = max((now - self.started_at).total_seconds(), 0.0)
        return round(elapsed / self.completed * (self.total - self.completed), 1)


@dataclass(frozen=True)
class NewJob:
    """A job to be queued: what it runs, in which lane, and its keys, which are distinct.

    While a job with the same `dedupe_key` is active, no other is queued; None queues it in any case.
    """

    kind: str
    lane: Lane
    params: str
    keys: Sequence[str]
    dedupe_key: str | None = None
    retry_of: str | None = None


@dataclass(frozen=True)
class JobItem:
    """One item of a job. `result_id` is what its kind stored for it."""

    key: str
    status: ItemStatus
    tries: int
    result_id: str | None
    error: Fault | None
    finished_at: datetime | None


@dataclass(frozen=True)
class ClaimedItem:
    """An item that a worker has claimed. `tries` counts this claim; above 1, an earlier worker was lost with the item."""

    job_id: str
    key: str
    tries: int


@dataclass(frozen=True)
class ClaimedJob:
    """What a worker needs to know of a job that it has claimed items of."""

    id: str
    org_id: int
    kind: str
    params: str
    cancel_requested: bool


@dataclass(frozen=True, order=True)
class Work:
    """What is done with keys. Items of several jobs with the same work are run together: within it, a key has one outcome."""

    org_id: int
    kind: str
    params: str


@dataclass(frozen=True)
class Chunk:
    """The items that one worker claimed together; nobody without the token may write them."""

    token: str
    items: tuple[ClaimedItem, ...]
    jobs: dict[str, ClaimedJob]

    def work_of(self, item: ClaimedItem) -> Work:
        """What is done with an item's key."""
        job = self.jobs[item.job_id]
        return Work(job.org_id, job.kind, job.params)

    def by_work(self, items: Iterable[ClaimedItem]) -> dict[Work, list[ClaimedItem]]:
        """Some of the items by their work."""
        groups: dict[Work, list[ClaimedItem]] = {}
        for item in items:
            groups.setdefault(self.work_of(item), []).append(item)
        return groups


# What came of running a key: a Fault, or whatever the `store` of its kind takes.
Outcome = Fault | Any


@dataclass(frozen=True)
class Tally:
    """How many items of a job ended, by how."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
