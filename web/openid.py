"""Sign-in through an OpenID provider, in a browser: to the provider, and back."""

from __future__ import annotations

import hmac

import structlog
from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from api.authentication import SESSION_COOKIE
from api.marks import changes, public
from api.services import services
from features.accounts.identities import Returning, find_provider, new_attempt, prove, redirect_uri
from features.accounts.routes.common import accounts, origin
from features.accounts.routes.openid_cookie import Pending, forget, recall, remember
from models.account_errors import AccountDisabled, ProviderRefused, SecondFactorNeeded
from models.errors import BellwetherError
from web.sign_in import begin_browser, record_wrong, refuse, safe_next, second_step

log = structlog.get_logger(__name__)
blueprint = Blueprint("openid", __name__)


@blueprint.get("/login/openid/<provider>")
@public
def go_to_provider(provider: str) -> BaseResponse:
    """Send the browser to a provider, with what it is known by when it comes back."""
    parts, next_path = accounts(), safe_next(request.args.get("next"))
    known = find_provider(parts.providers, provider)
    parts.tries.take("openid", origin().address)
    try:
        attempt = new_attempt()
        url = known.authorization_url(attempt, redirect_uri(parts, provider))
    except ProviderRefused as error:
        return refuse(next_path, error)
    response = _redirect(url)
    remember(parts, response, Pending(provider, attempt, next_path))
    return response


@blueprint.get("/login/openid/<provider>/callback")
@public
@changes
def come_back(provider: str) -> BaseResponse:
    """Take somebody in whom a provider sends back, or say why not. A second factor is asked for as with a password."""
    parts = accounts()
    try:
        pending = recall(parts)
    except ProviderRefused as error:
        return _refused(provider, error, is_sign_in=False)  # any page can make a browser ask for this without having begun one
    try:
        proof = prove(parts, _returning(pending, provider), may_register=services().settings.registration_enabled)
    except SecondFactorNeeded as error:
        response = second_step(pending.next_path, error)
    except BellwetherError as error:
        return _refused(provider, error, is_sign_in=pending.connects is None)
    else:
        # Who connects an account is signed in, and stays so in the same session.
        response = _redirect(pending.next_path) if pending.connects else begin_browser(proof, pending.next_path)
    forget(response)
    return response


def _refused(provider: str, error: BellwetherError, *, is_sign_in: bool) -> Response:
    """The sign-in page with what is wrong. A refused sign-in is in the audit log."""
    log.warning("sign-in refused", provider=provider, reason=type(error).__name__, address=request.remote_addr)
    if is_sign_in:
        record_wrong("provider", error.user_id if isinstance(error, AccountDisabled) else None)
    response = refuse("/", error)
    forget(response)
    return response


def _returning(pending: Pending, provider: str) -> Returning:
    """What the provider sent the browser back with. Raises ProviderRefused for what does not belong to the pending sign-in."""
    state, code = request.args.get("state", ""), request.args.get("code", "")
    if pending.provider != provider or not hmac.compare_digest(state.encode(), pending.attempt.state.encode()):
        raise ProviderRefused("This is not the sign-in that was begun in this browser. Begin it again.")
    if pending.connects is not None:
        found = services().authentication.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
        if found is None or found.principal.user_id != pending.connects:
            raise ProviderRefused("You are signed in as somebody else now. Sign in again and connect the account once more.")
    if not code:
        raise ProviderRefused("The provider did not let you in.")
    return Returning(provider, pending.attempt, code, pending.connects)


def _redirect(url: str) -> Response:
    response = redirect(url, 303)
    assert isinstance(response, Response)
    return response
