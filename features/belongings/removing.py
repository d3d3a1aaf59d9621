"""Removes what is in organizations that were removed: rows in small transactions, then files, then the row of the organization.

The task may be killed anywhere, and finds by itself what is left. What requests that were under way have written goes the next time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError

from features.accounts import removal
from features.files.service import files_of
from infrastructure.belongings_store import delete_some
from infrastructure.foundation import Foundation
from jobs.service import is_busy
from utils.clock import now

log = structlog.get_logger(__name__)
SECONDS = 30.0  # between two runs
MOST_SECONDS = 5.0  # of one run: other tasks of the process wait, and the rescue of lost items is one of them
SETTLED_AFTER = timedelta(minutes=5)  # longer than any request lasts that had begun before


def remove_remains(foundation: Foundation, moment: datetime | None = None, most_seconds: float = MOST_SECONDS) -> list[int]:
    """Remove what there is of removed organizations, for a while; return those of which nothing is left."""
    ends_at = time.monotonic() + most_seconds
    with foundation.database.reader() as connection:
        waiting = removal.list_removed(connection)
    gone = []
    for org_id, removed_at in waiting:
        is_settled = removed_at <= (moment or now()) - SETTLED_AFTER
        if _remove_rows(foundation, org_id, lambda: time.monotonic() > ends_at) and is_settled and _delete(foundation, org_id):
            gone.append(org_id)
            log.warning("nothing of a removed organization is left", org_id=org_id)
        if time.monotonic() > ends_at:
            break
    return gone


def _remove_rows(foundation: Foundation, org_id: int, is_over: Callable[[], bool]) -> bool:
    """Remove the rows and files of an organization; return whether none was left. Workers first end what they have in hand."""
    database = foundation.database
    with database.bookkeeping() as connection:
        removal.keep_closed(connection, org_id, foundation.stop_organization)
        if is_busy(connection, org_id):
            log.info("a removed organization has a job in hand, the rest waits for its end", org_id=org_id)
            return False
    for belonging in foundation.belongings.of_organizations:
        # A run gets on by one batch at least, however little time it has.
        while belonging.is_removed:
            with database.bookkeeping() as connection:
                deleted = delete_some(connection, belonging, org_id, belonging.rows)
            if deleted and is_over():
                return False
            if deleted < belonging.rows:
                break
    return files_of(foundation).remove_all(org_id)


def _delete(foundation: Foundation, org_id: int) -> bool:
    try:
        with foundation.database.bookkeeping() as connection:
            return removal.delete_organization(connection, org_id)
    except IntegrityError:
        log.info("something was written for a removed organization, it goes the next time", org_id=org_id)
        return False
