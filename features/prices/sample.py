"""Loads the bundled prices into an empty store."""

from __future__ import annotations

import structlog

import db_migrations
from database import Database
from features.prices.providers.base import Bundle
from features.prices.shown_splits import splits_within
from features.prices.store import action as action_store
from features.prices.store import series as series_store
from features.prices.symbols import remember
from models.api_key import SHARED_ORG
from models.corporate_action import StoredAction
from models.price_series import PackedBars, SeriesDescription, head_of
from models.provider import Listing
from utils.clock import now
from utils.ids import new_id

log = structlog.get_logger(__name__)


def load_if_empty(database: Database, provider: Bundle) -> int:
    """Store a provider's series as shared prices unless any prices are stored; return how many series were stored.

    Their currencies and the splits that they show are stored as well: an analysis has no use for them, but who holds shares has.

    Any number of processes may call it at once: one of them loads, under the migration lock.
    """
    with database.read() as connection:
        if not series_store.is_empty(connection):
            return 0
    series = list(provider.series())
    with db_migrations.migration_lock(database) as connection:
        if not series_store.is_empty(connection):
            return 0
        for provided in series:
            packed = PackedBars.pack(provided.bars)
            description = SeriesDescription(SHARED_ORG, provided.ticker, provided.name, provider.name, provided.adjusted, provided.bases)
            series_store.save(connection, head_of(description, packed), packed, now())
            for split in splits_within(packed) if provided.adjusted else ():
                action_store.insert(connection, SHARED_ORG, provided.ticker, StoredAction(new_id(), split, provider.name, now()))
        remember(connection, SHARED_ORG, [Listing.told(each.ticker, currency=each.currency) for each in series], provider.name)
    log.info("prices loaded", provider=provider.name, tickers=len(series))
    return len(series)
