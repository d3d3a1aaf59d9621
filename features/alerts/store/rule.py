"""SQL of the alert rules of an organization."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.alert import AlertKind, AlertRule, RuleDraft
from utils.json_text import dump, parse_tolerant

_ALERTS_LOCK = 0x616C7274


def lock_alerts(connection: Connection, org_id: int) -> None:
    """Hold an organization's rules and what they told against other writers until the transaction ends."""
    hold_lock(connection, _ALERTS_LOCK, str(org_id))


_COLUMNS = """
    id, org_id, name, kind, universe, tickers, strategies, conditions, for_days, channels, digest, enabled, version, created_at, created_by,
    changed_at, changed_by
"""
INSERT = text(
    f"""
    INSERT INTO alert_rules ({_COLUMNS})
    VALUES (
        :id, :org_id, :name, :kind, :universe, :tickers, :strategies, :conditions, :for_days, :channels, :digest, :enabled, :version,
        :created_at, :created_by, :changed_at, :changed_by
    )
    """
)


def insert(connection: Connection, rule: AlertRule) -> None:
    """Store a new rule."""
    connection.execute(INSERT, _values(rule))


UPDATE = text(
    """
    UPDATE alert_rules SET
        name = :name,
        universe = :universe,
        tickers = :tickers,
        strategies = :strategies,
        conditions = :conditions,
        for_days = :for_days,
        channels = :channels,
        digest = :digest,
        enabled = :enabled,
        version = :version,
        changed_at = :changed_at,
        changed_by = :changed_by
    WHERE org_id = :org_id AND id = :id
    """
)


def update(connection: Connection, rule: AlertRule) -> None:
    """Store a changed rule; what it watches stays."""
    connection.execute(UPDATE, _values(rule))


STOP_ALL = text("UPDATE alert_rules SET enabled = FALSE WHERE org_id = :org_id AND enabled")


def stop_all(connection: Connection, org_id: int) -> int:
    """Switch every rule of an organization that is being removed off; return how many were on."""
    return connection.execute(STOP_ALL, {"org_id": org_id}).rowcount


DELETE = text("DELETE FROM alert_rules WHERE org_id = :org_id AND id = :id")


def delete(connection: Connection, org_id: int, rule_id: str) -> bool:
    """Remove a rule, and where it stands; return whether there was one."""
    return connection.execute(DELETE, {"org_id": org_id, "id": rule_id}).rowcount == 1


FIND = text(f"SELECT {_COLUMNS} FROM alert_rules WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, rule_id: str) -> AlertRule | None:
    """One rule by id."""
    row = connection.execute(FIND, {"org_id": org_id, "id": rule_id}).first()
    return None if row is None else _from_row(row)


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM alert_rules
    WHERE org_id = :org_id AND id > :after
    ORDER BY id
    LIMIT :limit
    """
)


def list_rules(connection: AnyReader, org_id: int, after: str, limit: int) -> list[AlertRule]:
    """Up to `limit` rules in the order in which they were made, behind the one with the id `after`."""
    return [_from_row(row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


COUNT = text("SELECT count(*) FROM alert_rules WHERE org_id = :org_id")


def count(connection: AnyReader, org_id: int) -> int:
    """How many rules an organization has."""
    row = connection.execute(COUNT, {"org_id": org_id}).first()
    return 0 if row is None else int(row[0])


LIST_ENABLED = text(f"SELECT {_COLUMNS} FROM alert_rules WHERE org_id = :org_id AND enabled AND kind IN :kinds ORDER BY id").bindparams(
    bindparam("kinds", expanding=True)
)


def list_enabled(connection: Connection, org_id: int, kinds: Collection[AlertKind]) -> list[AlertRule]:
    """The enabled rules of an organization that watch something of some kinds."""
    rows = connection.execute(LIST_ENABLED, {"org_id": org_id, "kinds": [str(kind) for kind in kinds]})
    return [_from_row(row) for row in rows]


LIST_ORGS = text("SELECT DISTINCT org_id FROM alert_rules WHERE enabled AND kind IN :kinds ORDER BY org_id").bindparams(
    bindparam("kinds", expanding=True)
)


def list_orgs(connection: Connection, kinds: Collection[AlertKind]) -> list[int]:
    """The organizations with an enabled rule that watches something of some kinds."""
    return [row[0] for row in connection.execute(LIST_ORGS, {"kinds": [str(kind) for kind in kinds]})]


def _values(rule: AlertRule) -> dict[str, Any]:
    draft = rule.draft
    return {
        **{name: value for name, value in vars(rule).items() if name != "draft"},
        "name": draft.name,
        "kind": str(draft.on),
        "universe": draft.universe,
        "tickers": None if draft.tickers is None else dump(draft.tickers).decode(),
        "strategies": dump(draft.strategies).decode(),
        "conditions": dump(draft.conditions).decode(),
        "for_days": draft.for_days,
        "channels": dump(draft.channels).decode(),
        "digest": draft.digest,
        "enabled": draft.enabled,
    }


def _from_row(row: Any) -> AlertRule:
    rule_id, org_id, name, kind, universe, tickers, strategies, conditions, for_days, channels, digest, enabled, version, *changes = row
    draft = RuleDraft(
        name=name,
        on=AlertKind(kind),
        conditions=parse_tolerant(conditions),
        universe=universe,
        tickers=None if tickers is None else tuple(parse_tolerant(tickers)),
        strategies=tuple(parse_tolerant(strategies)),
        for_days=for_days,
        channels=tuple(parse_tolerant(channels)),
        digest=bool(digest),
        enabled=bool(enabled),
    )
    return AlertRule(rule_id, org_id, draft, version, *changes)
