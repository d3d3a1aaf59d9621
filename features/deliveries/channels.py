"""Channels: made, changed, switched off, deleted; the secrets of webhooks; test messages."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_bytes

import structlog
from sqlalchemy import Connection

from config import Settings
from database import AnyReader
from features.deliveries import service
from features.deliveries.addresses import check_address
from features.deliveries.names import key_of
from features.deliveries.store import channel as channel_store
from features.deliveries.store import delivery as delivery_store
from infrastructure.address_guard import AddressGuard, networks_of
from infrastructure.sql.database_clock import database_now
from infrastructure.sql.transaction import after_commit
from models.delivery_errors import ChannelDisabled, ChannelExists, ChannelNotFound, NoSigningSecret, TooManyChannels
from models.message import Channel, ChannelType, Layout, Message
from utils.clock import now
from utils.ids import is_id, new_id

log = structlog.get_logger(__name__)

MOST_CHANNELS = 100  # of an organization
FORMER_SECRET_DAYS = 1
TEST_EVENT = "channel.test"
BY_HAND, DELETED = "switched off by hand", "deleted"


@dataclass(frozen=True)
class NewChannel:
    """A channel to make. `token` is ntfy's, if the topic needs one."""

    name: str
    type: ChannelType
    address: str
    token: str | None = None
    time_zone: str = "UTC"
    enabled: bool = True


@dataclass(frozen=True)
class ChannelChanges:
    """Changes of a channel; what is None stays."""

    name: str | None = None
    address: str | None = None
    time_zone: str | None = None
    enabled: bool | None = None


@dataclass(frozen=True)
class Caller:
    """Who changes channels, and which addresses may be given."""

    org_id: int
    actor_id: str
    guard: AddressGuard


def caller_of(org_id: int, actor_id: str, settings: Settings) -> Caller:
    """Who changes channels, by what the operator allows."""
    return Caller(org_id, actor_id, AddressGuard(networks_of(settings.webhook_allowed_networks)))


def list_channels(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Channel]:
    """Channels by name, after the key of a name."""
    return channel_store.list_channels(connection, org_id, after, limit)


def find(connection: AnyReader, org_id: int, channel_id: str) -> Channel:
    """One channel. Raises ChannelNotFound."""
    channel = channel_store.find(connection, org_id, channel_id) if is_id(channel_id) else None
    if channel is None:
        raise ChannelNotFound
    return channel


def create(connection: Connection, caller: Caller, new: NewChannel, most: int = MOST_CHANNELS) -> tuple[Channel, str | None]:
    """Make a channel; return it, and for a webhook its secret, which is not told again.

    Raises ChannelExists, TooManyChannels or ChannelAddressRefused.
    """
    address = check_address(new.type, new.address, caller.guard)
    channel_store.lock_channels(connection, caller.org_id)
    if len(channel_store.name_keys(connection, caller.org_id)) >= most:
        raise TooManyChannels(most)
    secret = _new_secret() if new.type is ChannelType.WEBHOOK else new.token
    moment = now()
    reason = None if new.enabled else BY_HAND
    channel = Channel(
        id=new_id(), org_id=caller.org_id, name=new.name, type=new.type, address=address, time_zone=new.time_zone, enabled=new.enabled,
        disabled_reason=reason, dead=0, hold_until=None, created_at=moment, created_by=caller.actor_id, changed_at=moment,
        changed_by=caller.actor_id,
    )  # fmt: skip
    if not channel_store.insert(connection, channel, key_of(new.name), secret):
        raise ChannelExists(new.name)
    after_commit(connection, lambda: log.info("channel created", channel_id=channel.id, type=new.type.value, created_by=caller.actor_id))
    return channel, secret if new.type is ChannelType.WEBHOOK else None


def change(connection: Connection, caller: Caller, channel_id: str, changes: ChannelChanges) -> Channel:
    """Change a channel. Once it is switched off, what waits for it is not sent. Raises as `find` and `create`."""
    channel_store.lock_channels(connection, caller.org_id)
    stored = _lock(connection, caller.org_id, channel_id)
    changed = replace(stored, changed_at=now(), changed_by=caller.actor_id)
    if changes.name is not None:
        changed = replace(changed, name=changes.name)
    if changes.address is not None:
        changed = replace(changed, address=check_address(stored.type, changes.address, caller.guard))
    if changes.time_zone is not None:
        changed = replace(changed, time_zone=changes.time_zone)
    if changes.enabled:
        changed = replace(changed, enabled=True, disabled_reason=None, dead=0, hold_until=None)
    elif changes.enabled is not None and stored.enabled:
        changed = replace(changed, enabled=False, disabled_reason=BY_HAND)
    if not channel_store.update(connection, changed, key_of(changed.name)):
        raise ChannelExists(changed.name)
    if stored.enabled and not changed.enabled:
        _end_waiting(connection, changed, BY_HAND)
    after_commit(
        connection, lambda: log.info("channel changed", channel_id=channel_id, enabled=changed.enabled, changed_by=caller.actor_id)
    )
    return changed


def delete(connection: Connection, caller: Caller, channel_id: str) -> None:
    """Delete a channel with its address and secrets. Its deliveries stay until they are old. Raises ChannelNotFound."""
    stored = _lock(connection, caller.org_id, channel_id)
    channel_store.delete(connection, caller.org_id, channel_id, now(), caller.actor_id)
    _end_waiting(connection, stored, DELETED)
    after_commit(connection, lambda: log.info("channel deleted", channel_id=channel_id, changed_by=caller.actor_id))


def rotate_secret(connection: Connection, caller: Caller, channel_id: str) -> tuple[Channel, str]:
    """Give a webhook a new secret; the one before signs beside it for a day. Raises ChannelNotFound or NoSigningSecret."""
    stored = _lock(connection, caller.org_id, channel_id)
    if stored.type is not ChannelType.WEBHOOK:
        raise NoSigningSecret
    moment, secret = now(), _new_secret()
    changed = replace(stored, changed_at=moment, changed_by=caller.actor_id)
    channel_store.replace_secret(connection, changed, secret, moment + timedelta(days=FORMER_SECRET_DAYS))
    after_commit(connection, lambda: log.info("secret of a channel replaced", channel_id=channel_id, changed_by=caller.actor_id))
    return changed, secret


def send_test(connection: Connection, org_id: int, channel_id: str) -> str:
    """Queue a test message; return the delivery's id. Raises ChannelNotFound or ChannelDisabled."""
    channel = find(connection, org_id, channel_id)
    if not channel.enabled:
        raise ChannelDisabled(channel.name, channel.disabled_reason)
    message = Message(TEST_EVENT, f"test:{new_id()}", f"Test of the channel {channel.name}", layout=Layout.TEST, link="/channels")
    return service.send(connection, org_id, [channel_id], message)[0]


def _lock(connection: Connection, org_id: int, channel_id: str) -> Channel:
    find(connection, org_id, channel_id)
    locked = channel_store.lock(connection, org_id, channel_id)
    assert locked is not None, "rows of channels are removed only long after they were deleted"
    return find(connection, org_id, channel_id)  # it may have been deleted or changed before it was locked


def _end_waiting(connection: Connection, channel: Channel, reason: str) -> None:
    told = f"{service.SWITCHED_OFF}: {reason}."
    delivery_store.disable_pending(connection, channel.org_id, channel.id, told, database_now(connection))


def _new_secret() -> str:
    return f"whsec_{b64encode(token_bytes(32)).decode()}"
