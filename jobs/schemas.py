"""Jobs and their items."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas import Headers, Page, PageQuery, Query
from models.job import Fault, Job, JobItem
from models.job_state import ItemStatus, JobStatus
from utils.clock import now
from utils.json_text import parse_tolerant

# Written out, so that the OpenAPI document lists them; a test holds them to the models.
JobStatusName = Literal["queued", "processing", "completed", "failed", "cancelled"]
ItemStatusName = Literal["queued", "processing", "succeeded", "failed", "cancelled"]


class JobAnswer(BaseModel):
    """A job of any kind. `completed` is `succeeded` + `failed`; `version` grows with every change and is the `ETag`."""

    id: str
    kind: str = Field(description="Such as `bulk_analysis`.")
    status: JobStatus
    version: int
    total: int
    completed: int
    succeeded: int
    failed: int
    progress: float = Field(ge=0, le=1)
    eta_seconds: float | None = Field(description="At the pace so far; null while there is none to judge by.")
    cancel_requested: bool
    retry_of: str | None = Field(description="The job whose failed items these were.")
    params: dict[str, Any] = Field(description="What the job does with each key, as it was asked for: by its kind.")
    error: Fault | None = Field(description="Why the job could not be run.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ActiveJobAnswer(JobAnswer):
    """A job that was active already."""

    deduplicated: Literal[True]


class JobPage(Page):
    """A page of jobs, newest first."""

    items: list[JobAnswer]


class JobsQuery(PageQuery):
    """Which jobs."""

    status: JobStatusName | None = None


class JobQuery(Query):
    """What the caller knows of the job."""

    seen: int | None = Field(
        None,
        ge=0,
        description="The newest version that the caller knows. The answer may then be what the job's streams show, up to seconds old, but "
        "never an older version than this. Without it, the job is read now.",
    )


class JobItemAnswer(BaseModel):
    """One item of a job. The result may have been removed since, being old."""

    key: str = Field(description="What the item is about: in a bulk analysis a ticker.")
    ticker: str = Field(description="The same as `key`, under the name that it has had in bulk analyses.")
    status: ItemStatus
    tries: int
    result_id: str | None
    error: Fault | None
    finished_at: datetime | None


class JobItemPage(Page):
    """A page of a job's items, by key."""

    items: list[JobItemAnswer]


class SubmitHeaders(Headers):
    """What makes a request safe to send again."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="The first answer under a key is kept for a day and given again, with `Idempotent-Replayed: true`.",
    )


class ChangeHeaders(Headers):
    """What a command leaves."""

    if_match: str | None = Field(None, alias="If-Match", description="The version that the job must be at.")


class RetryHeaders(SubmitHeaders, ChangeHeaders):
    """Both."""


class StreamHeaders(Headers):
    """Where a stream broke off."""

    last_event_id: str | None = Field(None, alias="Last-Event-ID", description="The last version seen; what is newer is sent.")

    @property
    def last_version(self) -> int:
        """The last version seen; 0 for a header that is none."""
        given = self.last_event_id or ""
        return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else 0


class JobItemsQuery(PageQuery):
    """Which items."""

    status: ItemStatusName | None = None


def job_answer(job: Job) -> dict[str, object]:
    """A job as it is sent."""
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
        "eta_seconds": job.eta_seconds(now()),
        "cancel_requested": job.cancel_requested,
        "retry_of": job.retry_of,
        "params": parse_tolerant(job.params),
        "error": job.error,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def item_answer(item: JobItem) -> dict[str, object]:
    """An item as it is sent."""
    return {
        "key": item.key,
        "ticker": item.key,
        "status": item.status,
        "tries": item.tries,
        "result_id": item.result_id,
        "error": item.error,
        "finished_at": item.finished_at,
    }
