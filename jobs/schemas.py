"""Schemas of jobs and their items."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from zlib import crc32

from pydantic import Field

from api.schemas import PLAIN_TEXT, Answer, Headers, Page, PageQuery, Query, SubmitHeaders
from jobs.stalls import Situation
from models.job import Fault, Job, JobItem
from models.job_state import ItemStatus, JobStatus
from utils.clock import now
from utils.json_text import dump, parse_tolerant

# Literals, so that the OpenAPI document lists the values; a test compares them with the enums.
JobStatusName = Literal["queued", "processing", "completed", "failed", "cancelled"]
StallName = Literal["no_worker", "switched_off"]
ItemStatusName = Literal["queued", "processing", "succeeded", "failed", "cancelled"]


class WaitingItems(Answer):
    """Items of a job that wait for their time."""

    items: int
    first_at: datetime = Field(description="When the first of them goes on.")
    last_at: datetime = Field(description="When the last of them does, as it looks now.")


class JobAnswer(Answer):
    """A job of any kind. `completed` is `succeeded` + `failed`; `version` grows with every change and is the `ETag`."""

    id: str
    kind: str = Field(description="For example `bulk_analysis`.")
    status: JobStatus
    version: int
    total: int
    completed: int
    succeeded: int
    failed: int
    progress: float = Field(ge=0, le=1)
    eta_seconds: float | None = Field(
        description="At the average pace so far, or until the last of `waiting` goes on; null before the first item is completed, and "
        "while `stalled_by` is not null."
    )
    stalled_by: StallName | None = Field(
        description="Why it cannot get on at the moment: no worker that could run it is alive, or an operator has switched jobs off."
    )
    waiting: WaitingItems | None = Field(
        description="The items that wait for their time, as for a provider's next minute or day; null where none does. Up to seconds old."
    )
    cancel_requested: bool
    retry_of: str | None = Field(description="The job whose failed items this job retries.")
    params: dict[str, Any] = Field(description="The parameters of the request. Their fields depend on the kind.")
    error: Fault | None = Field(description="The reason why the job could not be run.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ActiveJobAnswer(JobAnswer):
    """The active job that already does the same work."""

    deduplicated: Literal[True]


class JobPage(Page):
    """A page of jobs, newest first."""

    items: list[JobAnswer]


class JobsQuery(PageQuery):
    """A page of jobs, and their status."""

    status: JobStatusName | None = Field(None, description="Only jobs with this status.")


class JobQuery(Query):
    """The version that the caller has received."""

    seen: int | None = Field(
        None,
        ge=0,
        le=2**53,
        description="The newest version that the caller has received. The answer may then be up to seconds old, but is never an older "
        "version than this. Without it, the job is read now.",
    )


class JobItemAnswer(Answer):
    """One item of a job. Its result may have been deleted since because of its age."""

    key: str = Field(description="In a bulk analysis, the ticker.")
    ticker: str = Field(description="The same as `key`, for clients of bulk analyses.")
    status: ItemStatus
    tries: int
    result_id: str | None
    outcome: str | None = Field(description="What came of it in a word: in a bulk analysis, the verdict. Null where none was kept.")
    changed: bool | None = Field(
        description="Whether the outcome differs from the key's former one; null where it has none, or where parameters were overridden."
    )
    facts: dict[str, Any] | None = Field(
        description="What else came of it; the fields depend on the kind. In a bulk analysis `score`, `close`, `as_of`, and the former "
        "verdict as `was`."
    )
    error: Fault | None
    finished_at: datetime | None


class JobItemPage(Page):
    """A page of a job's items, by key."""

    items: list[JobItemAnswer]


class ItemGroupAnswer(Answer):
    """Items of a job with the same status, outcome and error."""

    status: ItemStatus
    outcome: str | None
    error_code: str | None
    items: int
    changed: int = Field(description="How many of them have an outcome that differs from their key's former one.")


class JobSummaryAnswer(Answer):
    """What came of a job in numbers."""

    version: int = Field(description="The version of the job that was read just before.")
    groups: list[ItemGroupAnswer]


class ChangeHeaders(Headers):
    """The precondition of a command."""

    if_match: str | None = Field(None, alias="If-Match", description="The version that the job must be at.")


class RetryHeaders(SubmitHeaders, ChangeHeaders):
    """The headers of a retry."""


class StreamHeaders(Headers):
    """The position from which a stream continues."""

    last_event_id: str | None = Field(None, alias="Last-Event-ID", description="The `id` of the last event received; newer ones are sent.")

    @property
    def last_id(self) -> int:
        """The id of the last event received; 0 when the header is missing or is none."""
        value = self.last_event_id or ""
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0


class JobItemsQuery(PageQuery):
    """A page of items, and which."""

    status: ItemStatusName | None = Field(None, description="Only items in this state.")
    outcome: str | None = Field(
        None, min_length=1, max_length=50, pattern=PLAIN_TEXT, description="Only items with this outcome, such as `Buy`."
    )
    changed: bool | None = Field(None, description="Only items whose outcome has changed, or has not.")


def job_answer(job: Job, situation: Situation) -> dict[str, object]:
    """The JSON object of a job."""
    stall, waiting = situation.stall_of(job), situation.waiting_of(job)
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "version": job.version,
        "total": job.total,
        "completed": job.completed,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "progress": job.progress,
        "eta_seconds": situation.eta_seconds(job, now()),
        "stalled_by": stall,
        "waiting": waiting,
        "cancel_requested": job.cancel_requested,
        "retry_of": job.retry_of,
        "params": parse_tolerant(job.params),
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def job_tag(job: Job, situation: Situation) -> str:
    """What identifies the JSON object of a job: its version, and what keeps it from getting on, of which the version has no trace."""
    untraced = situation.untraced(job)
    return f"{job.version}:{crc32(dump(untraced)):08x}" if any(untraced) else str(job.version)


def item_answer(item: JobItem) -> dict[str, object]:
    """The JSON object of an item."""
    stored = item.stored
    return {
        "key": item.key,
        "ticker": item.key,
        "status": item.status,
        "tries": item.tries,
        "result_id": stored.result_id if stored else None,
        "outcome": stored.outcome if stored else None,
        "changed": stored.changed if stored else None,
        "facts": stored.facts if stored else None,
        "error": item.error,
        "finished_at": item.finished_at,
    }
