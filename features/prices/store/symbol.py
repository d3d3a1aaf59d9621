"""SQL of what is known of tickers beside their prices. An organization's own facts hide the shared ones, each by itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.like import escaped
from models.api_key import SHARED_ORG
from models.provider import Listing
from models.symbol import Facts
from utils.dialects import execute_rows, many_rows, of_listed

_FACTS = ("name", "exchange", "currency", "kind", "sector")
_NEW = {
    "org_id": "bigint", "ticker": "text", **dict.fromkeys(_FACTS, "text"), "source": "text", "updated_at": "timestamptz",
}  # fmt: skip
# What is known is not forgotten because another source does not tell it. A row whose facts stay is not written.
_KEPT = ", ".join(f"{fact} = COALESCE(excluded.{fact}, symbols.{fact})" for fact in _FACTS)
_CHANGED = " OR ".join(f"COALESCE(excluded.{fact}, symbols.{fact}) IS DISTINCT FROM symbols.{fact}" for fact in _FACTS)
_ON_CONFLICT = f"""
    ON CONFLICT (org_id, ticker) DO UPDATE SET {_KEPT}, source = excluded.source, updated_at = excluded.updated_at
    WHERE {_CHANGED}
"""
SAVE = many_rows("INSERT INTO symbols", _NEW, _ON_CONFLICT)


def save(connection: Connection, org_id: int, listings: Sequence[Listing], source: str, moment: datetime) -> int:
    """Store facts of distinct tickers; return how many rows changed. What a listing does not know stays as it is."""
    return execute_rows(
        connection, SAVE, [{"org_id": org_id, **vars(listing), "source": source, "updated_at": moment} for listing in listings]
    )


_FOUND = f"""
    SELECT ticker, {", ".join(_FACTS)}
    FROM symbols
    WHERE ticker IN {{tickers}} AND org_id IN (:org_id, :shared)
    ORDER BY ticker, org_id DESC
"""
FIND = of_listed(_FOUND, "tickers")


def find(connection: AnyReader, org_id: int, tickers: Collection[str]) -> dict[str, Facts]:
    """What is known of some tickers; those of which nothing is known are missing."""
    found: dict[str, Facts] = {}
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    for row in connection.execute(FIND.on(connection), values) if tickers else ():
        facts = Facts(*row[1:])
        found[row[0]] = found[row[0]].or_else(facts) if row[0] in found else facts
    return found


SEARCH_WITHOUT_PRICES = text(
    """
    SELECT DISTINCT y.ticker
    FROM symbols AS y
    WHERE y.org_id IN (:org_id, :shared) AND (y.ticker LIKE :prefix ESCAPE '\\' OR lower(y.name) LIKE :part ESCAPE '\\')
        AND NOT EXISTS (SELECT 1 FROM price_series AS s WHERE s.org_id IN (:org_id, :shared) AND s.ticker = y.ticker)
    ORDER BY y.ticker
    LIMIT :limit
    """
)


def search_without_prices(connection: AnyReader, org_id: int, query: str, limit: int) -> list[str]:
    """Known tickers without stored prices that start with the query or whose name contains it, in any case."""
    part = escaped(query)
    values = {"org_id": org_id, "shared": SHARED_ORG, "prefix": f"{part.upper()}%", "part": f"%{part.lower()}%", "limit": limit}
    return [row[0] for row in connection.execute(SEARCH_WITHOUT_PRICES, values)]


LIST_NAMES = text(
    """
    SELECT ticker, name FROM symbols WHERE org_id IN (:org_id, :shared) AND name IS NOT NULL
    UNION
    SELECT ticker, name FROM price_series WHERE org_id IN (:org_id, :shared) AND name IS NOT NULL
    LIMIT :limit
    """
)


def list_names(connection: AnyReader, org_id: int, limit: int = 100_000) -> list[tuple[str, str]]:
    """Tickers and names of companies, of all that have one; a ticker may have several."""
    rows = connection.execute(LIST_NAMES, {"org_id": org_id, "shared": SHARED_ORG, "limit": limit})
    return [(row[0], row[1]) for row in rows]
