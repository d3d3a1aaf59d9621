"""SQL of dividends: what companies paid by their reports, and what was decided about each payment."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from features.portfolios.store.transaction import Ledger
from models.api_key import SHARED_ORG
from models.corporate_action import MERGE
from models.dividend import Distribution
from utils.dialects import Variants

# The tickers are one JSON array: SQLite limits the number of parameters. The organization's own reports come first, of those its users'.
_REPORTED = """
    SELECT ticker, effective_day, kind, amount, currency
    FROM corporate_actions
    WHERE org_id IN (:org_id, :shared) AND kind IN ('dividend', 'capital_gain') AND source <> :merge AND effective_day <= :until
        AND ticker IN ({tickers})
    ORDER BY ticker, effective_day, org_id DESC, CASE source WHEN 'user' THEN 0 ELSE 1 END, source
"""
LIST_REPORTED = Variants(
    _REPORTED.format(tickers="SELECT value FROM json_each(:tickers)"),
    _REPORTED.format(tickers="SELECT json_array_elements_text(CAST(:tickers AS json))"),
)


def list_reported(connection: Connection, org_id: int, tickers: Collection[str], until: date) -> list[Distribution]:
    """What is reported of some tickers up to a day, by ticker and day, the reports that are trusted most first.

    What merging prices has found is no report: neither its day nor its amount is known.
    """
    values = {"org_id": org_id, "shared": SHARED_ORG, "merge": MERGE, "until": until, "tickers": json.dumps(sorted(tickers))}
    return [Distribution(*row) for row in connection.execute(LIST_REPORTED.on(connection), values)]


@dataclass(frozen=True)
class Decision:
    """What was decided about a payment: booked with a transaction, or dismissed without one."""

    transaction_id: str | None
    decided_at: datetime
    decided_by: str | None


LIST_DECISIONS = text(
    """
    SELECT dividend_key, transaction_id, decided_at, decided_by
    FROM dividend_decisions
    WHERE org_id = :org_id AND portfolio_id = :portfolio_id
    """
)


def list_decisions(connection: AnyReader, ledger: Ledger) -> dict[str, Decision]:
    """What was decided, by the keys of the payments."""
    return {row[0]: Decision(*row[1:]) for row in connection.execute(LIST_DECISIONS, ledger._asdict())}


SAVE = text(
    """
    INSERT INTO dividend_decisions (portfolio_id, dividend_key, org_id, decision, transaction_id, decided_at, decided_by)
    VALUES (:portfolio_id, :dividend_key, :org_id, :decision, :transaction_id, :decided_at, :decided_by)
    ON CONFLICT (portfolio_id, dividend_key) DO UPDATE
    SET decision = excluded.decision, transaction_id = excluded.transaction_id, decided_at = excluded.decided_at,
        decided_by = excluded.decided_by
    """
)


def save(connection: Connection, ledger: Ledger, decisions: Iterable[tuple[str, Decision]]) -> None:
    """Store decisions, each with the key of its payment, in place of earlier ones."""
    rows: list[dict[str, Any]] = [
        {
            **ledger._asdict(),
            **vars(decision),
            "dividend_key": key,
            "decision": "dismissed" if decision.transaction_id is None else "booked",
        }
        for key, decision in decisions
    ]
    connection.execute(SAVE, rows)
