"""Live progress: one snapshot of the watched jobs per web process feeds every stream, however many watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure.metrics import Metrics
from jobs.store import job as job_store
from jobs.wakeup import CHANNEL_CHANGED, WakeupListener
from models.job import Job
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

READ_EVERY = 0.5  # seconds between two reads of the snapshot, at least
HEARD_READ_EVERY = 5.0  # seconds until it is read without having been told of a change, where one is told


class FeedFull(Exception):
    """As many streams are open as this process serves."""


class JobFeed:
    """The watched jobs of this process. Reads only while somebody watches; thread-safe."""

    def __init__(self, database: Database, redis_url: str | None, most_streams: int, metrics: Metrics) -> None:
        """Opens nothing; `most_streams` is how many may watch at once."""
        self._database, self._redis_url, self._most_streams = database, redis_url, most_streams
        self._metrics = metrics
        self._changed = threading.Condition()
        self._jobs: dict[str, Job | None] = {}
        self._watchers: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def is_full(self) -> bool:
        """Whether another stream would be refused."""
        return sum(self._watchers.values()) >= self._most_streams

    @property
    def is_closed(self) -> bool:
        """Whether the process is about to stop: streams end, and their clients come again elsewhere."""
        return self._closed.is_set()

    @contextmanager
    def watch(self, job: Job) -> Iterator[None]:
        """Take part in the snapshot with a job that was just read. Raises FeedFull."""
        with self._changed:
            if self.is_full:
                raise FeedFull
            self._watchers[job.id] = self._watchers.get(job.id, 0) + 1
            self._show(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="job-feed", daemon=True)
                self._thread.start()
        self._metrics.streams(1)
        try:
            yield
        finally:
            self._metrics.streams(-1)
            with self._changed:
                self._watchers[job.id] -= 1
                if not self._watchers[job.id]:
                    del self._watchers[job.id], self._jobs[job.id]

    def wait(self, job_id: str, version: int, seconds: float) -> Job | None:
        """The watched job once it is newer than `version`; None when it is not within `seconds`, or the feed is closed, or it is gone."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or self._is_news(job_id, version), seconds)
            job = self._jobs[job_id]
            return job if job is not None and job.version > version else None

    def latest(self, job_id: str) -> Job | None:
        """A watched job as it was last read; None for one that nobody watches, or that is gone."""
        with self._changed:
            return self._jobs.get(job_id)

    def is_gone(self, job_id: str) -> bool:
        """Whether a watched job was removed."""
        with self._changed:
            return self._jobs[job_id] is None

    def close(self) -> None:
        """End every stream."""
        # Also called by a signal's handler, which must not wait for a lock that the interrupted code may hold.
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    def _is_news(self, job_id: str, version: int) -> bool:
        job = self._jobs[job_id]
        return job is None or job.version > version

    def _run(self) -> None:
        listener = WakeupListener(self._redis_url, CHANNEL_CHANGED)
        while True:
            with self._changed:
                watched = list(self._watchers)
                if not watched or self.is_closed:
                    self._thread = None
                    break
            started = time.monotonic()
            self._read(watched)
            listener.wait(self._closed, READ_EVERY, HEARD_READ_EVERY)
            self._closed.wait(READ_EVERY - (time.monotonic() - started))
        listener.close()

    def _read(self, watched: list[str]) -> None:
        try:
            with self._database.read() as connection:
                jobs = {job.id: job for job in job_store.find_many(connection, watched)}
        except SQLAlchemyError as error:
            log.warning("progress not read, tried again", reason=reason_of(error))
            return
        with self._changed:
            for job_id in self._watchers.keys() & watched:
                if job_id in jobs:
                    self._show(jobs[job_id])
                else:
                    self._jobs[job_id] = None
            self._changed.notify_all()

    def _show(self, job: Job) -> None:
        # This read may have begun before that of somebody who has come to watch since: what is shown never goes back.
        shown = self._jobs.get(job.id)
        if shown is None or job.version > shown.version:
            self._jobs[job.id] = job
