"""Queues deliveries whose time has come, finds those that were lost, and removes old ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

import structlog
from sqlalchemy import Connection

from database import Database
from features.deliveries import service
from features.deliveries.ledger import Ledger
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from infrastructure.sql.batches import ROWS, delete_in_batches
from infrastructure.sql.database_clock import database_now
from jobs import service as jobs
from models.errors import JobNotFound

log = structlog.get_logger(__name__)

BATCH = 500  # deliveries that one look queues
LOST_AFTER = timedelta(minutes=2)
LOOKED_AT_AGAIN = timedelta(seconds=30)  # what waits because deliveries are off for its organization
KEPT = timedelta(days=30)
Clock = Callable[[Connection], datetime]


def queue_due(database: Database, may_send: Callable[[int], bool], clock: Clock = database_now) -> int:
    """Queue the deliveries whose time has come, one job for each organization; return how many. Costs a read where there are none.

    Those of organizations that may not send are looked at again later, so that they do not stand before others.
    """
    with database.read() as connection:
        if not delivery_store.has_due(connection, clock(connection)):
            return 0
    with database.transaction() as connection:
        moment = clock(connection)
        due = delivery_store.due(connection, moment, BATCH)
        queued = 0
        for org_id, rows in groupby(sorted(due), key=itemgetter(0)):
            ids = [delivery_id for _, delivery_id in rows]
            if may_send(org_id):
                service.queue(connection, org_id, ids, moment)
                queued += len(ids)
            else:
                delivery_store.postpone(connection, ids, moment + LOOKED_AT_AGAIN)
    return queued


def recover_lost(database: Database, ledger: Ledger) -> int:
    """Find deliveries whose job ended without them, as when their workers died again and again; return how many."""
    with database.read() as connection:
        moment = ledger.clock(connection)
        queued = delivery_store.queued_before(connection, moment - LOST_AFTER, BATCH)
    if not queued:
        return 0
    ended = {job for job in {(org_id, job_id) for org_id, _, job_id in queued} if not _is_alive(database, *job)}
    with database.transaction() as connection:
        delivery_store.touch(connection, [one for org_id, one, job_id in queued if (org_id, job_id) not in ended], moment)
    lost = [(org_id, delivery_id) for org_id, delivery_id, job_id in queued if (org_id, job_id) in ended]
    for org_id, delivery_id in lost:
        ledger.note_lost(database, org_id, delivery_id)
    if lost:
        log.warning("deliveries recovered whose job had ended without them", deliveries=len(lost))
    return len(lost)


def prune_deliveries(database: Database, clock: Clock = database_now, batch: int = ROWS) -> int:
    """Remove deliveries that ended 30 days ago, and deleted channels that have none any more; return how many."""
    with database.read() as connection:
        before = clock(connection) - KEPT
    removed = delete_in_batches(database, lambda connection, rows: delivery_store.delete_old(connection, before, rows), batch)
    removed += delete_in_batches(database, channel_store.delete_unused, batch)
    if removed:
        log.info("old deliveries removed", rows=removed)
    return removed


def _is_alive(database: Database, org_id: int, job_id: str | None) -> bool:
    if job_id is None:
        return False
    try:
        return not jobs.find(database, org_id, job_id).is_finished
    except JobNotFound:
        return False
