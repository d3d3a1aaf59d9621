"""Claim a chunk of items, run it, end it: what both engines do, and all that they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy import exc

import database
from features.analyses.bulk import ANALYSIS_FAILED, analyse_many, read_params
from jobs import claims as job_work
from jobs.heartbeat import Heartbeat
from jobs.isolated_process import IsolatedProcess, IsolationStopped, IsolationStruck, IsolationUnavailable, StrikeCounts
from jobs.wakeup import Wakeup
from models.errors import JobUnreadable
from models.job import BulkParams, Chunk, ClaimedItem, Fault, Outcome

log = structlog.get_logger(__name__)

FIRST_CHUNK, LARGEST_CHUNK = 16, 128
CHUNK_SECONDS = 0.15  # so short that a stop, a cancellation and another's small job wait little; so long that claiming costs little
LOOK_FOR_CANCELLATION_AFTER = 0.25  # seconds
STORE_AGAIN_AFTER = (0.1, 0.3, 1.0, 2.0, 4.0)  # seconds


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
        self.chunk = replace(self.chunk, items=tuple(item for item in self.chunk.items if item not in items))


class Executor:
    """One worker: runs chunk after chunk, one at a time."""

    def __init__(
        self,
        worker: str,
        lease_seconds: float,
        wakeup: Wakeup,
        stop: threading.Event,
        may_claim: Callable[[], bool] = lambda: True,
        kills: StrikeCounts | None = None,
    ) -> None:
        """`worker` is the name that its claims carry; once `stop` is set, it finishes the ticker in hand and gives back the rest.

        While `may_claim` says no, it takes on nothing new. Executors that follow one another in a process share `kills`.
        """
        self._worker, self._lease_seconds, self._wakeup, self._stop = worker, lease_seconds, wakeup, stop
        self._may_claim = may_claim
        self._heartbeat = Heartbeat(lease_seconds)
        self._cell = IsolatedProcess(kills or StrikeCounts())
        self._chunk_size = FIRST_CHUNK

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
        if not self._may_claim():
            return 0
        chunk = job_work.claim_chunk(self._worker, self._chunk_size, self._lease_seconds)
        if chunk is None:
            return 0
        with structlog.contextvars.bound_contextvars(worker=self._worker, chunk=chunk.token):
            self._heartbeat.begin(chunk.token)
            started = time.monotonic()
            try:
                self._run(chunk)
            except job_work.ClaimLost:
                log.warning("claim lost, what was found out is dropped", job_ids=sorted(chunk.jobs), items=len(chunk.items))
            finally:
                self._heartbeat.end()
            self._chunk_size = next_chunk_size(self._chunk_size, len(chunk.items), time.monotonic() - started)
        self._wakeup.changed(chunk.jobs)
        return len(chunk.items)

    def close(self) -> None:
        """End the thread and the process that it may have."""
        self._heartbeat.stop()
        self._cell.close()

    def _run(self, chunk: Chunk) -> None:
        progress = _Progress(chunk, cancelled={job.id for job in chunk.jobs.values() if job.cancel_requested})
        # Items of several jobs that ask for the same are read and analysed together.
        for (org_id, text), items in chunk.by_work(chunk.items).items():
            job_ids = sorted({item.job_id for item in items})
            with structlog.contextvars.bound_contextvars(job_id=job_ids[0] if len(job_ids) == 1 else job_ids):
                try:
                    params = read_params(text)
                except JobUnreadable as error:
                    log.error("job cannot be run", reason=str(error))
                    fault = Fault("job_unreadable", f"The job's parameters cannot be read by this version: {error}.")
                    progress.unreadable.update(dict.fromkeys(job_ids, fault))
                    progress.outcomes.update(dict.fromkeys(items, fault))
                    continue
                self._run_fresh(progress, org_id, params, [item for item in items if item.tries == 1])
        self._run_suspects(progress, [item for item in chunk.items if item.tries > 1 and item not in progress.outcomes])
        self._store(progress, progress.chunk)
        log.info("chunk ended", items=len(chunk.items), run=progress.run, failed=progress.failed, job_ids=sorted(chunk.jobs))

    def _run_fresh(self, progress: _Progress, org_id: int, params: BulkParams, items: list[ClaimedItem]) -> None:
        by_ticker: dict[str, list[ClaimedItem]] = {}
        for item in items:
            if self._goes_on(progress, item):
                by_ticker.setdefault(item.ticker, []).append(item)
        outcomes = analyse_many(org_id, params, list(by_ticker)) if by_ticker else iter(())
        # Asked before each step: the ticker that comes next may no longer be wanted by anybody.
        for ticker, outcome in outcomes:
            progress.outcomes.update((item, outcome) for item in by_ticker.pop(ticker) if item.job_id not in progress.cancelled)
            if not any(self._goes_on(progress, item) for waiting in by_ticker.values() for item in waiting):
                return

    def _run_suspects(self, progress: _Progress, items: list[ClaimedItem]) -> None:
        """Tickers whose worker was lost with them run one at a time, in their turns, where they can harm nobody.

        Whatever is known is stored before the next of them: if this worker is lost too, it is lost with that one alone.
        """
        for at, item in enumerate(items):
            self._store_known(progress)
            if not self._goes_on(progress, item):
                continue
            job = progress.chunk.jobs[item.job_id]
            try:
                with structlog.contextvars.bound_contextvars(job_id=job.id):
                    progress.outcomes[item] = self._cell.run(job.org_id, job.params, item.ticker, self._stop)
            except IsolationStopped:
                return  # what has no outcome is given back
            except IsolationStruck as killed:
                self._put_off(progress, [item], killed.pause)
            except IsolationUnavailable as unavailable:
                self._put_off(progress, items[at:], unavailable.pause)
                return

    def _put_off(self, progress: _Progress, items: list[ClaimedItem], seconds: float) -> None:
        job_work.put_off(progress.chunk, items, seconds)
        progress.take_out(items)

    def _goes_on(self, progress: _Progress, item: ClaimedItem) -> bool:
        """Whether the item is still wanted of this worker."""
        if self._stop.is_set() or self._heartbeat.is_lost:
            return False
        if time.monotonic() - progress.looked_at > LOOK_FOR_CANCELLATION_AFTER:
            progress.cancelled |= job_work.cancelled_jobs(progress.chunk)
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
                job_work.end_chunk(part, progress.outcomes, progress.unreadable)
                break
            except exc.SQLAlchemyError as error:
                if _is_refusal(error):
                    log.exception("a chunk cannot be stored, trying its items one by one")
                    self._store_one_by_one(progress, part)
                    break
                # A database that restarts is back before the lease has run out, and the work is not lost.
                if pause is None or not database.is_unavailable(error):
                    raise
                log.warning("a chunk cannot be stored yet", reason=database.reason_of(error))
                time.sleep(pause)
        progress.run += len(progress.outcomes)
        progress.failed += sum(isinstance(outcome, Fault) for outcome in progress.outcomes.values())
        progress.take_out(part.items)
        progress.outcomes.clear()
        progress.unreadable.clear()

    def _store_one_by_one(self, progress: _Progress, part: Chunk) -> None:
        """One result that the database refuses must not keep the others from being stored."""
        # Those of a job that cannot be run must end together with the job's fault.
        readable = {item: outcome for item, outcome in progress.outcomes.items() if item.job_id not in progress.unreadable}
        for item, outcome in readable.items():
            try:
                job_work.end_items(part, {item: outcome})
            except exc.SQLAlchemyError as error:
                if not _is_refusal(error):
                    raise
                log.exception("a result cannot be stored", job_id=item.job_id, ticker=item.ticker)
                job_work.end_items(part, {item: ANALYSIS_FAILED})
        left = tuple(item for item in part.items if item not in readable)
        outcomes = {item: outcome for item, outcome in progress.outcomes.items() if item not in readable}
        job_work.end_chunk(replace(part, items=left), outcomes, progress.unreadable)


def _is_refusal(error: exc.SQLAlchemyError) -> bool:
    """Whether the database, or its driver, refuses a value: not for what it lacks itself, as a table, a right or room on its disk."""
    if isinstance(error, exc.ProgrammingError):
        return getattr(error.orig, "pgcode", None) is None  # the driver's own: the server gives a code
    is_from_database = isinstance(error, exc.DBAPIError)
    return isinstance(error, exc.IntegrityError | exc.DataError if is_from_database else exc.StatementError)


def next_chunk_size(asked: int, got: int, seconds: float) -> int:
    """How many items to claim next, so that a chunk takes about CHUNK_SECONDS; at most twice as many as before, at least one."""
    if got < asked and seconds < CHUNK_SECONDS:
        return asked  # there was no more work: it says nothing about the pace
    wanted = int(got * CHUNK_SECONDS / max(seconds, 1e-6))
    return max(1, min(wanted, 2 * asked, LARGEST_CHUNK))
