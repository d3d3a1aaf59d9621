"""The health checks of jobs: whether workers are alive, and whether they claim the queued items."""

from __future__ import annotations

from collections.abc import Callable

from config import Settings
from database import Database
from infrastructure.write_probe import try_to_write
from jobs.presence import count_by_lane, list_live
from jobs.store import backlog
from models.health import Finding, Probe, bad, doubtful, good
from models.job import Lane

REMEDY = "Check that `python worker.py` (or a Celery worker) runs and reaches the database; its log has the reason."
NETWORK_REMEDY = (
    "Check that `python worker.py` runs, which starts a worker for the network, or a Celery worker that takes the queue of that lane; its "
    "log has the reason. Or cancel the waiting jobs by POST /api/v1/jobs/{id}/cancel."
)
SHORT_SECONDS = 120.0  # told in seconds, not minutes


def backlog_probe(database: Database, settings: Settings, is_paused: Callable[[], bool]) -> Probe:
    """A probe of whether queued items are claimed. On a machine without workers of its own, a failure is only a warning."""
    limit = 60 * settings.backlog_minutes
    return Probe(
        "backlog",
        lambda: _backlog(database, limit, is_paused),
        REMEDY,
        is_critical=settings.worker_processes > 0,
        needs=("schema",),  # it reads the tables of jobs
        decides_readiness=True,
    )


def workers_probe(database: Database, settings: Settings) -> Probe:
    """A probe of whether workers are alive. Not critical: a web process without workers serves, and jobs wait."""
    has_engine = settings.worker_processes > 0 or settings.job_engine == "celery"
    return Probe("workers", lambda: _workers(database, has_engine), REMEDY, is_critical=False, needs=("schema",))


def _workers(database: Database, has_engine: bool) -> Finding:
    with database.read() as connection:
        workers = list_live(connection)
        waiting = backlog.waiting_lanes(connection)
    live = count_by_lane(workers)
    without = [lane for lane in waiting if not live[lane]]
    if without:
        lanes = " and ".join(without)
        sentence = f"Work waits in the {'lane' if len(without) == 1 else 'lanes'} {lanes}, where no worker is alive."
        return doubtful(sentence, NETWORK_REMEDY if without == [Lane.NETWORK] else REMEDY)
    if not workers:
        sentence = "No worker is alive, and no work waits for one."
        return doubtful(sentence, REMEDY) if has_engine else good(sentence)
    hosts = len({worker.identity.host for worker in workers})
    lanes = ", ".join(f"{lane} {count}" for lane, count in live.items() if count)
    count = f"{len(workers)} {'worker is' if len(workers) == 1 else 'workers are'} alive"
    return good(f"{count} on {hosts} {'machine' if hosts == 1 else 'machines'} ({lanes}).")


def _in_words(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < SHORT_SECONDS else f"{seconds / 60:.0f} minutes"


def _backlog(database: Database, limit: float, is_paused: Callable[[], bool]) -> Finding:
    with database.read() as connection:
        waiting = backlog.waiting_lanes(connection)
        live = count_by_lane(list_live(connection))
    if not waiting:
        return good("Nothing is waiting to be claimed.")
    seconds = max(waiting.values())
    sentence = f"Work has been queued for {_in_words(seconds)}, and no worker takes it."
    if seconds < limit:
        return good(f"{sentence} That counts as a fault from {_in_words(limit)} on.")
    if is_paused():
        return good(f"{sentence} Bulk jobs are switched off: see the check flags.")
    refusal = try_to_write(database)
    if refusal:
        # Workers continue once writes are accepted. Until then this process must stay ready, to serve reads.
        return doubtful(f"{sentence} {refusal.found}", refusal.remedy or REMEDY)
    late = [lane for lane, waited in waiting.items() if waited >= limit]
    if late == [Lane.NETWORK] and not live[Lane.NETWORK] and live[Lane.CPU]:
        # Analyses run, and another instance of this service would have no worker for the network either.
        return doubtful(sentence, NETWORK_REMEDY)
    return bad(sentence, REMEDY)
