"""The cookie of a browser that is at an OpenID provider: signed, for ten minutes, and sent to the way back alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta

from flask import Response, request
from itsdangerous import BadData, URLSafeTimedSerializer

from features.accounts.openid import Attempt
from features.accounts.service import Accounts
from models.account_errors import ProviderRefused

COOKIE = "bellwether_openid"
PATH = "/login/openid"
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True)
class Pending:
    """A sign-in that is at a provider: what it is known by, where it leads, and whose account it connects, if any's."""

    provider: str
    attempt: Attempt
    next_path: str
    connects: str | None = None


def remember(parts: Accounts, response: Response, pending: Pending) -> None:
    """Let the browser bring a pending sign-in back."""
    value = _serializer(parts).dumps(asdict(pending))
    text = value if isinstance(value, str) else value.decode()
    seconds = int(LIFETIME.total_seconds())
    response.set_cookie(COOKIE, text, max_age=seconds, path=PATH, secure=request.is_secure, httponly=True, samesite="Lax")


def recall(parts: Accounts) -> Pending:
    """The pending sign-in that the browser brings back. Raises ProviderRefused."""
    try:
        known = _serializer(parts).loads(request.cookies.get(COOKIE, ""), max_age=int(LIFETIME.total_seconds()))
        return Pending(known["provider"], Attempt(**known["attempt"]), known["next_path"], known["connects"])
    except (BadData, ValueError, TypeError, KeyError) as error:
        raise ProviderRefused("This sign-in was begun in another browser, or more than ten minutes ago. Begin it again.") from error


def forget(response: Response) -> None:
    """Let the browser forget it: a pending sign-in is brought back once."""
    response.delete_cookie(COOKIE, path=PATH, secure=request.is_secure, httponly=True, samesite="Lax")


def _serializer(parts: Accounts) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts.proving.keys.challenges, salt="openid")
