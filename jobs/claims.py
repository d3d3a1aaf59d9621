"""Claims of queued items: claim a chunk, extend its lease, end it, and requeue the items of workers that were lost.

Every write of a worker names its claim token, so a worker that has lost its claim changes no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure.sql.database_clock import database_now
from infrastructure.sql.transaction import after_commit
from jobs.kind import JobKinds
from jobs.settling import settle, settle_many
from jobs.store import delay as delay_store
from jobs.store import item as item_store
from jobs.store import job as job_store
from jobs.store import total as job_total_store
from jobs.store.delay import NOBODY, Delay
from jobs.store.item import Claim, Held, Lost
from jobs.store.job import Settlement
from models.job import Chunk, ClaimedItem, Fault, Lane, Later, Outcome, Stored, Tally, Work
from utils.ids import new_id

log = structlog.get_logger(__name__)

RESCUE_BATCH = 1000  # items in one transaction
AnyHeld = TypeVar("AnyHeld", bound=Held)


class ClaimLost(Exception):
    """Some of the items are no longer claimed under the token. Nothing was written, and the outcomes are void."""


class StoreFailed(Exception):
    """The `store` of a kind raised an exception that is no error of the database. Nothing was written."""


@dataclass(frozen=True)
class Claimant:
    """A worker that claims items: its name, its lane, and the length of its leases."""

    worker: str
    lane: Lane
    lease_seconds: float


def claim_chunk(database: Database, claimant: Claimant, limit: int) -> Chunk | None:
    """Claim up to `limit` queued items of the claimant's lane, across jobs. Returns None when nothing is queued."""
    with database.reader() as connection:
        # Checked without a transaction first: on SQLite each transaction takes the one write lock.
        if item_store.next_queued_job(connection, claimant.lane) is None:
            return None
    token = new_id()
    with database.transaction() as connection:
        moment = database_now(connection)
        claim = Claim(token, claimant.worker, claimant.lane, moment + timedelta(seconds=claimant.lease_seconds))
        items = item_store.claim(connection, claim, limit)
        jobs = job_store.start_claimed(connection, (item.job_id for item in items), moment) if items else {}
    return Chunk(token, tuple(items), jobs) if items else None


def extend_lease(database: Database, token: str, lease_seconds: float) -> int:
    """Extend the lease of a claim; return the number of items that are still claimed under the token."""
    with database.transaction() as connection:
        return item_store.extend_lease(connection, token, database_now(connection) + timedelta(seconds=lease_seconds))


def cancelled_jobs(database: Database, chunk: Chunk) -> set[str]:
    """The ids of the chunk's jobs whose cancellation was requested."""
    with database.read() as connection:
        return job_store.cancel_requested(connection, chunk.jobs)


@dataclass(frozen=True)
class Ending:
    """The items of a chunk to end, and their outcomes.

    Items without an outcome are given back. `unreadable` jobs cannot be run: their queued items fail, too.
    """

    items: Collection[ClaimedItem]
    outcomes: Mapping[ClaimedItem, Outcome]
    unreadable: Mapping[str, Fault]


class Claims:
    """Ends items of chunks, in the same transaction in which their kinds store the outcomes."""

    def __init__(self, database: Database, kinds: JobKinds) -> None:
        self._database, self._kinds = database, kinds

    def end_chunk(self, chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome], unreadable: Mapping[str, Fault] | None = None) -> None:
        """Store the outcomes and give back the items without one, in one transaction with the jobs' counters.

        `unreadable` jobs cannot be run: their queued items fail, too. Raises ClaimLost or StoreFailed.
        """
        self._write(chunk, Ending(chunk.items, outcomes, unreadable or {}))

    def end_items(self, chunk: Chunk, outcomes: Mapping[ClaimedItem, Outcome]) -> None:
        """Store some outcomes of the chunk; the other items stay claimed. Raises ClaimLost or StoreFailed."""
        self._write(chunk, Ending(tuple(outcomes), outcomes, {}))

    def _write(self, chunk: Chunk, ending: Ending) -> None:
        succeeded = {item: outcome for item, outcome in ending.outcomes.items() if not isinstance(outcome, Fault)}
        failed = [(_held(chunk, item), outcome) for item, outcome in ending.outcomes.items() if isinstance(outcome, Fault)]
        to_requeue = [_held(chunk, item) for item in ending.items if item not in ending.outcomes]
        with self._database.transaction() as connection:
            moment = database_now(connection)
            _lock(connection, chunk, ending.items)
            item_store.mark_failed(connection, failed, moment)
            results = self._store(connection, chunk, succeeded, moment)
            if item_store.mark_succeeded(connection, chunk.token, results, moment) != len(results):
                raise ClaimLost
            to_requeue += [_held(chunk, item) for item in succeeded if item not in results]
            stopped = _requeue_or_stop(connection, to_requeue, moment, item_store.mark_given_back)
            tallies = _tallies((item.job_id for item in results), (held.job_id for held, _ in failed), _jobs_of(stopped))
            for job_id, fault in sorted(ending.unreadable.items()):
                abandoned = item_store.abandon_queued(connection, job_id, fault, moment)
                tally = tallies.pop(job_id, Tally())
                tally = Tally(tally.succeeded, tally.failed + abandoned, tally.cancelled)
                settle(connection, job_id, Settlement(tally, fault=fault), moment)
            settle_many(connection, tallies, moment)

    def _store(
        self, connection: Connection, chunk: Chunk, succeeded: Mapping[ClaimedItem, Any], moment: datetime
    ) -> dict[ClaimedItem, Stored]:
        """Let the kinds store the outcomes; return what is stored for each item. Items without anything must be run again."""
        results: dict[ClaimedItem, Stored] = {}
        # In a fixed order, so that two workers that store the same rows cannot deadlock.
        for work, items in sorted(chunk.by_work(succeeded).items()):
            stored = self._store_work(connection, work, {item.key: succeeded[item] for item in items}, moment)
            results.update((item, _stored(stored[item.key])) for item in items if item.key in stored)
        return results

    def _store_work(self, connection: Connection, work: Work, outcomes: Mapping[str, Any], moment: datetime) -> Mapping[str, str | Stored]:
        kind = self._kinds.find(work.kind)
        assert kind is not None, f"an outcome of an unknown kind of job: {work.kind}"
        try:
            return kind.store(connection, work.org_id, outcomes, moment)
        except SQLAlchemyError:
            raise
        except Exception as error:
            raise StoreFailed(f"{work.kind}: {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Postponement:
    """How long items are delayed, and whether their claim `counts` as a try."""

    later: Later
    counts: bool = True


def put_off(database: Database, chunk: Chunk, items: Collection[ClaimedItem], postponement: Postponement) -> None:
    """Delay some items of the chunk, each behind the delayed items of its job. Then they are requeued, like items whose worker was lost.

    Raises ClaimLost.
    """
    later = postponement.later
    with database.transaction() as connection:
        moment = database_now(connection)
        _lock(connection, chunk, items)
        before = {job_id: delay_store.count_delayed(connection, job_id) for job_id in sorted({item.job_id for item in items})}
        places = {job_id: count(delayed if later.rates else 0) for job_id, delayed in before.items()}

        def delay(connection: Connection, held_items: list[Held]) -> None:
            until = [(held, moment + timedelta(seconds=later.seconds_at(next(places[held.job_id])))) for held in held_items]
            delay_store.mark_put_off(connection, until, Delay(new_id(), postponement.counts))

        stopped = _requeue_or_stop(connection, [_held(chunk, item) for item in items], moment, delay)
        settle_many(connection, _tallies((), (), _jobs_of(stopped)), moment)


def give_back(
    connection: Connection, chunk: Chunk, items: Collection[ClaimedItem], requeue: Callable[[Connection, list[Held]], None]
) -> None:
    """Requeue items of the chunk that were not run, in the caller's transaction; those of cancelled jobs are stopped. Raises ClaimLost."""
    moment = database_now(connection)
    _lock(connection, chunk, items)
    stopped = _requeue_or_stop(connection, [_held(chunk, item) for item in items], moment, requeue)
    settle_many(connection, _tallies((), (), _jobs_of(stopped)), moment)


def release_worker(database: Database, worker: str) -> dict[str, Lane]:
    """Requeue the items that a dead worker had claimed; return the lanes of their jobs by job id."""
    with database.transaction() as connection:
        return _rescue(connection, item_store.lock_claimed_by(connection, worker))


def rescue_expired(database: Database) -> dict[str, Lane]:
    """Requeue up to RESCUE_BATCH items whose lease, or delay, has expired; return the lanes of their jobs by job id."""
    with database.transaction() as connection:
        return _rescue(connection, item_store.lock_expired(connection, database_now(connection), RESCUE_BATCH))


def _lock(connection: Connection, chunk: Chunk, items: Collection[ClaimedItem]) -> None:
    if not {(item.job_id, item.key) for item in items} <= item_store.lock_held(connection, chunk.token):
        raise ClaimLost


def _rescue(connection: Connection, lost: list[Lost]) -> dict[str, Lane]:
    if not lost:
        return {}
    moment = database_now(connection)
    stopped = _requeue_or_stop(connection, _running_items_last(lost), moment, item_store.mark_rescued)
    job_store.mark_requeued(connection, _jobs_of(lost), moment)
    settle_many(connection, _tallies((), (), _jobs_of(stopped)), moment)
    taken = [held for held in lost if held.worker != NOBODY]
    if taken:
        job_total_store.add(connection, {"rescued": len(taken)})
        said = {"items": len(taken), "job_ids": sorted(set(_jobs_of(taken))), "chunks": sorted({held.token for held in taken})}
        after_commit(connection, lambda: log.warning("items rescued", **said))
    return {held.job_id: held.lane for held in lost}


def _running_items_last(lost: list[Lost]) -> list[Lost]:
    """Move the first item of each claim, the one that its worker was running, behind the others.

    If that item kills each worker that runs it, the others are run first.
    """
    first = {item.token: item for item in reversed(lost)}
    return [item for item in lost if item is not first[item.token]] + list(first.values())


def _requeue_or_stop(
    connection: Connection, items: Sequence[AnyHeld], moment: datetime, requeue: Callable[[Connection, list[AnyHeld]], None]
) -> list[AnyHeld]:
    """Pass items to `requeue`, except those whose job was cancelled: these are stopped, and returned."""
    if not items:
        return []
    cancelled = job_store.lock_cancelled(connection, {held.job_id for held in items})
    stopped = [held for held in items if held.job_id in cancelled]
    item_store.mark_stopped(connection, stopped, moment)
    requeue(connection, [held for held in items if held.job_id not in cancelled])
    return stopped


def _tallies(succeeded: Iterable[str], failed: Iterable[str], cancelled: Iterable[str]) -> dict[str, Tally]:
    """Count the items that ended by job, given the job id of each item."""
    counts = Counter(succeeded), Counter(failed), Counter(cancelled)
    return {job_id: Tally(*(count[job_id] for count in counts)) for job_id in set().union(*counts)}


def _jobs_of(items: Sequence[Held]) -> list[str]:
    return [held.job_id for held in items]


def _stored(value: str | Stored) -> Stored:
    return Stored(value) if isinstance(value, str) else value


def _held(chunk: Chunk, item: ClaimedItem) -> Held:
    return Held(item.job_id, item.key, chunk.token)
