"""Reads the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from database import AnyReader, Database
from features.accounts.service import names_of_actors
from infrastructure import audit_store
from models.audit import ActorKind, AuditEntry, AuditFilter
from utils.csv_text import csv_lines
from utils.json_text import dump

PAGE = 500  # entries per read
COLUMNS = ("at", "organization_id", "actor_kind", "actor", "actor_name", "action", "target", "before", "after", "ip", "request_id", "id")


@dataclass(frozen=True)
class AuditItem:
    """One thing that was done. `actor_name` is the name that a person or a key has now; null where there is none any more.

    `before` and `after` have what differs, without secrets; of what is new there is no `before`, and `after` is what was sent.
    """

    id: str
    at: datetime
    organization_id: int | None
    actor_kind: ActorKind
    actor: str | None
    actor_name: str | None
    action: str
    target: str | None
    before: Any
    after: Any
    ip: str | None
    request_id: str | None


def list_items(connection: AnyReader, wanted: AuditFilter, before_id: str | None, limit: int) -> list[AuditItem]:
    """Up to `limit` entries, newest first; with `before_id`, only older ones."""
    return _with_names(connection, audit_store.list_entries(connection, wanted, before_id, limit))


def audit_csv(database: Database, wanted: AuditFilter, page_size: int = PAGE) -> Iterator[bytes]:
    """All entries as a CSV file with a header, in pieces; no connection is held between two."""
    return chain([csv_lines([COLUMNS])], (csv_lines(map(_cells, page)) for page in _pages(database, wanted, page_size)))


def _pages(database: Database, wanted: AuditFilter, page_size: int) -> Iterator[Sequence[AuditItem]]:
    before_id = None
    while True:
        with database.read() as connection:
            items = list_items(connection, wanted, before_id, page_size)
        yield items
        if len(items) < page_size:
            return
        before_id = items[-1].id


def _with_names(connection: AnyReader, entries: Sequence[AuditEntry]) -> list[AuditItem]:
    names = names_of_actors(connection, {entry.actor for entry in entries if entry.actor is not None})
    return [
        AuditItem(
            id=entry.id,
            at=entry.at,
            organization_id=entry.org_id,
            actor_kind=entry.actor_kind,
            actor=entry.actor,
            actor_name=names.get(entry.actor or ""),
            action=entry.action,
            target=entry.target,
            before=entry.before,
            after=entry.after,
            ip=entry.ip,
            request_id=entry.request_id,
        )
        for entry in entries
    ]


def _cells(item: AuditItem) -> list[object]:
    values = {**vars(item), "before": _text(item.before), "after": _text(item.after)}
    return [values[name] for name in COLUMNS]


def _text(value: Any) -> str:
    return "" if value is None else dump(value).decode()
