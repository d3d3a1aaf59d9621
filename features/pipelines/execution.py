"""The execution of a run, from its first step without an outcome until it ends or waits for a job.

A step ends in one transaction, which holds the run: what a step writes, and the job that it starts, are of that transaction. A process that
is killed anywhere leaves the run at a step that has not happened; one that was overtaken by another changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from database import Database
from features.pipelines import items, steps
from features.pipelines.bounded import within
from features.pipelines.definition import Definition, StepSpec
from features.pipelines.ending import end_run
from features.pipelines.steps import Offered, Prepared, StepFailed, StepSkipped
from features.pipelines.store import run as run_store
from features.pipelines.validation import stored
from infrastructure.capability import Call, Capabilities, Reads, Starts, Writes
from infrastructure.flags import FeatureFlags
from infrastructure.sql.transaction import after_commit
from jobs import service as jobs
from models.errors import JobNotFound
from models.job import Job
from models.pipeline import Limits, Run, RunStatus, StepOutcome, StepRecord
from utils.clock import now
from utils.json_text import parse_tolerant

OVERTAKEN = "overtaken"


class Overtaken(Exception):
    """The run has moved on, was cancelled or has ended meanwhile: there is nothing left to do here."""


@dataclass(frozen=True)
class Means:
    """What executions use."""

    capabilities: Capabilities
    flags: FeatureFlags
    limits: Limits = field(default_factory=Limits)
    require_room: Callable[[Connection, int], None] = lambda connection, org_id: None

    def offered_to(self, org_id: int) -> Offered:
        """What steps of an organization may use."""
        return Offered(self.capabilities, self.flags, org_id)


def execute(database: Database, means: Means, org_id: int, run_id: str) -> str:
    """Run a run as far as it goes; return its status, or OVERTAKEN. Raises the database's errors."""
    with database.transaction() as connection:
        is_wanted = run_store.begin(connection, run_id, now())
        run = run_store.find(connection, org_id, run_id)
    if run is None or not is_wanted:
        return OVERTAKEN
    try:
        return _Execution(database, means, run).go()
    except Overtaken:
        return OVERTAKEN


class _Execution:
    """One piece of a run in this process."""

    def __init__(self, database: Database, means: Means, run: Run) -> None:
        self._database, self._means, self._run = database, means, run
        self._definition: Definition = stored(run.definition)
        self._position, self._bytes = run.next_step, run.state_bytes
        self._error: str | None = None
        with database.reader() as connection:
            self._answers = run_store.answers(connection, run.id, run.next_step)
            trace = run_store.list_steps(connection, run.id)
        # The step that has started a job, where the last piece ended.
        self._waited = next((record for record in trace if record.outcome is StepOutcome.WAITING), None)

    def go(self) -> str:
        """Do the steps in order, until one waits or the run ends."""
        while self._position < len(self._definition.steps):
            self._do(self._definition.steps[self._position])
            if self._error is not None:
                return RunStatus.FAILED  # stored with the step
            if self._waited is not None and not self._may_go_on(self._waited):
                return RunStatus.WAITING
        return self._end()

    def _do(self, step: StepSpec) -> None:
        started_at, args, notes = now(), steps.hidden(step.args), list[str]()
        if self._waited is not None:
            started_at, args, notes = self._waited.started_at or started_at, self._waited.args, list(self._waited.notes)
        blank = StepRecord(self._position, step.name, step.capability, StepOutcome.OK, args, notes=notes, started_at=started_at)
        try:
            self._attempt(step, blank)
        except Overtaken:
            raise
        except StepSkipped as skipped:
            self._store_without_answer(step, replace(blank, outcome=StepOutcome.SKIPPED, reason=str(skipped)))
        except Exception as error:  # noqa: BLE001 — told as the step's failure, but for errors of the database
            failed = steps.unwrapped(error, step, self._means.limits.step_seconds)
            outcome = StepOutcome.SKIPPED if isinstance(failed, StepSkipped) else StepOutcome.FAILED
            self._store_without_answer(step, replace(blank, outcome=outcome, reason=str(failed)))

    def _attempt(self, step: StepSpec, blank: StepRecord) -> None:
        """Do a step, or end the one that waited, and store it. Raises whatever its capability raises."""
        if self._waited is not None:
            self._end_waiting(step, blank, self._waited)
            return
        capability = steps.find_capability(step, self._means.offered_to(self._run.org_id))
        prepared = steps.prepare(step, capability, self._names())
        record, call = replace(blank, args=prepared.args, notes=prepared.notes), self._call(step)
        work = capability.work
        if prepared.items is not None:
            self._begin_items(record, prepared.items)
        elif isinstance(work, Reads):
            answer = within(self._means.limits.step_seconds, step.name, lambda: work.answer(self._database, call, prepared.inputs))
            with self._holding() as connection:
                self._store(connection, record, answer)
        elif isinstance(work, Writes):
            with self._holding() as connection:
                self._store(connection, record, work.answer(connection, call, prepared.inputs))
        else:
            with self._holding() as connection:
                started = work.start(connection, call, prepared.inputs)
                self._means.require_room(connection, self._run.org_id)
                record = replace(record, notes=steps.bounded([*record.notes, *started.left_out]))
                self._wait_for(connection, record, started.job_id)

    def _begin_items(self, record: StepRecord, listed: list[Any]) -> None:
        with self._holding() as connection:
            if not listed:
                self._store(connection, record, [])
                return
            job = items.queue(connection, self._run, self._position, len(listed))
            self._wait_for(connection, record, job.id)

    def _wait_for(self, connection: Connection, record: StepRecord, job_id: str) -> None:
        waiting = replace(record, outcome=StepOutcome.WAITING, job_id=job_id)
        run_store.put_step(connection, self._run.id, waiting, None)
        run_store.wait(connection, self._run.id, self._position)
        after_commit(connection, lambda: setattr(self, "_waited", waiting))

    def _may_go_on(self, waited: StepRecord) -> bool:
        """Whether the job that a step waits for has ended already, perhaps before anybody could know that it is waited for."""
        if not self._job_of(waited, missing=True):
            return False
        with self._database.transaction() as connection:
            return run_store.resume(connection, self._run.id, waited.position)

    def _job_of(self, waited: StepRecord, missing: Any = None) -> Any:
        """The job that a step waits for; None while it runs, and `missing` where it is gone."""
        assert waited.job_id is not None
        try:
            job = jobs.find(self._database, self._run.org_id, waited.job_id)
        except JobNotFound:
            return missing
        return job if job.is_finished else None

    def _end_waiting(self, step: StepSpec, blank: StepRecord, waited: StepRecord) -> None:
        """Store what came of the job that a step has waited for."""
        job: Job | bool | None = self._job_of(waited, missing=False)
        if job is None:
            with self._holding() as connection:  # told to go on too early
                run_store.wait(connection, self._run.id, self._position)
            return
        if isinstance(job, bool):
            raise StepFailed(f"Its job {waited.job_id} is not stored any more.")
        record = replace(blank, job_id=waited.job_id)
        capability = self._means.capabilities.find(step.capability)
        if step.for_each is not None:
            with self._holding() as connection:
                answer, notes = items.collect(connection, self._run, self._position, (step, job))
                self._store(connection, replace(record, notes=[*record.notes, *notes]), answer)
            return
        work = capability.work
        assert isinstance(work, Starts)
        prepared: Prepared = steps.prepare(step.model_copy(update={"when": None}), capability, self._names())
        with self._holding() as connection:
            self._store(connection, record, work.answer(connection, self._call(step), prepared.inputs, job))

    @contextmanager
    def _holding(self) -> Iterator[Connection]:
        """A transaction in which nobody else moves the run, which stands where this execution is. Raises Overtaken."""
        with self._database.transaction() as connection:
            if not run_store.hold(connection, self._run.id, self._position):
                raise Overtaken
            yield connection

    def _store(self, connection: Connection, record: StepRecord, answer: Any) -> None:
        """Store a step with its answer, and move on. Raises StepFailed for an answer that is too large."""
        text = steps.written(answer)
        size = len(text.encode())
        if self._bytes + size > self._means.limits.state_bytes:
            most = self._means.limits.state_bytes
            raise StepFailed(f"Its answer has {size:,} bytes. With the {self._bytes:,} of the run so far, that is more than {most:,}.")
        done = replace(_timed(record), digest=steps.digest(text), answer_bytes=size)
        run_store.put_step(connection, self._run.id, done, text)
        run_store.move_on(connection, self._run.id, self._position, size)
        # As it is read again: later steps see the same whether this process goes on or another.
        after_commit(connection, lambda: self._moved_on(record.step, parse_tolerant(text), size))

    def _store_without_answer(self, step: StepSpec, record: StepRecord) -> None:
        """Store a step that was skipped or has failed; the run fails with it unless it is to go on."""
        ends = record.outcome is StepOutcome.FAILED and step.on_error == "fail"
        error = f"Step '{step.name}' failed: {record.reason}"
        with self._holding() as connection:
            run_store.put_step(connection, self._run.id, _timed(record), None)
            run_store.move_on(connection, self._run.id, self._position, 0)
            if ends:
                end_run(connection, (self._run.org_id, self._run.id), RunStatus.FAILED, (None, error), now())
        self._moved_on(step.name, None, 0)
        self._error = error if ends else None

    def _moved_on(self, step: str, answer: Any, size: int) -> None:
        self._answers[step] = answer
        self._bytes += size
        self._position += 1
        self._waited = None

    def _end(self) -> str:
        status, outputs, error = RunStatus.COMPLETED, None, None
        try:
            outputs = steps.outputs_of(self._definition, self._names())
        except StepFailed as failed:
            status, error = RunStatus.FAILED, str(failed)
        with self._holding() as connection:
            end_run(connection, (self._run.org_id, self._run.id), status, (outputs, error), now())
        return status

    def _names(self) -> Mapping[str, Any]:
        return steps.names_of(self._run, self._answers)

    def _call(self, step: StepSpec) -> Call:
        return Call(self._run.org_id, f"run:{self._run.id}:{step.name}", f"run:{self._run.id}")


def _timed(record: StepRecord) -> StepRecord:
    started_at: datetime | None = record.started_at
    assert started_at is not None
    return replace(record, ms=max(0, round((now() - started_at).total_seconds() * 1000)))
