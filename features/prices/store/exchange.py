"""SQL of the exchanges that stored prices are of."""

from __future__ import annotations

from sqlalchemy import Connection, text

from infrastructure.sql.like import escaped

HAS_TICKERS_ENDING = text("SELECT EXISTS (SELECT 1 FROM price_series WHERE ticker LIKE :ending ESCAPE '\\')")


def has_tickers_ending(connection: Connection, end: str) -> bool:
    """Whether any organization has prices of a ticker that ends so."""
    return bool(connection.execute(HAS_TICKERS_ENDING, {"ending": f"%{escaped(end)}"}).scalar_one())
