"""What is done about feeds without being asked: those that are due are queued, and old news is deleted."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from database import Database
from features.news.flags import NEWS
from features.news.store import feed as feed_store
from features.news.store import item as item_store
from infrastructure.flags import FeatureFlags
from infrastructure.sql.batches import delete_in_batches
from jobs.service import enqueue
from models.job import Lane, NewJob
from models.news import FEEDS
from utils.clock import now

LOOKED_AT_AGAIN = timedelta(minutes=5)  # feeds of an organization for which news is off, so that they do not stand before others
MOST_DUE = 500  # feeds that are queued at once


def queue_due(database: Database, flags: FeatureFlags, interval: timedelta, moment: datetime | None = None) -> int:
    """Queue the feeds that are due, in one job for each organization; return how many.

    None are queued while a former job of the organization is active, so that jobs do not pile up where nothing runs them.
    """
    moment = moment or now()
    if not flags.is_enabled(NEWS):
        return 0
    with database.read() as connection:
        due = feed_store.list_due(connection, moment, MOST_DUE)
    by_organization: dict[int, list[str]] = defaultdict(list)
    for org_id, feed_id in due:
        by_organization[org_id].append(feed_id)
    queued = 0
    for org_id, feed_ids in by_organization.items():
        if not flags.is_enabled(NEWS, org_id):
            with database.transaction() as connection:
                feed_store.postpone(connection, org_id, feed_ids, moment + LOOKED_AT_AGAIN)
            continue
        with database.transaction() as connection:
            if enqueue(connection, org_id, NewJob(FEEDS, Lane.NETWORK, "{}", feed_ids, FEEDS)).is_new:
                feed_store.postpone(connection, org_id, feed_ids, moment + interval)
                queued += len(feed_ids)
    return queued


def prune_news(database: Database, kept_days: int, moment: datetime | None = None) -> int:
    """Delete what is older than `kept_days`; return how many items."""
    before = (moment or now()) - timedelta(days=kept_days)
    with database.read() as connection:
        if not item_store.has_older(connection, before):
            return 0
    return delete_in_batches(database, lambda connection, limit: item_store.delete_older(connection, before, limit))
