"""SQL of comparisons between providers."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.price_check import PriceCheck

_NAMES = tuple(field.name for field in fields(PriceCheck))
_COLUMNS = ", ".join(_NAMES)

SAVE = text(
    f"""
    INSERT INTO price_checks ({_COLUMNS})
    VALUES ({", ".join(f":{name}" for name in _NAMES)})
    ON CONFLICT (ticker) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _NAMES if name != "ticker")}
    """
)


def save(connection: Connection, check: PriceCheck) -> None:
    """Store a comparison in place of the ticker's former one."""
    connection.execute(SAVE, vars(check))


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM price_checks
    WHERE ticker > :after AND (:ticker = '' OR ticker = :ticker) AND (differing > 0 OR missing > 0 OR NOT :only_different)
    ORDER BY ticker
    LIMIT :limit
    """
)


def list_checks(connection: AnyReader, after: str, limit: int, *, ticker: str | None, only_different: bool) -> list[PriceCheck]:
    """Comparisons by ticker after `after`, of one ticker where it is given; with `only_different`, those that found something."""
    values = {"after": after, "limit": limit, "ticker": ticker or "", "only_different": only_different}
    return [PriceCheck(*row) for row in connection.execute(LIST, values)]


NEVER = datetime(1970, 1, 1, tzinfo=UTC)
COUNT_FETCHED = text("SELECT count(*) FROM series_fetches WHERE org_id = :shared")
# Whoever was compared longest ago comes first, so that every ticker has its turn.
NEXT = text(
    """
    SELECT f.ticker
    FROM series_fetches AS f
    LEFT JOIN price_checks AS c ON c.ticker = f.ticker
    WHERE f.org_id = :shared
    ORDER BY COALESCE(c.checked_at, :never), f.ticker
    LIMIT :limit
    """
)


def count_fetched(connection: Connection) -> int:
    """The number of tickers with fetched prices."""
    return int(connection.execute(COUNT_FETCHED, {"shared": SHARED_ORG}).scalar_one())


def next_tickers(connection: Connection, limit: int) -> list[str]:
    """The tickers with fetched prices that were compared longest ago, or never."""
    return [row[0] for row in connection.execute(NEXT, {"shared": SHARED_ORG, "limit": limit, "never": NEVER})]
