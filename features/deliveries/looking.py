"""Reads deliveries, and sends one once more."""

from __future__ import annotations

from sqlalchemy import Connection

from features.deliveries import service
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from features.deliveries.store.delivery import DeliveryFilter
from features.deliveries.stored_message import read_message
from infrastructure.sql.database_clock import database_now
from models.delivery_errors import ChannelDisabled, DeliveryInProgress, DeliveryNotFound
from models.message import Attempt, Delivery, DeliveryStatus, Message
from utils.ids import is_id

__all__ = ["DeliveryFilter", "find", "list_deliveries", "message_of", "send_again"]


def list_deliveries(
    connection: Connection, org_id: int, wanted: DeliveryFilter, before: str | None, limit: int
) -> list[tuple[Delivery, list[Attempt]]]:
    """Deliveries with their attempts, the newest first."""
    found = delivery_store.list_deliveries(connection, org_id, wanted, before, limit)
    attempts = delivery_store.attempts_of(connection, [each.id for each in found])
    return [(each, attempts[each.id]) for each in found]


def find(connection: Connection, org_id: int, delivery_id: str) -> tuple[Delivery, list[Attempt]]:
    """One delivery with its attempts. Raises DeliveryNotFound."""
    delivery = delivery_store.find(connection, org_id, delivery_id) if is_id(delivery_id) else None
    if delivery is None:
        raise DeliveryNotFound
    return delivery, delivery_store.attempts_of(connection, [delivery_id])[delivery_id]


def message_of(connection: Connection, org_id: int, delivery_id: str) -> Message:
    """The message of a delivery. Raises DeliveryNotFound."""
    stored = delivery_store.message_of(connection, org_id, delivery_id)
    if stored is None:
        raise DeliveryNotFound
    return read_message(stored)


def send_again(connection: Connection, org_id: int, delivery_id: str) -> str:
    """Queue one more attempt now, also of a delivery that was given up or has arrived; return the id of the job.

    Raises DeliveryNotFound, DeliveryInProgress, or ChannelDisabled for a channel that is switched off or deleted.
    """
    find(connection, org_id, delivery_id)
    delivery = delivery_store.lock(connection, org_id, delivery_id)
    if delivery is None:
        raise DeliveryNotFound
    if delivery.status is DeliveryStatus.SENDING:
        raise DeliveryInProgress
    channel = channel_store.find(connection, org_id, delivery.channel_id)
    if channel is None or not channel.enabled:
        raise ChannelDisabled(delivery.channel_name, "it is deleted" if channel is None else channel.disabled_reason)
    return service.queue(connection, org_id, [delivery_id], database_now(connection))
