"""Schemas of organizations, their members, and invitations to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body, Page
from features.accounts.invitations import Invitation, Joined, NewAccount
from features.accounts.memberships import OrganizationDetails
from features.accounts.schemas.auth import Email, LinkToken, OrganizationAnswer, Password, PersonName, RoleName
from models.link import Link
from models.organization import LONGEST_ORGANIZATION_NAME, Member, normalize_organization_name

OrganizationName = TypeAliasType(
    "OrganizationName",
    Annotated[
        str,
        Field(min_length=1, max_length=LONGEST_ORGANIZATION_NAME, pattern=PLAIN_TEXT, examples=["The Lovelaces"]),
        AfterValidator(normalize_organization_name),
    ],
)
CALLED = "What it is called."


class OrganizationRequest(Body):
    """An organization to be made."""

    name: OrganizationName = Field(description=CALLED)


class OrganizationChangeRequest(Body):
    """What is changed of an organization."""

    name: OrganizationName | None = Field(None, description=CALLED)


class OrganizationsAnswer(Answer):
    """What the caller is a member of, the oldest organization first."""

    items: list[OrganizationAnswer] = Field(description="Each of them, at most 50.")


class OrganizationDetailsAnswer(Answer):
    """An organization."""

    id: int
    name: str = Field(description=CALLED)
    created_at: datetime
    members: int = Field(description="How many people are members.")


class OrganizationPage(Page):
    """A page of organizations, the oldest first."""

    items: list[OrganizationDetailsAnswer]


class MemberAnswer(Answer):
    """Somebody in the organization."""

    user_id: str = Field(description="Who it is.")
    name: str = Field(description="What they are called.")
    email: str | None = Field(description="Their address; null for a caller with a key that lacks the scope admin.")
    role: RoleName
    joined_at: datetime = Field(description="Since when they are a member.")
    disabled_at: datetime | None = Field(description="Since when nobody can sign in as them; null for an account that works.")


class MemberPage(Page):
    """A page of members, the oldest account first."""

    items: list[MemberAnswer]


class MemberPath(BaseModel):
    """A member in a path."""

    user_id: str = Field(description="The `user_id` of a member.")


class MemberChangeRequest(Body):
    """What a member becomes."""

    role: RoleName = Field(description="What they may do from now on.")


class InvitationRequest(Body):
    """Somebody who is invited."""

    email: Email = Field(description="Where it is sent to; an account that is made by it has this address.")
    role: RoleName = Field(description="What they become.")


class InvitationAnswer(Answer):
    """An invitation that is open."""

    id: str
    email: str = Field(description="Whom it is for.")
    role: RoleName
    created_at: datetime
    created_by: str | None = Field(description="Who made it: the id of a person or of a key.")
    expires_at: datetime = Field(description="Until when it is good.")


class NewInvitationAnswer(InvitationAnswer):
    """A new invitation. Its link is shown once."""

    url: str | None = Field(
        description="The whole address where PUBLIC_URL is set, else its path at this service; null in the answer to a repeated request."
    )
    is_sent: bool = Field(description="Whether it is sent by e-mail too, which needs SMTP_HOST and PUBLIC_URL.")


class InvitationPage(Page):
    """A page of open invitations, newest first."""

    items: list[InvitationAnswer]


class InvitationPath(BaseModel):
    """An invitation in a path."""

    invitation_id: str = Field(description="The `id` of an invitation.")


class LookRequest(Body):
    """An invitation, to look at it."""

    token: LinkToken = Field(description="What stands behind the `#` of its link.")


class LookAnswer(Answer):
    """What an invitation is to."""

    organization: str = Field(description="The name of the organization.")
    role: RoleName = Field(description="What whoever joins becomes.")
    email: str = Field(description="Whom it is for.")
    has_account: bool = Field(description="Whether there is an account with this address, so that its person signs in to join.")
    expires_at: datetime = Field(description="Until when it is good.")


class JoinRequest(Body):
    """Somebody who joins. Whoever is signed in sends the token alone; others make an account by a name and a password."""

    token: LinkToken = Field(description="What stands behind the `#` of the link.")
    name: PersonName | None = Field(None, description="What they are called.")
    password: Password | None = Field(
        None, description="At least 8 characters, any of them; none that is among those that are tried first."
    )

    def account(self) -> NewAccount:
        """As the use case takes it."""
        return NewAccount(self.name, self.password)


class JoinAnswer(Answer):
    """Who has joined what."""

    user_id: str = Field(description="Who it is.")
    organization: OrganizationAnswer = Field(description="The organization. PUT /api/v1/auth/organization acts for it from then on.")
    is_new: bool = Field(description="Whether the account is new. Sign in next.")


def details_answer(found: OrganizationDetails) -> dict[str, Any]:
    """An organization as it is answered."""
    return {**vars(found.organization), "members": found.members}


def member_answer(member: Member, *, with_address: bool) -> dict[str, Any]:
    """A member as they are answered."""
    return {**vars(member), "email": member.email if with_address else None}


def invitation_answer(link: Link) -> dict[str, Any]:
    """An invitation as it is answered."""
    return {name: getattr(link, name) for name in InvitationAnswer.model_fields}


def look_answer(found: Invitation) -> dict[str, Any]:
    """An invitation as whoever has its link sees it."""
    link = found.link
    told = {name: getattr(link, name) for name in ("role", "email", "expires_at")}
    return {**told, "organization": found.organization.name, "has_account": found.has_account}


def join_answer(joined: Joined) -> dict[str, Any]:
    """Who has joined, as it is answered."""
    of = joined.membership
    return {"user_id": joined.user_id, "organization": {"id": of.org_id, "name": of.name, "role": of.role}, "is_new": joined.is_new}
