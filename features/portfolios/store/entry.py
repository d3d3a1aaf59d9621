"""SQL of transactions as numbers, for what is computed from all of them. Reads what features/portfolios/store/transaction.py writes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import text

from analysis.entries import CODE, Columns, Entries
from database import AnyReader
from features.portfolios.store.transaction import Ledger
from models.corporate_action import Split
from models.portfolio import TransactionType

# The day as text: thousands of dates are converted at once.
_COLUMNS = "type, CAST(day AS TEXT), ticker, currency, quantity, price, amount, fee, tax, fx_rate, numerator, denominator"
_CODES = {str(type_): code for type_, code in CODE.items()}
_SPLIT = str(TransactionType.SPLIT)


class Read(NamedTuple):
    """Transactions, and the splits among them, each with its ticker."""

    entries: Entries
    splits: list[tuple[str, Split]]


AT = text(
    f"""
    SELECT {_COLUMNS}
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND since_version <= :version
        AND (until_version IS NULL OR until_version > :version)
    """
)


def read_at(connection: AnyReader, ledger: Ledger, version: int) -> Read:
    """The transactions that stood at a version, in no order."""
    return _read(connection.execute(AT, {**ledger._asdict(), "version": version}))


# What began to stand between two versions, and what stopped: then what is new is not all that differs.
SINCE = text(
    f"""
    SELECT {_COLUMNS}, CASE WHEN until_version <= :version THEN 1 ELSE 0 END
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND since_version > :after AND since_version <= :version
    UNION ALL
    SELECT {_COLUMNS}, 1
    FROM portfolio_transactions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id AND until_version > :after AND until_version <= :version
    """
)


def read_since(connection: AnyReader, ledger: Ledger, after: int, version: int) -> Read | None:
    """The transactions that a version has beyond an earlier one; None where others stood then that do not stand any more."""
    rows = list(connection.execute(SINCE, {**ledger._asdict(), "after": after, "version": version}))
    return None if any(row[-1] for row in rows) else _read(row[:-1] for row in rows)


def _read(rows: Iterable[Sequence[Any]]) -> Read:
    kept, splits = [], []
    for row in rows:
        if row[0] == _SPLIT:
            splits.append((row[2], Split(date.fromisoformat(row[1]), row[10], row[11])))
        else:
            kept.append(row)
    types, days, tickers, currencies, quantities, prices, amounts, fees, taxes, rates, _, _ = (
        zip(*kept, strict=True) if kept else ((),) * 12
    )
    quantity = np.array([0.0 if each is None else float(each) for each in quantities])
    price = np.array([0.0 if each is None else float(each) for each in prices])
    amount = np.array([math.nan if each is None else float(each) for each in amounts])
    columns = Columns(
        day=np.array(days, dtype="datetime64[D]").astype(np.int64),
        type=np.array([_CODES[each] for each in types], dtype=np.int64),
        tickers=tickers,
        currencies=currencies,
        quantity=quantity,
        gross=np.where(np.isnan(amount), quantity * price, amount),
        fee=np.array([float(each) for each in fees]),
        tax=np.array([float(each) for each in taxes]),
        rate=np.array([math.nan if each is None else float(each) for each in rates]),
    )
    return Read(Entries.of_columns(columns), splits)
