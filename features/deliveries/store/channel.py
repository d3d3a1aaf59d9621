"""SQL of the channels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from infrastructure.sql.advisory_lock import hold_lock
from models.message import Channel, ChannelType, Secrets
from utils.dialects import locking

_COLUMNS = (
    "id, org_id, name, type, address, time_zone, enabled, disabled_reason, dead, hold_until, created_at, created_by, changed_at, changed_by"
)
_CHANNELS_LOCK = 0x6368616E


def lock_channels(connection: Connection, org_id: int) -> None:
    """Hold the channels of an organization against others who add some, until the transaction ends."""
    hold_lock(connection, _CHANNELS_LOCK, str(org_id))


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM channels
    WHERE org_id = :org_id AND name_key IS NOT NULL AND name_key > :after
    ORDER BY name_key
    LIMIT :limit
    """
)


def list_channels(connection: AnyReader, org_id: int, after: str, limit: int) -> list[Channel]:
    """Up to `limit` channels that are not deleted, by name, after a name's key."""
    return [_channel(row) for row in connection.execute(LIST, {"org_id": org_id, "after": after, "limit": limit})]


FIND = text(f"SELECT {_COLUMNS} FROM channels WHERE org_id = :org_id AND id = :id AND deleted_at IS NULL")


def find(connection: AnyReader, org_id: int, channel_id: str) -> Channel | None:
    """The channel with this id that is not deleted."""
    row = connection.execute(FIND, {"org_id": org_id, "id": channel_id}).first()
    return None if row is None else _channel(row)


FIND_ANYWHERE = text(f"SELECT {_COLUMNS} FROM channels WHERE id = :id AND deleted_at IS NULL")


def find_anywhere(connection: AnyReader, channel_id: str) -> Channel | None:
    """The channel with this id, of any organization: for links that prove themselves."""
    row = connection.execute(FIND_ANYWHERE, {"id": channel_id}).first()
    return None if row is None else _channel(row)


LOCK = locking(f"SELECT {_COLUMNS} FROM channels WHERE org_id = :org_id AND id = :id {{lock}}", "FOR UPDATE")


def lock(connection: Connection, org_id: int, channel_id: str) -> Channel | None:
    """The channel with this id, deleted or not, locked until the transaction ends."""
    row = connection.execute(LOCK.on(connection), {"org_id": org_id, "id": channel_id}).first()
    return None if row is None else _channel(row)


FIND_MANY = text(f"SELECT {_COLUMNS} FROM channels WHERE org_id = :org_id AND id IN :ids AND deleted_at IS NULL").bindparams(
    bindparam("ids", expanding=True)
)
FIND_NAMED = text(f"SELECT {_COLUMNS} FROM channels WHERE org_id = :org_id AND name_key IN :keys").bindparams(
    bindparam("keys", expanding=True)
)


def find_many(connection: Connection, org_id: int, ids: Collection[str]) -> list[Channel]:
    """The channels with one of these ids that are not deleted."""
    return [_channel(row) for row in connection.execute(FIND_MANY, {"org_id": org_id, "ids": list(ids)})] if ids else []


def find_named(connection: Connection, org_id: int, keys: Collection[str]) -> list[Channel]:
    """The channels whose names have one of these keys."""
    return [_channel(row) for row in connection.execute(FIND_NAMED, {"org_id": org_id, "keys": list(keys)})] if keys else []


OLDEST_ENABLED = text("SELECT id FROM channels WHERE org_id = :org_id AND enabled = :yes ORDER BY id LIMIT 1")


def oldest_enabled(connection: Connection, org_id: int) -> str | None:
    """The id of the channel that is switched on for the longest."""
    row = connection.execute(OLDEST_ENABLED, {"org_id": org_id, "yes": True}).first()
    return None if row is None else str(row[0])


NAME_KEYS = text("SELECT id, name_key FROM channels WHERE org_id = :org_id AND name_key IS NOT NULL")


def name_keys(connection: AnyReader, org_id: int) -> dict[str, str]:
    """The ids of all channels by the keys of their names."""
    return {name_key: channel_id for channel_id, name_key in connection.execute(NAME_KEYS, {"org_id": org_id})}


INSERT = text(
    """
    INSERT INTO channels (
        id, org_id, name, name_key, type, address, secret, time_zone, enabled, created_at, created_by, changed_at, changed_by
    )
    VALUES (
        :id, :org_id, :name, :name_key, :type, :address, :secret, :time_zone, :enabled, :created_at, :created_by, :changed_at, :changed_by
    )
    ON CONFLICT (org_id, name_key) DO NOTHING
    """
)


def insert(connection: Connection, channel: Channel, name_key: str, secret: str | None) -> bool:
    """Add a channel unless there is one of its name; return whether it was added."""
    return connection.execute(INSERT, {**vars(channel), "name_key": name_key, "secret": secret}).rowcount == 1


# Nothing is changed where another channel has the name.
UPDATE = text(
    """
    UPDATE channels
    SET name = :name, name_key = :name_key, address = :address, time_zone = :time_zone, enabled = :enabled,
        disabled_reason = :disabled_reason, dead = :dead, hold_until = :hold_until, changed_at = :changed_at, changed_by = :changed_by
    WHERE org_id = :org_id AND id = :id AND deleted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM channels AS o WHERE o.org_id = :org_id AND o.name_key = :name_key AND o.id <> :id)
    """
)


def update(connection: Connection, changed: Channel, name_key: str) -> bool:
    """Store a channel unless another has its name; return whether it was stored."""
    return connection.execute(UPDATE, {**vars(changed), "name_key": name_key}).rowcount == 1


UPDATE_STATE = text(
    """
    UPDATE channels
    SET enabled = :enabled, disabled_reason = :disabled_reason, dead = :dead, hold_until = :hold_until
    WHERE org_id = :org_id AND id = :id AND deleted_at IS NULL
    """
)


def update_state(connection: Connection, changed: Channel) -> None:
    """Store what the deliveries of a channel have changed of it."""
    connection.execute(UPDATE_STATE, vars(changed))


SWITCH_OFF = text("UPDATE channels SET enabled = :no, disabled_reason = :reason WHERE org_id = :org_id AND id = :id AND deleted_at IS NULL")


def switch_off(connection: Connection, org_id: int, channel_id: str, reason: str) -> None:
    """Switch a channel off."""
    connection.execute(SWITCH_OFF, {"org_id": org_id, "id": channel_id, "reason": reason, "no": False})


SWITCH_ALL_OFF = text("UPDATE channels SET enabled = :no, disabled_reason = :reason WHERE org_id = :org_id AND enabled = :yes")


def switch_all_off(connection: Connection, org_id: int, reason: str) -> int:
    """Switch every channel of an organization that is being removed off; return how many were on."""
    return connection.execute(SWITCH_ALL_OFF, {"org_id": org_id, "reason": reason, "no": False, "yes": True}).rowcount


REPLACE_SECRET = text(
    """
    UPDATE channels
    SET secret = :secret, former_secret = secret, former_secret_until = :until, changed_at = :changed_at, changed_by = :changed_by
    WHERE org_id = :org_id AND id = :id
    """
)


def replace_secret(connection: Connection, changed: Channel, secret: str, until: datetime) -> None:
    """Store a new secret; the one before stays valid beside it."""
    connection.execute(REPLACE_SECRET, {**vars(changed), "secret": secret, "until": until})


SECRETS = text("SELECT secret, former_secret, former_secret_until FROM channels WHERE org_id = :org_id AND id = :id")


def secrets_of(connection: AnyReader, org_id: int, channel_id: str, moment: datetime) -> Secrets:
    """The secrets that are valid at a moment."""
    row = connection.execute(SECRETS, {"org_id": org_id, "id": channel_id}).first()
    if row is None or row[0] is None:
        return Secrets()
    secret, former, until = row
    return Secrets((secret, former) if former is not None and until is not None and moment < until else (secret,))


DELETE = text(
    """
    UPDATE channels
    SET name_key = NULL, address = '', secret = NULL, former_secret = NULL, former_secret_until = NULL, enabled = :no,
        disabled_reason = 'deleted', hold_until = NULL, deleted_at = :moment, changed_at = :moment, changed_by = :changed_by
    WHERE org_id = :org_id AND id = :id AND deleted_at IS NULL
    """
)


def delete(connection: Connection, org_id: int, channel_id: str, moment: datetime, changed_by: str | None) -> bool:
    """Delete a channel, with its address and secrets; its row stays for its deliveries. Return whether there was one."""
    values = {"org_id": org_id, "id": channel_id, "moment": moment, "changed_by": changed_by, "no": False}
    return connection.execute(DELETE, values).rowcount == 1


DELETE_UNUSED = text(
    """
    DELETE FROM channels
    WHERE id IN (
        SELECT c.id
        FROM channels AS c
        WHERE c.deleted_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.channel_id = c.id)
        LIMIT :limit
    )
    """
)


def delete_unused(connection: Connection, limit: int) -> int:
    """Remove rows of deleted channels whose deliveries are gone; return how many."""
    removed: int = connection.execute(DELETE_UNUSED, {"limit": limit}).rowcount
    return removed


AILING = text(
    """
    SELECT COUNT(*)
    FROM channels
    WHERE deleted_at IS NULL AND disabled_reason IS NOT NULL AND disabled_reason NOT IN :wanted
    """
).bindparams(bindparam("wanted", expanding=True))


def count_ailing(connection: Connection, wanted: Collection[str]) -> int:
    """How many channels of all organizations are switched off for another reason than those that somebody wanted."""
    counted: int = connection.execute(AILING, {"wanted": list(wanted)}).scalar_one()
    return counted


def _channel(row: Any) -> Channel:
    channel = Channel(*row)
    return replace(channel, type=ChannelType(channel.type), enabled=bool(channel.enabled))  # SQLite has no booleans
