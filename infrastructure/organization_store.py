"""SQL of organizations that more than the feature of accounts asks for: only whether there is one."""

from __future__ import annotations

from sqlalchemy import text

from database import AnyReader

FIND = text("SELECT 1 FROM organizations WHERE id = :org_id")


def has_organization(connection: AnyReader, org_id: int) -> bool:
    """Whether there is such an organization."""
    return connection.execute(FIND, {"org_id": org_id}).first() is not None
