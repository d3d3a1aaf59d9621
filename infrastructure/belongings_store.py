"""SQL of what belongs to an organization or to a person, made of the tables that features declare.

Every table of an organization is read and emptied in the same way, so this is written once and not in each store. Nothing deletes by it but
the removal of an organization.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from database import Database
from infrastructure.belonging import Belonging, Row


@dataclass(frozen=True)
class Owner:
    """Whose rows are meant: an organization's, or a person's."""

    org_id: int | None = None
    user_id: str | None = None


@dataclass(frozen=True)
class _Statements:
    first: TextClause
    next: TextClause
    count: TextClause
    delete: TextClause


@cache
def _statements(belonging: Belonging, *, of_person: bool) -> _Statements:
    """The statements on one table. Their texts have names of tables and columns that the application declares, and nothing else."""
    column = belonging.person if of_person else belonging.organization
    owned = f"{column} = :owner"
    if belonging.through is not None:
        part, whole = belonging.through
        owned = f"{part} IN (SELECT id FROM {whole} WHERE {owned})"
    keys = ", ".join(belonging.key)
    places = ", ".join(f":key{place}" for place, _ in enumerate(belonging.key))
    table = belonging.table
    return _Statements(
        text(f"SELECT * FROM {table} WHERE {owned} ORDER BY {keys} LIMIT :limit"),
        text(f"SELECT * FROM {table} WHERE {owned} AND ({keys}) > ({places}) ORDER BY {keys} LIMIT :limit"),
        text(f"SELECT COUNT(*) FROM {table} WHERE {owned}"),
        text(f"DELETE FROM {table} WHERE {owned} AND ({keys}) IN (SELECT {keys} FROM {table} WHERE {owned} LIMIT :limit)"),
    )


def pages(database: Database, belonging: Belonging, owner: Owner, rows: int | None = None) -> Iterator[list[Row]]:
    """An owner's rows without the hidden columns, some at a time in the order of their keys; no connection is held between two reads."""
    statements, owned_by = _of(belonging, owner)
    values: dict[str, Any] = {"owner": owned_by, "limit": rows or belonging.rows}
    statement = statements.first
    while True:
        with database.read() as connection:
            found = [dict(row) for row in connection.execute(statement, values).mappings()]
        if found:
            last = {f"key{place}": found[-1][name] for place, name in enumerate(belonging.key)}
            yield [belonging.show({name: value for name, value in row.items() if name not in belonging.hidden}) for row in found]
        if len(found) < values["limit"]:
            return
        statement, values = statements.next, {**values, **last}


def count(connection: Connection, belonging: Belonging, owner: Owner) -> int:
    """How many rows of a table are an owner's."""
    statements, owned_by = _of(belonging, owner)
    return int(connection.execute(statements.count, {"owner": owned_by}).scalar_one())


def delete_some(connection: Connection, belonging: Belonging, org_id: int, limit: int) -> int:
    """Delete up to `limit` rows of an organization; return how many."""
    statements, _ = _of(belonging, Owner(org_id))
    deleted: int = connection.execute(statements.delete, {"owner": org_id, "limit": limit}).rowcount
    return deleted


def _of(belonging: Belonging, owner: Owner) -> tuple[_Statements, int | str | None]:
    of_person = owner.user_id is not None
    return _statements(belonging, of_person=of_person), owner.user_id if of_person else owner.org_id
