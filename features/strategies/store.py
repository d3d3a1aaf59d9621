"""SQL of the strategies of organizations and of their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.own_strategy import OwnStrategy, StrategyRules, StrategyVersion
from models.strategy import STRATEGIES, Strategy
from utils.json_text import dump, parse_tolerant

_SELECT = """
    SELECT s.id, s.name, s.description, s.version, s.created_at, s.updated_at, s.archived_at, s.used_at, v.rules, v.created_at
    FROM strategies AS s
    JOIN strategy_versions AS v ON v.org_id = s.org_id AND v.strategy_id = s.id AND v.version = s.version
    WHERE s.org_id = :org_id
"""
LIST = text(f"{_SELECT} ORDER BY lower(s.name), s.id")


def list_strategies(connection: AnyReader, org_id: int) -> list[OwnStrategy]:
    """All of an organization, by name; archived ones as well."""
    return [_from_row(row) for row in connection.execute(LIST, {"org_id": org_id})]


FIND = text(f"{_SELECT} AND s.id = :id")


def find(connection: AnyReader, org_id: int, strategy_id: str) -> OwnStrategy | None:
    """One in its newest version."""
    row = connection.execute(FIND, {"org_id": org_id, "id": strategy_id}).first()
    return None if row is None else _from_row(row)


LIST_VERSIONS = text(
    """
    SELECT version, rules, created_at
    FROM strategy_versions
    WHERE org_id = :org_id AND strategy_id = :id
    ORDER BY version DESC
    LIMIT :limit
    """
)


def list_versions(connection: AnyReader, org_id: int, strategy_id: str, limit: int) -> list[StrategyVersion]:
    """The newest versions of one, the newest first."""
    rows = connection.execute(LIST_VERSIONS, {"org_id": org_id, "id": strategy_id, "limit": limit})
    return [StrategyVersion(row[0], StrategyRules(**parse_tolerant(row[1])), row[2]) for row in rows]


_LOCK = 0x73747267


def lock_strategies(connection: Connection, org_id: int) -> None:
    """Hold an organization's strategies against other writers until the transaction ends: versions have no gaps, and the limit holds."""
    hold_lock(connection, _LOCK, str(org_id))


COUNT = text("SELECT count(*) FROM strategies WHERE org_id = :org_id")


def count(connection: Connection, org_id: int) -> int:
    """How many an organization has, archived ones included."""
    total: int = connection.execute(COUNT, {"org_id": org_id}).scalar_one()
    return total


INSERT = text(
    """
    INSERT INTO strategies (org_id, id, name, description, version, created_at, updated_at)
    VALUES (:org_id, :id, :name, :description, 1, :moment, :moment)
    """
)


def insert(connection: Connection, org_id: int, strategy: Strategy, moment: datetime) -> None:
    """Add one, whose version is 1."""
    values = {"org_id": org_id, "id": strategy.id, "name": strategy.name, "description": strategy.description, "moment": moment}
    connection.execute(INSERT, values)
    insert_version(connection, org_id, strategy, moment)


INSERT_VERSION = text(
    """
    INSERT INTO strategy_versions (org_id, strategy_id, version, rules, created_at)
    VALUES (:org_id, :id, :version, :rules, :moment)
    """
)


def insert_version(connection: Connection, org_id: int, strategy: Strategy, moment: datetime) -> None:
    """Add the version that a strategy is."""
    rules = dump(StrategyRules.of(strategy)._asdict()).decode()
    values = {"org_id": org_id, "id": strategy.id, "version": strategy.version, "rules": rules, "moment": moment}
    connection.execute(INSERT_VERSION, values)


UPDATE = text(
    """
    UPDATE strategies SET name = :name, description = :description, version = :version, updated_at = :moment, archived_at = NULL
    WHERE org_id = :org_id AND id = :id
    """
)


def update(connection: Connection, org_id: int, strategy: Strategy, moment: datetime) -> None:
    """Change one, and take it out of the archive. Its version is there."""
    words = {"name": strategy.name, "description": strategy.description}
    connection.execute(UPDATE, {"org_id": org_id, "id": strategy.id, "version": strategy.version, "moment": moment, **words})


ARCHIVE = text("UPDATE strategies SET archived_at = COALESCE(archived_at, :moment) WHERE org_id = :org_id AND id = :id")


def archive(connection: Connection, org_id: int, strategy_id: str, moment: datetime) -> None:
    """Put one into the archive."""
    connection.execute(ARCHIVE, {"org_id": org_id, "id": strategy_id, "moment": moment})


DELETE_UNUSED = text("DELETE FROM strategies WHERE org_id = :org_id AND id = :id AND used_at IS NULL")


def delete_unused(connection: Connection, org_id: int, strategy_id: str) -> bool:
    """Delete one with its versions unless something was asked for by it; return whether it was deleted."""
    return connection.execute(DELETE_UNUSED, {"org_id": org_id, "id": strategy_id}).rowcount == 1


MARK_USED = text("UPDATE strategies SET used_at = :moment WHERE org_id = :org_id AND id = :id AND used_at IS NULL")


def mark_used(connection: Connection, org_id: int, strategy_id: str, moment: datetime) -> None:
    """Note that something is asked for by one."""
    connection.execute(MARK_USED, {"org_id": org_id, "id": strategy_id, "moment": moment})


def _from_row(row: Any) -> OwnStrategy:
    strategy_id, name, description, version, created_at, updated_at, archived_at, used_at, rules, since = row
    values = parse_tolerant(rules)
    suits = f"Made from {STRATEGIES[values['base']].name}."
    strategy = Strategy(strategy_id, name, description, suits, version=version, since=since.date(), **values)
    return OwnStrategy(strategy, created_at, updated_at, archived_at, used_at)
