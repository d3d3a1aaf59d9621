"""SQL of the providers that single tickers are asked of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.provider import OwnOrder

FIND = text("SELECT providers, updated_at FROM ticker_providers WHERE ticker = :ticker")


def find(connection: AnyReader, ticker: str) -> OwnOrder | None:
    """A ticker's own order; None where it has none."""
    row = next(iter(connection.execute(FIND, {"ticker": ticker})), None)
    return None if row is None else OwnOrder(tuple(row[0].split(",")), row[1])


SAVE = text(
    """
    INSERT INTO ticker_providers (ticker, providers, updated_at)
    VALUES (:ticker, :providers, :updated_at)
    ON CONFLICT (ticker) DO UPDATE SET providers = excluded.providers, updated_at = excluded.updated_at
    WHERE ticker_providers.providers <> excluded.providers
    """
)
DELETE = text("DELETE FROM ticker_providers WHERE ticker = :ticker")


def save(connection: Connection, ticker: str, providers: tuple[str, ...], moment: datetime) -> bool:
    """Store a ticker's own order, or forget it where there are no providers; return whether anything changed."""
    if not providers:
        return connection.execute(DELETE, {"ticker": ticker}).rowcount == 1
    values = {"ticker": ticker, "providers": ",".join(providers), "updated_at": moment}
    return connection.execute(SAVE, values).rowcount == 1
