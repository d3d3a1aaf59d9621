"""SQL of what portfolios were worth each day, as it was computed then."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Connection, text

from database import AnyReader
from features.portfolios.store.transaction import Ledger
from models.portfolio_value import PortfolioValuation
from utils.dialects import execute_rows, many_rows

_OWN = {
    "day": "date", "currency": "text", "value": "double precision", "cash": "double precision", "flows": "double precision",
    "twr": "double precision", "growth": "double precision", "pack": "text", "ledger_version": "bigint", "valued_at": "timestamptz",
}  # fmt: skip
_COLUMNS = ", ".join(_OWN)

LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM portfolio_valuations
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND day < :before
    ORDER BY day DESC
    LIMIT :limit
    """
)


def list_valuations(connection: AnyReader, ledger: Ledger, before: date, limit: int) -> list[PortfolioValuation]:
    """The stored days of a portfolio before one, the newest first."""
    rows = connection.execute(LIST, {**ledger._asdict(), "before": before, "limit": limit})
    return [PortfolioValuation(*row) for row in rows]


NEWEST = text(
    f"""
    SELECT p.id, {_COLUMNS}
    FROM portfolios AS p
    JOIN portfolio_valuations AS v ON v.portfolio_id = p.id
        AND v.day = (SELECT MAX(o.day) FROM portfolio_valuations AS o WHERE o.portfolio_id = p.id)
    WHERE p.org_id = :org_id
    """
)


def newest(connection: AnyReader, org_id: int) -> dict[str, PortfolioValuation]:
    """The newest stored day of each portfolio that has one."""
    rows = connection.execute(NEWEST, {"org_id": org_id})
    return {portfolio_id: PortfolioValuation(*values) for portfolio_id, *values in rows}


SAVE = many_rows(
    "INSERT INTO portfolio_valuations",
    {"portfolio_id": "text", "org_id": "bigint", **_OWN},
    f"""
    ON CONFLICT (portfolio_id, day) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _OWN if name != "day")}
    """,
)


def save(connection: Connection, ledger: Ledger, days: Iterable[PortfolioValuation]) -> None:
    """Store days, also in place of those that are stored."""
    execute_rows(connection, SAVE, [{**vars(each), **ledger._asdict()} for each in days])


DELETE_AFTER = text("DELETE FROM portfolio_valuations WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND day > :day")


def delete_after(connection: Connection, ledger: Ledger, day: date) -> None:
    """Delete the days after one."""
    connection.execute(DELETE_AFTER, {**ledger._asdict(), "day": day})
