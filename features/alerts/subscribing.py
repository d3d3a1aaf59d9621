"""The subscriber of events by which rules are evaluated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from features.alerts.evaluation import TYPES, Evaluator
from features.alerts.flags import ALERTS
from infrastructure.foundation import Foundation
from infrastructure.outbox import Subscriber
from models.event import Event
from utils.clock import now

NAME = "alerts"


def alert_subscriber(foundation: Foundation, clock: Callable[[], datetime] = now) -> Subscriber:
    """Evaluates the rules at each event.

    While the flag is off, events pass by and are not made up for. The next result is compared with what was seen before that.
    """

    def handle(connection: Connection, events: Sequence[Event]) -> None:
        Evaluator(connection, foundation.universes, clock()).take(events, lambda org_id: foundation.flags.is_enabled(ALERTS, org_id))

    return Subscriber(NAME, frozenset(map(str, TYPES)), handle)
