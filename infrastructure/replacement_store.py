"""SQL of the replacements of shared histories, as every process remembers them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from database import AnyReader
from models.api_key import SHARED_ORG

NEWEST = text(
    """
    SELECT ticker, replaced_at
    FROM series_fetches
    WHERE org_id = :org_id AND replaced_at IS NOT NULL
    ORDER BY replaced_at DESC
    LIMIT :limit
    """
)


def newest_replacements(connection: AnyReader, limit: int) -> list[tuple[str, datetime]]:
    """The tickers whose histories were replaced last, and when, newest first."""
    return [(row[0], row[1]) for row in connection.execute(NEWEST, {"org_id": SHARED_ORG, "limit": limit})]
