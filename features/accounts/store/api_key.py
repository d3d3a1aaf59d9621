"""SQL of the API keys, stored as SHA-256 digests. A lookup by digest crosses organizations: it tells which organization a key is for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.access import Role, joined, parted
from models.api_key import ApiKey

_COLUMNS = "k.id, k.org_id, k.name, k.created_at, k.revoked_at, k.last_used_at, k.user_id, k.scopes, k.expires_at"


@dataclass(frozen=True)
class FoundKey:
    """A key with the role that its person has in its organization; None for a key of nobody, and once they have left or are disabled."""

    key: ApiKey
    role: Role | None


FIND_BY_DIGEST = text(
    f"""
    SELECT {_COLUMNS}, CASE WHEN u.disabled_at IS NULL THEN m.role END
    FROM api_keys AS k
    LEFT JOIN users AS u ON u.id = k.user_id
    LEFT JOIN members AS m ON m.user_id = k.user_id AND m.org_id = k.org_id
    WHERE k.key_sha256 = :key_sha256
    """
)


def find_by_digest(connection: AnyReader, key_sha256: str) -> FoundKey | None:
    """The key with this digest, revoked or not."""
    row = connection.execute(FIND_BY_DIGEST, {"key_sha256": key_sha256}).first()
    if row is None:
        return None
    *key, role = row
    return FoundKey(_key_from_row(key), None if role is None else Role(role))


NAMES = text("SELECT id, name FROM api_keys WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))


def names_of(connection: AnyReader, ids: Collection[str]) -> dict[str, str]:
    """The names of keys by their ids, of every organization."""
    return {row[0]: row[1] for row in connection.execute(NAMES, {"ids": list(ids)})} if ids else {}


FIND = text(f"SELECT {_COLUMNS} FROM api_keys AS k WHERE k.org_id = :org_id AND k.id = :id")


def find(connection: AnyReader, org_id: int, key_id: str) -> ApiKey | None:
    """The key with this id, revoked or not."""
    row = connection.execute(FIND, {"org_id": org_id, "id": key_id}).first()
    return None if row is None else _key_from_row(row)


LIST = text(
    f"""
    SELECT {_COLUMNS}
    FROM api_keys AS k
    WHERE k.org_id = :org_id AND (CAST(:user_id AS TEXT) IS NULL OR k.user_id = :user_id)
        AND (CAST(:before AS TEXT) IS NULL OR k.id < :before)
    ORDER BY k.id DESC
    LIMIT :limit
    """
)


@dataclass(frozen=True)
class KeyPage:
    """Which keys of an organization to list: up to `limit`, older than the id `before`, and of one person alone with `user_id`."""

    limit: int
    before: str | None = None
    user_id: str | None = None


def list_keys(connection: Connection, org_id: int, wanted: KeyPage) -> list[ApiKey]:
    """Keys of an organization, newest first."""
    return [_key_from_row(row) for row in connection.execute(LIST, {"org_id": org_id, **vars(wanted)})]


COUNT = text(
    """
    SELECT
        COUNT(*),
        COUNT(CASE WHEN expires_at <= :soon THEN 1 END),
        COUNT(CASE WHEN COALESCE(last_used_at, created_at) <= :long_ago THEN 1 END)
    FROM api_keys
    WHERE org_id = :org_id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :moment)
    """
)


@dataclass(frozen=True)
class KeyCounts:
    """How many keys are valid, how many of them expire soon, and how many were not used for long."""

    live: int
    expiring: int
    unused: int


def count_keys(connection: AnyReader, org_id: int, moment: datetime, soon: datetime, long_ago: datetime) -> KeyCounts:
    """An organization's keys that are valid at a moment, those that expire until `soon`, and those without a use since `long_ago`."""
    row = connection.execute(COUNT, {"org_id": org_id, "moment": moment, "soon": soon, "long_ago": long_ago}).first()
    assert row is not None, "counts are one row"
    return KeyCounts(*map(int, row))


INSERT = text(
    """
    INSERT INTO api_keys (id, org_id, name, key_sha256, created_at, user_id, scopes, expires_at)
    VALUES (:id, :org_id, :name, :key_sha256, :created_at, :user_id, :scopes, :expires_at)
    """
)


def insert(connection: Connection, org_id: int, key: ApiKey, key_sha256: str) -> None:
    """Store a new key by its digest."""
    values = {name: getattr(key, name) for name in ("id", "name", "created_at", "user_id", "expires_at")}
    connection.execute(INSERT, {**values, "org_id": org_id, "scopes": joined(key.scopes), "key_sha256": key_sha256})


REVOKE = text("UPDATE api_keys SET revoked_at = :revoked_at WHERE org_id = :org_id AND id = :id AND revoked_at IS NULL")


def revoke(connection: Connection, org_id: int, key_id: str, revoked_at: datetime) -> bool:
    """Revoke a key; return whether it was active."""
    return connection.execute(REVOKE, {"org_id": org_id, "id": key_id, "revoked_at": revoked_at}).rowcount == 1


REVOKE_OF_MEMBER = text(
    """
    UPDATE api_keys SET revoked_at = :revoked_at
    WHERE user_id = :user_id AND (CAST(:org_id AS BIGINT) IS NULL OR org_id = :org_id) AND revoked_at IS NULL
    """
)


def revoke_of_user(connection: Connection, user_id: str, revoked_at: datetime, org_id: int | None = None) -> int:
    """Revoke the keys of a person, in one organization or in all; return how many were active."""
    return connection.execute(REVOKE_OF_MEMBER, {"user_id": user_id, "org_id": org_id, "revoked_at": revoked_at}).rowcount


REVOKE_ALL = text("UPDATE api_keys SET revoked_at = :revoked_at WHERE org_id = :org_id AND revoked_at IS NULL")


def revoke_all(connection: Connection, org_id: int, revoked_at: datetime) -> int:
    """Revoke all keys of an organization; return how many were active."""
    return connection.execute(REVOKE_ALL, {"org_id": org_id, "revoked_at": revoked_at}).rowcount


# Several processes serve a key, and each reports its use: only the first within the interval writes, and none sets the time back.
MARK_USED = text(
    """
    UPDATE api_keys
    SET last_used_at = :used_at
    WHERE id = :id AND (last_used_at IS NULL OR last_used_at <= :before)
    """
)


def mark_used(connection: Connection, key_id: str, used_at: datetime, before: datetime) -> bool:
    """Store a use of a key, unless one later than `before` is stored; return whether it was stored."""
    return connection.execute(MARK_USED, {"id": key_id, "used_at": used_at, "before": before}).rowcount == 1


def _key_from_row(row: Sequence[Any]) -> ApiKey:
    key_id, org_id, name, created_at, revoked_at, last_used_at, user_id, scopes, expires_at = row
    return ApiKey(key_id, org_id, name, created_at, revoked_at, last_used_at, user_id, parted(scopes), expires_at)
