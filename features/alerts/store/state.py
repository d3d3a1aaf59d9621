"""SQL of where rules stand with the tickers that they watch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.alert import Standing, StateKey, StateName
from utils.dialects import execute_rows, many_rows
from utils.json_text import dump, parse_tolerant

_OWN = ("state", "since", "day", "value")  # of a standing, columns of their own; the rest is `detail`
_DETAIL = tuple(field.name for field in fields(Standing) if field.name not in _OWN)
_DATES = ("candidate_since",)
_COLUMNS = "rule_id, subject, strategy, state, since, day, value, detail"
FIND = text(f"SELECT {_COLUMNS} FROM alert_states WHERE rule_id IN :rule_ids AND subject IN :subjects").bindparams(
    bindparam("rule_ids", expanding=True), bindparam("subjects", expanding=True)
)


def find(connection: Connection, rule_ids: Collection[str], subjects: Collection[str]) -> dict[StateKey, Standing]:
    """Where some rules stand with some subjects; what none of them has seen is missing."""
    if not rule_ids or not subjects:
        return {}
    rows = connection.execute(FIND, {"rule_ids": list(rule_ids), "subjects": list(subjects)})
    return dict(_from_row(row) for row in rows)


SAVE = many_rows(
    "INSERT INTO alert_states",
    {
        "rule_id": "text", "subject": "text", "strategy": "text", "org_id": "bigint", "state": "text", "since": "date", "day": "date",
        "value": "float8", "detail": "text", "updated_at": "timestamptz",
    },
    """
    ON CONFLICT (rule_id, subject, strategy) DO UPDATE SET
        state = excluded.state,
        since = excluded.since,
        day = excluded.day,
        value = excluded.value,
        detail = excluded.detail,
        updated_at = excluded.updated_at
    """,
)  # fmt: skip


def save(connection: Connection, org_id: int, standings: Mapping[StateKey, Standing], moment: datetime) -> None:
    """Store where rules stand."""
    rows = [
        {
            **vars(key),
            "org_id": org_id,
            "state": str(standing.state),
            "since": standing.since,
            "day": standing.day,
            "value": standing.value,
            "detail": dump({name: getattr(standing, name) for name in _DETAIL}).decode(),
            "updated_at": moment,
        }
        for key, standing in standings.items()
    ]
    execute_rows(connection, SAVE, rows)


DELETE_OF_RULE = text("DELETE FROM alert_states WHERE rule_id = :rule_id")


def delete_of_rule(connection: Connection, rule_id: str) -> None:
    """Forget where a rule stands."""
    connection.execute(DELETE_OF_RULE, {"rule_id": rule_id})


DELETE_SUBJECTS = text("DELETE FROM alert_states WHERE rule_id IN :rule_ids AND subject IN :subjects").bindparams(
    bindparam("rule_ids", expanding=True), bindparam("subjects", expanding=True)
)


def delete_subjects(connection: Connection, rule_ids: Collection[str], subjects: Collection[str]) -> None:
    """Forget where some rules stand with some subjects."""
    if rule_ids and subjects:
        connection.execute(DELETE_SUBJECTS, {"rule_ids": list(rule_ids), "subjects": list(subjects)})


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM alert_states
    WHERE org_id = :org_id AND rule_id = :rule_id AND (subject, strategy) > (:subject, :strategy)
        AND (CAST(:state AS TEXT) IS NULL OR state = :state)
    ORDER BY subject, strategy
    LIMIT :limit
    """
)


def list_of_rule(
    connection: AnyReader, org_id: int, after: StateKey, state: StateName | None, limit: int
) -> list[tuple[StateKey, Standing]]:
    """Up to `limit` states of a rule behind a key of it, by subject."""
    wanted = None if state is None else str(state)
    rows = connection.execute(LIST, {**vars(after), "org_id": org_id, "state": wanted, "limit": limit})
    return [_from_row(row) for row in rows]


COUNT_OF_RULES = text("SELECT rule_id, state, count(*) FROM alert_states WHERE org_id = :org_id GROUP BY rule_id, state")


def count_of_rules(connection: AnyReader, org_id: int) -> dict[str, dict[str, int]]:
    """How many subjects are in each state, by rule."""
    counts: dict[str, dict[str, int]] = {}
    for rule_id, state, count in connection.execute(COUNT_OF_RULES, {"org_id": org_id}):
        counts.setdefault(rule_id, {})[state] = count
    return counts


LIST_PENDING = text("SELECT DISTINCT org_id FROM alert_states WHERE state = 'pending' ORDER BY org_id")
FIND_PENDING = text("SELECT rule_id, subject, strategy FROM alert_states WHERE org_id = :org_id AND state = 'pending'")


def list_pending_orgs(connection: AnyReader) -> list[int]:
    """The organizations of which something is pending."""
    return [row[0] for row in connection.execute(LIST_PENDING, {})]


def find_pending(connection: AnyReader, org_id: int) -> list[StateKey]:
    """What is pending of an organization."""
    return [StateKey(*row) for row in connection.execute(FIND_PENDING, {"org_id": org_id})]


def _from_row(row: Any) -> tuple[StateKey, Standing]:
    rule_id, subject, strategy, state, since, day, value, detail = row
    known = {name: told for name, told in parse_tolerant(detail, {}).items() if name in _DETAIL}
    for name in _DATES:
        if known.get(name) is not None:
            known[name] = date.fromisoformat(known[name])
    return StateKey(rule_id, subject, strategy), Standing(StateName(state), since, day, value, **known)
