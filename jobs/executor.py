"""Claim a chunk of items, run it, end it: what both engines do, and all that they do."""

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
from jobs.claims import Claimant, ClaimLost, Claims, StoreFailed
from jobs.heartbeat import Heartbeat
from jobs.isolated_process import IsolatedProcess, IsolationStopped, IsolationStruck, IsolationUnavailable, StrikeCounts
from jobs.kind import JobKind, JobKinds
from jobs.wakeup import Wakeup
from models.errors import JobUnreadable
from models.job import Chunk, ClaimedItem, Fault, Lane, Outcome, Work
from utils.database_errors import is_unavailable, reason_of

log = structlog.get_logger(__name__)

STORE_AGAIN_AFTER = (0.1, 0.3, 1.0, 2.0, 4.0)  # seconds


@dataclass(frozen=True)
class ChunkSizes:
    """How many items a worker claims at once: `first`, then as many as take `seconds`, at most `largest`."""

    first: int
    largest: int
    seconds: float

    def after(self, asked: int, got: int, seconds: float) -> int:
        """How many items to claim next, when `got` of `asked` items took so many seconds: at most twice as many, at least one."""
        if got < asked and seconds < self.seconds:
            return asked  # there was no more work: it says nothing about the pace
        wanted = int(got * self.seconds / max(seconds, 1e-6))
        return max(1, min(wanted, 2 * asked, self.largest))


CHUNK_SIZES = {
    # So short that a stop, a cancellation and another's small job wait little; so long that claiming costs little.
    Lane.CPU: ChunkSizes(first=16, largest=128, seconds=0.15),
    # What one thread has claimed waits for that thread alone, while a server is slow to answer it: few at once.
    Lane.NETWORK: ChunkSizes(first=1, largest=8, seconds=0.15),
}


def _always() -> bool:
    return True


@dataclass(frozen=True)
class ExecutorOptions:
    """What the executors of a process share.

    - `may_claim`: while it says no, they claim nothing new.
    - `cancellation_seconds`: how often they look whether a job that they run was cancelled.
    - `unknown_kind_seconds`: until items of a kind that this version does not know are queued again, for a worker that knows it.
    """

    database: Database
    kinds: JobKinds
    lane: Lane
    lease_seconds: float
    wakeup: Wakeup
    may_claim: Callable[[], bool] = _always
    strikes: StrikeCounts = field(default_factory=StrikeCounts)
    cancellation_seconds: float = 0.25
    unknown_kind_seconds: float = 15.0


@dataclass
class _Progress:
    """What has become of a chunk so far: the items in hand, and the outcomes of some that are not stored yet."""

    chunk: Chunk
    outcomes: dict[ClaimedItem, Outcome] = field(default_factory=dict)
    unreadable: dict[str, Fault] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    looked_at: float = field(default_factory=time.monotonic)
    run: int = 0  # stored
    failed: int = 0  # of these

    def take_out(self, items: Collection[ClaimedItem]) -> None:
        """Some items are no longer in hand."""
        removed = set(items)
        self.chunk = replace(self.chunk, items=tuple(item for item in self.chunk.items if item not in removed))


@dataclass(frozen=True)
class _Keys:
    """Keys that are run together: how, and the items that wait for each."""

    kind: JobKind[Any]
    work: Work
    params: Any
    waiting: dict[str, list[ClaimedItem]]


class Executor:
    """One worker: runs chunk after chunk, one at a time."""

    def __init__(self, worker: str, stop: threading.Event, options: ExecutorOptions) -> None:
        """`worker` is the name that its claims carry. Once `stop` is set, it finishes the key in hand and gives back the rest."""
        self._stop, self._options = stop, options
        self._database, self._kinds, self._wakeup = options.database, options.kinds, options.wakeup
        self._claimant = Claimant(worker, options.lane, options.lease_seconds)
        self._claims = Claims(options.database, options.kinds)
        self._heartbeat = Heartbeat(options.database, options.lease_seconds)
        self._isolated = IsolatedProcess(options.strikes)
        self._sizes = CHUNK_SIZES[options.lane]
        self._chunk_size = self._sizes.first

    def drain(self) -> int:
        """Run chunks until nothing is queued or it is told to stop; how many items it ran."""
        ran = 0
        while not self._stop.is_set() and (items := self.run_chunk()):
            ran += items
        return ran

    def run_chunk(self) -> int:
        """Claim, run and end one chunk; how many items were in it, 0 when nothing is queued (or may be claimed).

        Raises what the database raises.
        """
        if not self._options.may_claim():
            return 0
        chunk = claims.claim_chunk(self._database, self._claimant, self._chunk_size)
        if chunk is None:
            return 0
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
        self._wakeup.changed(chunk.jobs)
        return len(chunk.items)

    def close(self) -> None:
        """End the thread and the process that it may have."""
        self._heartbeat.stop()
        self._isolated.close()

    def _run(self, chunk: Chunk) -> None:
        progress = _Progress(chunk, cancelled={job.id for job in chunk.jobs.values() if job.cancel_requested})
        # Items of several jobs that ask for the same are run together.
        for work, items in chunk.by_work(chunk.items).items():
            job_ids = sorted({item.job_id for item in items})
            with structlog.contextvars.bound_contextvars(kind=work.kind, job_id=job_ids[0] if len(job_ids) == 1 else job_ids):
                self._run_work(progress, work, items)
        self._run_suspects(progress, [item for item in progress.chunk.items if item.tries > 1 and item not in progress.outcomes])
        self._store(progress, progress.chunk)
        log.info("chunk ended", items=len(chunk.items), run=progress.run, failed=progress.failed, job_ids=sorted(chunk.jobs))

    def _run_work(self, progress: _Progress, work: Work, items: list[ClaimedItem]) -> None:
        kind = self._kinds.find(work.kind)
        if kind is None:
            # A newer version may have queued it, whose workers are about to start.
            log.warning("kind of job not known to this version, left to workers that know it", items=len(items))
            claims.put_off(self._database, progress.chunk, items, self._options.unknown_kind_seconds, counts=False)
            progress.take_out(items)
            return
        try:
            params = kind.read_params(work.params)
        except JobUnreadable as error:
            log.error("job cannot be run", reason=str(error))
            fault = Fault("job_unreadable", f"The job's parameters cannot be read by this version: {error}.")
            progress.unreadable.update(dict.fromkeys((item.job_id for item in items), fault))
            progress.outcomes.update(dict.fromkeys(items, fault))
            return
        keys = _Keys(kind, work, params, {})
        for item in items:
            if item.tries == 1 and self._is_wanted(progress, item):
                keys.waiting.setdefault(item.key, []).append(item)
        self._run_fresh(progress, keys)

    def _run_fresh(self, progress: _Progress, keys: _Keys) -> None:
        """Run keys together; after an unexpected exception, those without an outcome one by one."""
        if not keys.waiting or self._run_together(progress, keys, list(keys.waiting)):
            return
        if len(keys.waiting) == 1:
            self._fail_unexpectedly(progress, keys, next(iter(keys.waiting)))
        for key in list(keys.waiting):
            if not self._is_any_wanted(progress, keys):
                return
            if not self._run_together(progress, keys, [key]):
                self._fail_unexpectedly(progress, keys, key)

    def _run_together(self, progress: _Progress, keys: _Keys, some: list[str]) -> bool:
        """Take the outcomes of some keys until nobody wants any more; False when the kind failed to give the outcome of a key."""
        try:
            outcomes = keys.kind.run(self._database, keys.work.org_id, keys.params, some)
            if self._take(progress, keys, outcomes):
                return True
        except exc.SQLAlchemyError:
            raise  # the database's trouble is no key's
        except (Exception, SystemExit):
            # One key's trouble, whatever it is, must not become that of the others.
            log.exception("run failed", items=len(keys.waiting))
            return False
        if forgotten := keys.waiting.keys() & some:
            log.error("items have no outcome", items=sorted(forgotten))
            return False
        return True

    def _take(self, progress: _Progress, keys: _Keys, outcomes: Iterator[tuple[str, Outcome]]) -> bool:
        """Take outcomes; whether it stopped because nobody wants the rest."""
        # Asked before each step: the key that comes next may no longer be wanted by anybody.
        for key, outcome in outcomes:
            progress.outcomes.update((item, outcome) for item in keys.waiting.pop(key) if item.job_id not in progress.cancelled)
            if keys.waiting and not self._is_any_wanted(progress, keys):
                return True
        return False

    def _fail_unexpectedly(self, progress: _Progress, keys: _Keys, key: str) -> None:
        progress.outcomes.update((item, keys.kind.unexpected) for item in keys.waiting.pop(key))

    def _run_suspects(self, progress: _Progress, items: list[ClaimedItem]) -> None:
        """Keys whose worker was lost with them run one at a time, in their turns, where they can harm nobody.

        Known outcomes are stored before the next of them: if this worker is lost too, it is lost with that one alone.
        """
        for at, item in enumerate(items):
            self._store_known(progress)
            if not self._is_wanted(progress, item):
                continue
            work = progress.chunk.work_of(item)
            kind = self._kinds.find(work.kind)
            assert kind is not None
            try:
                with structlog.contextvars.bound_contextvars(kind=work.kind, job_id=item.job_id):
                    progress.outcomes[item] = self._isolated.run(work, item.key, kind.limits, self._stop)
            except IsolationStopped:
                return  # what has no outcome is given back
            except IsolationStruck as struck:
                self._put_off(progress, [item], struck.pause)
            except IsolationUnavailable as unavailable:
                self._put_off(progress, items[at:], unavailable.pause)
                return

    def _put_off(self, progress: _Progress, items: list[ClaimedItem], seconds: float) -> None:
        claims.put_off(self._database, progress.chunk, items, seconds)
        progress.take_out(items)

    def _is_any_wanted(self, progress: _Progress, keys: _Keys) -> bool:
        return any(self._is_wanted(progress, item) for items in keys.waiting.values() for item in items)

    def _is_wanted(self, progress: _Progress, item: ClaimedItem) -> bool:
        """Whether this worker is still to run the item."""
        if self._stop.is_set() or self._heartbeat.is_lost:
            return False
        if time.monotonic() - progress.looked_at > self._options.cancellation_seconds:
            progress.cancelled |= claims.cancelled_jobs(self._database, progress.chunk)
            progress.looked_at = time.monotonic()
        return item.job_id not in progress.cancelled

    def _store_known(self, progress: _Progress) -> None:
        """Store the outcomes that are known; the other items stay in hand."""
        known = tuple(progress.outcomes)
        if known:
            self._store(progress, replace(progress.chunk, items=known))
            self._wakeup.changed({item.job_id for item in known})

    def _store(self, progress: _Progress, part: Chunk) -> None:
        """End a part of the chunk, which has all the outcomes in it: what has none is given back."""
        for pause in (*STORE_AGAIN_AFTER, None):
            try:
                self._claims.end_chunk(part, progress.outcomes, progress.unreadable)
                break
            except (exc.SQLAlchemyError, StoreFailed) as error:
                if isinstance(error, StoreFailed) or _is_refusal(error):
                    log.exception("a chunk cannot be stored, its items are stored one by one")
                    self._store_one_by_one(progress, part)
                    break
                # A database that restarts is back before the lease has expired, and the work is not lost.
                if pause is None or not is_unavailable(error):
                    raise
                log.warning("a chunk cannot be stored yet", reason=reason_of(error))
                time.sleep(pause)
        progress.run += len(progress.outcomes)
        progress.failed += sum(isinstance(outcome, Fault) for outcome in progress.outcomes.values())
        progress.take_out(part.items)
        progress.outcomes.clear()
        progress.unreadable.clear()

    def _store_one_by_one(self, progress: _Progress, part: Chunk) -> None:
        """One outcome that the database refuses must not keep the others from being stored."""
        # Those of a job that cannot be run must end together with the job's fault.
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
        left = tuple(item for item in part.items if item not in readable)
        outcomes = {item: outcome for item, outcome in progress.outcomes.items() if item not in readable}
        self._claims.end_chunk(replace(part, items=left), outcomes, progress.unreadable)


def _is_refusal(error: exc.SQLAlchemyError) -> bool:
    """Whether the database, or its driver, refuses a value: not for what it lacks itself, as a table, a right or room on its disk."""
    if isinstance(error, exc.ProgrammingError):
        return getattr(error.orig, "pgcode", None) is None  # the driver's own: the server gives a code
    is_from_database = isinstance(error, exc.DBAPIError)
    return isinstance(error, exc.IntegrityError | exc.DataError if is_from_database else exc.StatementError)
