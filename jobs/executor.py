"""The executor of both engines: claims a chunk of items, runs it, and stores the outcomes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from sqlalchemy import exc

from database import Database
from jobs import claims
from jobs.claims import Claimant, ClaimLost, Claims, Postponement, StoreFailed
from jobs.heartbeat import Heartbeat
from jobs.holding import MayRun, hold
from jobs.isolated_process import IsolatedProcess, IsolationInterrupted, IsolationStopped, IsolationUnavailable, StrikeCounts
from jobs.kind import JobKind, JobKinds
from jobs.wakeup import Wakeup
from models.errors import JobUnreadable
from models.job import Chunk, ClaimedItem, Fault, Lane, Later, Outcome, Work
from utils.database_errors import is_unavailable, reason_of

log = structlog.get_logger(__name__)

MUCH_LARGER = (
    4  # times as many items: storing the outcomes of the smaller works in a transaction of their own costs less than their waiting
)
STORE_RETRY_PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0)  # seconds


@dataclass(frozen=True)
class ChunkSizes:
    """The number of items that a worker claims at once: first `first`, then as many as take `seconds`, at most `largest`."""

    first: int
    largest: int
    seconds: float

    def after(self, asked: int, got: int, seconds: float) -> int:
        """The size of the next chunk, when `got` of `asked` items took `seconds`: at least one, at most twice `asked`."""
        if got < asked and seconds < self.seconds:
            return asked  # nothing more was queued, so the pace is not known
        wanted = int(got * self.seconds / max(seconds, 1e-6))
        return max(1, min(wanted, 2 * asked, self.largest))


CHUNK_SIZES = {
    # Short enough that a stop, a cancellation or a small job waits little; long enough that claiming costs little.
    Lane.CPU: ChunkSizes(first=16, largest=128, seconds=0.15),
    # Few, because the items that a thread has claimed wait for that thread alone, which a slow server may delay. Longer, because much of
    # the time is waiting, in which claiming would come again and again.
    Lane.NETWORK: ChunkSizes(first=1, largest=8, seconds=0.5),
}


def _always(*_: int) -> bool:
    return True


@dataclass(frozen=True)
class ExecutorOptions:
    """The options that the executors of a process share.

    - `may_claim`: whether they may claim items at present.
    - `may_run`: whether they may run items of an organization at present; others are held.
    - `strikes`: counts the strikes of keys that run in isolated processes.
    - `cancellation_seconds`: the interval at which they check whether a running job was cancelled.
    - `unknown_kind_seconds`: the delay of items whose kind this version does not know, until they are requeued for a worker that knows it.
    """

    database: Database
    kinds: JobKinds
    lane: Lane
    lease_seconds: float
    wakeup: Wakeup
    may_claim: Callable[[], bool] = _always
    may_run: MayRun = _always
    strikes: StrikeCounts = field(default_factory=StrikeCounts)
    cancellation_seconds: float = 0.25
    unknown_kind_seconds: float = 15.0


@dataclass
class _Progress:
    """The progress of a chunk: its items that have not ended yet, and the outcomes that are not stored yet."""

    chunk: Chunk
    outcomes: dict[ClaimedItem, Outcome] = field(default_factory=dict)
    unreadable: dict[str, Fault] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    cancellation_checked_at: float = field(default_factory=time.monotonic)
    stored: int = 0  # outcomes
    failed: int = 0  # of the stored ones

    def remove(self, items: Collection[ClaimedItem]) -> None:
        """Remove items that have ended, or were given back or delayed, from the chunk."""
        removed = set(items)
        self.chunk = replace(self.chunk, items=tuple(item for item in self.chunk.items if item not in removed))


@dataclass(frozen=True)
class _Batch:
    """Keys with the same work, which are run together. `pending` has the items of each key without an outcome."""

    kind: JobKind[Any]
    work: Work
    params: Any
    pending: dict[str, list[ClaimedItem]]


class Executor:
    """A worker, which runs one chunk at a time."""

    def __init__(self, worker: str, stop: threading.Event, options: ExecutorOptions) -> None:
        """`worker` is its name in claims. Once `stop` is set, it finishes the current key and gives back the other items."""
        self._stop, self._options = stop, options
        self._database, self._kinds, self._wakeup = options.database, options.kinds, options.wakeup
        self._claimant = Claimant(worker, options.lane, options.lease_seconds)
        self._claims = Claims(options.database, options.kinds)
        self._heartbeat = Heartbeat(options.database, options.lease_seconds)
        self._isolated = IsolatedProcess(options.strikes)
        self._sizes = CHUNK_SIZES[options.lane]
        self._chunk_size = self._sizes.first

    def drain(self) -> int:
        """Run chunks until nothing is queued or `stop` is set; return the number of items in them."""
        ran = 0
        while not self._stop.is_set() and (items := self.run_chunk()):
            ran += items
        return ran

    def run_chunk(self) -> int:
        """Claim, run and end one chunk; return its number of items, 0 when nothing is queued or may be claimed.

        Raises the database's errors.
        """
        if not self._options.may_claim():
            return 0
        chunk = claims.claim_chunk(self._database, self._claimant, self._chunk_size)
        if chunk is None:
            return 0
        claimed = len(chunk.items)
        try:
            chunk = hold(self._database, chunk, self._options.may_run)
        except ClaimLost:
            return claimed
        if not chunk.items:
            return claimed
        with structlog.contextvars.bound_contextvars(worker=self._claimant.worker, chunk=chunk.token):
            self._heartbeat.begin(chunk.token)
            started = time.monotonic()
            try:
                self._run(chunk)
            except ClaimLost:
                log.warning("claim lost, its outcomes are dropped", job_ids=sorted(chunk.jobs), items=len(chunk.items))
            finally:
                self._heartbeat.end()
            self._chunk_size = self._sizes.after(self._chunk_size, len(chunk.items), time.monotonic() - started)
        self._wakeup.wake_streams(chunk.jobs)
        return claimed

    def close(self) -> None:
        """End the heartbeat's thread and the isolated process."""
        self._heartbeat.stop()
        self._isolated.close()

    def _run(self, chunk: Chunk) -> None:
        progress = _Progress(chunk, cancelled={job.id for job in chunk.jobs.values() if job.cancel_requested})
        # Items with the same work are run together, across jobs; small works first, whose jobs do not wait for the end of much larger ones.
        for work, items in sorted(chunk.by_work(chunk.items).items(), key=lambda pair: len(pair[1])):
            if len(items) > MUCH_LARGER * len(progress.outcomes):
                self._store_outcomes(progress)
            job_ids = sorted({item.job_id for item in items})
            with structlog.contextvars.bound_contextvars(kind=work.kind, job_id=job_ids[0] if len(job_ids) == 1 else job_ids):
                self._run_work(progress, work, items)
        self._run_suspects(progress, [item for item in progress.chunk.items if item.tries > 1 and item not in progress.outcomes])
        self._store(progress, progress.chunk)
        log.info("chunk ended", items=len(chunk.items), run=progress.stored, failed=progress.failed, job_ids=sorted(chunk.jobs))

    def _run_work(self, progress: _Progress, work: Work, items: list[ClaimedItem]) -> None:
        kind = self._kinds.find(work.kind)
        if kind is None:
            # A newer version may have queued it: its workers start during the deploy.
            log.warning("kind of job not known to this version, left to workers that know it", items=len(items))
            self._put_off(progress, items, Postponement(Later(self._options.unknown_kind_seconds), counts=False))
            return
        try:
            params = kind.read_params(work.params)
        except JobUnreadable as error:
            log.error("job cannot be run", reason=str(error))
            fault = Fault("job_unreadable", f"The job's parameters cannot be read by this version: {error}.")
            progress.unreadable.update(dict.fromkeys((item.job_id for item in items), fault))
            progress.outcomes.update(dict.fromkeys(items, fault))
            return
        batch = _Batch(kind, work, params, {})
        for item in items:
            if item.tries == 1 and self._is_wanted(progress, item):
                batch.pending.setdefault(item.key, []).append(item)
        self._run_batch(progress, batch)

    def _run_batch(self, progress: _Progress, batch: _Batch) -> None:
        """Run the keys together; after an unexpected exception, run those without an outcome one by one."""
        if not batch.pending or self._run_keys(progress, batch, list(batch.pending)):
            return
        if len(batch.pending) == 1:
            self._fail_unexpectedly(progress, batch, next(iter(batch.pending)))
        for key in list(batch.pending):
            if not self._is_any_wanted(progress, batch):
                return
            if not self._run_keys(progress, batch, [key]):
                self._fail_unexpectedly(progress, batch, key)

    def _run_keys(self, progress: _Progress, batch: _Batch, keys: list[str]) -> bool:
        """Run keys and collect their outcomes, until no pending item is wanted any more. Returns False when the kind failed."""
        try:
            outcomes = batch.kind.run(self._database, batch.work.org_id, batch.params, keys)
            if self._collect(progress, batch, outcomes):
                return True
        except exc.SQLAlchemyError:
            raise  # not the fault of a key
        except (Exception, SystemExit):
            # Not re-raised: an unexpected exception of one key must not fail the others.
            log.exception("run failed", items=len(batch.pending))
            return False
        if missing := batch.pending.keys() & keys:
            log.error("items have no outcome", items=sorted(missing))
            return False
        return True

    def _collect(self, progress: _Progress, batch: _Batch, outcomes: Iterator[tuple[str, Outcome]]) -> bool:
        """Collect outcomes; return whether it stopped early, because no pending item is wanted any more."""
        for key, outcome in outcomes:
            items = [item for item in batch.pending.pop(key) if item.job_id not in progress.cancelled]
            if isinstance(outcome, Later):
                self._put_off(progress, items, Postponement(outcome, counts=False))
            else:
                progress.outcomes.update((item, outcome) for item in items)
            # Checked before the iterator runs the next key.
            if batch.pending and not self._is_any_wanted(progress, batch):
                return True
        return False

    def _fail_unexpectedly(self, progress: _Progress, batch: _Batch, key: str) -> None:
        progress.outcomes.update((item, batch.kind.unexpected) for item in batch.pending.pop(key))

    def _run_suspects(self, progress: _Progress, items: list[ClaimedItem]) -> None:
        """Run items whose worker was lost, one at a time and in an isolated process, where they can crash nothing else.

        The outcomes so far are stored before each of them: if this worker is lost too, only that item is affected.
        """
        for index, item in enumerate(items):
            self._store_outcomes(progress)
            if not self._is_wanted(progress, item):
                continue
            work = progress.chunk.work_of(item)
            kind = self._kinds.find(work.kind)
            assert kind is not None
            try:
                with structlog.contextvars.bound_contextvars(kind=work.kind, job_id=item.job_id):
                    outcome = self._isolated.run(work, item.key, kind.limits, self._stop)
            except IsolationStopped:
                return  # the items without an outcome are given back
            except IsolationInterrupted as error:
                self._put_off(progress, [item], Postponement(Later(error.pause)))
            except IsolationUnavailable as error:
                self._put_off(progress, items[index:], Postponement(Later(error.pause)))
                return
            else:
                if isinstance(outcome, Later):
                    self._put_off(progress, [item], Postponement(outcome, counts=False))
                else:
                    progress.outcomes[item] = outcome

    def _put_off(self, progress: _Progress, items: list[ClaimedItem], postponement: Postponement) -> None:
        claims.put_off(self._database, progress.chunk, items, postponement)
        progress.remove(items)

    def _is_any_wanted(self, progress: _Progress, batch: _Batch) -> bool:
        return any(self._is_wanted(progress, item) for items in batch.pending.values() for item in items)

    def _is_wanted(self, progress: _Progress, item: ClaimedItem) -> bool:
        """Whether this worker is still to run the item: it is not stopping, has not lost its claim, and the job is not cancelled."""
        if self._stop.is_set() or self._heartbeat.is_lost:
            return False
        if time.monotonic() - progress.cancellation_checked_at > self._options.cancellation_seconds:
            progress.cancelled |= claims.cancelled_jobs(self._database, progress.chunk)
            progress.cancellation_checked_at = time.monotonic()
        return item.job_id not in progress.cancelled

    def _store_outcomes(self, progress: _Progress) -> None:
        """Store the outcomes so far; the other items stay claimed."""
        items = tuple(progress.outcomes)
        if items:
            self._store(progress, replace(progress.chunk, items=items))
            self._wakeup.wake_streams({item.job_id for item in items})

    def _store(self, progress: _Progress, part: Chunk) -> None:
        """End the items of `part`, which has every item with an outcome; its items without one are given back."""
        for pause in (*STORE_RETRY_PAUSES, None):
            try:
                self._claims.end_chunk(part, progress.outcomes, progress.unreadable)
                break
            except (exc.SQLAlchemyError, StoreFailed) as error:
                if isinstance(error, StoreFailed) or _is_refusal(error):
                    log.exception("a chunk cannot be stored, its items are stored one by one")
                    self._store_one_by_one(progress, part)
                    break
                # A database that restarts is usually back before the lease expires, so the outcomes are not lost.
                if pause is None or not is_unavailable(error):
                    raise
                log.warning("a chunk cannot be stored yet", reason=reason_of(error))
                time.sleep(pause)
        progress.stored += len(progress.outcomes)
        progress.failed += sum(isinstance(outcome, Fault) for outcome in progress.outcomes.values())
        progress.remove(part.items)
        progress.outcomes.clear()
        progress.unreadable.clear()

    def _store_one_by_one(self, progress: _Progress, part: Chunk) -> None:
        """Store each outcome in a transaction of its own, so that one that cannot be stored fails its item alone."""
        # The items of a job that cannot be run must end in the same transaction in which the job's fault is stored.
        readable = {item: outcome for item, outcome in progress.outcomes.items() if item.job_id not in progress.unreadable}
        for item, outcome in readable.items():
            try:
                self._claims.end_items(part, {item: outcome})
            except (exc.SQLAlchemyError, StoreFailed) as error:
                if not isinstance(error, StoreFailed) and not _is_refusal(error):
                    raise
                log.exception("an outcome cannot be stored", job_id=item.job_id, item=item.key)
                kind = self._kinds.find(part.work_of(item).kind)
                assert kind is not None
                self._claims.end_items(part, {item: kind.unexpected})
        remaining = tuple(item for item in part.items if item not in readable)
        outcomes = {item: outcome for item, outcome in progress.outcomes.items() if item not in readable}
        self._claims.end_chunk(replace(part, items=remaining), outcomes, progress.unreadable)


def _is_refusal(error: exc.SQLAlchemyError) -> bool:
    """Whether the database or its driver refused a value. False for other errors: a missing table or privilege, a full disk."""
    if isinstance(error, exc.ProgrammingError):
        return getattr(error.orig, "pgcode", None) is None  # raised by the driver: errors of the server have a code
    is_from_database = isinstance(error, exc.DBAPIError)
    return isinstance(error, exc.IntegrityError | exc.DataError if is_from_database else exc.StatementError)
