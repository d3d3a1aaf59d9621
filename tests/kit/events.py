"""Helpers of the tests of events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

import database
from infrastructure.event_store import EventFilter, list_events
from infrastructure.outbox import Subscriber, hand_out
from models.event import Event, EventType

ORG = 1


class Heard:
    """A subscriber that remembers what it was told, and fails at events whose subject is in `fails_at`."""

    def __init__(self, name: str = "heard", types: Sequence[str] = tuple(EventType), fails_at: Sequence[str] = ()) -> None:
        self.events: list[Event] = []
        self.fails_at = set(fails_at)
        self.subscriber = Subscriber(name, frozenset(types), self._handle)

    def _handle(self, connection: Connection, events: Sequence[Event]) -> None:
        failing = [event for event in events if event.subject in self.fails_at]
        if failing:
            raise ValueError(f"cannot stand {failing[0].subject}")
        self.events += events

    def listen(self) -> list[Event]:
        """What is new."""
        before = len(self.events)
        hand_out(database.current(), [self.subscriber])
        return self.events[before:]


def recorded(event_type: str, org_id: int = ORG) -> list[Event]:
    """The stored events of a type, oldest first."""
    with database.read() as connection:
        return list_events(connection, org_id, EventFilter(event_type), None, 1000)[::-1]
