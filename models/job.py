"""Jobs of any kind: the job, its items, and the chunks of items that workers claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.job_state import FINISHED, ItemStatus, JobStatus


class Lane(StrEnum):
    """The pool of workers that runs an item. Each lane has its own workers, so that waiting for a network never delays a computation."""

    CPU = "cpu"  # a process for each core
    NETWORK = "network"  # one process with a pool of threads


class Stall(StrEnum):
    """Why an unfinished job cannot get on."""

    NO_WORKER = "no_worker"  # no worker of its lane is alive
    SWITCHED_OFF = "switched_off"  # an operator has switched jobs off


@dataclass(frozen=True)
class Fault:
    """The reason why an item or a job failed: a stable code, and a sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class Job:
    """A job as stored; `params` is JSON."""

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
        """The number of items that were run: those that succeeded or failed."""
        return self.succeeded + self.failed

    @property
    def progress(self) -> float:
        """The completed share of the items, 0 to 1."""
        return self.completed / self.total

    @property
    def is_finished(self) -> bool:
        """Whether the job is in a final state."""
        return self.status in FINISHED

    def eta_seconds(self, now: datetime) -> float | None:
        """Seconds to the end at the average pace so far; 0 when finished, None before the first item is completed."""
        if self.is_finished:
            return 0.0
        if self.started_at is None or not self.completed:
            return None
        elapsed = max((now - self.started_at).total_seconds(), 0.0)
        return round(elapsed / self.completed * (self.total - self.completed), 1)


@dataclass(frozen=True)
class NewJob:
    """A job to be queued. Its keys are distinct.

    While a job with the same `dedupe_key` is active, no other one is queued; a job without one is always queued.
    """

    kind: str
    lane: Lane
    params: str
    keys: Sequence[str]
    dedupe_key: str | None = None
    retry_of: str | None = None


@dataclass(frozen=True)
class Stored:
    """What a kind stored for a key: the id of its result, and for lists of items what came of it.

    `outcome` is a short label to count and filter by (up to 50 characters), `changed` whether it differs from the key's former one (None
    where that is not known or makes no sense), and `facts` a few values to be shown, which must be JSON.
    """

    result_id: str
    outcome: str | None = None
    changed: bool | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class JobItem:
    """One item of a job. `stored` is what its kind stored when it succeeded."""

    key: str
    status: ItemStatus
    tries: int
    stored: Stored | None
    error: Fault | None
    finished_at: datetime | None


@dataclass(frozen=True)
class ItemFilter:
    """The items of a list; None for those of any kind."""

    status: str | None = None
    outcome: str | None = None
    changed: bool | None = None


@dataclass(frozen=True)
class ItemGroup:
    """The number of a job's items with the same status, outcome and error, and how many of them have changed."""

    status: ItemStatus
    outcome: str | None
    error_code: str | None
    items: int
    changed: int


@dataclass(frozen=True)
class ClaimedItem:
    """An item that a worker has claimed. `tries` counts this claim; above 1, an earlier worker was lost while it held the item."""

    job_id: str
    key: str
    tries: int


@dataclass(frozen=True)
class ClaimedJob:
    """The fields of a job that a worker needs to run its items."""

    id: str
    org_id: int
    kind: str
    params: str
    cancel_requested: bool


@dataclass(frozen=True, order=True)
class Work:
    """A computation for keys. Items with the same work are run together, across jobs: within one work, a key has one outcome."""

    org_id: int
    kind: str
    params: str


@dataclass(frozen=True)
class Chunk:
    """The items that one worker claimed together. Every write to them names the token."""

    token: str
    items: tuple[ClaimedItem, ...]
    jobs: dict[str, ClaimedJob]

    def work_of(self, item: ClaimedItem) -> Work:
        """The work of an item."""
        job = self.jobs[item.job_id]
        return Work(job.org_id, job.kind, job.params)

    def by_work(self, items: Iterable[ClaimedItem]) -> dict[Work, list[ClaimedItem]]:
        """Group items of the chunk by their work."""
        groups: dict[Work, list[ClaimedItem]] = {}
        for item in items:
            groups.setdefault(self.work_of(item), []).append(item)
        return groups


@dataclass(frozen=True)
class Rate:
    """How many calls something takes in a span of seconds."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Later:
    """A key that cannot be run yet: not for `seconds`, and then only as many of a job's keys as the `rates` allow, the longest span first.

    Each waiting item gets a time of its own, so that those of a long line do not all ask again at each turn.
    """

    seconds: float
    rates: tuple[Rate, ...] = ()
    cost: int = 1  # calls for a key

    def seconds_at(self, place: int) -> float:
        """The seconds to wait at a place in the line, from 0 on."""
        left, wait = place * self.cost, self.seconds
        for rate in self.rates:
            spans, left = divmod(left, rate.calls)
            wait += spans * rate.seconds
        if self.rates:
            wait += left * self.rates[-1].seconds / self.rates[-1].calls
        return wait


@dataclass(frozen=True)
class Waiting:
    """Items of a job that are delayed: their number, and when the first and the last of them go on."""

    items: int
    first_at: datetime
    last_at: datetime


# The outcome of running a key: a Fault, Later, or a value for the `store` of its kind.
Outcome = Fault | Later | Any


@dataclass(frozen=True)
class Tally:
    """The numbers of items of a job that ended, by outcome."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass(frozen=True)
class FinishedItem:
    """An item of a job that ran elsewhere: what came of it, or its fault; neither of one that was cancelled."""

    key: str
    stored: Stored | None = None
    error: Fault | None = None

    @property
    def status(self) -> ItemStatus:
        """The state that it ended in."""
        if self.stored is not None:
            return ItemStatus.SUCCEEDED
        return ItemStatus.CANCELLED if self.error is None else ItemStatus.FAILED


@dataclass(frozen=True)
class FinishedJob:
    """A job that ran elsewhere, to be stored as it ended; `params` is JSON. It may name fewer items than it counts."""

    id: str
    kind: str
    lane: Lane
    params: str
    status: JobStatus
    tally: Tally
    error: Fault | None
    created_at: datetime
    started_at: datetime
    finished_at: datetime
    items: tuple[FinishedItem, ...]
