"""SQL of the stored evidence of tickers, one row per fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import SHARED_ORG

FIND_BODY = text("SELECT body FROM evidence WHERE org_id = :org_id AND fingerprint = :fingerprint")


def find_body(connection: AnyReader, org_id: int, fingerprint: str) -> str | None:
    """The stored JSON of some evidence."""
    row = connection.execute(FIND_BODY, {"org_id": org_id, "fingerprint": fingerprint}).first()
    return None if row is None else str(row[0])


@dataclass(frozen=True)
class NewEvidence:
    """Evidence that is about to be stored; `body` is the whole answer as JSON."""

    ticker: str
    fingerprint: str
    body: str
    created_at: datetime


INSERT = text(
    """
    INSERT INTO evidence (org_id, ticker, fingerprint, created_at, body)
    VALUES (:org_id, :ticker, :fingerprint, :created_at, :body)
    ON CONFLICT (org_id, fingerprint) DO NOTHING
    """
)


def insert(connection: Connection, org_id: int, new: NewEvidence) -> None:
    """Store evidence unless its fingerprint is stored already."""
    connection.execute(INSERT, {"org_id": org_id, **vars(new)})


CROWDED = text("SELECT org_id, ticker FROM evidence GROUP BY org_id, ticker HAVING count(*) > :keep")


def crowded_tickers(connection: Connection, keep: int) -> list[tuple[int, str]]:
    """Organizations and tickers with more than `keep` rows."""
    return [(row[0], row[1]) for row in connection.execute(CROWDED, {"keep": keep})]


DELETE_BEYOND = text(
    """
    DELETE FROM evidence WHERE org_id = :org_id AND fingerprint IN (
        SELECT e.fingerprint
        FROM evidence AS e
        WHERE e.org_id = :org_id AND e.ticker = :ticker
            AND (e.created_at, e.fingerprint) < (
                SELECT k.created_at, k.fingerprint
                FROM evidence AS k
                WHERE k.org_id = :org_id AND k.ticker = :ticker
                ORDER BY k.created_at DESC, k.fingerprint DESC
                LIMIT 1 OFFSET :oldest_to_keep
            )
        LIMIT :limit
    )
    """
)


def delete_beyond(connection: Connection, org_id: int, ticker: str, keep: int, limit: int) -> int:
    """Delete up to `limit` rows of a ticker beyond its newest `keep`; return how many."""
    values = {"org_id": org_id, "ticker": ticker, "oldest_to_keep": keep - 1, "limit": limit}
    return connection.execute(DELETE_BEYOND, values).rowcount


DELETE_WITHOUT_PRICES = text(
    """
    DELETE FROM evidence WHERE (org_id, fingerprint) IN (
        SELECT e.org_id, e.fingerprint
        FROM evidence AS e
        WHERE NOT EXISTS (SELECT 1 FROM price_series AS s WHERE s.ticker = e.ticker AND s.org_id IN (e.org_id, :shared))
        LIMIT :limit
    )
    """
)


def delete_without_prices(connection: Connection, limit: int) -> int:
    """Delete up to `limit` rows of tickers that have no prices any more; return how many."""
    return connection.execute(DELETE_WITHOUT_PRICES, {"shared": SHARED_ORG, "limit": limit}).rowcount
