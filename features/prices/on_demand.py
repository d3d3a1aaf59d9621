"""Fetches a ticker that nobody has stored, while its caller waits: as a refresh of one ticker, which a network worker runs.

So the provider's limits and breaker hold, callers that ask for the same ticker share one fetch, and one that lasts too long goes on alone.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from config import Settings
from database import Database
from features.prices.refresh_jobs import RefreshParams, new_refresh
from features.prices.store import fetch as fetch_store
from infrastructure.sql.transaction import after_commit
from jobs import service as job_service
from jobs.service import Submission, enqueue
from jobs.stalls import StallWatch
from jobs.wakeup import Wakeup
from models.errors import TickerNotFound
from models.job import Job, Lane
from models.price_errors import PricesPending, PricesUnavailable
from models.series_fetch import FetchFailure
from utils.clock import now

FAILURES_KEPT = timedelta(days=30)
UNKNOWN_FOR = 3600.0  # seconds in which a ticker that no provider knew is not asked for again
FIRST_LOOK, LONGEST_PAUSE = 0.05, 0.25  # seconds between two looks at the job
MOST_WAITING = 4  # callers in this process, so that slow providers do not hold up all its threads
_SLOTS = threading.BoundedSemaphore(MOST_WAITING)


@dataclass(frozen=True)
class OnDemand:
    """What fetching on demand needs of an application."""

    settings: Settings
    database: Database
    wakeup: Wakeup
    stalls: StallWatch

    def fetch(self, org_id: int, ticker: str) -> None:
        """Have the prices of a ticker fetched, and wait until they are stored.

        Raises TickerNotFound, PricesUnavailable, or PricesPending when they are not there in time.
        """
        failure = self._failure(ticker)
        if failure is not None and failure.code == TickerNotFound.code and (now() - failure.failed_at).total_seconds() < UNKNOWN_FOR:
            raise TickerNotFound(ticker, failure.message)
        ends_at = time.monotonic() + self.settings.fetch_on_demand_seconds
        job = self._submit(org_id, ticker).job
        if not _SLOTS.acquire(blocking=False):
            raise PricesPending(ticker, job.id, "Others wait for prices already")
        try:
            self._wait(org_id, ticker, job, ends_at)
        finally:
            _SLOTS.release()

    def _submit(self, org_id: int, ticker: str) -> Submission:
        new = new_refresh([ticker], RefreshParams(None, force=False, expected_at=now()), f"on demand:{ticker}")
        with self.database.bookkeeping() as connection:
            submission = enqueue(connection, org_id, new)
            after_commit(connection, lambda: self.wakeup.wake_workers(submission.job.id, Lane.NETWORK))
        return submission

    def _wait(self, org_id: int, ticker: str, job: Job, ends_at: float) -> None:
        pause = FIRST_LOOK
        while not job.is_finished:
            left = ends_at - time.monotonic()
            situation = self.stalls.situation(org_id)
            stall, waiting = situation.stall_of(job), situation.waiting_of(job)
            if stall is not None:
                raise PricesPending(ticker, job.id, "Nothing runs jobs at the moment")
            if waiting is not None:
                raise PricesPending(
                    ticker, job.id, f"The provider is asked again at {waiting.first_at:%H:%M} UTC: its calls are used up, or it fails"
                )
            if left <= 0:
                raise PricesPending(ticker, job.id, "The provider is slow")
            time.sleep(min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE)
            job = job_service.find(self.database, org_id, job.id)
        if job.succeeded:
            return
        failure = self._failure(ticker)
        reason = failure.message if failure is not None else "The fetch has failed; the job tells why."
        if failure is not None and failure.code == TickerNotFound.code:
            raise TickerNotFound(ticker, reason)
        raise PricesUnavailable(ticker, reason)

    def _failure(self, ticker: str) -> FetchFailure | None:
        with self.database.read() as connection:
            return fetch_store.find_failures(connection, [ticker]).get(ticker)


def prune_failures(database: Database, moment: datetime | None = None) -> int:
    """Forget why tickers could not be fetched that nobody has asked for since; return how many."""
    with database.transaction() as connection:
        return fetch_store.delete_failures(connection, (moment or now()) - FAILURES_KEPT)
