"""Pipelines: declared steps, their runs, and what starts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

PIPELINE, PIPELINE_ITEMS = "pipeline", "pipeline_items"  # kinds of job; the first is also a capability
SEND_REPORT = "send_report"  # a capability, too
RUNS = (PIPELINE, SEND_REPORT)  # capabilities that are runs, so that none of them can be a step
PIPELINE_ID = r"^[a-z][a-z0-9_-]{0,59}$"
NAME = r"^[a-z][a-z0-9_]{0,39}$"  # of an input, a step or an output
MOST_STEPS = 20
MOST_ITEMS = 500  # of a for_each
STATE_BYTES = 1_000_000  # of the inputs and all answers of a run
STEP_SECONDS = 30.0
RUNS_KEPT_DAYS = 30


class RunStatus(StrEnum):
    """How a run stands. It waits while a job of one of its steps runs."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED})


class StepOutcome(StrEnum):
    """What became of a step."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITING = "waiting"
    PLANNED = "planned"  # of a dry run
    NOT_RUN = "not_run"  # so far, or ever


class Source(StrEnum):
    """Where a pipeline is from: a file that every organization has, or the organization's own."""

    FILE = "file"
    ORGANIZATION = "organization"


@dataclass(frozen=True)
class Limits:
    """The limits of a run."""

    step_seconds: float = STEP_SECONDS
    state_bytes: int = STATE_BYTES
    items: int = MOST_ITEMS


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a definition or with inputs, and where."""

    field: str
    message: str


@dataclass(frozen=True)
class Version:
    """One version of a pipeline: `definition` is JSON, `created_by` the key that stored it, `note` why where there is something to say."""

    pipeline_id: str
    version: int
    sha256: str
    definition: str
    created_at: datetime
    created_by: str | None
    note: str | None


@dataclass(frozen=True)
class Listed:
    """A pipeline in the list. `errors` are those of a newer file that is not used; `version` is null where there is no good one."""

    id: str
    name: str
    description: str
    source: Source
    version: int | None
    sha256: str | None
    inputs: Mapping[str, Any]
    steps: int
    hides_file: bool
    updated_at: datetime | None
    errors: Sequence[Mistake] = ()


@dataclass(frozen=True)
class Origin:
    """Who started a run and what caused it: `key:…`, `schedule:…`, `workflow:…`; `cause_key` names the one cause that starts it once."""

    created_by: str | None
    caused_by: str
    cause_key: str | None = None
    workflow_id: str | None = None
    depth: int = 0  # how many runs and events lie between it and a person or a schedule


@dataclass(frozen=True)
class Run:
    """A run as stored; `next_step` is the position of the first step without an outcome, and `definition` what it was started with."""

    id: str
    org_id: int
    pipeline_id: str
    version: int
    sha256: str
    definition: Mapping[str, Any]
    status: RunStatus
    next_step: int
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] | None
    error: str | None
    job_id: str | None
    state_bytes: int
    origin: Origin
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether it is in a final state."""
        return self.status in ENDED


@dataclass(frozen=True)
class StepRecord:
    """A line of the trace. `answer` is None unless it was asked for; `digest` is the SHA-256 of the answer's JSON."""

    position: int
    step: str
    capability: str
    outcome: StepOutcome
    args: Mapping[str, Any]
    reason: str | None = None
    notes: Sequence[str] = ()
    digest: str | None = None
    answer_bytes: int | None = None
    job_id: str | None = None
    started_at: datetime | None = None
    ms: int | None = None
    answer: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class RunSummary:
    """A run in the list."""

    id: str
    pipeline: str
    version: int
    status: RunStatus
    error: str | None
    caused_by: str
    created_by: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
