"""Sends messages: what other features use. A message becomes a delivery for each channel, queued in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.deliveries.names import key_of
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from features.deliveries.stored_message import one_line, write_message
from infrastructure.sql.database_clock import database_now
from jobs.service import enqueue
from models.delivery_errors import ChannelNotFound
from models.job import Lane, NewJob
from models.message import DELIVERY, Channel, DeliveryStatus, Message
from utils.ids import new_id

__all__ = ["known_channels", "queue", "require_channels", "resolve_channels", "send", "send_many", "sentence_of"]

SWITCHED_OFF = "The channel is switched off"


def send(connection: Connection, org_id: int, channel_ids: Sequence[str], message: Message, moment: datetime | None = None) -> list[str]:
    """Queue a message for channels within the caller's transaction; return the ids of the deliveries.

    A channel that has a delivery with the message's key gets no second one: that one's id is returned. A channel that is switched off gets
    a delivery that says so and is not sent; one that is deleted gets none. Raises MessageTooLarge.
    """
    return send_many(connection, org_id, [(channel_ids, message)], moment)


def send_many(
    connection: Connection, org_id: int, messages: Iterable[tuple[Sequence[str], Message]], moment: datetime | None = None
) -> list[str]:
    """The same for several messages, each with its channels, in one job."""
    moment = moment or database_now(connection)
    wanted = [(list(dict.fromkeys(channel_ids)), message) for channel_ids, message in messages]
    channels = {each.id: each for each in channel_store.find_many(connection, org_id, {one for ids, _ in wanted for one in ids})}
    deliveries: list[str] = []
    to_send: list[str] = []
    for channel_ids, message in wanted:
        rows = [_row(channels[one], message, moment) for one in channel_ids if one in channels]
        delivery_store.insert(connection, rows)
        stored = delivery_store.find_by_key(connection, [row["channel_id"] for row in rows], message.key) if rows else {}
        deliveries += [stored[row["channel_id"]] for row in rows]
        to_send += [row["id"] for row in rows if row["status"] == DeliveryStatus.SENDING and stored[row["channel_id"]] == row["id"]]
    if to_send:
        queue(connection, org_id, to_send, moment)
    return deliveries


def queue(connection: Connection, org_id: int, delivery_ids: Sequence[str], moment: datetime) -> str:
    """Queue the job that sends deliveries, which must not be queued already; return its id."""
    job = enqueue(connection, org_id, NewJob(DELIVERY, Lane.NETWORK, "{}", delivery_ids)).job
    delivery_store.set_job(connection, org_id, delivery_ids, job.id, moment)
    return job.id


def require_channels(connection: Connection, org_id: int, channel_ids: Sequence[str]) -> list[Channel]:
    """The channels with these ids, in the same order. Raises ChannelNotFound for the first that there is not."""
    found = {each.id: each for each in channel_store.find_many(connection, org_id, channel_ids)}
    for one in channel_ids:
        if one not in found:
            raise ChannelNotFound(one)
    return [found[one] for one in channel_ids]


def known_channels(connection: Connection, org_id: int, channel_ids: Collection[str]) -> set[str]:
    """Those of some ids that are channels of an organization."""
    return {each.id for each in channel_store.find_many(connection, org_id, channel_ids)}


def resolve_channels(connection: Connection, org_id: int, ids_or_names: Sequence[str]) -> list[Channel]:
    """The channels with these ids or names, each once. Raises ChannelNotFound for the first that there is not."""
    keys = {one: key_of(one) for one in ids_or_names}
    by_id = {each.id: each for each in channel_store.find_many(connection, org_id, ids_or_names)}
    by_name = {key_of(each.name): each for each in channel_store.find_named(connection, org_id, set(keys.values()))}
    resolved: dict[str, Channel] = {}
    for one in ids_or_names:
        channel = by_id.get(one) or by_name.get(keys[one])
        if channel is None:
            raise ChannelNotFound(one)
        resolved[channel.id] = channel
    return list(resolved.values())


def sentence_of(channel: Channel) -> str:
    """A channel in words, for rules that say what they do: `e-mail to me@example.com`."""
    kind = {"email": "e-mail", "webhook": "webhook", "ntfy": "ntfy", "apprise": "Apprise"}[channel.type]
    return f"{kind} “{channel.name}”"


def _row(channel: Channel, message: Message, moment: datetime) -> dict[str, Any]:
    status = DeliveryStatus.SENDING if channel.enabled else DeliveryStatus.DISABLED
    row: Mapping[str, Any] = {
        "id": new_id(),
        "org_id": channel.org_id,
        "channel_id": channel.id,
        "key": message.key,
        "event": message.event,
        "subject": message.subject,
        "title": one_line(message.title),
        "message": write_message(message),
        "status": status.value,
        "reason": None if channel.enabled else f"{SWITCHED_OFF}: {channel.disabled_reason or 'by hand'}.",
        "queued_at": moment if channel.enabled else None,
        "created_at": moment,
        "finished_at": None if channel.enabled else moment,
    }
    return dict(row)
