"""Jobs: many tickers to analyse with the same parameters, durably; and how the work on them is handed out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.analysis import Overrides, Sizing
from models.job_state import FINISHED, ItemStatus, JobStatus
from models.result import NewResult

BULK_ANALYSIS = "bulk_analysis"


class Universe(StrEnum):
    """A set of tickers by name."""

    ALL = "all"
    WATCHLIST = "watchlist"


@dataclass(frozen=True)
class BulkParams:
    """What a job does with each of its tickers, and which universe they were taken from; None when they were named."""

    strategy: str
    overrides: Overrides = field(default_factory=Overrides)
    sizing: Sizing = field(default_factory=Sizing)
    universe: Universe | None = None


@dataclass(frozen=True)
class BulkOrder:
    """Many analyses asked for. `tickers` are upper case and different; empty for a universe. `force` does active work again."""

    tickers: tuple[str, ...]
    params: BulkParams
    force: bool = False


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
class JobItem:
    """One ticker of a job."""

    ticker: str
    status: ItemStatus
    tries: int
    result_id: str | None
    error: Fault | None
    finished_at: datetime | None


@dataclass(frozen=True)
class ClaimedItem:
    """One ticker that a worker has in hand. `tries` counts this one; above 1, an earlier worker was lost with it."""

    job_id: str
    ticker: str
    tries: int


@dataclass(frozen=True)
class ClaimedJob:
    """What a worker needs to know of a job that it has items of."""

    id: str
    org_id: int
    params: str
    cancel_requested: bool


@dataclass(frozen=True)
class Chunk:
    """The items that one worker claimed together; nobody without the token may touch them."""

    token: str
    items: tuple[ClaimedItem, ...]
    jobs: dict[str, ClaimedJob]

    def by_work(self, items: Iterable[ClaimedItem]) -> dict[tuple[int, str], list[ClaimedItem]]:
        """Some of the items by organization and parameters: within one of these, a ticker has one result."""
        groups: dict[tuple[int, str], list[ClaimedItem]] = {}
        for item in items:
            job = self.jobs[item.job_id]
            groups.setdefault((job.org_id, job.params), []).append(item)
        return groups


@dataclass(frozen=True)
class Analysed:
    """A ticker that was analysed: its result's fingerprint, the result itself where it is new, and whether it is to become the latest.

    `read_at` is a moment before its prices were read: a result of prices that were read later is not replaced as the latest.
    """

    fingerprint: str
    made: NewResult | None
    becomes_latest: bool
    read_at: datetime


Outcome = Analysed | Fault


@dataclass(frozen=True)
class Tally:
    """How many items of a job ended, by how."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
