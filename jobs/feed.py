"""Live progress: all streams of a web process share one snapshot of the watched jobs."""

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
from jobs.wakeup import CHANGES_CHANNEL, WakeupListener
from models.job import Job
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

READ_SECONDS = 0.5  # the shortest time between two reads of the snapshot
SUBSCRIBED_READ_SECONDS = 5.0  # the longest, while Redis delivers wake-ups


class FeedFull(Exception):
    """This process has reached its limit of streams."""


class JobFeed:
    """The watched jobs of this process. Reads the database only while a job is watched. Thread-safe."""

    def __init__(self, database: Database, redis_url: str | None, max_streams: int, metrics: Metrics) -> None:
        """Opens no connection. `max_streams` is the limit of concurrent streams."""
        self._database, self._redis_url, self._max_streams = database, redis_url, max_streams
        self._metrics = metrics
        self._changed = threading.Condition()
        self._jobs: dict[str, Job | None] = {}
        self._watchers: dict[str, int] = {}
        self._others = 0  # streams that watch no job
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def is_full(self) -> bool:
        """Whether another stream would be refused."""
        return sum(self._watchers.values()) + self._others >= self._max_streams

    @property
    def is_closed(self) -> bool:
        """Whether the process is stopping. Streams end, and their clients reconnect to another process."""
        return self._closed.is_set()

    @contextmanager
    def watch(self, job: Job) -> Iterator[None]:
        """Add a job that was just read to the snapshot, for the length of a `with` block. Raises FeedFull."""
        with self._changed:
            if self.is_full:
                raise FeedFull
            self._watchers[job.id] = self._watchers.get(job.id, 0) + 1
            self._update(job)
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

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the place of a stream that watches no job, for the length of a `with` block. Raises FeedFull."""
        with self._changed:
            if self.is_full:
                raise FeedFull
            self._others += 1
        self._metrics.streams(1)
        try:
            yield
        finally:
            self._metrics.streams(-1)
            with self._changed:
                self._others -= 1

    def pause(self, seconds: float) -> None:
        """Wait, but not longer than until the feed is closed."""
        self._closed.wait(seconds)

    def wait(self, job_id: str, version: int, seconds: float) -> Job | None:
        """Wait up to `seconds` for a newer version of a watched job; None without one, also when the job is gone or the feed is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closed or self._has_changed(job_id, version), seconds)
            job = self._jobs[job_id]
            return job if job is not None and job.version > version else None

    def latest(self, job_id: str) -> Job | None:
        """The last read of a watched job; None when the job is not watched or is gone."""
        with self._changed:
            return self._jobs.get(job_id)

    def is_gone(self, job_id: str) -> bool:
        """Whether a watched job was deleted."""
        with self._changed:
            return self._jobs[job_id] is None

    def close(self) -> None:
        """End every stream."""
        # In a thread, because a signal handler calls this and must not wait for a lock that the interrupted code may hold.
        threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        self._closed.set()
        with self._changed:
            self._changed.notify_all()

    def _has_changed(self, job_id: str, version: int) -> bool:
        job = self._jobs[job_id]
        return job is None or job.version > version

    def _run(self) -> None:
        listener = WakeupListener(self._redis_url, CHANGES_CHANNEL)
        while True:
            with self._changed:
                watched = list(self._watchers)
                if not watched or self.is_closed:
                    self._thread = None
                    break
            started = time.monotonic()
            self._read(watched)
            listener.wait(self._closed, READ_SECONDS, SUBSCRIBED_READ_SECONDS)
            self._closed.wait(READ_SECONDS - (time.monotonic() - started))
        listener.close()

    def _read(self, watched: list[str]) -> None:
        try:
            with self._database.read() as connection:
                jobs = {job.id: job for job in job_store.find_many(connection, watched)}
        except SQLAlchemyError as error:
            log.warning("progress not read, tried again", reason=reason_of(error))
            return
        except Exception:
            # The thread must live on: it serves every stream of this process.
            log.exception("progress not read, tried again")
            return
        with self._changed:
            for job_id in self._watchers.keys() & watched:
                if job_id in jobs:
                    self._update(jobs[job_id])
                else:
                    self._jobs[job_id] = None
            self._changed.notify_all()

    def _update(self, job: Job) -> None:
        # A read of the snapshot may be older than the job that a new watcher has added meanwhile. A version never goes back.
        current = self._jobs.get(job.id)
        if current is None or job.version > current.version:
            self._jobs[job.id] = job
