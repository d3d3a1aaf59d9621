"""SQL of the alerts: the inbox, and what waits to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.alert import Alert, AlertKind, FiredBy
from utils.dialects import execute_rows, many_rows
from utils.json_text import dump, parse_tolerant

MOST_COUNTED = 1_000  # unread alerts
_COLUMNS = "id, org_id, rule_id, rule_name, kind, fired_by, subject, ticker, day, message, data, created_at, read_at, told_at"
INSERT = many_rows(
    "INSERT INTO alerts",
    {
        "id": "text", "org_id": "bigint", "rule_id": "text", "rule_name": "text", "kind": "text", "fired_by": "text", "subject": "text",
        "ticker": "text", "day": "date", "message": "text", "data": "text", "created_at": "timestamptz", "told_at": "timestamptz",
    },
    "",
)  # fmt: skip


def insert(connection: Connection, alerts: Sequence[Alert]) -> None:
    """Store new alerts, no two of the same rule, subject and day."""
    rows = [{**vars(alert), "kind": str(alert.on), "data": dump(alert.data).decode()} for alert in alerts]
    for row in rows:
        del row["on"], row["read_at"]
    execute_rows(connection, INSERT, rows)


FIND_OF_DAYS = text(
    f"SELECT {_COLUMNS} FROM alerts WHERE org_id = :org_id AND rule_id IN :rule_ids AND subject IN :subjects AND day IN :days"
).bindparams(bindparam("rule_ids", expanding=True), bindparam("subjects", expanding=True), bindparam("days", expanding=True))

AlertKey = tuple[str, str, date]  # rule, subject and day


def find_of_days(connection: Connection, org_id: int, keys: Collection[AlertKey]) -> dict[AlertKey, Alert]:
    """The alerts of some rules, subjects and days; there may be others beside."""
    if not keys:
        return {}
    rule_ids, subjects, days = ({key[at] for key in keys} for at in range(3))
    values = {"org_id": org_id, "rule_ids": sorted(rule_ids), "subjects": sorted(subjects), "days": sorted(days)}
    found = (_from_row(row) for row in connection.execute(FIND_OF_DAYS, values))
    return {(alert.rule_id, alert.subject, alert.day): alert for alert in found}


UPDATE = text("UPDATE alerts SET message = :message, data = :data, read_at = NULL WHERE org_id = :org_id AND id = :id")


def update(connection: Connection, alerts: Sequence[Alert]) -> None:
    """Store what an alert says by now; it is unread again."""
    if alerts:
        rows = [{"org_id": one.org_id, "id": one.id, "message": one.message, "data": dump(one.data).decode()} for one in alerts]
        connection.execute(UPDATE, rows)


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts a list has; None for all."""

    unread: bool | None = None
    rule_id: str | None = None
    ticker: str | None = None


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM alerts
    WHERE org_id = :org_id
        AND (CAST(:before AS TEXT) IS NULL OR id < :before)
        AND (CAST(:rule_id AS TEXT) IS NULL OR rule_id = :rule_id)
        AND (CAST(:ticker AS TEXT) IS NULL OR ticker = :ticker)
        AND (CAST(:unread AS BIGINT) IS NULL OR (CASE WHEN read_at IS NULL THEN 1 ELSE 0 END) = :unread)
    ORDER BY id DESC
    LIMIT :limit
    """
)
LIST_UNREAD = text(
    f"SELECT {_COLUMNS} FROM alerts WHERE org_id = :org_id AND read_at IS NULL AND id < :before ORDER BY id DESC LIMIT :limit"
)
_LAST = "~"  # behind every id


def list_alerts(connection: AnyReader, org_id: int, wanted: AlertFilter, before: str | None, limit: int) -> list[Alert]:
    """Up to `limit` alerts, newest first; with the id `before`, only those older than that one."""
    if wanted == AlertFilter(unread=True):
        return [_from_row(row) for row in connection.execute(LIST_UNREAD, {"org_id": org_id, "before": before or _LAST, "limit": limit})]
    unread = None if wanted.unread is None else int(wanted.unread)
    values = {"org_id": org_id, "before": before, "limit": limit, "rule_id": wanted.rule_id, "ticker": wanted.ticker, "unread": unread}
    return [_from_row(row) for row in connection.execute(LIST, values)]


FIND = text(f"SELECT {_COLUMNS} FROM alerts WHERE org_id = :org_id AND id = :id")


def find(connection: AnyReader, org_id: int, alert_id: str) -> Alert | None:
    """One alert by id."""
    row = connection.execute(FIND, {"org_id": org_id, "id": alert_id}).first()
    return None if row is None else _from_row(row)


MARK_READ = text("UPDATE alerts SET read_at = COALESCE(read_at, :read_at) WHERE org_id = :org_id AND id = :id")
MARK_UNREAD = text("UPDATE alerts SET read_at = NULL WHERE org_id = :org_id AND id = :id")
# In steps, so that no statement changes more rows than it should.
MARK_ALL_READ = text(
    """
    UPDATE alerts SET read_at = :read_at
    WHERE id IN (SELECT id FROM alerts WHERE org_id = :org_id AND read_at IS NULL AND id <= :through ORDER BY id DESC LIMIT :limit)
    """
)


def mark(connection: Connection, org_id: int, alert_id: str, read_at: datetime | None) -> bool:
    """Mark an alert as read, at the first time, or as unread; return whether there is one."""
    if read_at is None:
        return connection.execute(MARK_UNREAD, {"org_id": org_id, "id": alert_id}).rowcount == 1
    return connection.execute(MARK_READ, {"org_id": org_id, "id": alert_id, "read_at": read_at}).rowcount == 1


def mark_all_read(connection: Connection, org_id: int, through: str | None, read_at: datetime, limit: int) -> int:
    """Mark up to `limit` unread alerts as read, those that came after `through` excepted; return how many."""
    values = {"org_id": org_id, "through": through or _LAST, "read_at": read_at, "limit": limit}
    marked: int = connection.execute(MARK_ALL_READ, values).rowcount
    return marked


COUNT_UNREAD = text(
    """
    SELECT count(*), max(id)
    FROM (SELECT id FROM alerts WHERE org_id = :org_id AND read_at IS NULL ORDER BY id DESC LIMIT :limit) AS unread
    """
)


def count_unread(connection: AnyReader, org_id: int) -> tuple[int, str | None]:
    """How many alerts are unread, up to MOST_COUNTED, and the id of the newest of them."""
    row = connection.execute(COUNT_UNREAD, {"org_id": org_id, "limit": MOST_COUNTED}).first()
    return (0, None) if row is None else (int(row[0]), row[1])


UNTOLD = text(f"SELECT {_COLUMNS} FROM alerts WHERE org_id = :org_id AND told_at IS NULL ORDER BY id LIMIT :limit")


def list_untold(connection: Connection, org_id: int, limit: int) -> list[Alert]:
    """Up to `limit` alerts that wait to be told, oldest first."""
    return [_from_row(row) for row in connection.execute(UNTOLD, {"org_id": org_id, "limit": limit})]


MARK_TOLD = text("UPDATE alerts SET told_at = :told_at WHERE id IN :ids AND told_at IS NULL").bindparams(bindparam("ids", expanding=True))


def mark_told(connection: Connection, alert_ids: Collection[str], told_at: datetime) -> None:
    """Note that alerts are told."""
    connection.execute(MARK_TOLD, {"ids": list(alert_ids), "told_at": told_at})


WAITING_ORGS = text(
    "SELECT org_id, min(created_at) FROM alerts WHERE told_at IS NULL GROUP BY org_id HAVING min(created_at) < :before ORDER BY org_id"
)


def list_waiting_orgs(connection: AnyReader, before: datetime) -> list[int]:
    """The organizations of which an alert from before a time waits to be told."""
    return [row[0] for row in connection.execute(WAITING_ORGS, {"before": before})]


DELETE_OLD = text("DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE created_at < :before ORDER BY created_at LIMIT :limit)")


def delete_old(connection: Connection, before: datetime, limit: int) -> int:
    """Delete up to `limit` alerts from before a time; return how many."""
    deleted: int = connection.execute(DELETE_OLD, {"before": before, "limit": limit}).rowcount
    return deleted


COUNT_SINCE = text("SELECT kind, count(*) FROM alerts WHERE created_at >= :since GROUP BY kind")
COUNT_ALL_UNREAD = text("SELECT count(*) FROM alerts WHERE read_at IS NULL")
COUNT_UNTOLD = text("SELECT count(*) FROM alerts WHERE told_at IS NULL")


def count_since(connection: Connection, since: datetime) -> dict[str, int]:
    """How many alerts were written since a time, by what their rules watch."""
    return {row[0]: row[1] for row in connection.execute(COUNT_SINCE, {"since": since})}


def count_open(connection: Connection) -> tuple[int, int]:
    """How many alerts are unread, and how many wait to be told, of all organizations."""
    return connection.execute(COUNT_ALL_UNREAD, {}).scalar_one(), connection.execute(COUNT_UNTOLD, {}).scalar_one()


def _from_row(row: Any) -> Alert:
    alert_id, org_id, rule_id, rule_name, kind, fired_by, subject, ticker, day, message, data, *times = row
    known = (alert_id, org_id, rule_id, rule_name, AlertKind(kind), FiredBy(fired_by), subject, ticker, day, message)
    return Alert(*known, parse_tolerant(data, {}), *times)
