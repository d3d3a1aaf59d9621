"""Queues the series that are due; without a provider there are none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from database import Database
from features.macro.flags import MACRO
from features.macro.store import fetch as fetch_store
from infrastructure.flags import FeatureFlags
from jobs.service import enqueue
from models.api_key import FIRST_ORG
from models.job import Lane, NewJob
from models.macro import MACRO_FETCH
from utils.clock import now

QUEUED_FOR = timedelta(hours=1)  # before a series whose job came to nothing is due again


def queue_due(database: Database, flags: FeatureFlags, series: Sequence[str], moment: datetime | None = None) -> int:
    """Queue those of the series that are due, in one job; return how many."""
    moment = moment or now()
    if not flags.is_enabled(MACRO):
        return 0
    with database.read() as connection:
        fetches = fetch_store.list_fetches(connection)
    due = [name for name in dict.fromkeys(series) if name not in fetches or fetches[name].next_at <= moment]
    if not due:
        return 0
    with database.transaction() as connection:
        if not enqueue(connection, FIRST_ORG, NewJob(MACRO_FETCH, Lane.NETWORK, "{}", due, MACRO_FETCH)).is_new:
            return 0
        for name in due:
            fetch_store.postpone(connection, name, moment + QUEUED_FOR)
    return len(due)
