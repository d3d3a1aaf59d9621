"""SQL of passkeys. They are a person's, whatever organizations they are in; look-up by a credential is for whoever signs in by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from database import AnyReader
from models.passkey import Credential, Passkey, StoredPasskey

_SHOWN = "id, name, transports, backed_up, created_at, last_used_at"
_COLUMNS = f"{_SHOWN}, user_id, credential_id, public_key, sign_count"
INSERT = text(
    f"""
    INSERT INTO passkeys ({_COLUMNS})
    VALUES ({", ".join(":" + name for name in _COLUMNS.split(", "))})
    ON CONFLICT (credential_id) DO NOTHING
    """
)


def insert(connection: Connection, stored: StoredPasskey) -> bool:
    """Store a passkey; return false when its credential is there already, whosever it is."""
    values = {
        **vars(stored.passkey),
        **vars(stored.credential),
        "user_id": stored.user_id,
        "transports": ",".join(stored.passkey.transports),
    }
    return connection.execute(INSERT, values).rowcount == 1


FIND_BY_CREDENTIAL = text(f"SELECT {_COLUMNS} FROM passkeys WHERE credential_id = :credential_id")


def find_by_credential(connection: AnyReader, credential_id: str) -> StoredPasskey | None:
    """The passkey of a credential."""
    row = connection.execute(FIND_BY_CREDENTIAL, {"credential_id": credential_id}).first()
    return None if row is None else _from_row(row)


LIST_OF_USER = text(f"SELECT {_COLUMNS} FROM passkeys WHERE user_id = :user_id ORDER BY id DESC LIMIT :limit")


def list_of_user(connection: AnyReader, user_id: str, limit: int) -> list[StoredPasskey]:
    """The passkeys of a person, newest first."""
    return [_from_row(row) for row in connection.execute(LIST_OF_USER, {"user_id": user_id, "limit": limit})]


FIND = text(f"SELECT {_COLUMNS} FROM passkeys WHERE id = :id AND user_id = :user_id")


def find(connection: AnyReader, user_id: str, passkey_id: str) -> StoredPasskey | None:
    """A passkey of a person."""
    row = connection.execute(FIND, {"id": passkey_id, "user_id": user_id}).first()
    return None if row is None else _from_row(row)


COUNT_OF_USER = text("SELECT COUNT(*) FROM passkeys WHERE user_id = :user_id")


def count_of_user(connection: AnyReader, user_id: str) -> int:
    """How many passkeys a person has."""
    return int(connection.execute(COUNT_OF_USER, {"user_id": user_id}).first()[0])  # type: ignore[index]


USE = text(
    """
    UPDATE passkeys SET sign_count = :sign_count, backed_up = :backed_up, last_used_at = :moment
    WHERE id = :id AND (sign_count < :sign_count OR (sign_count = 0 AND CAST(:sign_count AS BIGINT) = 0))
    """
)


def use(connection: Connection, passkey_id: str, sign_count: int, moment: datetime, *, backed_up: bool) -> bool:
    """Note a sign-in; return false where the counter has not gone on since the last one, unless it does not count at all."""
    values = {"id": passkey_id, "sign_count": sign_count, "backed_up": backed_up, "moment": moment}
    return connection.execute(USE, values).rowcount == 1


RENAME = text("UPDATE passkeys SET name = :name WHERE id = :id AND user_id = :user_id")


def rename(connection: Connection, user_id: str, passkey_id: str, name: str) -> bool:
    """Give a passkey of a person another name; return whether there is one."""
    return connection.execute(RENAME, {"id": passkey_id, "user_id": user_id, "name": name}).rowcount == 1


DELETE = text("DELETE FROM passkeys WHERE id = :id AND user_id = :user_id")


def delete(connection: Connection, user_id: str, passkey_id: str) -> bool:
    """Delete a passkey of a person; return whether there was one."""
    return connection.execute(DELETE, {"id": passkey_id, "user_id": user_id}).rowcount == 1


def _from_row(row: Sequence[Any]) -> StoredPasskey:
    passkey_id, name, transports, backed_up, created_at, last_used_at, user_id, credential_id, public_key, sign_count = row
    shown = Passkey(passkey_id, name, tuple(filter(None, transports.split(","))), bool(backed_up), created_at, last_used_at)
    return StoredPasskey(shown, user_id, Credential(credential_id, public_key, sign_count))
