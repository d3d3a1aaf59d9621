"""SQL of corporate actions: one of a kind per day and source."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.corporate_action import MERGE, ActionKind, CorporateAction, StoredAction
from utils.dialects import of_listed

_COLUMNS = "id, effective_day, kind, numerator, denominator, amount, currency, source, captured_at"

LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM corporate_actions
    WHERE org_id = :org_id AND ticker = :ticker
    ORDER BY effective_day, kind, source
    """
)


def list_actions(connection: AnyReader, org_id: int, ticker: str) -> list[StoredAction]:
    """An organization's actions of a ticker, oldest first."""
    return [_action_from_row(row) for row in connection.execute(LIST, {"org_id": org_id, "ticker": ticker})]


_SPLITS = f"""
    SELECT {_COLUMNS}, ticker
    FROM corporate_actions
    WHERE ticker IN {{tickers}} AND org_id IN (:org_id, :shared) AND kind = 'split'
    ORDER BY ticker, effective_day, source, org_id DESC
"""
LIST_SPLITS = of_listed(_SPLITS, "tickers")


def list_splits(connection: AnyReader, org_id: int, tickers: Collection[str]) -> dict[str, list[StoredAction]]:
    """The splits of several tickers that the organization or a provider of shared prices told, oldest first, by ticker."""
    found: dict[str, list[StoredAction]] = {}
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    for row in connection.execute(LIST_SPLITS.on(connection), values):
        found.setdefault(row[-1], []).append(_action_from_row(row))
    return found


_PAYING = """
    SELECT DISTINCT ticker
    FROM corporate_actions
    WHERE org_id = :org_id AND ticker IN {tickers} AND kind <> 'split' AND source <> :merge
"""
LIST_PAYING = of_listed(_PAYING, "tickers")


def list_paying(connection: AnyReader, org_id: int, tickers: Collection[str]) -> set[str]:
    """Which of several tickers have distributions that the organization told of, or found in what it stored."""
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "merge": MERGE}
    return {row[0] for row in connection.execute(LIST_PAYING.on(connection), values)}


INSERT = text(
    f"""
    INSERT INTO corporate_actions (org_id, ticker, {_COLUMNS})
    VALUES (:org_id, :ticker, :id, :effective_day, :kind, :numerator, :denominator, :amount, :currency, :source, :captured_at)
    ON CONFLICT (org_id, ticker, effective_day, kind, source) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, ticker: str, stored: StoredAction) -> bool:
    """Store an action unless its source has told one of its kind for that day; return whether it was stored."""
    values = {"org_id": org_id, "ticker": ticker, "id": stored.id, "source": stored.source, "captured_at": stored.captured_at}
    return connection.execute(INSERT, values | vars(stored.action)).rowcount == 1


DELETE = text("DELETE FROM corporate_actions WHERE org_id = :org_id AND ticker = :ticker AND id = :id")


def delete(connection: Connection, org_id: int, ticker: str, action_id: str) -> bool:
    """Delete an action; return whether it was there."""
    return connection.execute(DELETE, {"org_id": org_id, "ticker": ticker, "id": action_id}).rowcount == 1


DELETE_OF_SOURCE = text("DELETE FROM corporate_actions WHERE org_id = :org_id AND ticker = :ticker AND source = :source")


def delete_of_source(connection: Connection, org_id: int, ticker: str, source: str) -> None:
    """Delete the actions that a source told."""
    connection.execute(DELETE_OF_SOURCE, {"org_id": org_id, "ticker": ticker, "source": source})


DELETE_ALL = text("DELETE FROM corporate_actions WHERE org_id = :org_id AND ticker = :ticker")


def delete_all(connection: Connection, org_id: int, ticker: str) -> None:
    """Delete every action of a ticker."""
    connection.execute(DELETE_ALL, {"org_id": org_id, "ticker": ticker})


def _action_from_row(row: Sequence[Any]) -> StoredAction:
    action = CorporateAction(row[1], ActionKind(row[2]), *row[3:7])
    return StoredAction(row[0], action, source=row[7], captured_at=row[8])
