"""Setting up a second factor, and removing it."""

from __future__ import annotations

from flask import Response

from api.authentication import principal
from api.blueprint import api_blueprint
from api.marks import in_person
from api.problem import BODY_PROBLEMS
from api.services import services
from features.accounts.routes.common import ACCOUNTS, accounts
from features.accounts.schemas.me import ConfirmRequest, ProofRequest, RecoveryAnswer, TotpAnswer
from features.accounts.second_factor import begin, confirm, remove, renew_recovery_codes
from utils.api_utils import json_response

blueprint = api_blueprint("totp", ACCOUNTS)


@blueprint.post("/auth/totp", responses={201: TotpAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def begin_totp(body: ProofRequest) -> Response:
    """Begin to set up an authenticator app. It counts once its first code has come to POST /auth/totp/confirm."""
    return json_response(begin(services().database, accounts(), principal(), body.password), 201)


@blueprint.post("/auth/totp/confirm", responses={200: RecoveryAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def confirm_totp(body: ConfirmRequest) -> Response:
    """Turn the second factor on by the app's first code. The answer has ten recovery codes, this once."""
    return json_response({"recovery_codes": confirm(services().database, accounts(), principal(), body.code)})


@blueprint.post("/auth/totp/remove", responses={204: None}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def remove_totp(body: ProofRequest) -> Response:
    """Remove the second factor and the recovery codes, by the present password."""
    remove(services().database, accounts(), principal(), body.password)
    return Response(status=204)


@blueprint.post("/auth/totp/recovery-codes", responses={200: RecoveryAnswer}, problems=(*BODY_PROBLEMS, "conflict"))
@in_person
def replace_recovery_codes(body: ProofRequest) -> Response:
    """Make new recovery codes by the present password. The ones before are good for nothing."""
    return json_response({"recovery_codes": renew_recovery_codes(services().database, accounts(), principal(), body.password)})
