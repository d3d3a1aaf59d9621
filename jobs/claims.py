"""What workers do with jobs: claim a chunk of items, keep it, and end it; and what is done when a worker is lost.

Every write of a worker names its claim token: one that lost its claim changes no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection

import database
from features.analyses import store as result_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from jobs.store.item import Held, Lost
from models.job import Analysed, Chunk, ClaimedItem, Fault, Outcome, Tally
from utils.ids import new_id

log = structlog.get_logger(__name__)

RESCUED_AT_ONCE = 1000
AnyHeld = TypeVar("AnyHeld", bound=Held)


class ClaimLost(Exception):
    """Somebody else has the items by now: what was found out about them is void."""


def claim_chunk(worker: str, limit: int, lease_seconds: float) -> Chunk | None:
    """Claim up to `limit` queued items, across jobs, for `lease_seconds`; None when nothing is queued."""
    with database.reader() as connection:
        # Looking costs no write lock, which on SQLite there is one of.
        if item_store.next_queued_job(connection) is None:
            return None
    token = new_id()
    with database.transaction() as connection:
        moment = item_store.database_now(connection)
        items = item_store.claim(connection, token, worker, moment + timedelta(seconds=lease_seconds), limit)
        jobs = job_store.start_claimed(connection, (item.job_id for item in items), moment) if items else {}
    return Chunk(token, tuple(items), jobs) if items else None


def extend_lease_of(token: str, lease_seconds: float) -> int:
    """A heartbeat: how many items are still claimed under the token."""
    with database.transaction() as connection:
        return item_store.extend_lease(connection, token, item_store.database_now(connection) + timedelta(seconds=lease_seconds))


def cancelled_jobs(chunk: Chunk) -> set[str]:
    """Which of the chunk's jobs were asked to stop."""
    with database.read() as connection:
        return job_store.cancel_requested(connection, chunk.jobs)


def end_chunk(chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome], unreadable: Mapping[str, Fault] | None = None) -> None:
    """Write the outcomes and give back the items without one, in one transaction with the jobs' counters.

    `unreadable` jobs cannot be run: everything of them fails. Raises ClaimLost, and then nothing was written.
    """
    _write(chunk, chunk.items, outcomes, unreadable or {})


def end_items(chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome]) -> None:
    """Write some of the chunk's outcomes; the other items stay claimed. Raises ClaimLost."""
    _write(chunk, tuple(outcomes), outcomes, {})


def put_off(chunk: Chunk, items: Collection[ClaimedItem], seconds: float) -> None:
    """Leave some of the chunk's items alone for a while: then they are queued again, as if their worker had been lost. Raises ClaimLost."""
    with database.transaction() as connection:
        moment = item_store.database_now(connection)
        _lock(connection, chunk, items)
        mark = partial(item_store.mark_put_off, token=new_id(), lease_expires_at=moment + timedelta(seconds=seconds))
        stopped = _put_back(connection, [_held(chunk, item) for item in items], moment, mark)
        job_store.settle_many(connection, _tallies((), (), _jobs_of(stopped)), moment)


def release_worker(worker: str) -> set[str]:
    """Queue again what a worker had in hand whose process has ended; the jobs that it was of."""
    with database.transaction() as connection:
        return _rescue(connection, item_store.lock_of_worker(connection, worker))


def rescue_expired() -> set[str]:
    """Queue again what belongs to workers that missed their heartbeats, and what was put off for long enough; the jobs that it was of."""
    with database.transaction() as connection:
        return _rescue(connection, item_store.lock_expired(connection, item_store.database_now(connection), RESCUED_AT_ONCE))


def _write(chunk: Chunk, items: Collection[ClaimedItem], outcomes: Mapping[ClaimedItem, Outcome], unreadable: Mapping[str, Fault]) -> None:
    ended_well = {item: outcome for item, outcome in outcomes.items() if isinstance(outcome, Analysed)}
    ended_badly = [(_held(chunk, item), outcome) for item, outcome in outcomes.items() if isinstance(outcome, Fault)]
    left = [_held(chunk, item) for item in items if item not in outcomes]
    with database.transaction() as connection:
        moment = item_store.database_now(connection)
        _lock(connection, chunk, items)
        item_store.mark_failed(connection, ended_badly, moment)
        stopped = _put_back(connection, left, moment, item_store.mark_given_back)
        # What is no longer claimed cannot be taken for one of these, which are told by their results.
        unstored = _write_results(connection, chunk, ended_well, moment)
        stopped += _put_back(connection, unstored, moment, item_store.mark_given_back)
        succeeded = Counter(item.job_id for item in ended_well) - Counter(_jobs_of(unstored))
        tallies = _tallies(succeeded.elements(), (held.job_id for held, _ in ended_badly), _jobs_of(stopped))
        for job_id, fault in sorted(unreadable.items()):
            abandoned = item_store.abandon_queued(connection, job_id, fault, moment)
            tally = tallies.pop(job_id, Tally())
            job_store.settle(connection, job_id, Tally(tally.succeeded, tally.failed + abandoned, tally.cancelled), moment, fault=fault)
        job_store.settle_many(connection, tallies, moment)


def _write_results(connection: Connection, chunk: Chunk, ended_well: Mapping[ClaimedItem, Analysed], moment: datetime) -> list[Held]:
    """Store the results and end their items.

    Returns the items whose result had been found, and was removed, being old, before they could end with it.
    """
    unstored: list[Held] = []
    outcomes = [(chunk.jobs[item.job_id].org_id, outcome) for item, outcome in ended_well.items()]
    result_store.insert_many(connection, [(org_id, outcome.made) for org_id, outcome in outcomes if outcome.made is not None])
    latest = {(org_id, outcome.fingerprint, outcome.read_at) for org_id, outcome in outcomes if outcome.becomes_latest}
    result_store.mark_latest_many(connection, latest)
    for (org_id, _), some in chunk.by_work(ended_well).items():
        fingerprints = {ended_well[item].fingerprint for item in some}
        ended = item_store.mark_succeeded(connection, chunk.token, org_id, some, fingerprints, moment)
        if ended < len(some):
            held = item_store.lock_held(connection, chunk.token)
            unstored += [_held(chunk, item) for item in some if (item.job_id, item.ticker) in held]
    return unstored


def _lock(connection: Connection, chunk: Chunk, items: Collection[ClaimedItem]) -> None:
    if not {(item.job_id, item.ticker) for item in items} <= item_store.lock_held(connection, chunk.token):
        raise ClaimLost


def _rescue(connection: Connection, lost: list[Lost]) -> set[str]:
    if not lost:
        return set()
    moment = item_store.database_now(connection)
    stopped = _put_back(connection, _in_hand_last(lost), moment, item_store.mark_rescued)
    job_store.settle_many(connection, _tallies((), (), _jobs_of(stopped)), moment)
    job_total_store.add(connection, {"rescued": len(lost)})
    jobs = {held.job_id for held in lost}
    log.warning("items rescued", items=len(lost), job_ids=sorted(jobs), chunks=sorted({held.token for held in lost}))
    return jobs


def _in_hand_last(lost: list[Lost]) -> list[Lost]:
    """The first of each claim, which was in hand, goes behind the others: should it lose its worker each time, they run before it."""
    first = {item.token: item for item in reversed(lost)}
    return [item for item in lost if item is not first[item.token]] + list(first.values())


def _put_back(
    connection: Connection, items: Sequence[AnyHeld], moment: datetime, mark: Callable[[Connection, list[AnyHeld]], None]
) -> list[AnyHeld]:
    """Queue items again; those whose job was cancelled meanwhile are stopped instead, and returned."""
    if not items:
        return []
    cancelled = job_store.lock_cancelled(connection, {held.job_id for held in items})
    stopped = [held for held in items if held.job_id in cancelled]
    item_store.mark_stopped(connection, stopped, moment)
    mark(connection, [held for held in items if held.job_id not in cancelled])
    return stopped


def _tallies(succeeded: Iterable[str], failed: Iterable[str], cancelled: Iterable[str]) -> dict[str, Tally]:
    """How many items ended, by job, from the job of each."""
    well, badly, stopped = Counter(succeeded), Counter(failed), Counter(cancelled)
    return {job_id: Tally(well[job_id], badly[job_id], stopped[job_id]) for job_id in {*well, *badly, *stopped}}


def _jobs_of(items: Sequence[Held]) -> list[str]:
    return [held.job_id for held in items]


def _held(chunk: Chunk, item: ClaimedItem) -> Held:
    return Held(item.job_id, item.ticker, chunk.token)
