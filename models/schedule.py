"""Schedules, and the ledger of their due times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What a schedule does, by the name that callers give it."""

    REFRESH = "refresh"
    BULK_ANALYSIS = "bulk_analysis"
    EVIDENCE = "evidence"
    REPORT = "report"
    PIPELINE = "pipeline"
    PORTFOLIO_VALUATION = "portfolio_valuation"
    INDEX_REBALANCING = "index_rebalancing"

    @property
    def capability(self) -> str:
        """The name of the capability that does it."""
        others = {Action.BULK_ANALYSIS: "bulk_analyse", Action.EVIDENCE: "evidence_universe", Action.REPORT: "send_report"}
        return others.get(self, str(self))


class Overlap(StrEnum):
    """What becomes of a due time while the former firing's job is unfinished."""

    SKIP = "skip"
    QUEUE = "queue"


class FiringState(StrEnum):
    """What became of a due time. `waiting` is for the end of another firing; a job that failed makes its firing `failed`."""

    FIRED = "fired"
    LATE = "late"
    MISSED = "missed"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITING = "waiting"


class FiringKind(StrEnum):
    """Why a firing is in the ledger: its time came, somebody ran the schedule, or somebody ran again what had been missed."""

    DUE = "due"
    MANUAL = "manual"
    BACKFILL = "backfill"


class Reason(StrEnum):
    """Why a firing has its state. A capability that refuses to start gives its own sentence instead."""

    DOWN = "down"
    CATCH_UP_EXCEEDED = "catch_up_exceeded"
    OVERLAP = "overlap"
    PAUSED = "paused"
    EDITED = "edited"
    FLAG_OFF = "flag_off"
    JOB_FAILED = "job_failed"
    JOB_CANCELLED = "job_cancelled"
    PARTLY_FAILED = "partly_failed"
    PARTLY_GONE = "partly_gone"
    JOB_REMOVED = "job_removed"


@dataclass(frozen=True)
class When:
    """When a schedule is due: a cron expression in a time zone, or a time after the close of an exchange on its trading days.

    `calendar` is the exchange's market identifier code, and `after_close` hours and minutes: `00:30`.
    """

    cron: str | None = None
    time_zone: str | None = None
    calendar: str | None = None
    after_close: str | None = None


@dataclass(frozen=True)
class NewSchedule:
    """A schedule to be stored. `catch_up` is in seconds: how late a due time may still run."""

    name: str
    when: When
    action: Action
    params: Mapping[str, Any]
    catch_up: int
    overlap: Overlap = Overlap.SKIP
    enabled: bool = True


@dataclass(frozen=True)
class Schedule:
    """A stored schedule.

    Every due time up to `considered_until` is in the ledger; `next_due_at` is the first one behind it, None where there is none.
    """

    id: str
    org_id: int
    name: str
    when: When
    action: Action
    params: Mapping[str, Any]
    catch_up: int
    overlap: Overlap
    enabled: bool
    considered_until: datetime
    last_due_at: datetime | None
    next_due_at: datetime | None
    version: int
    created_at: datetime
    created_by: str | None
    changed_at: datetime
    changed_by: str | None


@dataclass(frozen=True)
class ScheduleFault:
    """What a schedule names and is gone, or no longer fits: the field, and a sentence."""

    field: str
    message: str


@dataclass(frozen=True)
class Firing:
    """A due time of a schedule and what became of it. `message` says it in words."""

    schedule_id: str
    due_at: datetime
    state: FiringState
    reason: str | None = None
    message: str | None = None
    kind: FiringKind = FiringKind.DUE
    job_id: str | None = None
    run_id: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its job is not known to have ended."""
        return self.state in (FiringState.FIRED, FiringState.LATE) and self.finished_at is None
