"""SQL of the exchanges that stored prices are of."""

from __future__ import annotations

from sqlalchemy import Connection, text

from infrastructure.sql.like import escaped

HAS_TICKERS_ENDING = text("SELECT EXISTS (SELECT 1 FROM price_series WHERE ticker LIKE :ending ESCAPE '\\')")


def has_tickers_ending(connection: Connection, end: str) -> bool:
    """Whether any organization has prices of a ticker that ends so."""
    return bool(connection.execute(HAS_TICKERS_ENDING, {"ending": f"%{escaped(end)}"}).scalar_one())


HAS_FETCHED_FROM = text("SELECT EXISTS (SELECT 1 FROM series_fetches WHERE exchange = :mic)")


def has_fetched_from(connection: Connection, mic: str) -> bool:
    """Whether there are prices of which a provider said that they are of this exchange."""
    return bool(connection.execute(HAS_FETCHED_FROM, {"mic": mic}).scalar_one())
