"""Price series: one row a ticker and owner. A ticker resolves to the organization's own series first, then to the shared one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.api_key import SHARED_ORG
from models.price_series import PackedBars, SeriesHead

_HEAD = "org_id, ticker, name, provider, adjusted, bars, first_day, last_day, sha256, updated_at"

# The organization's own series sorts before the shared one, whose owner is 0.
FIND_HEAD = text(f"SELECT {_HEAD} FROM price_series WHERE ticker = :ticker AND org_id IN (:org_id, :shared) ORDER BY org_id DESC LIMIT 1")
LOAD = text(f"SELECT {_HEAD}, data FROM price_series WHERE ticker = :ticker AND org_id IN (:org_id, :shared) ORDER BY org_id DESC LIMIT 1")
# A page of tickers in order, each once: the shared series is left out where there is one of the organization's own.
LIST_HEADS = text(
    f"SELECT {_HEAD} FROM price_series AS s "
    "WHERE org_id IN (:org_id, :shared) AND ticker > :after "
    "AND (ticker LIKE :prefix ESCAPE '\\' OR lower(name) LIKE :part ESCAPE '\\') "
    "AND NOT (org_id = :shared AND EXISTS (SELECT 1 FROM price_series AS o WHERE o.org_id = :org_id AND o.ticker = s.ticker)) "
    "ORDER BY ticker LIMIT :limit"
)
# With an expected digest, a series that somebody else has changed meanwhile is left alone.
SAVE = text(
    f"INSERT INTO price_series ({_HEAD}, data) "
    "VALUES (:org_id, :ticker, :name, :provider, :adjusted, :bars, :first_day, :last_day, :sha256, :updated_at, :data) "
    "ON CONFLICT (org_id, ticker) DO UPDATE SET name = excluded.name, provider = excluded.provider, adjusted = excluded.adjusted, "
    "bars = excluded.bars, first_day = excluded.first_day, last_day = excluded.last_day, sha256 = excluded.sha256, "
    "updated_at = excluded.updated_at, data = excluded.data "
    "WHERE CAST(:expected AS TEXT) IS NULL OR price_series.sha256 = :expected"
)
IS_EMPTY = text("SELECT NOT EXISTS (SELECT 1 FROM price_series)")


def find_head(connection: AnyReader, org_id: int, ticker: str) -> SeriesHead | None:
    """What is known of a ticker's series, without its bars."""
    row = connection.execute(FIND_HEAD, {"ticker": ticker, "org_id": org_id, "shared": SHARED_ORG}).first()
    return None if row is None else _head_from_row(row)


def load(connection: AnyReader, org_id: int, ticker: str) -> tuple[SeriesHead, PackedBars] | None:
    """A ticker's series with its bars: one read."""
    row = connection.execute(LOAD, {"ticker": ticker, "org_id": org_id, "shared": SHARED_ORG}).first()
    return None if row is None else (_head_from_row(row[:-1]), PackedBars(bytes(row[-1])))


def list_heads(connection: Connection, org_id: int, query: str, after: str, limit: int) -> list[SeriesHead]:
    """Series by ticker after `after`, whose ticker starts with the query or whose name contains it, in any case."""
    escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = connection.execute(
        LIST_HEADS,
        {
            "org_id": org_id,
            "shared": SHARED_ORG,
            "after": after,
            "prefix": f"{escaped.upper()}%",
            "part": f"%{escaped.lower()}%",
            "limit": limit,
        },
    )
    return [_head_from_row(row) for row in rows]


def save(connection: Connection, head: SeriesHead, packed: PackedBars, expected_sha256: str | None = None) -> bool:
    """Store a whole series as one unit, in place of the owner's former one; whether it was stored.

    With `expected_sha256` it is not stored over a series with another digest.
    """
    return connection.execute(SAVE, {**vars(head), "data": packed.data, "expected": expected_sha256}).rowcount == 1


def is_empty(connection: Connection) -> bool:
    """Whether there are no prices at all, of any organization."""
    return bool(connection.execute(IS_EMPTY).scalar_one())


def _head_from_row(row: Any) -> SeriesHead:
    return SeriesHead(
        org_id=row[0],
        ticker=row[1],
        name=row[2],
        provider=row[3],
        adjusted=bool(row[4]),
        bars=row[5],
        first_day=row[6],
        last_day=row[7],
        sha256=row[8],
        updated_at=row[9],
    )
