"""Passkeys: one's own, and signing in by one."""

from __future__ import annotations

from flask import Response

from api.authentication import PUBLIC, principal, user_id
from api.blueprint import api_blueprint
from api.marks import in_person, public
from api.problem import BODY_PROBLEMS
from api.services import services
from features.accounts.own_passkeys import begin_passkey, list_passkeys, remove_passkey, rename_passkey
from features.accounts.routes.common import ACCOUNTS, accounts, origin, tokens_answer
from features.accounts.schemas.auth import TokensAnswer
from features.accounts.schemas.me import ProofRequest
from features.accounts.schemas.passkey import (
    PasskeyAnswer,
    PasskeyChangeRequest,
    PasskeyLoginRequest,
    PasskeyOptionsAnswer,
    PasskeyPath,
    PasskeyRequest,
    PasskeysAnswer,
    passkey_answer,
)
from utils.api_utils import json_response

blueprint = api_blueprint("passkey", ACCOUNTS)


@blueprint.get("/auth/passkeys", responses={200: PasskeysAnswer})
@in_person
def list_own_passkeys() -> Response:
    """The caller's passkeys, newest first, at most 20."""
    items = list(map(passkey_answer, list_passkeys(services().database, user_id())))
    return json_response({"items": items, "available": accounts().passkeys.party is not None})


@blueprint.post("/auth/passkeys/options", responses={200: PasskeyOptionsAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def begin_own_passkey(body: ProofRequest) -> Response:
    """Begin to make a passkey, by the present password: what the browser asks its authenticator. Needs PUBLIC_URL."""
    return json_response(vars(begin_passkey(services().database, accounts(), principal(), body.password)))


@blueprint.post("/auth/passkeys", responses={201: PasskeyAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def add_own_passkey(body: PasskeyRequest) -> Response:
    """Keep the passkey that the authenticator has made. Its challenge is good once, so a repeated request makes no second one."""
    return json_response(passkey_answer(accounts().passkeys.register(user_id(), body.answered(), body.name)), 201)


@blueprint.patch("/auth/passkeys/<passkey_id>", responses={200: PasskeyAnswer}, problems=(*BODY_PROBLEMS, "not_found"))
@in_person
def rename_own_passkey(path: PasskeyPath, body: PasskeyChangeRequest) -> Response:
    """Give a passkey another name."""
    return json_response(passkey_answer(rename_passkey(services().database, user_id(), path.passkey_id, body.name)))


@blueprint.post("/auth/passkeys/<passkey_id>/remove", responses={204: None}, problems=(*BODY_PROBLEMS, "not_found", "conflict"))
@in_person
def remove_own_passkey(path: PasskeyPath, body: ProofRequest) -> Response:
    """Remove a passkey by the present password; not the last way to sign in."""
    remove_passkey(services().database, accounts(), principal(), path.passkey_id, body.password)
    return Response(status=204)


@blueprint.post("/auth/passkeys/login/options", responses={200: PasskeyOptionsAnswer}, problems=("conflict",), openapi_extensions=PUBLIC)
@public
def begin_passkey_login() -> Response:
    """Begin to sign in by a passkey: what the browser asks its authenticator. It says nothing of anybody. Needs PUBLIC_URL."""
    return json_response(vars(accounts().passkeys.request_options()))


@blueprint.post("/auth/passkeys/login", responses={200: TokensAnswer}, problems=(*BODY_PROBLEMS, "conflict"), openapi_extensions=PUBLIC)
@public
def log_in_with_passkey(body: PasskeyLoginRequest) -> Response:
    """Sign a program in by a passkey, which counts as two factors: no code is asked for. Every refusal has the same answer."""
    parts = accounts()
    return json_response(tokens_answer(parts.sign_in.program(parts.passkeys.prove(body.answered(), origin()), origin())))
