"""Schemas of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, Page, UtcMoment
from models.access import KEY_SCOPES, Scope
from models.api_key import LONGEST_NAME, ApiKey, KeyRights, normalize_key_name

ScopeName = TypeAliasType("ScopeName", Annotated[Scope, Field(strict=False)])


class ApiKeyRequest(Body):
    """A key to be created."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=PLAIN_TEXT), AfterValidator(normalize_key_name)] = Field(
        description="What the key is for, so that whoever revokes it knows what will stop. Names may repeat."
    )
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=len(Scope))] | None = Field(
        None, description="What it may do; by default read, analyse, manage and mcp. A person's key may do no more than the person."
    )
    expires_at: UtcMoment | None = Field(None, description="From when on it is refused; by default it stays until it is revoked.")

    def rights(self, user_id: str | None) -> KeyRights:
        """What the key may do, and whose it is."""
        scopes = KEY_SCOPES if self.scopes is None else frozenset(self.scopes)
        return KeyRights(scopes, self.expires_at, user_id)


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
    user_id: str | None = Field(description="Whose it is; null for one that was made with the master key.")
    scopes: list[ScopeName] = Field(description="What it may do, within what its person may do.")
    expires_at: datetime | None = Field(description="From when on it is refused; null for one that stays.")


class NewApiKeyAnswer(ApiKeyAnswer):
    """A new API key. `key` is the key itself, which is shown once; null in the answer to a repeated request."""

    key: str | None


class ApiKeyPage(Page):
    """A page of API keys, newest first."""

    items: list[ApiKeyAnswer]


def key_answer(key: ApiKey) -> dict[str, Any]:
    """A key as it is answered."""
    return {**vars(key), "scopes": [scope for scope in Scope if scope in key.scopes]}
