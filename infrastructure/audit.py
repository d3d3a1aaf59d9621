"""Writes the audit log: each request or command that changes something leaves its entry in the transaction of the change.

A trail stands for the request or command. While it is followed, the first transaction that commits writes an entry by what the trail knows:
who, the name of the operation, what it is about and what was sent. Whoever makes a change can say more of it by `note`. A transaction that
is rolled back leaves nothing. Without a trail, as in a worker, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from infrastructure import audit_store
from infrastructure.audit_values import difference, written
from infrastructure.sql.transaction import after_commit, observe_commits
from models.audit import Actor, ActorKind
from utils.ids import moment_of, new_id

LONGEST_TARGET = 300
NOBODY = Actor(ActorKind.ANYBODY)


@dataclass(frozen=True)
class Note:
    """What is to be told of a change. What is None is told by the trail; of two objects only what differs is written."""

    target: str | None = None
    before: Any = None
    after: Any = None
    action: str | None = None
    actor: Actor | None = None


@dataclass
class Trail:
    """A request or a command. `target` is called with the variables of the path when an entry is written, and so is `sent`."""

    action: str
    actor: Actor = NOBODY
    ip: str | None = None
    request_id: str | None = None
    target: Callable[[Mapping[str, Any]], str | None] = lambda variables: None
    variables: dict[str, Any] = field(default_factory=dict)
    sent: Callable[[], Any] = lambda: None
    created: str | None = None  # the path of what was created
    is_written: bool = False
    notes: WeakKeyDictionary[Connection, list[Note]] = field(default_factory=WeakKeyDictionary)

    def write(self, connection: Connection) -> None:
        """Write the entries of a transaction that is about to commit."""
        notes = self.notes.pop(connection, None)
        if notes is None and self.is_written:
            return
        audit_store.insert(connection, [_row(self, note) for note in notes or [Note()]])
        # If the COMMIT fails, the next transaction has to tell it.
        after_commit(connection, self._mark_written)

    def _mark_written(self) -> None:
        self.is_written = True


_trail: ContextVar[Trail | None] = ContextVar("trail", default=None)


def follow(trail: Trail | None) -> None:
    """Write what this thread changes from now on under a trail; with None, no more."""
    _trail.set(trail)
    observe_commits(None if trail is None else trail.write)


def current_trail() -> Trail | None:
    """The trail that this thread follows."""
    return _trail.get()


def act_as(actor: Actor) -> None:
    """Say who acts, where it is found out on the way."""
    trail = _trail.get()
    if trail is not None:
        trail.actor = actor


def note(connection: Connection, **what: Any) -> None:
    """Say more of the change that a transaction makes, by the fields of a Note. Each note is an entry of its own."""
    trail = _trail.get()
    if trail is not None:
        trail.notes.setdefault(connection, []).append(Note(**what))


def note_created(location: str | None) -> None:
    """Say which resource the request has created, by its path."""
    trail = _trail.get()
    if trail is not None:
        trail.created = location


def record(connection: Connection, **what: Any) -> None:
    """Write an entry now, by the fields of a Note, also where no trail is followed or the transaction is one of bookkeeping.

    For what happens without a change that was asked for: a sign-in that is refused.
    """
    told = Note(**what)
    assert told.action is not None, "there may be no trail that names the action"
    audit_store.insert(connection, [_row(_trail.get() or Trail(told.action, Actor(ActorKind.SERVICE)), told)])


def resource(path: str) -> str:
    """The name of a resource in the log, by its path: `watchlists/ID`."""
    for start in ("/api/v1/", "admin/", "auth/"):
        path = path.removeprefix(start)
    return path.strip("/")


def _row(trail: Trail, told: Note) -> dict[str, Any]:
    actor = told.actor or trail.actor
    is_the_request = told.target is None and told.action is None
    target = _target_of(trail) if is_the_request else told.target
    before, after = told.before, told.after
    if told.action is None and after is None:
        after = trail.sent()
    elif before is not None and after is not None:
        before, after = difference(before, after)
    entry_id = new_id()
    return {
        "id": entry_id,
        "org_id": actor.org_id,
        "at": moment_of(entry_id),  # the same, so that the order of ids is that of times
        "actor_kind": str(actor.kind),
        "actor": actor.id,
        "action": told.action or trail.action,
        "target_type": target.partition("/")[0] if target else None,
        "target": target or None,
        "before": written(before),
        "after": written(after),
        "ip": trail.ip,
        "request_id": trail.request_id,
    }


def _target_of(trail: Trail) -> str | None:
    own = trail.target(trail.variables)
    if trail.created is not None:
        created = resource(trail.created)
        # A request about one thing that creates another, as a run of a schedule creates a job, is about the first.
        if own is None or not trail.variables or created.startswith(f"{own}/"):
            own = created
    return None if own is None else own[:LONGEST_TARGET]
