"""Schemas of signing in: what somebody sends, and what they get."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypeAliasType

from api.schemas import PLAIN_TEXT, Answer, Body
from models.access import Role
from models.user import LONGEST_EMAIL, LONGEST_PASSWORD, LONGEST_USER_NAME, normalize_email, normalize_user_name

Email = TypeAliasType(
    "Email",
    Annotated[
        str,
        Field(min_length=3, max_length=LONGEST_EMAIL, json_schema_extra={"format": "email"}, examples=["maria@example.com"]),
        AfterValidator(normalize_email),
    ],
)
PersonName = TypeAliasType(
    "PersonName",
    Annotated[
        str, Field(min_length=1, max_length=LONGEST_USER_NAME, pattern=PLAIN_TEXT, examples=["Maria"]), AfterValidator(normalize_user_name)
    ],
)
# Whether a new password is good enough is told by the use case; the schema bounds what is read.
Password = TypeAliasType(
    "Password", Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]
)
Code = TypeAliasType("Code", Annotated[str, Field(min_length=6, max_length=40, examples=["123456"])])
LinkToken = TypeAliasType("LinkToken", Annotated[str, Field(min_length=1, max_length=100)])
RoleName = TypeAliasType("RoleName", Annotated[Role, Field(strict=False)])


class RegistrationRequest(Body):
    """Somebody who makes an account."""

    email: Email = Field(description="The address that they sign in with.")
    name: PersonName = Field(description="What they are called.")
    password: Password = Field(description="At least 8 characters, any of them; none that is among those that are tried first.")


class LoginRequest(Body):
    """Somebody who signs in."""

    email: str = Field(min_length=1, max_length=LONGEST_EMAIL, description="Their address, in capitals or not.")
    password: Password = Field(description="Their password.")


class SecondFactorRequest(Body):
    """The second step of a sign-in."""

    challenge: str = Field(min_length=1, max_length=500, description="`challenge` of the answer to the first step; good for five minutes.")
    code: Code = Field(description="The present code of the authenticator app, or a recovery code. Each is good for one use.")


class RefreshTokensRequest(Body):
    """A program that goes on with its session."""

    refresh_token: str = Field(min_length=1, max_length=100, description="`refresh_token` of the answer before. It is good for one use.")


class TokensAnswer(Answer):
    """What a program signs in with from now on."""

    access_token: str = Field(description="For `Authorization: Bearer`.")
    refresh_token: str = Field(description="For POST /api/v1/auth/refresh, once. Used a second time, it ends the session.")
    token_type: Literal["Bearer"] = Field(description="How the access token is sent.")
    expires_in: int = Field(description="Seconds that the access token is valid.")


class ForgotRequest(Body):
    """Somebody who has forgotten their password."""

    email: Email = Field(description="Their address. The answer is the same whether it is anybody's.")


class ForgotAnswer(Answer):
    """What happens next."""

    message: str = Field(description="In words for whoever asked.")


class ResetRequest(Body):
    """A new password, by a link."""

    token: LinkToken = Field(description="What stands behind the `#` of the link.")
    password: Password = Field(description="The new password.")


class OrganizationAnswer(Answer):
    """An organization, and what the caller is in it."""

    id: int
    name: str = Field(description="What it is called.")
    role: RoleName


class MeAnswer(Answer):
    """Who is signed in."""

    id: str
    email: str
    name: str = Field(description="What they are called.")
    organization: OrganizationAnswer | None = Field(description="The one that is acted for now; null for somebody who has left it.")
    organizations: list[OrganizationAnswer] = Field(description="All that they are a member of.")
    two_factor: bool = Field(description="Whether signing in needs a code as well.")
    recovery_codes: int = Field(description="How many recovery codes are left.")
    has_password: bool = Field(description="Whether they can sign in by a password.")
    is_operator: bool = Field(description="Whether they look after the whole installation.")


class AccountAnswer(Answer):
    """A new account."""

    id: str
    email: str
    name: str = Field(description="What they are called.")
