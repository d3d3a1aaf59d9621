"""SQL of people with an account: their passwords, second factors and recovery codes. People are in no organization by themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text

from database import AnyReader
from models.user import User, email_key

_COLUMNS = "id, email, name, password_hash IS NOT NULL, totp_since IS NOT NULL, is_operator, created_at, disabled_at"


@dataclass(frozen=True)
class Credentials:
    """What somebody proves by. `totp_secret` is sealed; `totp_since` is None while it is not set up to the end."""

    user_id: str
    email: str
    name: str
    password_hash: str | None
    totp_secret: str | None
    totp_since: datetime | None
    totp_step: int | None
    disabled_at: datetime | None


FIND = text(f"SELECT {_COLUMNS} FROM users WHERE id = :id")


def find(connection: AnyReader, user_id: str) -> User | None:
    """Somebody by their id."""
    row = connection.execute(FIND, {"id": user_id}).first()
    return None if row is None else _user_from_row(row)


LOCK = text("UPDATE users SET name = name WHERE id = :id")


def lock(connection: Connection, user_id: str) -> bool:
    """Let nobody else change what somebody is a member of until this transaction ends; return whether there is such a person."""
    return connection.execute(LOCK, {"id": user_id}).rowcount == 1


FIND_BY_EMAIL = text(f"SELECT {_COLUMNS} FROM users WHERE email_key = :email_key")


def find_by_email(connection: AnyReader, email: str) -> User | None:
    """Somebody by their address, in capitals or not."""
    row = connection.execute(FIND_BY_EMAIL, {"email_key": email_key(email)}).first()
    return None if row is None else _user_from_row(row)


NAMES = text("SELECT id, name FROM users WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))


def names_of(connection: AnyReader, ids: Collection[str]) -> dict[str, str]:
    """The names of people by their ids."""
    return {row[0]: row[1] for row in connection.execute(NAMES, {"ids": list(ids)})} if ids else {}


LIST = text(f"SELECT {_COLUMNS} FROM users WHERE CAST(:before AS TEXT) IS NULL OR id < :before ORDER BY id DESC LIMIT :limit")


def list_all(connection: AnyReader, before: str | None, limit: int) -> list[User]:
    """Everybody, newest first; with the id `before`, only older ones. For the operator."""
    return [_user_from_row(row) for row in connection.execute(LIST, {"before": before, "limit": limit})]


ANY_OPERATOR = text("SELECT 1 FROM users WHERE is_operator AND disabled_at IS NULL LIMIT 1")


def has_operator(connection: AnyReader) -> bool:
    """Whether there is an operator with an account."""
    return connection.execute(ANY_OPERATOR, {}).first() is not None


OTHER_OPERATOR = text("SELECT 1 FROM users WHERE is_operator AND disabled_at IS NULL AND id <> :id LIMIT 1")


def has_other_operator(connection: AnyReader, user_id: str) -> bool:
    """Whether somebody else than this person looks after the installation and can sign in."""
    return connection.execute(OTHER_OPERATOR, {"id": user_id}).first() is not None


_CREDENTIALS = "id, email, name, password_hash, totp_secret, totp_since, totp_step, disabled_at"
CREDENTIALS_BY_EMAIL = text(f"SELECT {_CREDENTIALS} FROM users WHERE email_key = :email_key")
CREDENTIALS_BY_ID = text(f"SELECT {_CREDENTIALS} FROM users WHERE id = :id")


def credentials_by_email(connection: AnyReader, email: str) -> Credentials | None:
    """The credentials of somebody by their address."""
    row = connection.execute(CREDENTIALS_BY_EMAIL, {"email_key": email_key(email)}).first()
    return None if row is None else Credentials(*row)


def credentials(connection: AnyReader, user_id: str) -> Credentials | None:
    """The credentials of somebody by their id."""
    row = connection.execute(CREDENTIALS_BY_ID, {"id": user_id}).first()
    return None if row is None else Credentials(*row)


INSERT = text(
    """
    INSERT INTO users (id, email, email_key, name, password_hash, password_changed_at, is_operator, created_at)
    VALUES (:id, :email, :email_key, :name, :password_hash, :created_at, :is_operator, :created_at)
    ON CONFLICT (email_key) DO NOTHING
    """
)


def insert(connection: Connection, user: User, password_hash: str | None) -> bool:
    """Store somebody; return false when the address is somebody's already."""
    values = {name: getattr(user, name) for name in ("id", "email", "name", "is_operator", "created_at")}
    parameters = {**values, "email_key": email_key(user.email), "password_hash": password_hash}
    return connection.execute(INSERT, parameters).rowcount == 1


SET_PASSWORD = text("UPDATE users SET password_hash = :password_hash, password_changed_at = :moment WHERE id = :id")


def set_password(connection: Connection, user_id: str, password_hash: str, moment: datetime) -> None:
    """Replace the hash of somebody's password."""
    connection.execute(SET_PASSWORD, {"id": user_id, "password_hash": password_hash, "moment": moment})


SET_EMAIL = text(
    """
    UPDATE users SET email = :email, email_key = :email_key
    WHERE id = :id AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.email_key = :email_key AND u.id <> :id)
    """
)


def set_email(connection: Connection, user_id: str, email: str) -> bool:
    """Replace somebody's address; return false when it is somebody else's."""
    return connection.execute(SET_EMAIL, {"id": user_id, "email": email, "email_key": email_key(email)}).rowcount == 1


SET_NAME = text("UPDATE users SET name = :name WHERE id = :id")


def set_name(connection: Connection, user_id: str, name: str) -> None:
    """Replace somebody's name."""
    connection.execute(SET_NAME, {"id": user_id, "name": name})


SET_OPERATOR = text("UPDATE users SET is_operator = :is_operator WHERE id = :id")


def set_operator(connection: Connection, user_id: str, *, is_operator: bool) -> None:
    """Make somebody an operator, or no more."""
    connection.execute(SET_OPERATOR, {"id": user_id, "is_operator": is_operator})


SET_DISABLED = text("UPDATE users SET disabled_at = :moment WHERE id = :id")


def set_disabled(connection: Connection, user_id: str, moment: datetime | None) -> None:
    """Let nobody sign in as somebody from `moment` on; None lets them again."""
    connection.execute(SET_DISABLED, {"id": user_id, "moment": moment})


DELETE = text("DELETE FROM users WHERE id = :id")


def delete(connection: Connection, user_id: str) -> None:
    """Delete somebody, with their memberships, keys, sessions, links and recovery codes."""
    connection.execute(DELETE, {"id": user_id})


BEGIN_TOTP = text("UPDATE users SET totp_secret = :secret, totp_step = NULL WHERE id = :id AND totp_since IS NULL")


def begin_totp(connection: Connection, user_id: str, secret: str) -> bool:
    """Store a sealed secret that does not count yet; return false where one counts already."""
    return connection.execute(BEGIN_TOTP, {"id": user_id, "secret": secret}).rowcount == 1


CONFIRM_TOTP = text("UPDATE users SET totp_since = :moment WHERE id = :id AND totp_since IS NULL AND totp_secret IS NOT NULL")


def confirm_totp(connection: Connection, user_id: str, moment: datetime) -> bool:
    """Let the stored secret count from now on; return whether it did not before."""
    return connection.execute(CONFIRM_TOTP, {"id": user_id, "moment": moment}).rowcount == 1


USE_STEP = text("UPDATE users SET totp_step = :step WHERE id = :id AND (totp_step IS NULL OR totp_step < :step)")


def use_step(connection: Connection, user_id: str, step: int) -> bool:
    """Use the code of a step up; return false when it, or a later one, was used before."""
    return connection.execute(USE_STEP, {"id": user_id, "step": step}).rowcount == 1


END_TOTP = text("UPDATE users SET totp_secret = NULL, totp_since = NULL, totp_step = NULL WHERE id = :id")
DELETE_RECOVERY = text("DELETE FROM recovery_codes WHERE user_id = :user_id")


def end_totp(connection: Connection, user_id: str) -> None:
    """Remove somebody's second factor, and their recovery codes."""
    connection.execute(END_TOTP, {"id": user_id})
    connection.execute(DELETE_RECOVERY, {"user_id": user_id})


ADD_RECOVERY = text("INSERT INTO recovery_codes (user_id, code_sha256) VALUES (:user_id, :code_sha256)")


def replace_recovery(connection: Connection, user_id: str, digests: Sequence[str]) -> None:
    """Replace somebody's recovery codes."""
    connection.execute(DELETE_RECOVERY, {"user_id": user_id})
    connection.execute(ADD_RECOVERY, [{"user_id": user_id, "code_sha256": digest} for digest in digests])


USE_RECOVERY = text(
    """
    UPDATE recovery_codes SET used_at = :moment
    WHERE user_id = :user_id AND code_sha256 = :code_sha256 AND used_at IS NULL
    """
)


def use_recovery(connection: Connection, user_id: str, digest: str, moment: datetime) -> bool:
    """Use a recovery code up; return whether there was one that had not been used."""
    return connection.execute(USE_RECOVERY, {"user_id": user_id, "code_sha256": digest, "moment": moment}).rowcount == 1


COUNT_RECOVERY = text("SELECT COUNT(*) FROM recovery_codes WHERE user_id = :user_id AND used_at IS NULL")


def count_recovery(connection: AnyReader, user_id: str) -> int:
    """How many recovery codes somebody has left."""
    return sum(count for (count,) in connection.execute(COUNT_RECOVERY, {"user_id": user_id}))


def _user_from_row(row: Sequence[Any]) -> User:
    user_id, email, name, has_password, two_factor, is_operator, created_at, disabled_at = row
    return User(user_id, email, name, bool(has_password), bool(two_factor), bool(is_operator), created_at, disabled_at)
