"""Schemas of connected accounts at providers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas import Answer, Body


class IdentityAnswer(Answer):
    """An account at a provider that its person signs in by."""

    id: str
    provider: str = Field(description="What the provider is called here.")
    email: str | None = Field(description="The address that the provider told last; it connects nothing.")
    created_at: datetime
    used_at: datetime | None = Field(description="The last sign-in by it.")


class SignInProvider(Answer):
    """A provider that is configured."""

    key: str = Field(description="For POST /api/v1/auth/identities.")
    name: str = Field(description="What it is called here.")


class IdentitiesAnswer(Answer):
    """The caller's connected accounts, and the providers that are configured."""

    items: list[IdentityAnswer] = Field(description="What is connected.")
    providers: list[SignInProvider] = Field(description="Where more may be connected.")


class ConnectRequest(Body):
    """The provider to connect an account at."""

    provider: str = Field(min_length=1, max_length=40, description="The key of a configured provider.")


class ConnectAnswer(Answer):
    """Where the browser goes next."""

    url: str = Field(description="The provider's page. It sends the browser back here.")


class IdentityPath(BaseModel):
    """The id of a connected account in a path."""

    identity_id: str = Field(description="The `id` of a connected account.")
