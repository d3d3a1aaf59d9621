"""Notes what came of an attempt in a transaction of its own, with what follows for the delivery and its channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import uniform

import structlog
from sqlalchemy import Connection

from database import Database
from features.deliveries import service
from features.deliveries.attempts import Sent
from features.deliveries.retries import LONGEST_HOLD, MOST_DEAD, Spread, pause_after
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from infrastructure.outbox import record
from infrastructure.sql.database_clock import database_now
from models.event import EventType, NewEvent
from models.message import Attempt, AttemptOutcome, Channel, Delivery, DeliveryStatus, Message

log = structlog.get_logger(__name__)

WAITS = "waits"  # beside the statuses, what is told of a delivery that was not sent
LOST = "The worker was lost while it sent this. The message may have arrived."


@dataclass(frozen=True)
class Ledger:
    """`clock` is the database's; `spread` draws the jitter."""

    clock: Callable[[Connection], datetime] = database_now
    spread: Spread = field(default=uniform)

    def note_lost(self, database: Database, org_id: int, delivery_id: str) -> str | None:
        """Note that the job of a delivery ended without it; return its status, or None where it is not being sent any more."""
        with database.read() as connection:
            moment = self.clock(connection)
            delivery = delivery_store.find(connection, org_id, delivery_id)
        if delivery is None or delivery.status is not DeliveryStatus.SENDING:
            return None
        return self.note(database, delivery, Sent(Attempt(moment, AttemptOutcome.LOST, 0, error=LOST)))

    def put_off(self, database: Database, delivery: Delivery, until: datetime) -> str:
        """Let a delivery wait until a moment, without an attempt."""
        self._change(database, delivery, status=DeliveryStatus.PENDING, next_at=until)
        return WAITS

    def disable(self, database: Database, delivery: Delivery, reason: str) -> str:
        """End a delivery whose channel is switched off."""
        with database.read() as connection:
            moment = self.clock(connection)
        return self._change(database, delivery, status=DeliveryStatus.DISABLED, reason=reason, finished_at=moment)

    def _change(self, database: Database, delivery: Delivery, **changes: object) -> str:
        with database.transaction() as connection:
            stored = delivery_store.lock(connection, delivery.org_id, delivery.id)
            if stored is None or stored.status is not DeliveryStatus.SENDING:
                return WAITS
            changed = replace(stored, **changes)  # type: ignore[arg-type]  # fields of a Delivery
            delivery_store.update(connection, changed)
        return changed.status

    def note(self, database: Database, delivery: Delivery, sent: Sent) -> str:
        """Store an attempt, and what follows for the delivery and its channel."""
        with database.transaction() as connection:
            channel = channel_store.lock(connection, delivery.org_id, delivery.channel_id)
            stored = delivery_store.lock(connection, delivery.org_id, delivery.id)
            if channel is None or stored is None:
                return WAITS
            number = stored.attempts + 1
            delivery_store.add_attempt(connection, stored.id, number, sent.attempt)
            changed = replace(stored, attempts=number)
            if stored.status is DeliveryStatus.SENDING:  # else another worker has noted it, which was held to be lost
                changed = self._after(changed, sent, self.clock(connection))
                self._note_channel(connection, channel, changed, sent)
            delivery_store.update(connection, changed)
        attempt = sent.attempt
        said = {"delivery_id": delivery.id, "channel_id": delivery.channel_id, "attempt": number, "outcome": attempt.outcome.value}
        log.info("delivery attempted", status=changed.status.value, code=attempt.code, ms=attempt.ms, reason=attempt.error, **said)
        return changed.status

    def _after(self, delivery: Delivery, sent: Sent, moment: datetime) -> Delivery:
        attempt = sent.attempt
        if attempt.outcome is AttemptOutcome.DELIVERED:
            return replace(delivery, status=DeliveryStatus.DELIVERED, reason=None, next_at=None, finished_at=moment)
        if sent.gone:
            return replace(delivery, status=DeliveryStatus.DISABLED, reason=attempt.error, next_at=None, finished_at=moment)
        pause = None if sent.final else pause_after(delivery.attempts, sent.retry_after, self.spread)
        if pause is None:
            return replace(delivery, status=DeliveryStatus.FAILED, reason=attempt.error, next_at=None, finished_at=moment)
        next_at = moment + timedelta(seconds=pause)
        return replace(delivery, status=DeliveryStatus.PENDING, reason=attempt.error, next_at=next_at, finished_at=None)

    def _note_channel(self, connection: Connection, channel: Channel, delivery: Delivery, sent: Sent) -> None:
        if not channel.enabled:
            return
        changed = replace(channel, dead=channel.dead + 1 if delivery.status is DeliveryStatus.FAILED else channel.dead)
        if delivery.status is DeliveryStatus.DELIVERED:
            changed = replace(channel, dead=0, hold_until=None)
        elif delivery.next_at is not None and (sent.retry_after or sent.attempt.outcome is AttemptOutcome.UNANSWERED):
            longest = delivery.next_at if sent.retry_after else sent.attempt.at + timedelta(seconds=LONGEST_HOLD)
            changed = replace(changed, hold_until=min(delivery.next_at, longest))
        if sent.gone or changed.dead >= MOST_DEAD:
            why = "its receiver is gone (410)" if sent.gone else f"{MOST_DEAD} messages in a row were given up"
            self._switch_off(connection, replace(changed, enabled=False, disabled_reason=why))
        elif changed != channel:
            channel_store.update_state(connection, changed)

    def _switch_off(self, connection: Connection, channel: Channel) -> None:
        """Switch a channel off, and tell it by an event and through another channel."""
        moment = self.clock(connection)
        channel_store.update_state(connection, channel)
        why = channel.disabled_reason or ""
        delivery_store.disable_pending(connection, channel.org_id, channel.id, f"{service.SWITCHED_OFF}: {why}.", moment)
        key = f"channel_disabled:{channel.id}:{moment.isoformat()}"
        data = {"channel_id": channel.id, "name": channel.name, "type": channel.type.value, "reason": why}
        record(connection, channel.org_id, [NewEvent(EventType.CHANNEL_DISABLED, key, channel.id, data)])
        other = channel_store.oldest_enabled(connection, channel.org_id)
        if other is not None:
            title = f"The channel {channel.name} is switched off"
            text = f"{why[:1].upper()}{why[1:]}. Nothing more is sent through it until somebody switches it on again."
            told = Message(EventType.CHANNEL_DISABLED, key, title, text, channel.id, data, "/channels")
            service.send(connection, channel.org_id, [other], told)
        log.warning("channel switched off", channel_id=channel.id, reason=why)
