"""The bundled prices, loaded once into an empty store."""

from __future__ import annotations

import structlog

import db_migrations
from database import Database
from features.prices import store as price_store
from features.prices.providers.base import PriceProvider
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, head_of
from utils.clock import now

log = structlog.get_logger(__name__)


def load_if_empty(database: Database, provider: PriceProvider) -> int:
    """Store a provider's series as shared prices unless there are prices already; how many were stored.

    Any number of processes may call it at once: one loads, under the migration lock.
    """
    with database.read() as connection:
        if not price_store.is_empty(connection):
            return 0
    series = list(provider.series())
    with db_migrations.migration_lock(database) as connection:
        if not price_store.is_empty(connection):
            return 0
        for one in series:
            packed = PackedBars.pack(one.bars)
            head = head_of(SHARED_ORG, one.ticker, one.name, provider.name, one.adjusted, packed)
            price_store.save(connection, head, packed, now())
    log.info("prices loaded", provider=provider.name, tickers=len(series))
    return len(series)
