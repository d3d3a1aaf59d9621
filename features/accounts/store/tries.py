"""SQL of the tries to sign in. They belong to no organization: whoever tries is in none yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class StoredTries:
    """The tries of a subject since its last success, and the time before which others are refused."""

    tries: int
    last_at: datetime
    open_at: datetime


# One statement makes the row or locks it: between two, whoever has just signed in could delete it.
LOCK = text(
    """
    INSERT INTO sign_in_tries (subject, tries, last_at, open_at)
    VALUES (:subject, 0, :moment, :moment)
    ON CONFLICT (subject) DO UPDATE SET last_at = sign_in_tries.last_at
    RETURNING tries, last_at, open_at
    """
)


def lock(connection: Connection, subject: str, moment: datetime) -> StoredTries:
    """The tries of a subject, which no other transaction changes until this one ends; none of a new one."""
    return StoredTries(*connection.execute(LOCK, {"subject": subject, "moment": moment}).one())


PUT = text("UPDATE sign_in_tries SET tries = :tries, last_at = :last_at, open_at = :open_at WHERE subject = :subject")


def put(connection: Connection, subject: str, tries: StoredTries) -> None:
    """Store the tries of a subject that is locked."""
    connection.execute(PUT, {"subject": subject, **vars(tries)})


DELETE = text("DELETE FROM sign_in_tries WHERE subject = :subject")


def delete(connection: Connection, subject: str) -> None:
    """Forget the tries of a subject."""
    connection.execute(DELETE, {"subject": subject})


GIVE_BACK = text("UPDATE sign_in_tries SET tries = CASE WHEN tries > :tries THEN tries - :tries ELSE 0 END WHERE subject = :subject")


def give_back(connection: Connection, subject: str, tries: int) -> None:
    """Take so many tries off a subject's."""
    connection.execute(GIVE_BACK, {"subject": subject, "tries": tries})


DELETE_BEFORE = text(
    """
    DELETE FROM sign_in_tries WHERE subject IN (
        SELECT subject FROM sign_in_tries WHERE last_at < :moment AND open_at < :moment LIMIT :limit
    )
    """
)


def delete_before(connection: Connection, moment: datetime, limit: int) -> int:
    """Delete up to `limit` subjects whose last try was before `moment`; return how many."""
    return connection.execute(DELETE_BEFORE, {"moment": moment, "limit": limit}).rowcount
