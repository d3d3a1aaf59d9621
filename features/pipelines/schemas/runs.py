"""Schemas of runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas import Answer, Body, Page, PageQuery
from models.pipeline import Run, StepOutcome, StepRecord

RunStatusName = Literal["queued", "running", "waiting", "completed", "failed", "cancelled"]
OutcomeName = Literal["ok", "skipped", "failed", "waiting", "not_run", "planned"]


class RunPath(BaseModel):
    """The id of a run in a path."""

    run_id: str = Field(description="The id of a run.", max_length=100)


class StepPath(RunPath):
    """A step of a run in a path."""

    step: str = Field(description="The name of a step.", max_length=100)


class NewRunRequest(Body):
    """A run to begin."""

    inputs: dict[str, Any] = Field({}, description="The inputs by name; what is left out has its default.")
    dry_run: bool = Field(False, description="Only say what would be done: nothing is called or stored.")


class RunsQuery(PageQuery):
    """A page of runs."""

    pipeline: str | None = Field(None, max_length=60, description="Only runs of this pipeline.")
    status: RunStatusName | None = Field(None, description="Only runs with this status.")


class TraceStep(Answer):
    """What became of a step."""

    step: str = Field(description="Its name, which is `as` in the definition.")
    capability: str = Field(description="What it calls.")
    args: dict[str, Any] = Field(description="The arguments that it was called with; what is secret is left out.")
    outcome: OutcomeName = Field(
        description="`waiting` while its job runs, `not_run` before its turn or where the run ended before it; `planned` in a dry run."
    )
    reason: str | None = Field(description="Why it was skipped, or failed.")
    notes: list[str] = Field(description="What is worth knowing, such as a null within a text.")
    digest: str | None = Field(description="SHA-256 of its answer's JSON; null without an answer.")
    answer_bytes: int | None = Field(description="The size of its answer.")
    job_id: str | None = Field(description="The job that it started; null where it started none.")
    started_at: datetime | None
    ms: int | None = Field(description="How long it took, its job included; null before it has ended.")


class RunAnswer(Answer):
    """A run with its trace."""

    id: str | None = Field(description="Null for a dry run, which is not stored.")
    pipeline: str = Field(description="The id of the pipeline.")
    version: int = Field(description="The version that it was begun with; later changes do not concern it.")
    sha256: str = Field(description="The digest of that version.")
    status: RunStatusName
    dry_run: bool = Field(description="Whether nothing was called or stored.")
    inputs: dict[str, Any] = Field(description="Its inputs, with the defaults.")
    outputs: dict[str, Any] | None = Field(description="What it answers; null unless it is completed.")
    error: str | None
    caused_by: str = Field(description="What began it: `key:…`, `schedule:…`, `workflow:…`.")
    created_by: str | None = Field(description="The id of the key or the person that began it; null where none did.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    steps: int = Field(description="How many steps the pipeline has.")
    trace: list[TraceStep] = Field(description="What became of each step, in order.")


class RunListItem(Answer):
    """A run in the list."""

    id: str
    pipeline: str = Field(description="The id of the pipeline.")
    version: int = Field(description="The version that it was begun with.")
    status: RunStatusName
    error: str | None
    caused_by: str = Field(description="What began it: `key:…`, `schedule:…`, `workflow:…`.")
    created_by: str | None = Field(description="The id of the key or the person that began it; null where none did.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RunPage(Page):
    """A page of runs, newest first."""

    items: list[RunListItem]


class StepAnswer(TraceStep):
    """A step with its whole answer."""

    answer: Any = Field(description="What it answered; null without an answer.")


def run_answer(run: Run, trace: Sequence[StepRecord], dry_run: bool = False) -> dict[str, Any]:
    """A run as JSON."""
    return {
        "id": None if dry_run else run.id,
        "pipeline": run.pipeline_id,
        "version": run.version,
        "sha256": run.sha256,
        "status": run.status,
        "dry_run": dry_run,
        "inputs": run.inputs,
        "outputs": run.outputs,
        "error": run.error,
        "caused_by": run.origin.caused_by,
        "created_by": run.origin.created_by,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "steps": len(run.definition["steps"]),
        "trace": [step_answer(record) for record in (*trace, *_not_run(run, len(trace)))],
    }


def _not_run(run: Run, done: int) -> list[StepRecord]:
    """The steps that have not been run."""
    return [
        StepRecord(done + number, step["as"], step["capability"], StepOutcome.NOT_RUN, {})
        for number, step in enumerate(run.definition["steps"][done:])
    ]


def step_answer(record: StepRecord) -> dict[str, Any]:
    """A line of the trace as JSON."""
    return {name: getattr(record, name) for name in TraceStep.model_fields}
