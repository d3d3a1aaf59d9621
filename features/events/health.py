"""The health check of events: whether they reach the subscribers."""

from __future__ import annotations

from datetime import timedelta

from database import Database
from infrastructure import event_store
from models.health import Finding, Probe, doubtful, good
from utils.clock import now

LATE_AFTER = timedelta(minutes=2)
REMEDY = "Check that `python worker.py` runs: it hands events out. Its log has the reason where a subscriber fails."


def events_probe(database: Database) -> Probe:
    """A probe of whether events are handed out and no subscriber fails. Not critical: what waits is told later."""
    return Probe("events", lambda: _look(database), REMEDY, is_critical=False, needs=("schema",))


def _look(database: Database) -> Finding:
    with database.read() as connection:
        waiting, since = event_store.count_waiting(connection)
        failing = [progress for progress in event_store.list_progress(connection) if progress.failures]
    if since is not None and now() - since > LATE_AFTER:
        return doubtful(f"{waiting:,} events wait to be handed out, the oldest for {(now() - since).total_seconds() / 60:.0f} min.", REMEDY)
    if failing:
        names = ", ".join(f"{progress.name} ({progress.error})" for progress in failing)
        return doubtful(f"Subscribers of events fail: {names}.", REMEDY)
    return good("Events are handed out.")
