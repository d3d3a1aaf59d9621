"""What the ledger learns after a firing has begun: how its job ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from database import Database
from features.schedules.store import firing as firing_store
from features.schedules.store.firing import Ending
from infrastructure.sql.batches import ROWS, delete_in_batches
from infrastructure.sql.database_clock import database_now
from jobs import service as jobs
from models.event import Event, EventType
from models.job import Job
from models.job_state import JobStatus
from models.schedule import Firing, FiringState, Reason
from utils.clock import now

log = structlog.get_logger(__name__)

SETTLE_SECONDS = 30.0
PAGE = 500
LONGEST = 500
LONGEST_RUN = timedelta(days=7)


def work_finished(connection: Connection, events: Sequence[Event]) -> None:
    """Note the ends of jobs and of runs of pipelines at their firings: the subscriber of `job.finished` and `run.finished`."""
    failed = 0
    for event in events:
        if event.type == EventType.RUN_FINISHED:
            ending = _ending_of_run(event.data, event.created_at)
            ended = firing_store.finish_run(connection, event.org_id, str(event.data.get("run_id") or event.subject), ending)
        else:
            ending = _ending(event.data, event.created_at)
            ended = firing_store.finish(connection, event.org_id, str(event.data.get("job_id") or event.subject), ending)
        failed += ended if ending.state is FiringState.FAILED else 0
    firing_store.add_totals(connection, {FiringState.FAILED: failed})


def running(connection: Connection, org_id: int, schedule_id: str) -> list[Firing]:
    """The firings of a schedule whose jobs have not ended. Only reads: an end may not have been noted yet."""
    firings, moment = firing_store.list_running(connection, schedule_id), database_now(connection)
    return [firing for firing in firings if _is_running(connection, org_id, firing, moment)]


def settle_firings(database: Database, page: int = PAGE) -> int:
    """Note ends that no event told of: of jobs that were removed, or that ended while their firing was being written. Returns how many."""
    settled, after = 0, ""
    while True:
        with database.read() as connection:
            firings = firing_store.list_all_running(connection, after, page)
            job_ids = {str(firing.job_id) for _, firing in firings}
            found = {job.id: job for job in jobs.find_several(connection, job_ids)} if job_ids else {}
            moment = database_now(connection)
        endings = {
            (org_id, str(firing.job_id)): _ending_of(found.get(str(firing.job_id)), moment)
            for org_id, firing in firings
            if not firing.run_id
        }
        untold = [(org_id, firing.run_id) for org_id, firing in firings if firing.run_id and not _may_run(firing, moment)]
        settled += _write(database, endings) + _give_up(database, untold)
        if len(firings) < page:
            return settled
        after = str(firings[-1][1].job_id)


def prune_firings(database: Database, kept_days: int, batch: int = ROWS) -> int:
    """Delete firings that were due more than `kept_days` ago; return how many."""
    before = now() - timedelta(days=kept_days)
    return delete_in_batches(database, lambda connection, limit: firing_store.delete_old(connection, before, limit), batch)


def _is_running(connection: Connection, org_id: int, firing: Firing, moment: datetime) -> bool:
    if firing.run_id is not None:
        return _may_run(firing, moment)  # the end of a run is told by its event
    job = jobs.look_at(connection, org_id, str(firing.job_id))
    return job is not None and not job.is_finished


def _may_run(firing: Firing, moment: datetime) -> bool:
    """Whether the run of a firing whose end nobody has told may go on: none takes that long."""
    return firing.started_at is None or moment - firing.started_at < LONGEST_RUN


def _give_up(database: Database, untold: Sequence[tuple[int, str]]) -> int:
    if not untold:
        return 0
    with database.transaction() as connection:
        ending = Ending(database_now(connection), None, Reason.JOB_REMOVED, "The end of the run was not told within a week.")
        return sum(firing_store.finish_run(connection, org_id, run_id, ending) for org_id, run_id in untold)


def _write(database: Database, endings: Mapping[tuple[int, str], Ending | None]) -> int:
    ended = {job: ending for job, ending in endings.items() if ending is not None}
    if not ended:
        return 0
    settled = failed = 0
    with database.transaction() as connection:
        for (org_id, job_id), ending in ended.items():
            count = firing_store.finish(connection, org_id, job_id, ending)
            settled += count
            failed += count if ending.state is FiringState.FAILED else 0
        firing_store.add_totals(connection, {FiringState.FAILED: failed})
    return settled


def _ending_of(job: Job | None, moment: datetime) -> Ending | None:
    if job is None:
        return Ending(moment, None, Reason.JOB_REMOVED, "The job was removed before its end was noted.")
    if job.finished_at is None:
        return None
    error = job.error.message if job.error is not None else None
    facts = {"status": job.status, "total": job.total, "failed": job.failed, "error": error}
    return _ending(facts, job.finished_at)


def _ending(facts: Mapping[str, Any], finished_at: datetime) -> Ending:
    """How a firing ends with its job, of which `facts` has status, total, failed and error."""
    status, failed, total = facts.get("status"), facts.get("failed") or 0, facts.get("total") or 0
    if status == JobStatus.CANCELLED:
        return Ending(finished_at, FiringState.FAILED, Reason.JOB_CANCELLED, "The job was cancelled.")
    if status == JobStatus.FAILED:
        return Ending(finished_at, FiringState.FAILED, Reason.JOB_FAILED, _told(facts.get("error")) or "The job failed.")
    if failed and failed == total:
        return Ending(finished_at, FiringState.FAILED, Reason.JOB_FAILED, f"All {total:,} items of the job failed.")
    if failed:
        return Ending(finished_at, None, Reason.PARTLY_FAILED, f"{failed:,} of {total:,} items of the job failed.")
    return Ending(finished_at)


def _ending_of_run(facts: Mapping[str, Any], finished_at: datetime) -> Ending:
    status = facts.get("status")
    if status == JobStatus.CANCELLED:
        return Ending(finished_at, FiringState.FAILED, Reason.JOB_CANCELLED, "The run was cancelled.")
    if status == JobStatus.FAILED:
        return Ending(finished_at, FiringState.FAILED, Reason.JOB_FAILED, _told(facts.get("error")) or "The run failed.")
    return Ending(finished_at)


def _told(error: Any) -> str | None:
    text = error.get("message") if isinstance(error, Mapping) else error
    return str(text)[:LONGEST] if text else None
