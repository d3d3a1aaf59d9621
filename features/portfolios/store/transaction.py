"""SQL of the transactions of portfolios. A row says since which version of its portfolio it stands, and until which it stood."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, text

from database import AnyReader
from models.portfolio import Transaction, TransactionType, decimal_text
from utils.dialects import Variants, execute_rows, many_rows

Place: TypeAlias = tuple[date, str]  # in the order of a list: a day and an id


class Ledger(NamedTuple):
    """Whose ledger it is: the organization and the portfolio."""

    org_id: int
    portfolio_id: str


_OWN = {
    "type": "text", "day": "date", "currency": "text", "ticker": "text", "quantity": "text", "price": "text", "amount": "text",
    "fee": "text", "tax": "text", "fx_rate": "text", "acquired": "date", "numerator": "bigint", "denominator": "bigint", "note": "text",
    "id": "text", "since_version": "bigint", "recorded_at": "timestamptz",
}  # fmt: skip
_COLUMNS = ", ".join(_OWN)
_TYPES = {str(type_): type_ for type_ in TransactionType}
_DECIMALS = ("quantity", "price", "amount", "fee", "tax", "fx_rate")
INSERT = many_rows("INSERT INTO portfolio_transactions", {"org_id": "bigint", "portfolio_id": "text", **_OWN}, "")
BATCH = 5_000  # rows of one statement on Postgres


def insert(connection: Connection, ledger: Ledger, transactions: Iterable[Transaction]) -> None:
    """Add transactions."""
    rows = (_values(ledger, each) for each in transactions)
    while batch := list(islice(rows, BATCH)):
        execute_rows(connection, INSERT, batch)


CLOSE = text(
    """
    UPDATE portfolio_transactions SET until_version = :version
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND id = :id AND until_version IS NULL
    """
)


def close(connection: Connection, ledger: Ledger, transaction_id: str, version: int) -> None:
    """Say that a transaction stands no more from a version on."""
    connection.execute(CLOSE, {**ledger._asdict(), "id": transaction_id, "version": version})


FIND = text(
    f"""
    SELECT {_COLUMNS}
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND id = :id AND until_version IS NULL
    """
)


def find(connection: AnyReader, ledger: Ledger, transaction_id: str) -> Transaction | None:
    """One transaction that stands."""
    row = next(iter(connection.execute(FIND, {**ledger._asdict(), "id": transaction_id})), None)
    return None if row is None else _transaction(row)


LIST_AT = text(
    f"""
    SELECT {_COLUMNS}
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND since_version <= :version
        AND (until_version IS NULL OR until_version > :version)
    ORDER BY day, id
    """
)


def list_all(connection: AnyReader, ledger: Ledger, version: int) -> list[Transaction]:
    """The transactions that stood at a version, by day and id."""
    return [_transaction(row) for row in connection.execute(LIST_AT, {**ledger._asdict(), "version": version})]


# The tickers are one JSON array: SQLite limits the number of parameters.
_OF_TICKERS = f"""
    SELECT {_COLUMNS}
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND since_version <= :version
        AND (until_version IS NULL OR until_version > :version) AND ticker IN ({{tickers}})
"""
LIST_OF_TICKERS = Variants(
    _OF_TICKERS.format(tickers="SELECT value FROM json_each(:tickers)"),
    _OF_TICKERS.format(tickers="SELECT json_array_elements_text(CAST(:tickers AS json))"),
)


def list_of_tickers(connection: Connection, ledger: Ledger, tickers: Collection[str], version: int) -> list[Transaction]:
    """The transactions of some tickers that stood at a version."""
    values = {**ledger._asdict(), "tickers": json.dumps(sorted(tickers)), "version": version}
    return [_transaction(row) for row in connection.execute(LIST_OF_TICKERS.on(connection), values)]


@dataclass(frozen=True)
class TransactionFilter:
    """Which transactions are listed; None for any."""

    ticker: str | None = None
    type: TransactionType | None = None
    start: date | None = None
    end: date | None = None

    def conditions(self) -> Iterator[tuple[str, str, Any]]:
        """The conditions that are set: each with the name of its parameter and the value."""
        known = (
            ("ticker = :ticker", "ticker", self.ticker),
            ("type = :type", "type", None if self.type is None else str(self.type)),
            ("day >= :start", "start", self.start),
            ("day <= :end", "end", self.end),
        )
        return (each for each in known if each[2] is not None)


# Newest first. `{conditions}` are those of a filter and of the place where the page begins.
_PAGE = f"""
    SELECT {_COLUMNS}
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND until_version IS NULL{{conditions}}
    ORDER BY day DESC, id DESC
    LIMIT :limit
"""


def list_page(connection: AnyReader, ledger: Ledger, chosen: TransactionFilter, before: Place | None, limit: int) -> list[Transaction]:
    """Transactions that stand, newest first, before a day and an id."""
    conditions, values = [], {**ledger._asdict(), "limit": limit}
    for condition, name, value in chosen.conditions():
        conditions.append(condition)
        values[name] = value
    if before is not None:
        conditions.append("(day, id) < (:before_day, :before_id)")
        values |= {"before_day": before[0], "before_id": before[1]}
    statement = text(_PAGE.format(conditions="".join(f" AND {each}" for each in conditions)))
    return [_transaction(row) for row in connection.execute(statement, values)]


COUNT_TICKERS = text(
    """
    SELECT COUNT(DISTINCT ticker)
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND until_version IS NULL
    """
)


def count_tickers(connection: AnyReader, ledger: Ledger) -> int:
    """How many tickers the transactions that stand name."""
    return int(next(iter(connection.execute(COUNT_TICKERS, ledger._asdict())))[0])


HAS_RATES = text(
    """
    SELECT 1
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND until_version IS NULL AND fx_rate IS NOT NULL
    LIMIT 1
    """
)


def has_rates(connection: AnyReader, ledger: Ledger) -> bool:
    """Whether a transaction that stands tells a rate into the base currency."""
    return next(iter(connection.execute(HAS_RATES, ledger._asdict())), None) is not None


def _values(ledger: Ledger, transaction: Transaction) -> dict[str, Any]:
    values = {"org_id": ledger.org_id, "portfolio_id": ledger.portfolio_id, **vars(transaction), "type": str(transaction.type)}
    for name in _DECIMALS:
        if values[name] is not None:
            values[name] = decimal_text(values[name])
    return values


def _decimal(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def _transaction(row: Sequence[Any]) -> Transaction:
    type_, day, currency, ticker, quantity, price, amount, fee, tax, fx_rate, acquired, *rest = row
    numerator, denominator, note, transaction_id, since_version, recorded_at = rest
    return Transaction(
        _TYPES[type_],
        day,
        currency,
        ticker,
        _decimal(quantity),
        _decimal(price),
        _decimal(amount),
        Decimal(fee),
        Decimal(tax),
        _decimal(fx_rate),
        acquired,
        numerator,
        denominator,
        note,
        id=transaction_id,
        since_version=since_version,
        recorded_at=recorded_at,
    )
