"""The outbox: events are written in the transaction of what they report, and handed out to the subscribers after its commit.

An event is never lost and never told of what was rolled back. A subscriber sees each event of its types once, in one order; its own writes
and its progress are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from database import Database
from infrastructure import event_store
from infrastructure.event_store import Progress
from models.event import Event, NewEvent
from utils.clock import now
from utils.ids import new_id
from utils.json_text import dump

log = structlog.get_logger(__name__)

BATCH = 500  # events in one transaction
BATCHES = 10  # of a look: other maintenance tasks must have their turn
MOST_FAILURES = 5  # of a subscriber at one event, which is then passed over
ERROR_LENGTH = 500


def record(connection: Connection, org_id: int, events: Sequence[NewEvent]) -> int:
    """Write events within the caller's transaction, except those whose key is known; return how many were written."""
    moment = now()
    rows = [
        {
            "id": new_id(),
            "org_id": org_id,
            "type": event.type,
            "subject": event.subject,
            "key": event.key,
            "data": dump(event.data).decode(),
            "created_at": moment,
            "created_by": event.created_by,
        }
        for event in events
    ]
    return event_store.insert(connection, rows)


def unknown(connection: Connection, org_id: int, events: Sequence[NewEvent]) -> list[NewEvent]:
    """The events whose key the organization does not have yet."""
    known = event_store.find_keys(connection, org_id, [event.key for event in events])
    return [event for event in events if event.key not in known]


@dataclass(frozen=True)
class Subscriber:
    """What is told of events of some types.

    `handle` gets events of any organization in order, within the transaction that stores how far the subscriber has come. Events of
    organization 0 concern all. After MOST_FAILURES exceptions at the same event, it is passed over and logged.
    """

    name: str
    types: frozenset[str]
    handle: Callable[[Connection, Sequence[Event]], None]


def hand_out(database: Database, subscribers: Sequence[Subscriber]) -> None:
    """Give positions to new events, and tell the subscribers what they have not seen. Costs two reads where there is nothing new."""
    for _ in range(BATCHES):
        with database.reader() as connection:
            if not event_store.has_waiting(connection):
                break
        with database.transaction() as connection:
            event_store.place_waiting(connection, BATCH)
    with database.reader() as connection:
        last = event_store.last_position(connection)
        reached = {progress.name: progress.position for progress in event_store.list_progress(connection)}
    for subscriber in subscribers:
        for _ in range(BATCHES):
            if reached.get(subscriber.name, -1) >= last:
                break
            reached[subscriber.name] = _tell(database, subscriber, last)


def _tell(database: Database, subscriber: Subscriber, last: int) -> int:
    """Tell a subscriber of its next events up to a position; return how far it has come."""
    try:
        return _tell_batch(database, subscriber, last, BATCH)
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("a subscriber failed, it is told again", subscriber=subscriber.name)
        return _tell_each(database, subscriber, last)


def _tell_batch(database: Database, subscriber: Subscriber, last: int, size: int) -> int:
    with database.transaction() as connection:
        progress = _progress(connection, subscriber, last)
        events = event_store.events_behind(connection, progress.position, subscriber.types, size)
        if events:
            subscriber.handle(connection, events)
        is_all = len(events) < size
        position = max(progress.position, last) if is_all else _position(events[-1])
        event_store.save_progress(connection, Progress(subscriber.name, position, 0, None, now()))
    return position


def _tell_each(database: Database, subscriber: Subscriber, last: int) -> int:
    """Tell the events one by one, up to the one that fails."""
    while True:
        try:
            position = _tell_batch(database, subscriber, last, 1)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 — logged with its traceback by the caller
            return _note_failure(database, subscriber, last, error)
        if position >= last:
            return position


def _note_failure(database: Database, subscriber: Subscriber, last: int, error: Exception) -> int:
    """Count a failure at the next event. Returns `last`, so that it is told again at the next look, not at once."""
    with database.transaction() as connection:
        progress = _progress(connection, subscriber, last)
        failing = event_store.events_behind(connection, progress.position, subscriber.types, 1)
        failures, position = progress.failures + 1, progress.position
        reason = f"{type(error).__name__}: {error}"[:ERROR_LENGTH]
        if failing and failures >= MOST_FAILURES:
            failures, position = 0, _position(failing[0])
            log.error("an event was passed over", subscriber=subscriber.name, event_id=failing[0].id, reason=reason)
        event_store.save_progress(connection, Progress(subscriber.name, position, failures, reason, now()))
    return last


def _progress(connection: Connection, subscriber: Subscriber, last: int) -> Progress:
    """How far a subscriber has come; a new one starts behind what has been."""
    found = event_store.lock_progress(connection, subscriber.name)
    return found or Progress(subscriber.name, last, 0, None, now())


def _position(event: Event) -> int:
    assert event.position is not None, "it was handed out"
    return event.position
