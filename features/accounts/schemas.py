"""Schemas of browser sessions."""

from __future__ import annotations

from api.schemas import Answer


class SessionAnswer(Answer):
    """The caller; `csrf_token` is null for a caller without a session."""

    key_id: str
    org_id: int
    is_admin: bool
    csrf_token: str | None
