"""SQL of the tickers that an organization has told for securities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from utils.dialects import execute_rows, many_rows, of_listed
from utils.json_text import dump

LIST = text(
    """
    SELECT security, ticker
    FROM portfolio_symbols
    WHERE org_id = :org_id
    ORDER BY security
    """
)


def list_symbols(connection: AnyReader, org_id: int) -> dict[str, str]:
    """The ticker of each security, by security."""
    return dict(tuple(row) for row in connection.execute(LIST, {"org_id": org_id}))


_COLUMNS = {"org_id": "bigint", "security": "text", "ticker": "text", "updated_at": "timestamptz"}
PUT = many_rows(
    "INSERT INTO portfolio_symbols",
    _COLUMNS,
    "ON CONFLICT (org_id, security) DO UPDATE SET ticker = excluded.ticker, updated_at = excluded.updated_at",
)


def put(connection: Connection, org_id: int, symbols: Mapping[str, str], moment: datetime) -> None:
    """Store the tickers of securities, in the place of former ones."""
    rows = [
        {"org_id": org_id, "security": security, "ticker": ticker, "updated_at": moment} for security, ticker in sorted(symbols.items())
    ]
    execute_rows(connection, PUT, rows)


DELETE = of_listed("DELETE FROM portfolio_symbols WHERE org_id = :org_id AND security IN {securities}", "securities")


def delete(connection: Connection, org_id: int, securities: Collection[str]) -> None:
    """Forget the tickers of securities."""
    connection.execute(DELETE.on(connection), {"org_id": org_id, "securities": dump(sorted(securities)).decode()})


COUNT = text("SELECT COUNT(*) AS count FROM portfolio_symbols WHERE org_id = :org_id")


def count(connection: AnyReader, org_id: int) -> int:
    """How many securities have a ticker."""
    return int(next(iter(connection.execute(COUNT, {"org_id": org_id})))[0])
