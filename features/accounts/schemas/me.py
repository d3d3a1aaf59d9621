"""Schemas of what people do with their own account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Answer, Body, Counted
from features.accounts.own_account import PasswordChange, ProfileChange
from features.accounts.schemas.api_key import ScopeName
from features.accounts.schemas.auth import Code, Email, Password, PersonName, RoleName
from models.access import Principal, Scope


class ProfileChangeRequest(Body):
    """What somebody changes of themselves. Another address needs the present password, where there is one."""

    name: PersonName | None = Field(None, description="What they are called.")
    email: Email | None = Field(None, description="The address that they sign in with.")
    password: Password | None = Field(None, description="The present password; needed with `email`.")

    def change(self) -> ProfileChange:
        """As the use case takes it."""
        return ProfileChange(self.name, self.email, self.password)


class PasswordChangeRequest(Body):
    """A new password in place of the present one."""

    current: Password | None = Field(None, description="The present password; needed where there is one.")
    new: Password = Field(description="At least 8 characters, any of them; none that is among those that are tried first.")
    end_others: bool = Field(True, description="Whether all other sign-ins end.")

    def change(self) -> PasswordChange:
        """As the use case takes it."""
        return PasswordChange(self.current, self.new, self.end_others)


class ProofRequest(Body):
    """The present password, for what needs it."""

    model_config = ConfigDict(json_schema_extra={"description": "May be empty where the account has no password."})

    password: Password | None = Field(None, description="The present password; needed where there is one.")


class TotpAnswer(Answer):
    """A second factor that is being set up."""

    secret: str = Field(description="For typing it into an authenticator app, in base32.")
    uri: str = Field(description="For an app that takes addresses, `otpauth://…`.")
    qr: str = Field(description="The same as a QR code, an SVG picture.")


class ConfirmRequest(Body):
    """The first code of an app."""

    code: Code = Field(description="The present code of the app.")


class RecoveryAnswer(Answer):
    """Recovery codes, each good for one use. They are shown once: only their digests are kept."""

    recovery_codes: list[str] = Field(description="Ten codes, for whoever has lost the device.")


class SessionSummaryAnswer(Answer):
    """A sign-in that is good now."""

    id: str
    created_at: datetime
    expires_at: datetime = Field(description="The end, whatever is done meanwhile.")
    used_at: datetime | None = Field(description="The last use, written at most once a minute.")
    two_factor: bool = Field(description="Whether it was begun with a code as well, or with a passkey.")
    address: str | None = Field(description="Where it was begun from.")
    user_agent: str | None = Field(description="The browser or program, as it calls itself.")
    is_browser: bool = Field(description="Whether it is a browser's; a program's has tokens.")
    is_current: bool = Field(description="Whether this request belongs to it.")


class SessionsAnswer(Answer):
    """The sign-ins of the caller, newest first."""

    items: list[SessionSummaryAnswer] = Field(description="Each of them.")


class EndedAnswer(Answer):
    """How many sign-ins ended."""

    ended: int = Field(description="Their number.")


class SessionPath(BaseModel):
    """The id of a session in a path."""

    session_id: str = Field(description="The `id` of a session.")


class SwitchRequest(Body):
    """The organization to act for from now on."""

    organization_id: Counted = Field(description="The `id` of one that the caller is a member of.")


class SessionAnswer(Answer):
    """The caller."""

    key_id: str | None = Field(description="The id of the caller's key; `master` for the master key; null for a person.")
    user_id: str | None = Field(description="The id of the person who is signed in, or whose key it is.")
    org_id: int
    role: RoleName | None = Field(description="What the person is in the organization.")
    scopes: list[ScopeName] = Field(description="What the caller may do.")
    is_admin: bool = Field(description="Whether the caller looks after the whole installation, as the master key does.")
    csrf_token: str | None = Field(description="What changes made with the session must send as `X-CSRF-Token`; null without a session.")


def session_answer(principal: Principal, csrf_token: str | None) -> dict[str, Any]:
    """The caller as it is answered."""
    return {
        "key_id": principal.key_id,
        "user_id": principal.user_id,
        "org_id": principal.org_id,
        "role": principal.role,
        "scopes": [scope for scope in Scope if scope in principal.scopes],
        "is_admin": principal.is_operator,
        "csrf_token": csrf_token,
    }
