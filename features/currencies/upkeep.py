"""Queues fetches of exchange rates: those that are due, and those that somebody asks for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.currencies import service
from features.currencies.flags import CURRENCIES
from features.currencies.store import fetch as fetch_store
from infrastructure.flags import FeatureFlags
from jobs.service import Submission, enqueue
from models.api_key import FIRST_ORG
from models.fx import FX_FETCH
from models.job import Lane, NewJob
from utils.clock import now

QUEUED_FOR = timedelta(hours=1)  # before a fetch whose job came to nothing is due again


def queue_fetch(connection: Connection, org_id: int) -> Submission:
    """Queue a fetch, or find the one that is queued."""
    return enqueue(connection, org_id, NewJob(FX_FETCH, Lane.NETWORK, "{}", [service.FETCHED], FX_FETCH))


def queue_due(database: Database, flags: FeatureFlags, moment: datetime | None = None) -> bool:
    """Queue a fetch if one is due; return whether it is new."""
    moment = moment or now()
    if not flags.is_enabled(CURRENCIES):
        return False
    with database.read() as connection:
        fetch = service.find_fetch(connection)
    if fetch is not None and fetch.next_at > moment:
        return False
    with database.transaction() as connection:
        if not queue_fetch(connection, FIRST_ORG).is_new:
            return False
        fetch_store.postpone(connection, service.FETCHED, moment + QUEUED_FOR)
    return True
