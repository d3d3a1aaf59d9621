"""Authentication of callers. Every route needs an API key or a session, except those marked `@public`.

The accounts feature verifies keys and sessions; it implements the protocols of this module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from flask import Request, redirect, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

from api.request_state import RequestState, StatefulRequest, request_state
from api.services import services
from models.access import Principal, Scope
from models.errors import Forbidden
from models.session import Session
from utils.api_utils import ApiError
from utils.database_errors import is_unavailable

if TYPE_CHECKING:
    from api.application import Application

PUBLIC: dict[str, Any] = {"security": []}  # a public route's entry in the OpenAPI document
SESSION_COOKIE = "bellwether_session"
CSRF_HEADER = "X-CSRF-Token"
ORGANIZATION_HEADER = "X-Organization"  # what a page was made for
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyVerifier(Protocol):
    """Verifies API keys. `principal` raises the database's errors; `is_master` does not read the database."""

    def principal(self, key: str) -> Principal | None:
        """The principal of a key; None for an unknown or revoked key."""

    def is_master(self, key: str) -> bool:
        """Whether a key is the master key."""


class TokenVerifier(Protocol):
    """Verifies access tokens. `principal` raises the database's errors."""

    def is_shaped(self, credential: str) -> bool:
        """Whether a credential looks like an access token, which an API key never does."""

    def principal(self, token: str) -> Principal | None:
        """The principal of a token; None for one that is not valid."""


class SessionFinder(Protocol):
    """Finds browser sessions. It raises the database's errors."""

    def find(self, token: str) -> Session | None:
        """The session of a token; None for an unknown token or a session that has ended."""


@dataclass(frozen=True)
class Authentication:
    """The verifiers that the accounts feature registers."""

    keys: KeyVerifier
    sessions: SessionFinder
    tokens: TokenVerifier

    def close(self) -> None:
        """Finish what goes on in the background."""

    def principal(self, credential: str) -> Principal | None:
        """The principal of an API key or an access token; None for one that is not valid."""
        verifier = self.tokens if self.tokens.is_shaped(credential) else self.keys
        return verifier.principal(credential)


def principal() -> Principal:
    """The principal of the request, on a route that needs a key."""
    principal = request_state().principal
    assert principal is not None, "a public route has no principal"
    return principal


def org_id() -> int:
    """The organization of the principal."""
    return principal().org_id


def actor_id() -> str:
    """The id under which it is written down what the caller did: the key's (`master` for the master key), else the person's."""
    return principal().actor_id


def user_id() -> str:
    """The id of the person who is signed in, on a route that is marked `@in_person`."""
    found = principal().user_id
    assert found is not None, "the route is not marked `@in_person`"
    return found


def is_authenticated(ask_database: bool = True) -> bool:
    """Whether the caller of a public route sent a valid key or session; if so, the request has a principal from now on.

    Without `ask_database`, and while the database is away, only the master key is valid.
    """
    authentication, state = services().authentication, request_state()
    key = presented_key(request.headers)
    if not ask_database and not (key and authentication.keys.is_master(key)):
        return False
    try:
        _identify(request, state, authentication)
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
    return state.principal is not None


def caller_check() -> Callable[[], bool]:
    """A function that checks whether the caller may still read for the same organization, for streams that outlive their request.

    While the database is away, the caller is held to.
    """
    authentication, org = services().authentication, org_id()
    key, cookie = presented_key(request.headers), request.cookies.get(SESSION_COOKIE, "")

    def is_valid() -> bool:
        try:
            session = None if key else authentication.sessions.find(cookie)
            found = authentication.principal(key) if key else session.principal if session else None
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            return True
        return found is not None and found.org_id == org and Scope.READ in found.scopes

    return is_valid


def register_authentication(app: Application) -> None:
    """Find the principal of each request by its key or session.

    `register_guard` refuses requests without one. Rate limits are registered between the two: they need the principal, and they also
    count refused requests.
    """

    def identify(request: StatefulRequest) -> None:
        state, endpoint = request.state, request.endpoint
        if endpoint is None:
            return  # unknown paths and wrong methods are answered 404 and 405
        state.view = app.view_functions.get(endpoint)
        # A CORS preflight carries no key.
        state.needs_key = request.method != "OPTIONS" and not getattr(state.view, "is_public", False)
        if state.needs_key:
            _identify(request, state, app.services.authentication)

    app.add_hooks(before=identify)


def _identify(request: Request, state: RequestState, authentication: Authentication) -> None:
    key = presented_key(request.headers)
    if key:
        state.principal = authentication.principal(key)
    elif cookie := request.cookies.get(SESSION_COOKIE):
        state.session = authentication.sessions.find(cookie)
        state.principal = state.session.principal if state.session else None


def register_guard(app: Application) -> None:
    """Refuse requests without a valid key or session, and changes by a session without its CSRF token."""

    def require_principal(request: StatefulRequest) -> Any:
        state = request.state
        if not state.needs_key:
            return None
        if state.principal is None:
            return _refuse_or_redirect(state.view)
        session = state.session
        if session is not None:
            _require_organization(request.headers.get(ORGANIZATION_HEADER), state.principal)
        _require_rights(state.view, state.principal)
        if session is not None and request.method not in SAFE_METHODS and not session.allows_change(request.headers.get(CSRF_HEADER)):
            raise Forbidden(f"A change made with a session needs its token as {CSRF_HEADER}. Load the page again.")
        return None

    app.add_hooks(before=require_principal)


def _require_rights(view: Any, principal: Principal) -> None:
    """Refuse a caller who may not do what a view does, before its input is read. Raises Forbidden."""
    if getattr(view, "is_operators", False):
        if not principal.is_operator:
            raise Forbidden("This needs the master key (MASTER_API_KEY), or somebody who looks after the whole installation.")
        return
    if getattr(view, "is_in_person", False):
        if not principal.is_in_person:
            raise Forbidden("This needs a person who is signed in; an API key cannot do it.")
        if not hasattr(view, "needs"):
            return
    needed: Scope = getattr(view, "needs", Scope.READ)
    if needed in principal.scopes or getattr(view, "is_for_whoever", False):
        return
    if principal.is_operator and getattr(view, "lets_operators", False):
        return
    if principal.key_id is None and principal.role is None:
        raise Forbidden("You are no longer a member of this organization. GET /api/v1/auth/me lists those that you can change to.")
    if principal.key_id is None:
        raise Forbidden(f"You are {principal.role} in this organization, and this needs more: the scope {needed}.")
    raise Forbidden(f"This key may not do this: it needs the scope {needed}.")


def _require_organization(made_for: str | None, principal: Principal) -> None:
    """Refuse what a page sends that was made for another organization than its session acts for now, as after a change in another tab."""
    if made_for and made_for != str(principal.org_id):
        detail = "This page belongs to another organization than the one that you act for now, so nothing was done. Load the page again."
        raise ApiError(409, "other_organization", detail)


def _refuse_or_redirect(view: Any) -> Any:
    sign_in_page = getattr(view, "signs_in_at", None)
    if sign_in_page is not None:
        path = request.full_path.rstrip("?")
        parameters = {} if path == "/" else {"next": path}
        if request.cookies.get(SESSION_COOKIE):
            parameters["reason"] = "ended"
        return redirect(f"{sign_in_page}?{urlencode(parameters)}" if parameters else sign_in_page, 303)
    presented = presented_key(request.headers)
    if presented and services().authentication.tokens.is_shaped(presented):
        detail = "The access token is not valid, or has expired. Get another from POST /api/v1/auth/refresh."
    else:
        problem = "The API key is not valid." if presented else "An API key is needed, or an access token."
        detail = f"{problem} Send it as X-API-Key: KEY or Authorization: Bearer KEY."
    raise ApiError(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="bellwether"'})


def presented_key(headers: Headers) -> str:
    """The API key in the headers of a request; empty without one."""
    key = headers.get("X-API-Key", "").strip()
    if key:
        return key
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
