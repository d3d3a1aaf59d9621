"""Queues the indexes that nobody has looked at for a while, so that what closes have made of them is published every night."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import Connection

from database import Database
from features.indexes.store import index as index_store
from jobs.service import Submission, enqueue
from models.index import INDEX_REBALANCING
from models.index_errors import IndexNotFound, NoIndexes
from models.job import Lane, NewJob
from utils.clock import now
from utils.json_text import dump

LOOKED_EVERY = timedelta(hours=6)  # at an index
MOST_AT_ONCE = 1_000


def queue_due(database: Database, moment: datetime | None = None) -> int:
    """Queue the indexes that nobody has looked at lately, in one job for each organization; return how many."""
    before = (moment or now()) - LOOKED_EVERY
    with database.reader() as connection:
        due = index_store.list_due(connection, before, MOST_AT_ONCE)
    by_organization: defaultdict[int, list[str]] = defaultdict(list)
    for org_id, index_id in due:
        by_organization[org_id].append(index_id)
    for org_id, index_ids in by_organization.items():
        with database.transaction() as connection:
            submit(connection, org_id, index_ids)
    return len(due)


def submit(connection: Connection, org_id: int, index_ids: list[str]) -> Submission:
    """Queue a job that publishes what is new of indexes, or return the active one of the organization that does the same."""
    dedupe_key = hashlib.sha256(dump([INDEX_REBALANCING, sorted(index_ids)])).hexdigest()
    return enqueue(connection, org_id, NewJob(INDEX_REBALANCING, Lane.CPU, "{}", index_ids, dedupe_key))


def submit_all(connection: Connection, org_id: int, index_ids: list[str] | None) -> Submission:
    """Queue some of an organization's indexes, by default all, without those that are gone.

    Raises IndexNotFound where all of them are, or NoIndexes where the organization has none.
    """
    stored = index_store.list_ids(connection, org_id)
    if index_ids is None and not stored:
        raise NoIndexes
    known = set(stored)
    wanted = stored if index_ids is None else [index_id for index_id in dict.fromkeys(index_ids) if index_id in known]
    if not wanted:
        raise IndexNotFound
    return submit(connection, org_id, wanted)
