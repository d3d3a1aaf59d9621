"""Reads and writes events for callers, and follows those that are handed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import AnyReader, Database
from infrastructure import event_store
from infrastructure.event_store import EventFilter
from infrastructure.outbox import record
from models.errors import NotFound
from models.event import Event, NewEvent
from utils.database_errors import reason_of

log = structlog.get_logger(__name__)

__all__ = ["EventFilter", "EventNotFound", "add", "find", "follow", "list_events"]

LOOK_SECONDS = 1.0
SILENT_LOOKS = 5  # without an event, after which None comes
BATCH = 200


class EventNotFound(NotFound):
    """There is no such event, or it is older than 30 days. See GET /api/v1/events."""


def add(connection: Connection, org_id: int, event: NewEvent) -> tuple[Event, bool]:
    """Write an event, or find the one with its key; return it, and whether it is new."""
    is_new = record(connection, org_id, [event]) == 1
    stored = event_store.find_by_key(connection, org_id, event.key)
    assert stored is not None, "it was written, or has been"
    return stored, is_new


def find(connection: AnyReader, org_id: int, event_id: str) -> Event:
    """An event of the organization, or of all. Raises EventNotFound."""
    event = event_store.find(connection, org_id, event_id)
    if event is None:
        raise EventNotFound
    return event


def list_events(connection: AnyReader, org_id: int, wanted: EventFilter, before: str | None, limit: int) -> list[Event]:
    """Up to `limit` events, newest first."""
    return event_store.list_events(connection, org_id, wanted, before, limit)


def follow(database: Database, org_id: int, after: int | None, pause: Callable[[float], None]) -> Iterator[Event | None]:
    """Yield events behind a position as they are handed out, or from now on; None after some looks without any. Has no end.

    `pause` waits between two looks. A look that the database does not answer is one without an event.
    """
    silent = 0
    while True:
        found: list[Event] = []
        try:
            with database.reader() as connection:
                if after is None:
                    after = event_store.last_position(connection)
                found = event_store.follow(connection, org_id, after, BATCH)
        except SQLAlchemyError as error:
            log.warning("events not read, tried again", reason=reason_of(error))
        for event in found:
            after, silent = event.position, 0
            yield event
        if len(found) < BATCH:
            if silent % SILENT_LOOKS == 0:
                yield None
            silent += 1
            pause(LOOK_SECONDS)
