"""The audit log: who changed what, and who signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

LEAST_KEPT_DAYS = 90  # the database refuses to delete younger rows: migration 0043


class ActorKind(StrEnum):
    """What an actor is."""

    PERSON = "person"
    KEY = "key"
    OPERATOR_KEY = "operator key"
    COMMAND = "command"
    SERVICE = "service"
    ANYBODY = "anybody"  # has not shown who they are


@dataclass(frozen=True)
class Actor:
    """Who does something, for which organization; `id` is a person's or a key's."""

    kind: ActorKind
    id: str | None = None
    org_id: int | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done. `before` and `after` are JSON objects, of a change only with what differs."""

    id: str
    org_id: int | None
    at: datetime
    actor_kind: ActorKind
    actor: str | None
    action: str
    target_type: str | None
    target: str | None
    before: Any
    after: Any
    ip: str | None
    request_id: str | None


@dataclass(frozen=True)
class AuditFilter:
    """Which entries: None for those of any. `target` is one of them, or with no `/` a type of them."""

    org_id: int | None
    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None
