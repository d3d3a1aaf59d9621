"""Runs: begun, found, cancelled, and told to go on when the job that they wait for has ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.pipelines import inputs
from features.pipelines.definition import InputSpec
from features.pipelines.ending import end_run
from features.pipelines.library import Found, Library
from features.pipelines.store import run as run_store
from infrastructure.feature import Universes
from infrastructure.sql.transaction import after_commit
from jobs import service as jobs
from models.errors import JobFinished, JobNotFound
from models.job import Lane, NewJob
from models.pipeline import PIPELINE, STATE_BYTES, Mistake, Origin, Run, RunStatus, StepOutcome, StepRecord
from models.pipeline_errors import InputsInvalid, RunEnded, RunNotFound, StepNotFound
from utils.clock import now
from utils.ids import is_id, new_id
from utils.json_text import dump, parse_tolerant

log = structlog.get_logger(__name__)

LANE = Lane.CPU  # most steps compute or read; what waits for a network is a job of its own
OPEN_BATCH = 500


@dataclass(frozen=True)
class Begun:
    """A run, and whether it is new; otherwise its cause had started it before."""

    run: Run
    is_new: bool


@dataclass(frozen=True)
class Starter:
    """Begins runs of what the library checks. Workers that nobody wakes find their jobs within a second or two."""

    library: Library
    clock: Callable[[], datetime] = now
    universes: Callable[[], Universes] = Universes  # the built-in ones, read when they are needed

    def check(self, connection: Connection, org_id: int, found: Found, given: Mapping[str, Any]) -> None:
        """Refuse inputs that somebody gives, also for what they name and is not there. Raises PipelineInvalid or InputsInvalid.

        A run that begins by itself is not refused for the latter: it does what it can, and its trace tells the rest.
        """
        specs = self.library.check(found.definition).inputs
        self._check(connection, org_id, specs, inputs.fill(specs, given, self.clock().date()))

    def check_known(self, connection: Connection, org_id: int, found: Found, given: Mapping[str, Any]) -> None:
        """The same where more inputs are given later."""
        specs = {name: spec for name, spec in self.library.check(found.definition).inputs.items() if name in given}
        self._check(connection, org_id, specs, inputs.fill(specs, given, self.clock().date()))

    def _check(self, connection: Connection, org_id: int, specs: Mapping[str, InputSpec], values: Mapping[str, Any]) -> None:
        inputs.require_strategies(connection, org_id, specs, values)
        inputs.require_named(connection, inputs.Owner(org_id, self.universes()), specs, values)

    def begin(self, connection: Connection, org_id: int, found: Found, given: Mapping[str, Any], origin: Origin) -> Begun:
        """Queue a run within the caller's transaction. Raises PipelineInvalid or InputsInvalid."""
        definition = self.library.check(found.definition)
        moment = self.clock()
        values = inputs.fill(definition.inputs, given, moment.date())
        inputs.require_strategies(connection, org_id, definition.inputs, values)
        try:
            size = len(dump(values))
        except (TypeError, ValueError) as error:
            raise InputsInvalid([Mistake("inputs", f"They cannot be stored as JSON: {error}.")]) from error
        if size > STATE_BYTES:
            raise InputsInvalid([Mistake("inputs", f"They have {size:,} bytes; a run may have {STATE_BYTES:,} with all its answers.")])
        run_id = new_id()
        row = {
            "id": run_id, "org_id": org_id, "pipeline_id": definition.id, "version": found.version.version, "sha256": found.version.sha256,
            "definition": dump(found.definition).decode(), "inputs": dump(values).decode(), "state_bytes": size, "created_at": moment,
            **vars(origin),
        }  # fmt: skip
        if not run_store.insert(connection, row):
            assert origin.cause_key is not None, "ids are unique"
            known = run_store.find_by_cause(connection, org_id, origin.cause_key)
            assert known is not None
            return Begun(known, is_new=False)
        self.queue(connection, org_id, run_id)
        run = run_store.find(connection, org_id, run_id)
        assert run is not None
        after_commit(connection, lambda: log.info("run queued", run_id=run_id, pipeline=definition.id, caused_by=origin.caused_by))
        return Begun(run, is_new=True)

    def queue(self, connection: Connection, org_id: int, run_id: str) -> None:
        """Queue the job that runs the next piece of a run, within the caller's transaction."""
        job = jobs.enqueue(connection, org_id, NewJob(PIPELINE, LANE, "{}", [run_id])).job
        run_store.set_job(connection, run_id, job.id)

    def go_on(self, connection: Connection, org_id: int, run_id: str, step: int) -> bool:
        """Queue the next piece of a run that waits at a step; return whether it did."""
        if not run_store.resume(connection, run_id, step):
            return False
        self.queue(connection, org_id, run_id)
        return True


def find(connection: AnyReader, org_id: int, run_id: str) -> Run:
    """A run. Raises RunNotFound."""
    run = run_store.find(connection, org_id, run_id) if is_id(run_id) else None
    if run is None:
        raise RunNotFound
    return run


def trace(connection: AnyReader, run: Run) -> list[StepRecord]:
    """What became of each step of a run so far."""
    return run_store.list_steps(connection, run.id)


def find_step(connection: AnyReader, org_id: int, run_id: str, step: str) -> StepRecord:
    """A step of a run with its answer. Raises RunNotFound or StepNotFound."""
    run = find(connection, org_id, run_id)
    found = run_store.find_step(connection, run.id, step)
    if found is None:
        raise StepNotFound(step, run_store.steps_of(trace(connection, run)))
    record, answer = found
    return replace(record, answer=None if answer is None else parse_tolerant(answer))


def cancel(database: Database, org_id: int, run_id: str) -> Run:
    """Cancel a run and the jobs that work for it. Steps that have ended stay as they are. Raises RunNotFound or RunEnded."""
    with database.transaction() as connection:
        run = find(connection, org_id, run_id)
        if not end_run(connection, (org_id, run.id), RunStatus.CANCELLED, (None, None), now()):
            raise RunEnded(find(connection, org_id, run_id).status)
        waiting = [record for record in trace(connection, run) if record.outcome is StepOutcome.WAITING]
        for record in waiting:
            stopped = replace(record, outcome=StepOutcome.FAILED, reason="The run was cancelled.")
            run_store.put_step(connection, run.id, stopped, None)
        run = find(connection, org_id, run_id)
    for job_id in {run.job_id, *(record.job_id for record in waiting)} - {None}:
        _cancel_job(database, org_id, str(job_id))
    log.info("run cancelled", run_id=run_id)
    return run


def _cancel_job(database: Database, org_id: int, job_id: str) -> None:
    try:
        jobs.cancel(database, org_id, job_id)
    except (JobFinished, JobNotFound):
        return


def job_ended(connection: Connection, starter: Starter, job_id: str) -> None:
    """Let the runs that wait for a job go on, and end those that the job should have run and did not."""
    for org_id, run_id, step in run_store.waiting_for(connection, job_id):
        starter.go_on(connection, org_id, run_id, step)
    for run in run_store.run_by(connection, job_id):
        end_run(connection, run, RunStatus.FAILED, (None, _lost(job_id)), now())


def mend(database: Database, starter: Starter) -> int:
    """Let runs go on whose job has ended without their being told; return how many. Costs a read where there are none.

    The end of a job is an event, so this finds little: jobs that were removed, and events that were passed over.
    """
    after, mended = "", 0
    while True:
        with database.reader() as connection:
            batch = run_store.list_open(connection, after, OPEN_BATCH)
        for org_id, run_id, step, status, own_job, waited_for in batch:
            job_id = waited_for if status == RunStatus.WAITING else own_job
            if job_id is None or not _has_ended(database, org_id, job_id):
                continue
            with database.transaction() as connection:
                if status == RunStatus.WAITING:
                    mended += starter.go_on(connection, org_id, run_id, step)
                elif run_store.run_by(connection, job_id):
                    mended += end_run(connection, (org_id, run_id), RunStatus.FAILED, (None, _lost(job_id)), now())
        if len(batch) < OPEN_BATCH:
            return mended
        after = batch[-1][1]


def _has_ended(database: Database, org_id: int, job_id: str) -> bool:
    try:
        return jobs.find(database, org_id, job_id).is_finished
    except JobNotFound:
        return True


def _lost(job_id: str) -> str:
    return (
        f"The job that ran it ended before the run did: it was cancelled, or lost its worker repeatedly. See /api/v1/jobs/{job_id}/items."
    )
