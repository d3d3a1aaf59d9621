"""SQL of portfolios, of the terms by which they were booked, and of the tickers that they hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.portfolio import CostMethod, Portfolio
from utils.dialects import Variants, execute_rows, locking, many_rows, of_listed

_COLUMNS = """p.id, p.name, p.base_currency, p.benchmark, p.cost_method, p.version, p.transactions,
        (SELECT COUNT(*) FROM portfolio_tickers AS t WHERE t.portfolio_id = p.id), p.created_at, p.updated_at"""

LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM portfolios AS p
    WHERE p.org_id = :org_id AND p.name_key > :after
    ORDER BY p.name_key
    LIMIT :limit
    """
)


def list_portfolios(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Portfolio]:
    """Portfolios by name, after one whose name is compared as `after`."""
    return [_portfolio(row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


FIND = text(f"SELECT {_COLUMNS} FROM portfolios AS p WHERE p.org_id = :org_id AND p.id = :id")


def find(connection: AnyReader, org_id: int, portfolio_id: str) -> Portfolio | None:
    """One portfolio."""
    row = next(iter(connection.execute(FIND, {"org_id": org_id, "id": portfolio_id})), None)
    return None if row is None else _portfolio(row)


LOCK = locking("SELECT id FROM portfolios WHERE org_id = :org_id AND id = :id {lock}", "FOR UPDATE")


def find_to_change(connection: Connection, org_id: int, portfolio_id: str) -> Portfolio | None:
    """Like `find`, and lock the portfolio with its ledger until the transaction ends."""
    connection.execute(LOCK.on(connection), {"org_id": org_id, "id": portfolio_id})
    return find(connection, org_id, portfolio_id)


_PORTFOLIOS_LOCK = 0x706F7274


def lock_portfolios(connection: Connection, org_id: int) -> None:
    """Hold the number of an organization's portfolios until the transaction ends."""
    hold_lock(connection, _PORTFOLIOS_LOCK, str(org_id))


ORGANIZATIONS = text("SELECT DISTINCT org_id FROM portfolios ORDER BY org_id")


def organizations(connection: AnyReader) -> list[int]:
    """The organizations that have portfolios."""
    return [row[0] for row in connection.execute(ORGANIZATIONS, {})]


NAMES = of_listed("SELECT id, name FROM portfolios WHERE org_id = :org_id AND id IN {ids}", "ids")


def names_of(connection: AnyReader, org_id: int, ids: Sequence[str]) -> dict[str, str]:
    """The names of portfolios by id; those that there are not are missing."""
    return {row[0]: row[1] for row in connection.execute(NAMES.on(connection), {"org_id": org_id, "ids": json.dumps(ids)})}


COUNT = text("SELECT COUNT(*) FROM portfolios WHERE org_id = :org_id")


def count(connection: AnyReader, org_id: int) -> int:
    """How many portfolios an organization has."""
    return int(next(iter(connection.execute(COUNT, {"org_id": org_id})))[0])


INSERT = text(
    """
    INSERT INTO portfolios (
        id, org_id, name, name_key, base_currency, benchmark, cost_method, version, transactions, created_at, updated_at
    )
    VALUES (
        :id, :org_id, :name, :name_key, :base_currency, :benchmark, :cost_method, :version, :transactions, :created_at, :updated_at
    )
    ON CONFLICT (org_id, name_key) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, new: Portfolio, name_key: str) -> bool:
    """Add a portfolio unless there is one of its name; return whether it was added."""
    return connection.execute(INSERT, _values(org_id, new, name_key)).rowcount == 1


# Nothing is changed where another portfolio has the name.
UPDATE = text(
    """
    UPDATE portfolios
    SET name = :name, name_key = :name_key, base_currency = :base_currency, benchmark = :benchmark, cost_method = :cost_method,
        version = :version, transactions = :transactions, updated_at = :updated_at
    WHERE org_id = :org_id AND id = :id
        AND NOT EXISTS (SELECT 1 FROM portfolios AS o WHERE o.org_id = :org_id AND o.name_key = :name_key AND o.id <> :id)
    """
)


def update(connection: Connection, org_id: int, changed: Portfolio, name_key: str) -> bool:
    """Store a portfolio unless another one has its name; return whether it was stored."""
    return connection.execute(UPDATE, _values(org_id, changed, name_key)).rowcount == 1


UPDATE_LEDGER = text(
    """
    UPDATE portfolios SET version = :version, transactions = :transactions, updated_at = :updated_at
    WHERE org_id = :org_id AND id = :id
    """
)


def update_ledger(connection: Connection, org_id: int, changed: Portfolio) -> None:
    """Store the version of a portfolio and how many transactions it has."""
    connection.execute(UPDATE_LEDGER, {**vars(changed), "org_id": org_id})


DELETE = text("DELETE FROM portfolios WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, portfolio_id: str) -> None:
    """Remove a portfolio with its ledger."""
    connection.execute(DELETE, {"org_id": org_id, "id": portfolio_id})


INSERT_TERMS = text(
    """
    INSERT INTO portfolio_terms (portfolio_id, since_version, org_id, base_currency, benchmark, cost_method)
    VALUES (:id, :version, :org_id, :base_currency, :benchmark, :cost_method)
    """
)


def insert_terms(connection: Connection, org_id: int, portfolio: Portfolio) -> None:
    """Store the terms by which a portfolio is booked from its version on."""
    connection.execute(INSERT_TERMS, _values(org_id, portfolio, ""))


FIND_TERMS = text(
    """
    SELECT base_currency, benchmark, cost_method
    FROM portfolio_terms
    WHERE org_id = :org_id AND portfolio_id = :id AND since_version <= :version
    ORDER BY since_version DESC
    LIMIT 1
    """
)


def find_terms(connection: AnyReader, org_id: int, portfolio_id: str, version: int) -> tuple[str, str | None, CostMethod]:
    """The base currency, the benchmark and the method of a portfolio at one of its versions."""
    row = next(iter(connection.execute(FIND_TERMS, {"org_id": org_id, "id": portfolio_id, "version": version})))
    return row[0], row[1], CostMethod(row[2])


LIST_TICKERS = text("SELECT ticker FROM portfolio_tickers WHERE org_id = :org_id AND portfolio_id = :id ORDER BY ticker")


def list_tickers(connection: AnyReader, org_id: int, portfolio_id: str) -> list[str]:
    """The tickers that a portfolio holds, ascending."""
    return [row[0] for row in connection.execute(LIST_TICKERS, {"org_id": org_id, "id": portfolio_id})]


_TICKER_COLUMNS = {"portfolio_id": "text", "ticker": "text", "org_id": "bigint"}
INSERT_TICKERS = many_rows("INSERT INTO portfolio_tickers", _TICKER_COLUMNS, "ON CONFLICT DO NOTHING")
DELETE_TICKERS = Variants(
    "DELETE FROM portfolio_tickers WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND ticker = :ticker",
    """
    DELETE FROM portfolio_tickers
    WHERE (org_id, portfolio_id, ticker) IN (
        SELECT * FROM unnest(CAST(:org_id AS bigint[]), CAST(:portfolio_id AS text[]), CAST(:ticker AS text[]))
    )
    """,
)


def mark_tickers(connection: Connection, place: tuple[int, str], held: Iterable[str], gone: Iterable[str]) -> None:
    """Say which tickers a portfolio holds, and which it does not, given its organization and id."""
    org_id, portfolio_id = place

    def rows(tickers: Iterable[str]) -> Sequence[dict[str, Any]]:
        return [{"portfolio_id": portfolio_id, "ticker": ticker, "org_id": org_id} for ticker in sorted(tickers)]

    execute_rows(connection, DELETE_TICKERS, rows(gone))
    execute_rows(connection, INSERT_TICKERS, rows(held))


def _values(org_id: int, portfolio: Portfolio, name_key: str) -> dict[str, Any]:
    return {**vars(portfolio), "org_id": org_id, "name_key": name_key, "cost_method": str(portfolio.cost_method)}


def _portfolio(row: Any) -> Portfolio:
    portfolio_id, name, base_currency, benchmark, cost_method, *numbers_and_times = row
    return Portfolio(portfolio_id, name, base_currency, benchmark, CostMethod(cost_method), *numbers_and_times)
