"""Holds the queued items of organizations for which bulk jobs are switched off, so that those of others go on.

The claim itself asks for no organization. A worker that has claimed items which it may not run puts them, and what else of their jobs is
queued, behind the queue: each job once. Maintenance puts them back when bulk jobs are on again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from database import Database
from jobs.claims import give_back
from jobs.store import held as held_store
from models.job import Chunk, Lane

log = structlog.get_logger(__name__)

MayRun = Callable[[int], bool]  # whether jobs of an organization may run


def hold(database: Database, chunk: Chunk, may_run: MayRun) -> Chunk:
    """Hold what of a chunk may not run; return the rest of it. Raises ClaimLost."""
    stopped = {job.id for job in chunk.jobs.values() if not may_run(job.org_id)}
    if not stopped:
        return chunk
    items = [item for item in chunk.items if item.job_id in stopped]
    with database.transaction() as connection:
        held_store.hold_queued(connection, stopped)
        give_back(connection, chunk, items, held_store.mark_held)
    log.info("items held, because bulk jobs are off for their organization", items=len(items), job_ids=sorted(stopped))
    return replace(chunk, items=tuple(item for item in chunk.items if item.job_id not in stopped))


def release_held(database: Database, may_run: MayRun) -> dict[str, Lane]:
    """Queue the held items of jobs that may run again; return the lanes of these jobs by job id."""
    with database.read() as connection:
        held = held_store.list_jobs(connection)
    released = {}
    for job in held:
        if not may_run(job.org_id):
            continue
        with database.transaction() as connection:
            if held_store.release(connection, job):
                released[job.id] = job.lane
    if released:
        log.info("held items released", job_ids=sorted(released))
    return released
