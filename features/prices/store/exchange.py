"""SQL of the exchanges that tickers are of."""

from __future__ import annotations

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.exchange import told_exchange
from infrastructure.sql.like import escaped
from models.api_key import SHARED_ORG

HAS_TICKERS_ENDING = text("SELECT EXISTS (SELECT 1 FROM price_series WHERE ticker LIKE :ending ESCAPE '\\')")


def has_tickers_ending(connection: Connection, end: str) -> bool:
    """Whether any organization has prices of a ticker that ends so."""
    return bool(connection.execute(HAS_TICKERS_ENDING, {"ending": f"%{escaped(end)}"}).scalar_one())


LIST_TOLD = text(
    """
    SELECT exchange FROM series_fetches WHERE exchange IS NOT NULL
    UNION
    SELECT y.exchange
    FROM symbols AS y
    WHERE y.exchange IS NOT NULL AND EXISTS (SELECT 1 FROM price_series AS s WHERE s.ticker = y.ticker)
    """
)


def list_told(connection: Connection) -> list[str]:
    """The exchanges that any organization's tickers with prices are told to be of, each as it is told."""
    return [row[0] for row in connection.execute(LIST_TOLD)]


FIND_TOLD = text(
    f"""
    SELECT {told_exchange("one.ticker")}
    FROM (SELECT CAST(:ticker AS TEXT) AS ticker) AS one
    LEFT JOIN series_fetches AS f ON f.org_id = {SHARED_ORG} AND f.ticker = one.ticker
    """
)


def find_told(connection: AnyReader, org_id: int, ticker: str) -> str | None:
    """What a ticker's exchange is told to be, whether it has prices or not."""
    told: str | None = next(iter(connection.execute(FIND_TOLD, {"org_id": org_id, "ticker": ticker})))[0]
    return told
