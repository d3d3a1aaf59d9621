"""Making an account, signing in and going on. These routes are public: whoever calls them has nothing to show yet."""

from __future__ import annotations

from flask import Response

from api.authentication import PUBLIC
from api.blueprint import api_blueprint
from api.marks import public
from api.problem import BODY_PROBLEMS
from api.services import services
from features.accounts.recovery import forgot, reset
from features.accounts.routes.common import ACCOUNTS, accounts, origin, tokens_answer
from features.accounts.schemas.auth import (
    AccountAnswer,
    ForgotAnswer,
    ForgotRequest,
    LoginRequest,
    RefreshTokensRequest,
    RegistrationRequest,
    ResetRequest,
    SecondFactorRequest,
    TokensAnswer,
)
from features.accounts.users import NewUser, add_user, hash_of, organization_of
from infrastructure.audit import note
from models.account_errors import RegistrationClosed
from models.audit import Actor, ActorKind
from utils.api_utils import json_response

blueprint = api_blueprint("auth", ACCOUNTS)
SENT = "If the address is somebody's, a message with a link is on its way to it."


@blueprint.post("/auth/register", responses={201: AccountAnswer}, problems=(*BODY_PROBLEMS, "conflict"), openapi_extensions=PUBLIC)
@public
def register(body: RegistrationRequest) -> Response:
    """Make an account with an organization of its own, where REGISTRATION_ENABLED is on. Sign in next."""
    if not services().settings.registration_enabled:
        raise RegistrationClosed
    parts = accounts()
    parts.tries.take("registration", origin().address)
    new = NewUser(body.email, body.name, body.password)
    password_hash = hash_of(parts.passwords, new)
    with services().database.transaction() as connection:
        user = add_user(connection, new, password_hash)
        org_id = organization_of(connection, user.id)
        note(connection, target=f"users/{user.id}", actor=Actor(ActorKind.PERSON, user.id, org_id))
    return json_response({"id": user.id, "email": user.email, "name": user.name}, 201)


@blueprint.post("/auth/login", responses={200: TokensAnswer}, problems=(*BODY_PROBLEMS, "totp_required"), openapi_extensions=PUBLIC)
@public
def log_in(body: LoginRequest) -> Response:
    """Sign a program in by address and password.

    Where a second factor is set up, the answer is 401 `totp_required` with a `challenge` for POST /auth/login/totp. A wrong password and an
    unknown address get the same answer after the same time; after ten wrong tries somebody has to wait.
    """
    parts = accounts()
    proof = parts.proving.by_password(body.email, body.password, origin())
    return json_response(tokens_answer(parts.sign_in.program(proof, origin())))


@blueprint.post("/auth/login/totp", responses={200: TokensAnswer}, problems=BODY_PROBLEMS, openapi_extensions=PUBLIC)
@public
def log_in_with_code(body: SecondFactorRequest) -> Response:
    """Sign a program in by the second step: the code of an authenticator app, or a recovery code."""
    parts = accounts()
    proof = parts.proving.by_code(body.challenge, body.code)
    return json_response(tokens_answer(parts.sign_in.program(proof, origin())))


@blueprint.post("/auth/refresh", responses={200: TokensAnswer}, problems=BODY_PROBLEMS, openapi_extensions=PUBLIC)
@public
def refresh_tokens(body: RefreshTokensRequest) -> Response:
    """Get the next tokens of a session for its refresh token, which is good for one use.

    One that comes a second time was copied: its session ends, and every token of it.
    """
    return json_response(tokens_answer(accounts().sign_in.refresh(body.refresh_token)))


@blueprint.post("/auth/password/forgot", responses={202: ForgotAnswer}, problems=(*BODY_PROBLEMS, "conflict"), openapi_extensions=PUBLIC)
@public
def forgot_password(body: ForgotRequest) -> Response:
    """Have a link sent by e-mail that sets a new password. Without a mail server, an administrator makes one."""
    forgot(accounts(), body.email, origin())
    return json_response({"message": SENT}, 202)


@blueprint.post("/auth/password/reset", responses={204: None}, problems=(*BODY_PROBLEMS, "not_found"), openapi_extensions=PUBLIC)
@public
def reset_password(body: ResetRequest) -> Response:
    """Set a new password by a link, which is good for one use. All sign-ins end; a second factor is asked for as before."""
    reset(services().database, accounts(), body.token, body.password)
    return Response(status=204)
