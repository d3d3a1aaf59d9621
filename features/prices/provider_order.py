"""The order in which providers are asked for a ticker: its own where it has one, else that of PRICE_PROVIDERS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from database import AnyReader, Database
from features.prices.store import fetch as fetch_store
from features.prices.store import ticker_provider as order_store
from infrastructure.audit import note
from models.provider import OwnOrder
from utils.clock import now


@dataclass(frozen=True)
class TickerProviders:
    """A ticker's own `providers`, since when, and those that are asked in this `order`."""

    ticker: str
    providers: tuple[str, ...]
    order: tuple[str, ...]
    updated_at: datetime | None


def providers_of(connection: AnyReader, ticker: str, configured: Sequence[str]) -> TickerProviders:
    """What a ticker is asked of, where the `configured` ones are those of PRICE_PROVIDERS."""
    own = order_store.find(connection, ticker)
    return TickerProviders(ticker, () if own is None else own.providers, asked_of(own, configured), None if own is None else own.updated_at)


def asked_of(own: OwnOrder | None, configured: Sequence[str]) -> tuple[str, ...]:
    """The configured providers that are asked, in this order; none where a ticker's own order names others only."""
    return tuple(configured) if own is None else tuple(name for name in own.providers if name in configured)


def set_providers(database: Database, ticker: str, providers: Sequence[str]) -> None:
    """Give a ticker an order of its own, or with no providers that of the settings. What nobody could serve is then asked for again."""
    with database.transaction() as connection:
        former = order_store.find(connection, ticker)
        note(connection, before={"providers": () if former is None else former.providers}, after={"providers": tuple(providers)})
        if order_store.save(connection, ticker, tuple(providers), now()):
            fetch_store.forget_failure(connection, ticker)
