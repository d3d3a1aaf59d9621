"""What failed lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RecentError:
    """An error that occurred in a process: an unexpected one of a request (`subject` is its method and route), or the opening of a breaker.

    `error` is the class of the exception, never its message. `request_id` is that of the last request.
    """

    kind: str
    subject: str
    error: str
    occurrences: int
    first_at: datetime
    last_at: datetime
    request_id: str | None


@dataclass(frozen=True)
class FailedItems:
    """Items of one job that failed with the same code."""

    job_id: str
    kind: str
    code: str
    items: int
    last_at: datetime
