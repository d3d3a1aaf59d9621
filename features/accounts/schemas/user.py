"""Schemas of people as an operator sees them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas import Answer, Body, Page
from features.accounts.users import UserChange


class UserAnswer(Answer):
    """Somebody with an account."""

    id: str
    email: str
    name: str = Field(description="What they are called.")
    has_password: bool = Field(description="Whether they can sign in by a password.")
    two_factor: bool = Field(description="Whether signing in needs a code as well.")
    is_operator: bool = Field(description="Whether they look after the whole installation.")
    created_at: datetime
    disabled_at: datetime | None = Field(description="Since when nobody can sign in as them; null for an account that works.")


class UserPage(Page):
    """A page of people, newest first."""

    items: list[UserAnswer]


class UserPath(BaseModel):
    """The id of somebody in a path."""

    user_id: str = Field(description="The `id` of somebody.")


class UserChangeRequest(Body):
    """What an operator changes of somebody."""

    disabled: bool | None = Field(
        None, description="Whether nobody can sign in as them. Disabling ends their sign-ins and stops their keys."
    )
    is_operator: bool | None = Field(None, description="Whether they look after the whole installation.")

    def change(self) -> UserChange:
        """As the use case takes it."""
        return UserChange(self.disabled, self.is_operator)


class LinkAnswer(Answer):
    """A link that is good for one use. It is shown once."""

    url: str = Field(description="The whole address where PUBLIC_URL is set, else its path at this service.")
    expires_at: datetime = Field(description="Until when it is good.")
