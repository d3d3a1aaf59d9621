"""Schemas of API keys and browser sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from api.schemas import PLAIN_TEXT, Answer, Body, Page
from models.api_key import LONGEST_NAME, normalize_key_name


class SessionAnswer(Answer):
    """The caller."""

    key_id: str
    org_id: int
    is_admin: bool
    csrf_token: str | None = Field(description="What changes made with the session must send as `X-CSRF-Token`; null without a session.")


class ApiKeyRequest(Body):
    """A key to be created."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=PLAIN_TEXT), AfterValidator(normalize_key_name)] = Field(
        description="What the key is for, so that whoever revokes it knows what will stop. Names may repeat."
    )


class ApiKeyPath(BaseModel):
    """The id of an API key in a path."""

    key_id: str = Field(description="The `id` of an API key.")


class ApiKeyAnswer(Answer):
    """An API key, without the key itself."""

    id: str
    org_id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="Written at most once a minute; null for a key that was never used.")


class NewApiKeyAnswer(ApiKeyAnswer):
    """A new API key. `key` is the key itself, which is shown once; null in the answer to a repeated request."""

    key: str | None


class ApiKeyPage(Page):
    """A page of API keys, newest first."""

    items: list[ApiKeyAnswer]
