"""Many who ask for one job at the same time share one read of it; a few each get the job as it is."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic

from models.job import Job
from services import job as job_service
from services.job_feed import JobFeed
from utils.single_flight import SingleFlight

SHARED_SECONDS = 0.5  # how old a shared read may be
CROWD = 5  # more readers of one job than this, within that time, are a crowd
MOST_JOBS = 1_000


@dataclass
class _Read:
    """The last read of a job, when it was, how many asked since, and whether it began as a crowd's."""

    job: Job
    at: float
    asked: int
    is_crowds: bool

    @property
    def is_fresh(self) -> bool:
        return monotonic() - self.at < SHARED_SECONDS

    @property
    def is_shared(self) -> bool:
        return self.is_crowds or self.asked > CROWD


class JobReads:
    """Reads of single jobs by this process. Thread-safe."""

    def __init__(self, feed: JobFeed) -> None:
        """`feed` knows the jobs that streams show, and reads them anyway."""
        self._feed = feed
        self._lock = threading.Lock()
        self._reads: dict[tuple[int, str], _Read] = {}
        self._flights: SingleFlight[Job] = SingleFlight()

    def find(self, org_id: int, job_id: str) -> Job:
        """One job. Raises JobNotFound."""
        key = (org_id, job_id)
        with self._lock:
            last = self._reads.get(key)
            is_shared = last is not None and last.is_shared
            if last is not None and last.is_fresh:
                last.asked += 1
                if is_shared:
                    return last.job
        if not is_shared:
            return self._keep(key, job_service.find(org_id, job_id))
        shown = self._feed.latest(job_id)
        if shown is not None and shown.org_id == org_id:
            return self._keep(key, shown)
        return self._keep(key, self._flights.do(key, lambda: job_service.find(org_id, job_id))[0])

    def forget(self, org_id: int, job_id: str) -> None:
        """Read anew: the job was changed here."""
        with self._lock:
            self._reads.pop((org_id, job_id), None)

    def _keep(self, key: tuple[int, str], job: Job) -> Job:
        with self._lock:
            last = self._reads.get(key)
            if last is not None and last.is_fresh:
                last.job = job
            else:
                self._reads[key] = _Read(job, monotonic(), 0, last is not None and last.asked > CROWD)
            if len(self._reads) > MOST_JOBS:
                self._reads = {key: read for key, read in self._reads.items() if read.is_fresh}
        return job
