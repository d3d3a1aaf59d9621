"""Sessions of browsers."""

from __future__ import annotations

from pydantic import BaseModel


class SessionAnswer(BaseModel):
    """Who is calling; `csrf_token` is null for a caller with a key."""

    key_id: str
    is_admin: bool
    csrf_token: str | None
