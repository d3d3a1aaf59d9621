"""Deletes an organization's series, and restores the one that was replaced or deleted: it is kept for a week."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import Connection

from database import AnyReader, Database
from features.prices.events import Stored, tell_of_prices
from features.prices.store import action as action_store
from features.prices.store import former as former_store
from features.prices.store import series as series_store
from features.prices.store.former import Reason
from infrastructure.audit import note
from infrastructure.sql.batches import delete_in_batches
from models.corporate_action import MERGE, UPLOAD
from models.errors import TickerNotFound
from models.price_errors import FormerPricesNotFound, SharedPricesKept
from models.price_series import FORMER_KEPT_FOR as KEPT_FOR
from models.price_series import FormerPrices, SeriesHead
from utils.clock import now

log = structlog.get_logger(__name__)

BATCH = 50  # series in a transaction: 9 MB for 13 years each


def keep_former(connection: Connection, org_id: int, ticker: str, *, deleted: bool = False) -> bool:
    """Keep the organization's stored series, if there is one, before it is replaced or deleted; return whether there was one."""
    actions = action_store.list_actions(connection, org_id, ticker)
    return former_store.keep(connection, org_id, ticker, Reason(deleted, now(), actions))


def summary_of(head: SeriesHead) -> dict[str, object]:
    """What the audit log tells of a series, in place of its prices."""
    return {"bars": head.bars, "first": head.first_day, "last": head.last_day, "provider": head.provider}


def find_former(connection: AnyReader, org_id: int, ticker: str) -> FormerPrices | None:
    """What can be restored of a ticker."""
    return former_store.find(connection, org_id, ticker, now() - KEPT_FOR)


def list_former(connection: AnyReader, org_id: int, after_ticker: str, limit: int) -> list[FormerPrices]:
    """What can be restored, by ticker after `after_ticker`."""
    return former_store.list_former(connection, org_id, now() - KEPT_FOR, after_ticker, limit)


def delete_prices(database: Database, org_id: int, ticker: str) -> None:
    """Delete the organization's series and what its file showed; it can be restored for a week. Results computed from it stay.

    Actions that a user told of stay, too: they are facts of the company. Raises TickerNotFound or SharedPricesKept.
    """
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        head = series_store.find_head(connection, org_id, ticker)
        if head is None or not keep_former(connection, org_id, ticker, deleted=True):
            raise TickerNotFound(ticker) if head is None else SharedPricesKept(ticker)
        note(connection, before=summary_of(head))
        series_store.delete(connection, org_id, ticker)
        for source in (UPLOAD, MERGE):
            action_store.delete_of_source(connection, org_id, ticker, source)
    log.info("prices deleted", ticker=ticker)


def restore_prices(database: Database, org_id: int, ticker: str) -> SeriesHead:
    """Put the former series, its bases, steps and actions back as they were; what is stored becomes the former series.

    Restoring twice therefore leaves everything as it was. Raises FormerPricesNotFound.
    """
    with database.transaction() as connection:
        series_store.lock_ticker(connection, org_id, ticker)
        kept = former_store.load(connection, org_id, ticker, now() - KEPT_FOR)
        if kept is None:
            raise FormerPricesNotFound(ticker, KEPT_FOR.days)
        replaced = series_store.find_head(connection, org_id, ticker)
        is_own = replaced is not None and replaced.org_id == org_id
        note(connection, before=summary_of(replaced) if replaced is not None and is_own else None, after=summary_of(kept.head))
        if not keep_former(connection, org_id, ticker):
            former_store.delete(connection, org_id, ticker)
        action_store.delete_all(connection, org_id, ticker)
        for stored in kept.actions:
            action_store.insert(connection, org_id, ticker, stored)
        series_store.save(connection, kept.head, kept.packed, kept.updated_at, kept.declared)
        tell_of_prices(connection, kept.head, kept.packed, Stored(kept.head.provider, "restored", 0, 0))
    log.info("prices restored", ticker=ticker, bars=kept.head.bars)
    return kept.head


def prune_former(database: Database, kept_for: timedelta = KEPT_FOR) -> int:
    """Delete former series that can no longer be restored; return their number."""
    before = now() - kept_for
    return delete_in_batches(database, lambda connection, limit: former_store.delete_before(connection, before, limit), BATCH)
