"""SQL of the universes of an organization."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.api_key import SHARED_ORG
from models.universe import Universe
from utils.dialects import Variants, execute_rows

_UNIVERSE_LOCK = 0x756E6976


def lock_universes(connection: Connection, org_id: int) -> None:
    """Hold the universes of an organization against other writers until the transaction ends."""
    hold_lock(connection, _UNIVERSE_LOCK, str(org_id))


LIST = text("SELECT name, tickers, updated_at FROM universes WHERE org_id = :org_id ORDER BY name")


def list_universes(connection: AnyReader, org_id: int) -> list[Universe]:
    """All universes, by name."""
    return [Universe(row[0], row[1], built_in=False, updated_at=row[2]) for row in connection.execute(LIST, {"org_id": org_id})]


FIND = text("SELECT name, tickers, updated_at, sha256 FROM universes WHERE org_id = :org_id AND name = :name")


def find(connection: AnyReader, org_id: int, name: str) -> tuple[Universe, str] | None:
    """A universe, and the digest of what it was replaced with."""
    row = connection.execute(FIND, {"org_id": org_id, "name": name}).first()
    return None if row is None else (Universe(row[0], row[1], built_in=False, updated_at=row[2]), row[3])


LIST_TICKERS = text("SELECT ticker FROM universe_items WHERE org_id = :org_id AND universe = :name ORDER BY ticker")


def list_tickers(connection: AnyReader, org_id: int, name: str) -> list[str]:
    """The tickers of a universe, in order; none where there is no such universe."""
    return [row[0] for row in connection.execute(LIST_TICKERS, {"org_id": org_id, "name": name})]


# The tickers are one JSON array: SQLite limits the number of parameters.
WITH_PRICES = Variants(
    """
    SELECT DISTINCT ticker
    FROM price_series
    WHERE ticker IN (SELECT value FROM json_each(:tickers)) AND org_id IN (:org_id, :shared)
    """,
    """
    SELECT DISTINCT ticker
    FROM price_series
    WHERE ticker IN (SELECT json_array_elements_text(CAST(:tickers AS json))) AND org_id IN (:org_id, :shared)
    """,
)


def with_prices(connection: Connection, org_id: int, tickers: Sequence[str]) -> set[str]:
    """Which of some tickers have stored prices."""
    values = {"tickers": json.dumps(list(tickers)), "org_id": org_id, "shared": SHARED_ORG}
    return {row[0] for row in connection.execute(WITH_PRICES.on(connection), values)}


COUNT = text("SELECT count(*) FROM universes WHERE org_id = :org_id")


def count(connection: Connection, org_id: int) -> int:
    """How many universes an organization has."""
    total: int = connection.execute(COUNT, {"org_id": org_id}).scalar_one()
    return total


SAVE = text(
    """
    INSERT INTO universes (org_id, name, tickers, sha256, updated_at)
    VALUES (:org_id, :name, :tickers, :sha256, :updated_at)
    ON CONFLICT (org_id, name) DO UPDATE SET
        tickers = excluded.tickers,
        sha256 = excluded.sha256,
        updated_at = excluded.updated_at
    """
)
DELETE_ITEMS = text("DELETE FROM universe_items WHERE org_id = :org_id AND universe = :name")
INSERT_ITEMS = Variants(
    "INSERT INTO universe_items (org_id, universe, ticker) VALUES (:org_id, :name, :ticker)",
    """
    INSERT INTO universe_items (org_id, universe, ticker)
    SELECT *
    FROM unnest(CAST(:org_id AS bigint[]), CAST(:name AS text[]), CAST(:ticker AS text[]))
    """,
)


def replace(connection: Connection, org_id: int, universe: Universe, tickers: Sequence[str], sha256: str) -> None:
    """Store a universe in place of the one of that name, if there is one."""
    key = {"org_id": org_id, "name": universe.name}
    connection.execute(SAVE, {**key, "tickers": len(tickers), "sha256": sha256, "updated_at": universe.updated_at})
    connection.execute(DELETE_ITEMS, key)
    execute_rows(connection, INSERT_ITEMS, [{**key, "ticker": ticker} for ticker in tickers])


DELETE = text("DELETE FROM universes WHERE org_id = :org_id AND name = :name")


def delete(connection: Connection, org_id: int, name: str) -> bool:
    """Delete a universe; return whether there was one."""
    connection.execute(DELETE_ITEMS, {"org_id": org_id, "name": name})
    return connection.execute(DELETE, {"org_id": org_id, "name": name}).rowcount == 1
