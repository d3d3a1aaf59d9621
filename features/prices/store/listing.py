"""SQL of the tickers with prices."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, bindparam, text

from features.prices.store.series_head import HEAD, SERIES, head_from_row
from infrastructure.sql.like import escaped
from models.api_key import SHARED_ORG
from models.price_series import SeriesHead
from utils.dialects import Variants

LIST_TICKERS = text("SELECT DISTINCT ticker FROM price_series WHERE org_id IN (:org_id, :shared) ORDER BY ticker")


def list_tickers(connection: Connection, org_id: int) -> list[str]:
    """Every ticker with prices."""
    return [row[0] for row in connection.execute(LIST_TICKERS, {"org_id": org_id, "shared": SHARED_ORG})]


# The tickers are one JSON array: SQLite limits the number of parameters.
NEWEST_DAY = Variants(
    """
    SELECT max(last_day)
    FROM price_series
    WHERE ticker IN (SELECT value FROM json_each(:tickers)) AND org_id IN (:org_id, :shared)
    """,
    """
    SELECT max(last_day)
    FROM price_series
    WHERE ticker IN (SELECT json_array_elements_text(CAST(:tickers AS json))) AND org_id IN (:org_id, :shared)
    """,
)


def newest_day(connection: Connection, org_id: int, tickers: Collection[str]) -> str | None:
    """The newest day with prices of any of the tickers, as ISO text; None without prices."""
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    day = connection.execute(NEWEST_DAY.on(connection), values).scalar_one()
    return None if day is None else str(day)


# A page of series by ticker, each ticker once: an organization's own series hides the shared one.
LIST_HEADS = text(
    f"""
    SELECT {HEAD}
    FROM {SERIES}
    WHERE s.org_id IN (:org_id, :shared) AND s.ticker > :after
        AND (
            s.ticker LIKE :prefix ESCAPE '\\'
            OR lower(s.name) LIKE :part ESCAPE '\\'
            OR s.ticker IN (
                SELECT y.ticker
                FROM symbols AS y
                WHERE :part <> '%%' AND y.org_id IN (:org_id, :shared) AND lower(y.name) LIKE :part ESCAPE '\\'
            )
        )
        AND NOT (s.org_id = :shared AND EXISTS (SELECT 1 FROM price_series AS o WHERE o.org_id = :org_id AND o.ticker = s.ticker))
    ORDER BY s.ticker
    LIMIT :limit
    """
)


def list_heads(connection: Connection, org_id: int, query: str, after: str, limit: int) -> list[SeriesHead]:
    """Series by ticker after `after`, whose ticker starts with the query or whose name contains it, in any case."""
    part = escaped(query)
    rows = connection.execute(
        LIST_HEADS,
        {
            "org_id": org_id,
            "shared": SHARED_ORG,
            "after": after,
            "prefix": f"{part.upper()}%",
            "part": f"%{part.lower()}%",
            "limit": limit,
        },
    )
    return [head_from_row(row) for row in rows]


LIST_OLD_HEADS = text(
    f"""
    SELECT {HEAD}
    FROM {SERIES}
    WHERE s.last_day < :before AND s.provider NOT IN :but AND (s.org_id > :org_id OR (s.org_id = :org_id AND s.ticker > :ticker))
    ORDER BY s.org_id, s.ticker
    LIMIT :limit
    """
).bindparams(bindparam("but", expanding=True))


def list_old_heads(connection: Connection, but: Collection[str], before: date, after: tuple[int, str], limit: int) -> list[SeriesHead]:
    """Series of any organization that end before a day, by organization and ticker after `after`, except those of some providers."""
    values = {"but": list(but), "before": before, "org_id": after[0], "ticker": after[1], "limit": limit}
    return [head_from_row(row) for row in connection.execute(LIST_OLD_HEADS, values)]
