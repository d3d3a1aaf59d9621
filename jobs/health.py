"""The health check of jobs: whether workers claim the queued items."""

from __future__ import annotations

from collections.abc import Callable

from config import Settings
from database import Database
from infrastructure.write_probe import try_to_write
from jobs.store import backlog
from models.health import Finding, Probe, bad, doubtful, good

REMEDY = "Check that `python worker.py` (or a Celery worker) runs and reaches the database; its log has the reason."


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


def _backlog(database: Database, limit: float, is_paused: Callable[[], bool]) -> Finding:
    with database.read() as connection:
        seconds = backlog.waiting_seconds(connection)
    if not seconds:
        return good("Nothing is waiting to be claimed.")
    sentence = f"Work has been queued for {seconds / 60:.1f} minutes, and no worker claims any."
    if seconds < limit:
        return good(sentence)
    if is_paused():
        return good(f"{sentence} Bulk jobs are switched off.")
    refusal = try_to_write(database)
    if refusal:
        # Workers continue once writes are accepted. Until then this process must stay ready, to serve reads.
        return doubtful(f"{sentence} {refusal.found}", refusal.remedy or REMEDY)
    return bad(sentence, REMEDY)
