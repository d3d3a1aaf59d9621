"""Accounts at OpenID providers that people have connected with their own."""

from __future__ import annotations

from flask import Response

from api.authentication import user_id
from api.blueprint import api_blueprint
from api.marks import in_person
from api.problem import BODY_PROBLEMS
from api.services import services
from features.accounts.identities import disconnect, find_provider, list_identities, new_attempt, redirect_uri
from features.accounts.routes.common import ACCOUNTS, accounts
from features.accounts.routes.openid_cookie import Pending, remember
from features.accounts.schemas.identity import ConnectAnswer, ConnectRequest, IdentitiesAnswer, IdentityPath
from utils.api_utils import json_response

blueprint = api_blueprint("identity", ACCOUNTS)


@blueprint.get("/auth/identities", responses={200: IdentitiesAnswer})
@in_person
def list_own_identities() -> Response:
    """The accounts at providers that the caller signs in by."""
    parts = accounts()
    names = {provider.client.issuer: provider.client.name for provider in parts.providers.values()}
    items = [
        {
            "id": each.id,
            "provider": names.get(each.issuer, each.issuer),
            "email": each.email,
            "created_at": each.created_at,
            "used_at": each.used_at,
        }
        for each in list_identities(services().database, user_id())
    ]
    return json_response(
        {"items": items, "providers": [{"key": key, "name": provider.client.name} for key, provider in parts.providers.items()]}
    )


@blueprint.post("/auth/identities", responses={200: ConnectAnswer}, problems=(*BODY_PROBLEMS, "not_found"))
@in_person
def connect_identity(body: ConnectRequest) -> Response:
    """Begin to connect an account at a provider. The browser goes to the `url`, and comes back connected."""
    parts = accounts()
    provider, attempt = find_provider(parts.providers, body.provider), new_attempt()
    url = provider.authorization_url(attempt, redirect_uri(parts, body.provider))
    response = json_response({"url": url})
    remember(parts, response, Pending(body.provider, attempt, "/account", connects=user_id()))
    return response


@blueprint.delete("/auth/identities/<identity_id>", responses={204: None}, problems=("not_found", "conflict"))
@in_person
def disconnect_identity(path: IdentityPath) -> Response:
    """Disconnect an account at a provider. Not the only way to sign in."""
    disconnect(services().database, user_id(), path.identity_id)
    return Response(status=204)
