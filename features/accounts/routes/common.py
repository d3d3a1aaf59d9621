"""What the routes of accounts share."""

from __future__ import annotations

from typing import Any

from flask import request

from api.blueprint import Tag
from api.services import services
from features.accounts.service import Accounts
from features.accounts.sign_in import Tokens
from features.accounts.users import Profile
from models.session import Origin

ACCOUNTS = Tag("Accounts", "Signing in, and what people do with their own account.")


BEARER = "Bearer"


def accounts() -> Accounts:
    """The parts of accounts of this application."""
    found = services().authentication
    assert isinstance(found, Accounts)
    return found


def origin() -> Origin:
    """Where the current request comes from."""
    return Origin(request.remote_addr, request.headers.get("User-Agent"))


def tokens_answer(tokens: Tokens) -> dict[str, Any]:
    """Tokens as they are answered."""
    return {**vars(tokens), "token_type": BEARER}


def me_answer(profile: Profile, org_id: int) -> dict[str, Any]:
    """Somebody as they see themselves."""
    user = profile.user
    organizations = [{"id": each.org_id, "name": each.name, "role": each.role} for each in profile.memberships]
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "organization": next((each for each in organizations if each["id"] == org_id), None),
        "organizations": organizations,
        "two_factor": user.two_factor,
        "recovery_codes": profile.recovery_codes,
        "has_password": user.has_password,
        "is_operator": user.is_operator,
    }
