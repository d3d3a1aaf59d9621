"""SQL of the newest exports of everything: of an organization, and of a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from database import AnyReader

NOTE_OF_ORGANIZATION = text(
    """
    INSERT INTO organization_exports (org_id, made_at, made_by)
    VALUES (:org_id, :made_at, :made_by)
    ON CONFLICT (org_id) DO UPDATE SET made_at = excluded.made_at, made_by = excluded.made_by
    """
)


def note_of_organization(connection: Connection, org_id: int, made_at: datetime, made_by: str) -> None:
    """Note that everything of an organization was exported."""
    connection.execute(NOTE_OF_ORGANIZATION, {"org_id": org_id, "made_at": made_at, "made_by": made_by})


NOTE_OF_PERSON = text(
    """
    INSERT INTO account_exports (user_id, made_at)
    VALUES (:user_id, :made_at)
    ON CONFLICT (user_id) DO UPDATE SET made_at = excluded.made_at
    """
)


def note_of_person(connection: Connection, user_id: str, made_at: datetime) -> None:
    """Note that everything of a person was exported."""
    connection.execute(NOTE_OF_PERSON, {"user_id": user_id, "made_at": made_at})


OF_ORGANIZATION = text("SELECT made_at FROM organization_exports WHERE org_id = :org_id")


def made_of_organization(connection: AnyReader, org_id: int) -> datetime | None:
    """When everything of an organization was last exported."""
    return _moment(connection.execute(OF_ORGANIZATION, {"org_id": org_id}).first())


OF_PERSON = text("SELECT made_at FROM account_exports WHERE user_id = :user_id")


def made_of_person(connection: AnyReader, user_id: str) -> datetime | None:
    """When everything of a person was last exported."""
    return _moment(connection.execute(OF_PERSON, {"user_id": user_id}).first())


def _moment(row: tuple[datetime] | None) -> datetime | None:
    return None if row is None else row[0]
